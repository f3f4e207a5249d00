"""What a city's own bank says, booked: each line by the payment that it names.

The hub told the city of every payment of its members as it instructed it, so the end-to-end id of a
line says what it is for; payouts that the city sent again itself it knows by its own books. A line
that names no such payment is none of the hub's (money paid in, refunds), and is not booked here.
"""

from dataclasses import dataclass

from tongxing.city import City
from tongxing.city.hub_line.store import LetterBook
from tongxing.city.members import acquirer_member, issuer_member
from tongxing.city.payouts import PayoutDesk
from tongxing.city.settling import BankLine
from tongxing.city.store.bank import Refused
from tongxing.front.payout_orders import read_order
from tongxing.hub.iso20022 import PaymentStatus, read_status
from tongxing.hub.iso20022.bank_statements import read_bank_statement
from tongxing.hub.iso20022.status import PACS_002, PAIN_002, REJECTED, SETTLED
from tongxing.kernel.payments import DUPLICATE
from tongxing.kernel.reasons import Refusal


@dataclass
class BankTaken:
    """What became of a statement, notice or report: lines `booked` (or known before), payments that
    the bank turned down, lines that are `other` money, and what was refused, which a person has to
    look into."""

    statement_id: str
    booked: int = 0
    turned_down: int = 0
    other: int = 0
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class CityBank:
    """A city's books as its bank's word concerns them."""

    city: City
    letters: LetterBook
    payouts: PayoutDesk

    def take(self, content: bytes, now_s: int) -> BankTaken | Refusal:
        """Take one camt.053 or camt.054 of a bank account of the city, or a report on a payment
        (pain.002, pacs.002); again, it changes nothing.

        Refuses BANK_STATEMENT or PAYMENT_MALFORMED for what cannot be read whole; of its lines
        `City.settle` may refuse any.
        """
        if PAIN_002.encode() in content or PACS_002.encode() in content:
            return self._report(content, now_s)
        statement = read_bank_statement(content)
        if isinstance(statement, Refusal):
            return statement
        taken = BankTaken(statement.statement_id)
        for line in statement.lines:
            named = self.party(line.end_to_end_id)
            if named is None:
                taken.other += 1
                continue
            refusal = named if isinstance(named, Refusal) else None
            if not isinstance(named, Refusal):
                window_id, party = named
                found = BankLine(
                    line.bank_reference,
                    window_id,
                    party,
                    line.amount_fen,
                    now_s,
                    line.end_to_end_id,
                    line.return_reason,
                )
                refusal = self.city.settle(found)
            if refusal is None:
                taken.booked += 1
            else:
                taken.refusals += (refusal,)
        return taken

    def party(self, payment: str) -> tuple[str, str] | Refusal | None:
        """The window and the party of a payment: the member itself for a leg with the hub, else the
        operator at the other end. None for a payment that is not known here. Refuses
        PAYMENT_MALFORMED."""
        ours = self.payouts.order(payment)
        if ours is not None:
            return ours.window_id, ours.operator
        told = self.letters.instruction(payment) if payment else None
        if told is None:
            return None
        order = read_order(told[2])
        return order if isinstance(order, Refusal) else (told[1], order.other_than(told[0]))

    def _report(self, content: bytes, now_s: int) -> BankTaken | Refusal:
        """Only a no is written down: money is booked by the bank's lines."""
        status = read_status(content)
        if isinstance(status, Refusal):
            return status
        taken = BankTaken(status.end_to_end_id)
        named = self.party(status.end_to_end_id)
        members = (acquirer_member(self.city.code), issuer_member(self.city.code))
        if named is None or (not isinstance(named, Refusal) and named[1] in members):
            taken.other = 1
            return taken
        refusal = named if isinstance(named, Refusal) else _no_end(status)
        if refusal is None and status.status == REJECTED and not isinstance(named, Refusal):
            told = Refused(status.end_to_end_id, *named, status.reason, now_s)
            refusal = self.payouts.refused(told, status.amount_fen)
            taken.turned_down = int(refusal is None)
        if refusal is not None:
            taken.refusals = (refusal,)
        return taken


def _no_end(status: PaymentStatus) -> Refusal | None:
    """Why a report says nothing that stays."""
    values = {"reference": status.end_to_end_id, "status": status.status}
    if status.status not in (SETTLED, REJECTED):
        return Refusal("PAYMENT_NOT_FINAL", values=values)
    is_known = status.status == REJECTED and status.reason == DUPLICATE
    return Refusal("PAYMENT_DUPLICATE", values=values) if is_known else None
