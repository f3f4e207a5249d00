"""The bank's own statements beside the books: every line that does not fit is listed, and ends.

A line that fits and says that it is a return books its payment back (`returns`). What the bank has
more (or less) than the books stands in `suspense_bank` until the break ends: by itself, when a
later line or report explains it, or by a person who says what the money was.
"""

from dataclasses import dataclass, replace
from typing import Literal

from tongxing.hub.books import SETTLE_BANK
from tongxing.hub.instructions import HUB
from tongxing.hub.iso20022.bank_statements import BankStatement, read_bank_statement
from tongxing.hub.iso20022.common import kind_of
from tongxing.hub.iso20022.returns import PACS_004, read_returns
from tongxing.hub.matching import Break, match, told_twice
from tongxing.hub.reserves import RESERVE_BANK, line_booked, reserve_account
from tongxing.hub.returns import take_back
from tongxing.hub.rows import is_name
from tongxing.hub.store import Cursor, HubStore
from tongxing.hub.store import bank_lines as table
from tongxing.hub.store import members as member_table
from tongxing.hub.store.bank_lines import KeptBreak
from tongxing.hub.words import in_both
from tongxing.kernel.clock import DAY_S, calendar_date
from tongxing.kernel.ids import digest, sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.ledger import Line, Posting, credit, debit
from tongxing.ledger.store import balance, write_postings

SUSPENSE = "suspense_bank"
DIFFERENCE = "bank_difference"
EXPLAINED, BY_ITSELF = "explained", "hub"
OPEN_DAYS_MAX = 3
"""After so many days a break that is still open is overdue."""

Ending = Literal["returned", "reserve", "borne"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a statement did: lines that were new, payments that it gave back, breaks found and
    explained by it, and for a whole statement what the bank has more than the books."""

    statement_id: str
    new_lines: int
    returned: tuple[str, ...]
    opened: tuple[KeptBreak, ...]
    explained: tuple[KeptBreak, ...]
    difference_fen: int | None


class BankDesk:
    """The hub's settlement account beside the bank's word, for the people who answer for it."""

    def __init__(self, store: HubStore) -> None:
        self._store = store

    def take(self, message: bytes, now_s: int) -> Taken | Refusal:
        """Take a camt.053 or camt.054 of the settlement account, or a pacs.004 of payments that
        come back. The same again changes nothing, nor does a return that both tell of.

        Refuses, and books nothing: BANK_STATEMENT, BANK_STATEMENT_CHANGED for another one under its
        id or a line under a reference that said something else.
        """
        is_told = kind_of(message) == PACS_004
        told = read_returns(message) if is_told else read_bank_statement(message)
        if isinstance(told, Refusal):
            return told
        with self._store.changing() as cursor:
            told = _signed(cursor, told) if is_told else told
            fresh = _keep(cursor, told, sha256_hex(message), now_s)
            if isinstance(fresh, Refusal):
                return fresh
            opened, explained, returned = _look(cursor, now_s)
            closing = told.closing_fen
            more = None if closing is None else closing - balance(cursor, HUB, SETTLE_BANK)
        return Taken(told.statement_id, fresh, returned, opened, explained, more)

    def look_again(self, now_s: int) -> tuple[KeptBreak, ...]:
        """Match again, after reports of the bank came in; the breaks that this explained."""
        with self._store.changing() as cursor:
            return _look(cursor, now_s)[1]

    def breaks(self) -> list[KeptBreak]:
        """All breaks, open and ended, oldest first."""
        with self._store.reading() as cursor:
            return table.load_breaks(cursor)

    def overdue(self, now_s: int) -> list[KeptBreak]:
        """Breaks that have been open for more than three days."""
        with self._store.reading() as cursor:
            known = table.load_breaks(cursor, only_open=True)
        return [one for one in known if one.found_s + OPEN_DAYS_MAX * DAY_S < now_s]

    def end(
        self, break_no: int, ending: Ending, by: str, now_s: int, of: str = ""
    ) -> KeptBreak | Refusal:
        """End a break: `returned` with another one that is its opposite (`of`: that one's number),
        `reserve` when it was money for the reserve of member `of`, `borne` by the hub itself.

        Refuses with HUB_PERSON, BREAK_UNKNOWN for one that is not open, BREAK_ENDING for an ending
        that does not fit it, RESERVE_LINE_OF for money that was paid into a reserve by that line.
        """
        if not is_name(by):
            return Refusal("HUB_PERSON", values={"by": by})
        with self._store.changing() as cursor:
            known = {one.break_no: one for one in table.load_breaks(cursor, only_open=True)}
            found = known.get(break_no)
            if found is None:
                return Refusal("BREAK_UNKNOWN", values={"number": break_no})
            other = known.get(int(of)) if ending == "returned" and of.isdecimal() else None
            members = member_table.load_members(cursor)
            if ending == "returned":
                fits = other is not None and other.amount_fen == -found.amount_fen
            else:
                fits = ending == "borne" or (of in members and found.amount_fen > 0)
            if not fits:
                values = {"number": break_no, **in_both("ending", f"break.{ending}")}
                return Refusal("BREAK_ENDING", values=values)
            booked = line_booked(cursor, found.reference) if ending == "reserve" else None
            if booked is not None:
                values = {"reference": found.reference, "of": booked[0], "member": of}
                return Refusal("RESERVE_LINE_OF", values=values)
            if other is not None:
                table.end_break(cursor, other.break_no, f"returned {break_no}", by, now_s)
            else:
                _post(cursor, found, ending, now_s, _lines_of(ending, of, found.amount_fen))
            table.end_break(cursor, break_no, f"{ending} {of}".strip(), by, now_s)
            return next(one for one in table.load_breaks(cursor) if one.break_no == break_no)


def _keep(cursor: Cursor, told: BankStatement, sha256: str, now_s: int) -> int | Refusal:
    """Keep a statement and its new lines; how many these are."""
    changed = Refusal("BANK_STATEMENT_CHANGED", values={"statement": told.statement_id})
    before = table.statement_sha256(cursor, told.statement_id)
    if before is not None:
        return 0 if before == sha256 else changed
    known = table.known_lines(cursor, [line.bank_reference for line in told.lines])
    if any(known.get(line.bank_reference, line) != line for line in told.lines):
        return changed
    fresh = [line for line in told.lines if line.bank_reference not in known]
    table.write_statement(cursor, told, sha256, now_s)
    table.write_lines(cursor, told.statement_id, fresh)
    came = {line.bank_reference for line in fresh}
    decided = {reference for _, reference in table.ended_by_people(cursor)}
    alone = table.lines_without_twin(cursor, {line.end_to_end_id for line in fresh})
    for same in told_twice(alone, came, decided):
        table.set_same(cursor, same)
    return len(fresh)


def _signed(cursor: Cursor, told: BankStatement) -> BankStatement:
    """What comes back of a debtor's payment goes out; of any other it comes in."""
    out = table.debtors_of(cursor, [line.end_to_end_id for line in told.lines])
    lines = (
        replace(line, amount_fen=-line.amount_fen) if line.end_to_end_id in out else line
        for line in told.lines
    )
    return replace(told, lines=tuple(lines))


def _look(
    cursor: Cursor, now_s: int
) -> tuple[tuple[KeptBreak, ...], tuple[KeptBreak, ...], tuple[str, ...]]:
    """Match what is not matched; breaks that are new, those that are no more, and the payments that
    came back."""
    lines = table.unmatched_lines(cursor)
    named = {line.end_to_end_id for line in lines}
    payments, taken, reported_s = table.payments_to_match(cursor, named)
    until_s = table.told_until(cursor)
    matched = match(lines, payments, taken, reported_s, until_s)
    table.set_matched(cursor, matched.lines)
    by_id = {payment.instruction.instruction_id: payment for payment in payments}
    for line in matched.returns:
        take_back(cursor, by_id[line.end_to_end_id], line, now_s)
    decided = table.ended_by_people(cursor)
    found: dict[tuple[str, str], Break] = {
        (one.kind, one.reference): one
        for one in [*matched.breaks, *table.returns_not_seen(cursor)]
        if (one.kind, one.reference) not in decided
    }
    explained = []
    for kept in table.load_breaks(cursor, only_open=True):
        if (kept.kind, kept.reference) in found:
            del found[kept.kind, kept.reference]
            continue
        _post(cursor, kept, EXPLAINED, now_s, _suspense(-kept.amount_fen))
        table.end_break(cursor, kept.break_no, EXPLAINED, BY_ITSELF, now_s)
        explained.append(kept)
    numbers = [table.open_break(cursor, one, now_s) for one in found.values()]
    opened = [one for one in table.load_breaks(cursor, only_open=True) if one.break_no in numbers]
    for kept in opened:
        _post(cursor, kept, "found", now_s, _suspense(kept.amount_fen))
    returned = tuple(line.end_to_end_id for line in matched.returns)
    return tuple(opened), tuple(explained), returned


def _suspense(amount_fen: int) -> tuple[Line, ...]:
    """What the bank has more than the books, as it stands in suspense."""
    return debit(HUB, SETTLE_BANK, amount_fen), credit(HUB, SUSPENSE, amount_fen)


def _lines_of(ending: Ending, of: str, amount_fen: int) -> tuple[Line, ...]:
    out = debit(HUB, SUSPENSE, amount_fen)
    if ending == "borne":
        return out, credit(HUB, DIFFERENCE, amount_fen)
    return (
        out,
        credit(HUB, reserve_account(of), amount_fen),
        debit(HUB, RESERVE_BANK, amount_fen),
        credit(HUB, SETTLE_BANK, amount_fen),
    )


def _post(cursor: Cursor, kept: KeptBreak, step: str, now_s: int, lines: tuple[Line, ...]) -> None:
    posting = Posting(
        posting_id=digest("hub", "break", str(kept.break_no), step),
        kind="bank_break",
        occurred_s=now_s,
        booked_on=calendar_date(now_s),
        source=f"break:{kept.break_no}",
        lines=lines,
    )
    write_postings(cursor, [posting])
