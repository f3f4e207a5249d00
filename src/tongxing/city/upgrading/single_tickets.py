"""Single tickets for passengers who are known and have passed the check (R-155, R-156).

The rider's own identity number is read, made a blind index and let go of; the number itself is kept
nowhere. Whether the check was passed is told by whoever made it, and it must be fresh.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tongxing.city.office import Office
from tongxing.city.people.forms import read_id_number
from tongxing.city.people.terms import people_terms
from tongxing.city.store import upgrade_tickets as store
from tongxing.city.store.upgrade_tickets import TicketRow
from tongxing.city.store.upgrading import lock
from tongxing.city.upgrading.asking import Cells, Identity
from tongxing.city.upgrading.programme import programme_at
from tongxing.city.upgrading.rules import CheckResult, check_objection
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal

Act = Literal["sale", "collection", "welfare_exchange"]
Helped = Literal["", "elder", "child"]

_GRANT_BYTES = 16


@dataclass(frozen=True, slots=True)
class TicketAsked:
    """A single ticket that somebody wants to buy, collect, or get for a welfare ticket.

    `id_number` is the rider's own, with the name where the two are to be compared. `helped` says
    for whom staff does it; then `staff` is needed.
    """

    request_id: str
    act: Act
    id_number: str = field(repr=False)
    check: CheckResult
    name: str = field(repr=False, default="")
    helped: Helped = ""
    staff: str = ""


@dataclass(frozen=True, slots=True)
class TicketGranted:
    """The ticket may be handed out, once; `grant_id` goes with it. "" while no rule holds yet."""

    grant_id: str
    act: str
    granted_s: int


@dataclass(frozen=True, slots=True)
class SingleTicketSales:
    """Where single tickets are granted."""

    office: Office
    identity: Identity
    cells: Cells
    draw: Callable[[int], bytes]

    def grant(self, asked: TicketAsked, now_s: int) -> TicketGranted | Refusal:
        """See `UpgradeDesk.single_ticket`."""
        programme = programme_at(self.office.code, now_s)
        rule = None if isinstance(programme, Refusal) else programme.single_tickets()
        if rule is None:
            return TicketGranted("", asked.act, now_s)
        if asked.helped and not asked.staff:
            return Refusal("UPGRADE_TICKET_STAFF_ONLY", asked.act)
        read = read_id_number(
            asked.id_number, people_terms(self.office.code, now_s), calendar_date(now_s)
        )
        if isinstance(read, Refusal):
            return read
        holder = self.cells.blind_index("upgrade_ticket", read.number)
        parts = (asked.act, holder, asked.helped, asked.staff, asked.check.checked_s)
        content = digest("ticket", *parts)
        with self.office.reading() as cursor:
            before = store.find_ticket(cursor, asked.request_id)
        if before is not None:
            return _answer(before, content)
        refusal = check_objection(rule, asked.check, asked.act, now_s)
        if refusal is not None:
            return refusal
        if asked.name:
            out_id = digest("upgrade_ticket", self.office.code, asked.request_id)
            fits = self.identity.check(asked.name, read.number, out_id)
            if isinstance(fits, Refusal):
                return fits
            if not fits:
                return Refusal("UPGRADE_TICKET_NAME", asked.act)
        return self._write(asked, holder, content, now_s)

    def _write(
        self, asked: TicketAsked, holder: str, content: str, now_s: int
    ) -> TicketGranted | Refusal:
        row = TicketRow(
            grant_id=self.draw(_GRANT_BYTES).hex(),
            request_id=asked.request_id,
            asked=content,
            act=asked.act,
            holder=holder,
            helped=asked.helped,
            staff=asked.staff,
            checked_s=asked.check.checked_s,
            granted_s=now_s,
        )
        with self.office.writing() as cursor:
            lock(cursor, [f"ticket:{asked.request_id}"])
            before = store.find_ticket(cursor, asked.request_id)
            if before is None:
                store.write_ticket(cursor, row)
        return _answer(before or row, content)


def _answer(row: TicketRow, content: str) -> TicketGranted | Refusal:
    if row.asked != content:
        return Refusal("REQUEST_REUSED", row.request_id)
    return TicketGranted(row.grant_id, row.act, row.granted_s)
