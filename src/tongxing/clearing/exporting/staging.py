"""The rows of some windows out of the books, each laid beside what the rules of the export say.

A row that the rules would judge otherwise than the hub did is left out and counted: the hub knew
more than a row or the rules can say, or its registers were others then. Everything is streamed.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from tongxing.clearing.exporting.rows import NamedRow, Telling, is_in_range
from tongxing.clearing.exporting.stated import StatedGround
from tongxing.hub.admission import Judgement, judge
from tongxing.hub.checks import Case
from tongxing.hub.evidence import Evidence, NumberSpan, Terminal
from tongxing.hub.liability import CityListing
from tongxing.hub.members import Member
from tongxing.hub.rows import Row, read_row
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.store import Cursor
from tongxing.hub.store import exports as table
from tongxing.hub.store.exports import ShownRow
from tongxing.messages import Record, Verdict, VerdictFile
from tongxing.messages.envelope import own_body

_BATCH = 1_000
SUSPENDED = "1019"
STAGED = (
    "seq", "window_id", *NamedRow._fields, "kind", "record_id", "sender", "file_id", "row_no",
    "status", "codes", "bearer",
)  # fmt: skip
"""The columns of the staged file."""

_decode = msgspec.json.Decoder(Record).decode


class LeftOut(NamedTuple):
    """A kind of rows that are not in the export: why, the hub's codes, what the rules would say,
    between whom (an issuer that nobody knows: "")."""

    window_id: str
    why: str
    code: str
    as_stated: str
    acquirer: str
    issuer: str


@dataclass(slots=True)
class Count:
    """How many rows, what they charged, and what of it the hub accepted as they came."""

    rows: int = 0
    charge_fen: int = 0
    accepted: int = 0
    accepted_fen: int = 0


Share = tuple[str, str, str, str]
"""Window, acquirer, issuer, operator."""


@dataclass(slots=True)
class Counted:
    """What was left out, with the operators' parts of what was accepted of it; rows staged."""

    left_out: dict[LeftOut, Count] = field(default_factory=dict)
    shares: dict[Share, int] = field(default_factory=dict)
    staged: int = 0


@dataclass(frozen=True)
class Statement:
    """The evidence that the rules state: one place for each terminal, beginnings of numbers, the
    list of cities; `registered` are the acquirers that told of their terminals."""

    numbers: Mapping[str, list[NumberSpan]]
    cities: Mapping[str, CityListing]
    registered: frozenset[str]


class Stager:
    """See the module. `cursor` reads one moment of the books."""

    def __init__(
        self, cursor: Cursor, telling: Telling, statement: Statement, rules: Rulebook
    ) -> None:
        self._cursor, self._telling = cursor, telling
        self._statement, self._rules = statement, rules
        self._ground = StatedGround(telling.cities)
        self._counted = Counted()
        self._answers: tuple[tuple[str, str], list[Verdict]] = (("", ""), [])

    def stage(self, first: str, last: str, path: Path) -> Counted:
        """Write the rows of these windows to a CSV file; what was left out. Raises OSError."""
        rows = table.shown_rows(self._cursor, first, last)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(STAGED)
            for (sender, received_s), of_file in groupby(rows, lambda row: (row[2], row[1])):
                for batch in _batches(of_file):
                    for staged in self._batch(self._telling.members[sender], received_s, batch):
                        writer.writerow(staged)
        return self._counted

    def _batch(
        self, sender: Member, received_s: int, batch: list[ShownRow]
    ) -> Iterator[tuple[object, ...]]:
        records = [self._record(row) for row in batch]
        case = self._case(sender, received_s, [record for record in records if record])
        for row, record in zip(batch, records, strict=True):
            verdict = self._verdict(row)
            self._note_frozen(row, verdict)
            why, as_stated, found = self._judged(row, record, verdict, case)
            if found is None:
                self._leave_out(row, record, verdict, why, as_stated)
                continue
            self._counted.staged += 1
            yield (
                self._counted.staged, row.window_id, *found, row.kind, row.record_id, row.sender,
                row.file_id, row.row_no, verdict.status, _codes(row, verdict), verdict.bearer,
            )  # fmt: skip

    def _judged(
        self, row: ShownRow, record: Record | None, verdict: Verdict, case: Case
    ) -> tuple[str, str, NamedRow | None]:
        """The row as it may be written; else why not, and what the rules would say of it."""
        if record is None:
            return "unreadable", "", None
        if record.acquirer != case.sender.member_id or record.city != case.sender.city:
            return "stranger", "", None
        stated = self._telling.stated(record)
        if stated is None:
            return "revision", "", None
        is_chained = row.kind == "stands" or verdict.code == "1002"
        found = self._telling.row(record, stated, row.received_s, is_chained)
        if not is_in_range(found):
            return "range", "", None
        if row.kind == "again":
            return "", "", found
        (judgement,) = judge([Row(1, stated.record_id, row.content, stated)], case)
        as_stated = _differing(judgement, row, verdict)
        if not as_stated:
            return "", "", found
        is_carried = SUSPENDED in _codes(row, verdict).split()
        return ("carried" if is_carried else "otherwise"), as_stated, None

    def _case(self, sender: Member, received_s: int, records: list[Record]) -> Case:
        statement, name = self._statement, sender.member_id
        taps = [record.taps[-1].terminal_id for record in records]
        if name in statement.registered:
            terminals = table.newest_places(self._cursor, name, taps)
        else:
            terminals = {terminal: (Terminal(name),) for terminal in taps}
        media = sorted({record.medium_no for record in records})
        return Case(
            sender=sender,
            members=self._telling.members,
            suspended=frozenset(),
            rules=self._rules,
            ground=self._ground,
            received_s=received_s,
            known={},
            holders={},
            evidence=Evidence(
                denials=table.denials_of(self._cursor, media),
                city_lists=statement.cities,
                terminals=terminals,
                numbers=statement.numbers,
            ),
        )

    def _record(self, row: ShownRow) -> Record | None:
        """The record in a row; what was refused is read as strictly as when it came."""
        if row.kind == "stands":
            return _decode(row.content)
        return read_row(row.row_no, row.content, self._rules.file.line_bytes_max).record

    def _verdict(self, row: ShownRow) -> Verdict:
        """What the hub said of the row when it came."""
        name = (row.sender, row.file_id)
        if self._answers[0] != name:
            answer = own_body(table.file_answer(self._cursor, *name), VerdictFile)
            self._answers = (name, answer.verdicts)
        return self._answers[1][row.row_no - 1]

    def _note_frozen(self, row: ShownRow, verdict: Verdict) -> None:
        """Count a record that was accepted as it came, and taken out of its window again because
        its purse was found to fork."""
        if row.kind != "stands" or verdict.status != "accepted" or row.is_in:
            return
        record = _decode(row.content)
        key = LeftOut(row.window_id, "frozen", verdict.code, "", row.sender, record.issuer)
        taken = [(operator, -fen) for operator, fen in row.shares]
        leave_out(self._counted, key, record.charge_fen, taken, -1)

    def _leave_out(
        self, row: ShownRow, record: Record | None, verdict: Verdict, why: str, as_stated: str
    ) -> None:
        issuer = (
            "" if record is None or record.issuer not in self._telling.members else record.issuer
        )
        leave_out(
            self._counted,
            LeftOut(row.window_id, why, _codes(row, verdict), as_stated, row.sender, issuer),
            0 if record is None else record.charge_fen,
            None if verdict.status != "accepted" else row.shares,
        )


def leave_out(
    counted: Counted,
    key: LeftOut,
    charge_fen: int,
    shares: Iterable[tuple[str, int]] | None,
    accepted: int = 1,
) -> None:
    """Count a row that is not in the export; `shares` are the operators' parts when the hub
    accepted it."""
    count = counted.left_out.setdefault(key, Count())
    count.rows += 1
    count.charge_fen += charge_fen
    if shares is not None:
        count.accepted += accepted
        for operator, fen in shares:
            count.accepted_fen += fen
            name = (key.window_id, key.acquirer, key.issuer, operator)
            counted.shares[name] = counted.shares.get(name, 0) + fen


def _codes(row: ShownRow, verdict: Verdict) -> str:
    """All codes of a row as it came; where it changed since, the one that decided."""
    return row.codes if row.codes.startswith(verdict.code) else verdict.code


def _differing(judgement: Judgement, row: ShownRow, verdict: Verdict) -> str:
    """What the rules make of a row, where the hub said something else; else ""."""
    said, codes = judgement.verdict(), " ".join(judgement.codes)
    if (said.status, said.code, said.bearer) != (verdict.status, verdict.code, verdict.bearer):
        return codes
    if row.codes.startswith(verdict.code) and codes != row.codes:
        return codes
    if said.status != "accepted":
        return ""
    parts = tuple((share.operator, share.share_fen) for share in said.shares)
    return "shares" if parts != row.shares else ""


def _batches(rows: Iterable[ShownRow]) -> Iterator[list[ShownRow]]:
    source = iter(rows)
    while batch := list(islice(source, _BATCH)):
        yield batch
