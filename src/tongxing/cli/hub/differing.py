"""How a hub's export and what was cleared of it are laid beside each other for people: in words and
yuan, where programs get codes and fen."""

from typing import TYPE_CHECKING

from tongxing.cli.common import Words, listed, print_table, say, settings
from tongxing.kernel.money import yuan

if TYPE_CHECKING:
    from tongxing.clearing.exporting.comparing import Compared, Difference
    from tongxing.clearing.exporting.positions import Shifted

WORDS = Words("hub")
_BORNE = Words("prove")
_NOTHING = "–"


def print_compared(found: "Compared") -> None:
    """What differs, or that nothing does; before it the positions that differ for a reason."""
    if found.shifted:
        print_table(
            WORDS("export.shifted"),
            [WORDS(f"export.column.{name}") for name in ("where", "member", *_SIDES, "by")],
            [(window, one.member, *_sides(one)) for window, one in found.shifted],
            right=(2, 3, 4),
        )
    if found.differences:
        columns = ("where", "what", *_SIDES, "by")
        print_table(
            WORDS("export.differing"),
            [WORDS(f"export.column.{name}") for name in columns],
            [_differing(one) for one in found.differences],
            right=(4,),
        )
        return
    values = {"verdicts": f"{found.verdicts:,}", "windows": found.windows, "clean": found.clean}
    say(WORDS("export.same", **values))


_SIDES = ("settled", "cleared")


def _sides(one: "Shifted") -> tuple[str, str, str]:
    by_fen = one.settled_fen - one.cleared_fen
    return yuan(one.settled_fen), yuan(one.cleared_fen), yuan(by_fen)


def _differing(one: "Difference") -> tuple[str, str, str, str, str]:
    sides = one.settled, one.cleared
    match one.kind:
        case "verdict":
            return one.where, one.what, _verdict(sides[0]), _verdict(sides[1]), ""
        case "pair":
            (records, fen), (others, other_fen) = (
                map(int, side.strip("()").split(",")) for side in sides
            )
            shown = _rides(records, fen), _rides(others, other_fen)
            return one.where, one.what, *shown, yuan(fen - other_fen)
        case "share" | "position":
            fen, other_fen = map(int, sides)
            what = WORDS(f"export.of.{one.kind}", name=one.what)
            return one.where, what, yuan(fen), yuan(other_fen), yuan(fen - other_fen)
        case _:
            what = WORDS(f"export.sheet.{one.kind.partition('.')[0]}")
            return one.where, what, _row(one.kind, sides[0]), _row(one.kind, sides[1]), ""


def code_words(codes: str) -> str:
    """Codes of verdicts with what they mean; what is none as the export's own word, or as it is."""
    from tongxing.hub.verdicts import code_table

    table, language = code_table(), settings().language
    found = []
    for code in codes.split():
        meaning = table.get(code)
        if meaning is None:
            found.append(WORDS.find(f"export.otherwise.{code}") or code)
        else:
            found.append(f"{code} {meaning.zh if language == 'zh' else meaning.en}")
    return listed(found)


def _verdict(text: str) -> str:
    """``rejected 1005 acquirer`` in words; nothing where a side does not have the row."""
    status, _, rest = text.partition(" ")
    codes, _, bearer = rest.rpartition(" ")
    if not codes:
        return text or _NOTHING
    return WORDS(
        "export.verdict",
        status=WORDS.find(f"clear.status.{status}") or status,
        codes=code_words(codes),
        bearer=_BORNE.find(f"record.bearer.{bearer}") or bearer,
    )


def _rides(records: int, fen: int) -> str:
    return WORDS("export.rides", records=f"{records:,}", fen=yuan(fen))


def _row(sheet: str, text: str) -> str:
    """A row of a sheet, each cell that says something with its column's name."""
    from tongxing.clearing.exporting.documents import HEADS

    if not text:
        return _NOTHING
    cells = zip(HEADS[sheet], text.split(","), strict=False)
    return listed(
        f"{WORDS(f'export.cell.{name}')} {_cell(name, cell)}"
        for name, cell in cells
        if cell not in ("", "0")
    )


def _cell(name: str, cell: str) -> str:
    if name.endswith("_fen") and cell.removeprefix("-").isdecimal():
        return yuan(int(cell))
    return WORDS.find(f"export.{name}.{cell}") or cell
