"""Pictures of a dry run as geometry: plain numbers that the report's template draws as SVG.

No text, colour or amount is decided here, and none is hidden here: every picture has a table twin.
Two sheets each, one for wide pages and paper, one for phones, so that labels stay readable.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tongxing.fares.trying.figures import Bin, GroupRow

_TOP, _BOTTOM, _LEFT, _RIGHT = 16, 44, 52, 8
_GAP_SHARE = 6
_ROW, _BAR = 46, 12
_STEPS = (1, 2, 5)
_LINES_MOST = 5


@dataclass(frozen=True, slots=True)
class Sheet:
    """The paper: its name in the style sheet, its width, how tall a histogram stands on it, and
    every which bin has its label written."""

    name: str
    width: int
    height: int
    label_every: int


WIDE = Sheet("wide", 860, 300, 2)
NARROW = Sheet("narrow", 360, 260, 5)
SHEETS = (WIDE, NARROW)


@dataclass(frozen=True, slots=True)
class Column:
    """One bin: where its bar stands, whether people in it pay "less", the "same" or "more"."""

    side: str
    x: float
    y: float
    width: float
    height: float
    middle_x: float
    is_labelled: bool
    bin: Bin


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the grid at a round number."""

    y: float
    value: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many passengers pay how much more or less."""

    sheet: Sheet
    height: int
    left: int
    right: int
    base_y: int
    columns: tuple[Column, ...]
    grid: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """One group: the lengths of its two bars, and where they stand."""

    row: GroupRow
    label_y: float
    before_y: float
    after_y: float
    before_width: float
    after_width: float


@dataclass(frozen=True, slots=True)
class Pairs:
    """Money of groups before and after, a pair of bars each."""

    sheet: Sheet
    height: int
    bar: int
    pairs: tuple[Pair, ...]


def histogram(bins: Sequence[Bin], sheet: Sheet) -> Histogram:
    """The columns of the bins; a bin with anyone in it is never thinner than can be seen."""
    step, lines = round_scale(max((one.passengers for one in bins), default=0))
    inner_width = sheet.width - _LEFT - _RIGHT
    inner_height = sheet.height - _TOP - _BOTTOM
    slot = inner_width / max(len(bins), 1)
    base = sheet.height - _BOTTOM
    same = next((index for index, one in enumerate(bins) if one.side == "same"), 0)
    columns = []
    for index, one in enumerate(bins):
        height = 0.0
        if one.passengers:
            height = max(1.5, round(one.passengers * inner_height / (step * lines), 2))
        x = _LEFT + index * slot
        columns.append(
            Column(
                side=one.side,
                x=round(x + slot / _GAP_SHARE / 2, 2),
                y=round(base - height, 2),
                width=round(slot * (1 - 1 / _GAP_SHARE), 2),
                height=height,
                middle_x=round(x + slot / 2, 2),
                is_labelled=(index - same) % sheet.label_every == 0,
                bin=one,
            )
        )
    grid = tuple(
        Line(round(base - number * inner_height / lines, 2), number * step)
        for number in range(lines + 1)
    )
    right = sheet.width - _RIGHT
    return Histogram(sheet, sheet.height, _LEFT, right, base, tuple(columns), grid)


def pairs(rows: Sequence[GroupRow], sheet: Sheet) -> Pairs:
    """Two bars per group, on one scale; the label of a group stands above them."""
    most = max((max(row.before_fen, row.after_fen) for row in rows), default=0)

    def length(fen: int) -> float:
        if fen <= 0 or most <= 0:
            return 0.0
        return max(1.5, round(fen * (sheet.width - 2) / most, 2))

    found = tuple(
        Pair(
            row=row,
            label_y=number * _ROW + 14,
            before_y=number * _ROW + 20,
            after_y=number * _ROW + 20 + _BAR,
            before_width=length(row.before_fen),
            after_width=length(row.after_fen),
        )
        for number, row in enumerate(rows)
    )
    return Pairs(sheet, len(rows) * _ROW + 4, _BAR - 1, found)


def round_scale(highest: int) -> tuple[int, int]:
    """A round step, and how many of them reach the highest value (at least one)."""
    magnitude = 1
    while True:
        for factor in _STEPS:
            step = factor * magnitude
            if step * _LINES_MOST >= highest:
                return step, max(1, -(-highest // step))
        magnitude *= 10
