"""A flow picture: columns of parties, and bands between them as wide as the money that flows."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

NODE_WIDTH = 14
TOP = 34
THINNEST = 1.5
PADDING = 14
GAP = 10
COLOURS = 7
"""How many colour classes (``c0`` …) the style sheet has; a further party begins again."""
NEUTRAL = COLOURS
"""The colour class of a party without a colour of its own."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The paper: its width, the room for labels at both sides, and how tall a column may be."""

    width: int
    left: int
    right: int
    slot: int
    tallest: int


WIDE = Sheet(width=960, left=190, right=300, slot=44, tallest=300)
PAIRED = Sheet(width=640, left=140, right=140, slot=44, tallest=270)
"""For a picture of two columns that shares its line with a table."""
NARROW = Sheet(width=400, left=128, right=122, slot=46, tallest=260)
"""For phones: the same picture, drawn so that its labels can still be read."""


@dataclass(frozen=True, slots=True)
class Link:
    """An amount above zero from a party of one column to a party of the next."""

    source: str
    target: str
    fen: int


@dataclass(frozen=True, slots=True)
class Node:
    """A party: its bar, where its label stands, and what flows through it."""

    column: int
    name: str
    fen: int
    colour: int
    x: float
    y: float
    height: float
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Band:
    """What flows between two parties, as the outline of a path."""

    source: str
    target: str
    fen: int
    colour: int
    outline: str


@dataclass(frozen=True, slots=True)
class FlowPicture:
    """The whole picture in user units of ``viewBox``."""

    width: int
    height: int
    nodes: tuple[Node, ...]
    bands: tuple[Band, ...]
    column_x: tuple[float, ...]


def flow_picture(
    stages: Sequence[Iterable[Link]],
    sheet: Sheet = WIDE,
    group: Callable[[str], str] = str,
) -> FlowPicture:
    """Draw the links of each stage between its two columns; links of nothing are left out.

    Parties keep the order in which they are first named; those of one `group` have one colour, and
    those of the group "" a neutral one. A band is never thinner than can be seen, so very small
    amounts look larger than they are: the table beside the picture is exact.
    """
    drawn = [[link for link in stage if link.fen > 0] for stage in stages]
    heaviest = max((sum(link.fen for link in stage) for stage in drawn), default=0)
    scale = sheet.tallest / heaviest if heaviest else 0.0
    columns = [_column(number, drawn, scale) for number in range(len(drawn) + 1)]
    depth = max((sum(_slot(party, sheet) for party in column) for column in columns), default=0.0)
    colours: dict[str, int] = {"": NEUTRAL}
    nodes: dict[tuple[int, str], Node] = {}
    for number, column in enumerate(columns):
        for party in column:
            colours.setdefault(group(party.name), (len(colours) - 1) % COLOURS)
        for node in _placed(number, len(columns), column, depth, sheet):
            nodes[number, node.name] = replace(node, colour=colours[group(node.name)])
    bands = [
        band for number, stage in enumerate(drawn) for band in _bands(number, stage, nodes, scale)
    ]
    return FlowPicture(
        width=sheet.width,
        height=round(TOP + depth + 8),
        nodes=tuple(nodes.values()),
        bands=tuple(bands),
        column_x=tuple(_column_x(number, len(columns), sheet) for number in range(len(columns))),
    )


@dataclass(frozen=True, slots=True)
class _Party:
    """What flows through a party of a column, and how tall its bar must be for its bands."""

    name: str
    fen: int
    height: float


def _column(number: int, stages: Sequence[Sequence[Link]], scale: float) -> list[_Party]:
    coming: dict[str, list[int]] = defaultdict(list)
    leaving: dict[str, list[int]] = defaultdict(list)
    if number > 0:
        for link in stages[number - 1]:
            coming[link.target].append(link.fen)
    if number < len(stages):
        for link in stages[number]:
            leaving[link.source].append(link.fen)
    return [
        _Party(
            name,
            max(sum(coming[name]), sum(leaving[name])),
            max(_stacked(coming[name], scale), _stacked(leaving[name], scale)),
        )
        for name in dict.fromkeys([*coming, *leaving])
    ]


def _stacked(amounts: Iterable[int], scale: float) -> float:
    return sum(_thickness(fen, scale) for fen in amounts)


def _thickness(fen: int, scale: float) -> float:
    return max(THINNEST, fen * scale)


def _slot(party: _Party, sheet: Sheet) -> float:
    return max(sheet.slot, party.height + PADDING)


def _column_x(number: int, columns: int, sheet: Sheet) -> float:
    inner = sheet.width - sheet.left - sheet.right - NODE_WIDTH
    return round(sheet.left + inner * number / max(columns - 1, 1), 2)


def _placed(
    number: int, columns: int, column: Sequence[_Party], depth: float, sheet: Sheet
) -> Iterable[Node]:
    x = _column_x(number, columns, sheet)
    spare = (depth - sum(_slot(party, sheet) for party in column)) / max(len(column), 1)
    top = TOP + spare / 2
    is_first, is_last = number == 0, number == columns - 1
    for party in column:
        slot = _slot(party, sheet)
        y = top + (slot - party.height) / 2
        if is_first or is_last:
            label_x = x - GAP if is_first else x + NODE_WIDTH + GAP
            label_y = top + slot / 2
        else:
            label_x, label_y = x + NODE_WIDTH / 2, y - GAP
        yield Node(
            column=number,
            name=party.name,
            fen=party.fen,
            colour=NEUTRAL,
            x=x,
            y=round(y, 2),
            height=round(party.height, 2),
            label_x=round(label_x, 2),
            label_y=round(label_y, 2),
            anchor="end" if is_first else "start" if is_last else "middle",
        )
        top += slot + spare


def _bands(
    number: int, stage: Sequence[Link], nodes: dict[tuple[int, str], Node], scale: float
) -> Iterable[Band]:
    order = {key: position for position, key in enumerate(nodes)}
    out_y = {name: node.y for (column, name), node in nodes.items() if column == number}
    in_y = {name: node.y for (column, name), node in nodes.items() if column == number + 1}
    ordered = sorted(
        stage, key=lambda link: (order[number, link.source], order[number + 1, link.target])
    )
    for link in ordered:
        source, target = nodes[number, link.source], nodes[number + 1, link.target]
        thick = _thickness(link.fen, scale)
        start, end = out_y[link.source], in_y[link.target]
        out_y[link.source] += thick
        in_y[link.target] += thick
        outline = _outline(source.x + NODE_WIDTH, start, target.x, end, thick)
        yield Band(link.source, link.target, link.fen, source.colour, outline)


def _outline(x0: float, y0: float, x1: float, y1: float, thick: float) -> str:
    middle = (x0 + x1) / 2
    return (
        f"M{x0:.1f} {y0:.1f}C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
        f"V{y1 + thick:.1f}C{middle:.1f} {y1 + thick:.1f} {middle:.1f} {y0 + thick:.1f}"
        f" {x0:.1f} {y0 + thick:.1f}Z"
    )
