"""What a statement says beside its money: totals, marks, what waits and until when.

Everything is as of the cut-off, so a window that is closed late says the same. Amounts are signed
from the member's own view: positive is to receive. A ride of a trial and a record on hold are no
money of the window.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import NamedTuple

from tongxing.hub.members import Member
from tongxing.hub.verdicts import verdict_code
from tongxing.kernel.clock import calendar_date, stamp
from tongxing.messages import Statement

MARK_COLUMNS = (
    "window",
    "member",
    "counterparty",
    "code",
    "code_name_zh",
    "code_name_en",
    "records",
    "amount_fen",
)
HELD_COLUMNS = (
    "window",
    "member",
    "record",
    "counterparty",
    "codes",
    "code_name_zh",
    "code_name_en",
    "amount_fen",
    "since",
    "until",
)


class Mark(NamedTuple):
    """How many records of a window with one counterparty carry a soft code, and their money."""

    counterparty: str
    code: str
    records: int
    amount_fen: int


class Waits(NamedTuple):
    """A record on hold: its codes (the deciding one first), what it will come to, since when it
    waits, and the first second at which it is too late to prove it."""

    record_id: str
    counterparty: str
    codes: str
    amount_fen: int
    since_s: int
    ends_s: int


class Trials(NamedTuple):
    """Rides of trials: how many records, and what they would have come to."""

    records: int
    amount_fen: int


NO_TRIALS = Trials(0, 0)


class Reserve(NamedTuple):
    """What a member keeps with the hub at the cut-off, and by how much that is more than at the
    cut-off of the window before."""

    change_fen: int
    kept_fen: int


@dataclass(frozen=True, slots=True)
class Notes:
    """What one member's statement says beside its money; `reserve` is None for a member that never
    kept one."""

    marks: tuple[Mark, ...] = ()
    waiting: tuple[Waits, ...] = ()
    trials: Trials = NO_TRIALS
    reserve: Reserve | None = None


NO_NOTES = Notes()


def totals(statement: Statement) -> tuple[int, int]:
    """What all lines to receive, and all lines to pay, come to: both without a sign."""
    amounts = [line.amount_fen for line in statement.lines]
    return sum(fen for fen in amounts if fen > 0), -sum(fen for fen in amounts if fen < 0)


def marks_csv(statement: Statement, marks: Sequence[Mark]) -> bytes:
    """The soft codes of a window as UTF-8 CSV: fixed columns, a fixed order, CRLF line ends."""
    rows = []
    for one in marks:
        code = verdict_code(one.code)
        names = one.code, code.zh, code.en
        rows.append((_own(statement), one.counterparty, *names, one.records, one.amount_fen))
    return _sheet(MARK_COLUMNS, rows)


def held_csv(statement: Statement, waiting: Sequence[Waits]) -> bytes:
    """The records on hold in the same form; times in China's: the day `since` which a record waits,
    and `until` the first second too late. Days are counted, so that it does not matter in which
    order files came on one."""
    rows = []
    for one in waiting:
        code = verdict_code(one.codes.split()[0])
        times = calendar_date(one.since_s).isoformat(), stamp(one.ends_s)
        told = one.record_id, one.counterparty, one.codes, code.zh, code.en, one.amount_fen
        rows.append((_own(statement), *told, *times))
    return _sheet(HELD_COLUMNS, rows)


def _own(statement: Statement) -> tuple[str, str]:
    return statement.window_id, statement.member


def _sheet(
    columns: Sequence[str], rows: Sequence[tuple[tuple[str, str], *tuple[object, ...]]]
) -> bytes:
    sheet = StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows((*own, *rest) for own, *rest in rows)
    return sheet.getvalue().encode("utf-8")


def notes_by_member(
    members: Mapping[str, Member],
    marks: Mapping[str, Sequence[Mark]],
    waiting: Mapping[str, Sequence[Waits]],
    trials: Mapping[str, Trials],
    reserves: Mapping[str, Reserve],
) -> dict[str, Notes]:
    """The notes of every member; what ends first stands first."""
    return {
        name: Notes(
            tuple(sorted(marks.get(name, ()))),
            tuple(sorted(waiting.get(name, ()), key=lambda one: (one.ends_s, one.record_id))),
            trials.get(name, NO_TRIALS),
            reserves.get(name),
        )
        for name in members
    }
