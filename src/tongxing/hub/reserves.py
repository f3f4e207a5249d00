"""Reserves at work: money paid in beforehand, calls for more, what covers an unpaid debtor.

The waterfall: its reserve, then the line that the hub lends it, then the hub's pool; whoever needed
the pool, or more than all of it, is suspended, and its new records are carried (1019). A window
that is settled is never undone. What comes later pays the pool back first, then the line, then
fills the reserve again.
"""

from dataclasses import dataclass
from datetime import date

from tongxing.hub.books import SETTLE_BANK, position_account
from tongxing.hub.instructions import HUB
from tongxing.hub.reserve_calls import Account, Call, Cycle, call_on, called_s
from tongxing.hub.rows import is_name
from tongxing.hub.settlement import CAME_BACK, Payment, PaymentState, event_of
from tongxing.hub.shutting import moved_on
from tongxing.hub.store import Cursor, HubStore
from tongxing.hub.store import bank_lines as line_table
from tongxing.hub.store import members as member_table
from tongxing.hub.store import payments as payment_table
from tongxing.hub.store import reserves as table
from tongxing.hub.store.reserves import Cover, Terms
from tongxing.hub.words import in_both
from tongxing.kernel.clock import calendar_date, stamp
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.ledger import Posting, credit, debit
from tongxing.ledger.store import account_balances, balance, write_postings

RESERVE_BANK = "reserve_bank"
POOL_BANK = "pool_bank"
POOL_CAPITAL = "pool_liquidity"
POOL = "POOL"
"""What the hub's own pool is called where a member could be named."""


def reserve_account(member: str) -> str:
    """The hub's account of what a member keeps with it."""
    return f"reserve:{member}"


def lent_account(member: str) -> str:
    """The hub's account of what it lent to a member."""
    return f"lent:{member}"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a member stands: its reserve, what it was lent, what it owes on windows not paid yet and
    on the open ones, and the line; `cap_fen` is reserve and line together less what was lent."""

    terms: Terms
    reserve_fen: int
    lent_fen: int
    owed_fen: int
    is_suspended: bool

    @property
    def cap_fen(self) -> int:
        return self.reserve_fen + self.terms.line_fen - self.lent_fen

    @property
    def is_over(self) -> bool:
        """Whether what it owes is more than its reserve and line can bear."""
        return self.owed_fen > self.cap_fen


class ReserveDesk:
    """The reserves of a hub, for the people who answer for them."""

    def __init__(self, store: HubStore) -> None:
        self._store = store

    def set_terms(
        self, member: str, from_day: date, cycle: Cycle, line_fen: int, by: str, now_s: int
    ) -> Refusal | None:
        """Let a member keep a reserve from a day on. Refuses with MEMBER_UNKNOWN, HUB_PERSON,
        RESERVE_AMOUNT, or RESERVE_TERMS_DAY for a day that is over: what was lent then stood on the
        terms of then."""
        today = calendar_date(now_s)
        with self._store.changing() as cursor:
            refusal = _nobody(cursor, member, by)
            if refusal is not None:
                return refusal
            if from_day < today:
                return Refusal("RESERVE_TERMS_DAY", values={"day": from_day, "today": today})
            if line_fen < 0:
                return Refusal("RESERVE_AMOUNT", values={"fen": line_fen})
            table.set_terms(cursor, Terms(member, from_day, cycle, line_fen), by, now_s)
        return None

    def paid_in(self, member: str, amount_fen: int, reference: str, now_s: int) -> Refusal | None:
        """Book what a member paid to its reserve (or took back, below zero), as the bank's line
        `reference` says; the same line again changes nothing.

        What it was lent is paid back out of it first. Refuses with MEMBER_UNKNOWN, RESERVE_AMOUNT
        for nothing or for more than is there, and as `_use_of` does.
        """
        with self._store.changing() as cursor:
            if member not in member_table.load_members(cursor):
                return Refusal("MEMBER_UNKNOWN", values={"member": member})
            is_used, refusal = _use_of(cursor, reference, member, amount_fen)
            if is_used:
                return refusal
            there_fen = -balance(cursor, HUB, reserve_account(member))
            if amount_fen == 0 or there_fen + amount_fen < 0:
                return Refusal("RESERVE_AMOUNT", values={"fen": amount_fen})
            lent_fen = balance(cursor, HUB, lent_account(member))
            back_fen = max(0, min(lent_fen, amount_fen))
            posting_id = _line_posting(member, reference)
            posting = _into_reserve(posting_id, member, amount_fen, back_fen, now_s)
            write_postings(cursor, [posting])
        return None

    def fund_pool(self, amount_fen: int, reference: str, now_s: int) -> Refusal | None:
        """Book the hub's own money into its pool; the same line again changes nothing. Refuses with
        RESERVE_AMOUNT below one fen, and as `_use_of` does."""
        if amount_fen <= 0:
            return Refusal("RESERVE_AMOUNT", values={"fen": amount_fen})
        with self._store.changing() as cursor:
            is_used, refusal = _use_of(cursor, reference, POOL, amount_fen)
            if is_used:
                return refusal
            lines = (debit(HUB, POOL_BANK, amount_fen), credit(HUB, POOL_CAPITAL, amount_fen))
            day = calendar_date(now_s)
            posting_id = _line_posting(POOL, reference)
            posting = Posting(posting_id, "pool_in", now_s, day, reference, lines)
            write_postings(cursor, [posting])
        return None

    def standings(self, now_s: int) -> list[Standing]:
        """How every member with terms stands, in order of member."""
        with self._store.reading() as cursor:
            return _standings(cursor, now_s)

    def beside(self, now_s: int) -> tuple[int, int]:
        """What the pool has, and what lies in reserves of members without terms, in fen."""
        with self._store.reading() as cursor:
            of_members = -sum(account_balances(cursor, HUB, reserve_account("")).values())
            agreed_fen = sum(one.reserve_fen for one in _standings(cursor, now_s))
            return balance(cursor, HUB, POOL_BANK), of_members - agreed_fen

    def make_calls(self, day: date) -> list[Call]:
        """Make the calls that are due on a day's morning; the same day again makes none."""
        made = []
        with self._store.changing() as cursor:
            for terms in table.terms_in_force(cursor, day).values():
                account = Account(
                    member=terms.member,
                    cycle=terms.cycle,
                    reserve_fen=-balance(cursor, HUB, reserve_account(terms.member)),
                    owed_fen=balance(cursor, HUB, position_account(terms.member)),
                    debits=table.net_debits(cursor, terms.member),
                )
                call = call_on(day, account)
                if call is not None:
                    table.write_call(cursor, call)
                    made.append(call)
        return made

    def calls_of(self, day: date, now_s: int) -> list[Call] | Refusal:
        """The calls of a day: of today those that are due are made, of a day that is over those
        that were. Refuses with RESERVE_CALL_EARLY before the hour of that day, for a call is a sum
        over that morning's books."""
        if now_s < called_s(day):
            return Refusal("RESERVE_CALL_EARLY", values={"time": stamp(called_s(day))})
        if day == calendar_date(now_s):
            self.make_calls(day)
        with self._store.reading() as cursor:
            return table.calls_made(cursor, called_s(day))

    def suspend_over_cap(self, now_s: int) -> list[str]:
        """Suspend every member that owes more than its reserve and line can bear: its new records
        are carried until it is reinstated. Those that were suspended now."""
        with self._store.changing() as cursor:
            over = [
                one.terms.member
                for one in _standings(cursor, now_s)
                if one.is_over and not one.is_suspended
            ]
            for member in over:
                member_table.set_suspended(cursor, member, now_s)
        return over

    def cover(self, instruction_id: str, by: str, now_s: int) -> Cover | Refusal:
        """Pay what a debtor did not, out of its reserve, its line and the pool.

        Refuses with HUB_PERSON, PAYMENT_UNKNOWN, COVER_STATE for a payment that needs no cover,
        COVER_EARLY while the debtor may still pay, COVER_SHORT when all of it is not enough: then
        nothing is covered, and the debtor is suspended all the same.
        """
        if not is_name(by):
            return Refusal("HUB_PERSON", values={"by": by})
        with self._store.changing() as cursor:
            window_id = payment_table.window_of_payment(cursor, instruction_id) or ""
            payments = payment_table.load_payments(cursor, window_id)
            by_id = {one.instruction.instruction_id: one for one in payments}
            payment = by_id.get(instruction_id)
            if payment is None:
                return Refusal("PAYMENT_UNKNOWN", values={"reference": instruction_id})
            refusal = _needs_none(payment, now_s)
            if refusal is not None:
                return refusal
            cover = _waterfall(cursor, payment, now_s)
            if isinstance(cover, Refusal) or cover.pool_fen:
                member_table.set_suspended(cursor, payment.instruction.debtor, now_s)
            if isinstance(cover, Refusal):
                return cover
            _book(cursor, payment, cover, by, now_s)
            event = event_of(payment, payments)
            moved_on(cursor, window_id, event, now_s)
        return cover


def late_posting(cursor: Cursor, payment: Payment, now_s: int) -> Posting:
    """What a covered debtor paid after all: back to pool and line, the rest into its reserve."""
    member, amount_fen = payment.instruction.debtor, payment.instruction.amount_fen
    lent_fen = max(0, balance(cursor, HUB, lent_account(member)))
    posting_id = digest("hub", "late", payment.instruction.instruction_id)
    return _into_reserve(posting_id, member, amount_fen, min(lent_fen, amount_fen), now_s)


def _into_reserve(
    posting_id: str, member: str, amount_fen: int, back_fen: int, now_s: int
) -> Posting:
    kept_fen = amount_fen - back_fen
    lines = (
        debit(HUB, POOL_BANK, back_fen),
        credit(HUB, lent_account(member), back_fen),
        debit(HUB, RESERVE_BANK, kept_fen),
        credit(HUB, reserve_account(member), kept_fen),
    )
    return Posting(posting_id, "reserve_in", now_s, calendar_date(now_s), member, lines)


def _nobody(cursor: Cursor, member: str, by: str) -> Refusal | None:
    if member not in member_table.load_members(cursor):
        return Refusal("MEMBER_UNKNOWN", values={"member": member})
    return None if is_name(by) else Refusal("HUB_PERSON", values={"by": by})


def line_booked(cursor: Cursor, reference: str) -> tuple[str, int] | None:
    """For whom (a member, or the pool) a line of the bank was paid in, and how many fen; None for
    one that was not."""
    parties = [*member_table.load_members(cursor), POOL]
    by_posting = {_line_posting(party, reference): party for party in parties}
    row = cursor.execute(
        "SELECT posting_id, sum(amount_fen)::bigint FROM posting_line"
        " WHERE posting_id = ANY(%s) AND account IN (%s, %s) GROUP BY posting_id",
        (list(by_posting), RESERVE_BANK, POOL_BANK),
    ).fetchone()
    return None if row is None else (by_posting[row[0]], int(row[1]))


def _line_posting(party: str, reference: str) -> str:
    """The posting of what a line of the bank brought to a member's reserve, or to the pool."""
    parts = ("pool",) if party == POOL else ("reserve", party)
    return digest("hub", *parts, reference)


def _use_of(cursor: Cursor, reference: str, party: str, fen: int) -> tuple[bool, Refusal | None]:
    """Whether a line of the bank is used already, and why not for this: RESERVE_LINE for one that
    is booked with another amount, RESERVE_LINE_OF for another party, RESERVE_LINE_SETTLES for a
    line of the settlement account, whose money has its own way into a reserve."""
    values: dict[str, object] = {"reference": reference, "fen": fen, "member": party}
    booked = line_booked(cursor, reference)
    if booked is None:
        if line_table.known_lines(cursor, [reference]):
            return True, Refusal("RESERVE_LINE_SETTLES", values=values)
        return False, None
    of, booked_fen = booked
    if of != party:
        return True, Refusal("RESERVE_LINE_OF", values=values | {"of": of})
    if booked_fen != fen:
        return True, Refusal("RESERVE_LINE", values=values | {"booked": booked_fen})
    return True, None


def _standings(cursor: Cursor, now_s: int) -> list[Standing]:
    suspended = member_table.suspended_members(cursor)
    return [
        Standing(
            terms=terms,
            reserve_fen=-balance(cursor, HUB, reserve_account(member)),
            lent_fen=balance(cursor, HUB, lent_account(member)),
            owed_fen=balance(cursor, HUB, position_account(member))
            + table.open_debit(cursor, member),
            is_suspended=member in suspended,
        )
        for member, terms in table.terms_in_force(cursor, calendar_date(now_s)).items()
    ]


def _needs_none(payment: Payment, now_s: int) -> Refusal | None:
    instruction = payment.instruction
    values: dict[str, object] = {"reference": instruction.instruction_id}
    is_open = payment.state in (PaymentState.ISSUED, *CAME_BACK)
    if instruction.phase != 1 or not is_open:
        return Refusal("COVER_STATE", values=values | in_both("state", f"payment.{payment.state}"))
    if now_s < instruction.due_s and payment.state is PaymentState.ISSUED:
        return Refusal("COVER_EARLY", values={**values, "due": stamp(instruction.due_s)})
    return None


def _waterfall(cursor: Cursor, payment: Payment, now_s: int) -> Cover | Refusal:
    """Reserve, line, pool, each as far as it goes."""
    member, owed_fen = payment.instruction.debtor, payment.instruction.amount_fen
    terms = table.terms_in_force(cursor, calendar_date(now_s)).get(member)
    line_fen = 0 if terms is None else terms.line_fen
    reserve_fen = min(owed_fen, max(0, -balance(cursor, HUB, reserve_account(member))))
    pool_fen = max(0, balance(cursor, HUB, POOL_BANK))
    free_line_fen = max(0, line_fen - balance(cursor, HUB, lent_account(member)))
    rest_fen = owed_fen - reserve_fen
    by_line_fen = min(rest_fen, free_line_fen, pool_fen)
    if rest_fen > pool_fen:
        short = {"member": member, "short_fen": rest_fen - pool_fen}
        return Refusal("COVER_SHORT", payment.instruction.instruction_id, short)
    return Cover(reserve_fen, by_line_fen, rest_fen - by_line_fen)


def _book(cursor: Cursor, payment: Payment, cover: Cover, by: str, now_s: int) -> None:
    instruction = payment.instruction
    member = instruction.debtor
    lines = (
        debit(HUB, reserve_account(member), cover.reserve_fen),
        debit(HUB, lent_account(member), cover.lent_fen),
        credit(HUB, position_account(member), cover.total_fen),
        debit(HUB, SETTLE_BANK, cover.total_fen),
        credit(HUB, RESERVE_BANK, cover.reserve_fen),
        credit(HUB, POOL_BANK, cover.lent_fen),
    )
    posting = Posting(
        posting_id=digest("hub", "cover", instruction.instruction_id),
        kind="cover",
        occurred_s=now_s,
        booked_on=calendar_date(now_s),
        source=instruction.window_id,
        lines=lines,
    )
    write_postings(cursor, [posting])
    table.write_cover(cursor, instruction.instruction_id, cover, by, now_s)
    payment_table.set_payment_state(
        cursor, instruction.instruction_id, PaymentState.COVERED, now_s, "cover"
    )
