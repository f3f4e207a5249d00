"""Electronic single tickets: sold until they are suspended, and paid back where they were not used.

The price of a ticket is frozen on its buyer's account, and taken only when the ticket is used. What
was not used is thawed and goes back the way it came by the money's desk, under a request made from
the ticket's number: after a crash anywhere the same request is asked again, and pays once (R-157,
R-158).
"""

from collections.abc import Callable
from dataclasses import dataclass

from tongxing.city.members import issuer_member
from tongxing.city.money.balances import balance_of, freeze, thaw
from tongxing.city.office import Office
from tongxing.city.store import media
from tongxing.city.store import upgrade_tickets as store
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.upgrade_tickets import ETicketRow
from tongxing.city.store.upgrading import lock
from tongxing.city.upgrading.asking import Money
from tongxing.city.upgrading.programme import programme_at
from tongxing.city.upgrading.rules import e_tickets_suspended, unused_objection
from tongxing.kernel.clock import business_date
from tongxing.kernel.ids import digest
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal
from tongxing.ledger import Posting, credit, debit
from tongxing.ledger.store import write_postings

USED = "liab_e_tickets_used"
"""What is owed to whoever carried the holders of used tickets."""

_WHY = "e_ticket"


@dataclass(frozen=True, slots=True)
class ETicket:
    """An electronic single ticket and its state: sold, used, returning (thawed, the refund is not
    taken over yet) or refunded."""

    ticket_no: str
    account: str
    fare_fen: int
    state: str


@dataclass(frozen=True, slots=True)
class RefundRun:
    """What a run over the unused tickets did: how many and how much went on their way, and the
    tickets whose refund was refused for now, with why."""

    refunded: int
    refunded_fen: int
    waiting: tuple[tuple[str, Refusal], ...]


@dataclass(frozen=True, slots=True)
class ETickets:
    """Where electronic single tickets are sold, used and paid back."""

    office: Office
    money: Money

    def sell(self, account: str, request_id: str, fare_fen: int, now_s: int) -> ETicket | Refusal:
        """See `UpgradeDesk.sell_e_ticket`."""
        ticket_no = digest("e_ticket", self.office.code, request_id)
        with self.office.writing() as cursor:
            lock(cursor, [f"e_ticket:{request_id}"])
            before = store.e_ticket_of_request(cursor, request_id)
            if before is not None:
                same = (before.account, before.fare_fen) == (account, fare_fen)
                return _ticket(before) if same else Refusal("REQUEST_REUSED", request_id)
            if self._are_suspended(now_s):
                return Refusal("UPGRADE_E_TICKET_SUSPENDED")
            lock(cursor, [f"e_tickets_of:{account}"])
            balance = balance_of(cursor, account, now_s)
            if isinstance(balance, Refusal):
                return balance
            if balance.available_fen < fare_fen:
                return Refusal("UPGRADE_E_TICKET_MONEY", values={"fare": yuan(fare_fen)})
            frozen = freeze(cursor, account, fare_fen, _WHY, None, ticket_no, now_s, rides=True)
            if frozen is not None:
                return frozen
            store.write_e_ticket(cursor, ticket_no, request_id, account, fare_fen, now_s)
        return ETicket(ticket_no, account, fare_fen, "sold")

    def use(self, ticket_no: str, now_s: int) -> ETicket | Refusal:
        """See `UpgradeDesk.use_e_ticket`."""
        with self.office.writing() as cursor:
            row = store.find_e_ticket(cursor, ticket_no, lock=True)
            if row is None:
                return Refusal("UPGRADE_E_TICKET_UNKNOWN")
            if row.how == "used":
                return _ticket(row)
            if row.how:
                return Refusal("UPGRADE_E_TICKET_RETURNED")
            if self._are_suspended(now_s):
                return Refusal("UPGRADE_E_TICKET_SUSPENDED")
            store.end_e_ticket(cursor, ticket_no, "used", now_s)
            thaw(cursor, ticket_no, now_s)
            self._take(cursor, row, now_s)
            return ETicket(ticket_no, row.account, row.fare_fen, "used")

    def refund(self, ticket_no: str, now_s: int) -> ETicket | Refusal:
        """See `UpgradeDesk.refund_unused`."""
        with self.office.writing() as cursor:
            row = store.find_e_ticket(cursor, ticket_no, lock=True)
            if row is None:
                return Refusal("UPGRADE_E_TICKET_UNKNOWN")
            refusal = unused_objection(row.how, bool(row.how) or self._are_suspended(now_s))
            if refusal is not None:
                return refusal
            if not row.how:
                store.end_e_ticket(cursor, ticket_no, "returned", now_s)
                thaw(cursor, ticket_no, now_s)
        if row.refund:
            return _ticket(row)
        request_id = digest("e_ticket_refund", self.office.code, ticket_no)
        refund = self.money.refund(row.account, request_id, row.fare_fen, now_s)
        if isinstance(refund, Refusal):
            return refund
        if refund.state == "failed":
            return Refusal("UPGRADE_E_TICKET_WAY_REFUSED")
        with self.office.writing() as cursor:
            store.write_e_ticket_paid(cursor, ticket_no, refund.refund_id, now_s)
        return ETicket(ticket_no, row.account, row.fare_fen, "refunded")

    def unpaid(self) -> list[ETicket]:
        """See `UpgradeDesk.unpaid_e_tickets`."""
        with self.office.reading() as cursor:
            return [_ticket(row) for row in store.unpaid_rows(cursor)]

    def refund_all(self, now_s: int, progress: Callable[[int, int], None]) -> RefundRun:
        """See `UpgradeDesk.refund_all_unused`."""
        numbers = [one.ticket_no for one in self.unpaid()]
        count = fen = 0
        waiting = []
        for done, ticket_no in enumerate(numbers, start=1):
            found = self.refund(ticket_no, now_s)
            if isinstance(found, Refusal):
                if found.code != "UPGRADE_E_TICKET_USED":
                    waiting.append((ticket_no, found))
            else:
                count, fen = count + 1, fen + found.fare_fen
            progress(done, len(numbers))
        return RefundRun(count, fen, tuple(waiting))

    def _are_suspended(self, now_s: int) -> bool:
        programme = programme_at(self.office.code, now_s)
        rule = None if isinstance(programme, Refusal) else programme.single_tickets()
        return e_tickets_suspended(rule)

    def _take(self, cursor: Cursor, row: ETicketRow, now_s: int) -> None:
        issuer = issuer_member(self.office.code)
        liability = media.liability_of(cursor, row.account)
        assert liability is not None, "a ticket is sold to one of our accounts"
        lines = (debit(issuer, liability, row.fare_fen), credit(issuer, USED, row.fare_fen))
        media.add_to_balance(cursor, row.account, -row.fare_fen)
        posting_id = digest("e_ticket_used", self.office.code, row.ticket_no)
        booked_on = business_date(now_s)
        posting = Posting(posting_id, "e_ticket_used", now_s, booked_on, row.ticket_no, lines)
        write_postings(cursor, [posting])


def _ticket(row: ETicketRow) -> ETicket:
    state = "used" if row.how == "used" else "refunded" if row.refund else "returning"
    return ETicket(row.ticket_no, row.account, row.fare_fen, state if row.how else "sold")
