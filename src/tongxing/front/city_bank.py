"""What a city's own bank says, booked: each line by the payment that it names.

The hub told the city of every payment of its members as it instructed it, so the end-to-end id of a
line says what it is for. A line that names no such payment is none of the hub's (money paid in,
refunds), and is not booked here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyiso20022.pacs import pacs_009_001_08 as pacs
from pyiso20022.pain import pain_001_001_09 as pain

from tongxing.city import City
from tongxing.city.hub_line.store import LetterBook
from tongxing.city.settling import BankLine
from tongxing.hub.iso20022.bank_statements import read_bank_statement
from tongxing.hub.iso20022.common import from_bytes
from tongxing.kernel.reasons import Refusal
from tongxing.messages import HUB_SENDER


@dataclass
class BankTaken:
    """What became of a statement or notice: lines `booked` (or known before), lines that are
    `other` money, and what was refused, which a person has to look into."""

    statement_id: str
    booked: int = 0
    other: int = 0
    refusals: tuple[Refusal, ...] = ()


def take_statement(
    content: bytes, city: City, letters: LetterBook, now_s: int
) -> BankTaken | Refusal:
    """Book the lines of one camt.053 or camt.054 of a bank account of the city; again, it changes
    nothing. Refuses BANK_STATEMENT for what cannot be read whole; of its lines `City.settle` may
    refuse any."""
    statement = read_bank_statement(content)
    if isinstance(statement, Refusal):
        return statement
    taken = BankTaken(statement.statement_id)
    for line in statement.lines:
        told = letters.instruction(line.end_to_end_id) if line.end_to_end_id else None
        if told is None:
            taken.other += 1
            continue
        member, window_id, message = told
        party = _party(message, member)
        refusal = (
            party
            if isinstance(party, Refusal)
            else city.settle(
                BankLine(line.bank_reference, window_id, party, line.amount_fen, now_s)
            )
        )
        if refusal is None:
            taken.booked += 1
        else:
            taken.refusals += (refusal,)
    return taken


def _party(message: bytes, member: str) -> str | Refusal:
    """For whom a payment is, as `City.settle` asks it: the member itself for a leg with the hub,
    else the operator at the other end. Refuses PAYMENT_MALFORMED."""
    found: Refusal | None = None
    for kind, parties in _READERS:
        document: Any = from_bytes(message, kind)
        if not isinstance(document, Refusal):
            debtor, creditor = parties(document)
            other = creditor if debtor == member else debtor
            return member if other == HUB_SENDER else other
        found = document
    assert found is not None
    return found


def _interbank(document: Any) -> tuple[str, str]:
    (one,) = document.ficdt_trf.cdt_trf_tx_inf
    return one.dbtr.fin_instn_id.othr.id, one.cdtr.fin_instn_id.othr.id


def _payout(document: Any) -> tuple[str, str]:
    (order,) = document.cstmr_cdt_trf_initn.pmt_inf
    (one,) = order.cdt_trf_tx_inf
    return order.dbtr.id.org_id.othr[0].id, one.cdtr.id.org_id.othr[0].id


_READERS: tuple[tuple[type[Any], Callable[[Any], tuple[str, str]]], ...] = (
    (pacs.Document, _interbank),
    (pain.Document, _payout),
)
