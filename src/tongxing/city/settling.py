"""Money moves at the bank, and the books follow: the hub's legs, then the operators' payouts.

A bank line is believed only when it is for a statement or payout we have and for its exact amount.
"""

from dataclasses import dataclass
from datetime import date

from tongxing.city.accounts import FLOAT
from tongxing.city.feedback import due_hub
from tongxing.city.members import acquirer_member, issuer_member
from tongxing.city.store import cases, exchange
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.ledger import Line, Posting, credit, debit
from tongxing.ledger.store import write_postings


@dataclass(frozen=True, slots=True)
class BankLine:
    """One movement on a bank account of ours, seen from the account: + came in, - went out.

    `party` is a member id (a leg with the hub) or an operator id (a payout to it).
    """

    reference: str
    window_id: str
    party: str
    amount_fen: int
    value_s: int


def settle(cursor: Cursor, city: str, line: BankLine, booked_on: date) -> Refusal | None:
    """Book one bank line; the same line again has no effect.

    Refuses BANK_LINE_UNEXPECTED when nothing is owed to or by that party in that window, and
    BANK_AMOUNT_DIFFERS when the amount is another.
    """
    if line.party in (issuer_member(city), acquirer_member(city)):
        return _settle_member(cursor, city, line, booked_on)
    return _settle_payout(cursor, city, line, booked_on)


def _settle_member(cursor: Cursor, city: str, line: BankLine, booked_on: date) -> Refusal | None:
    found = exchange.statement_of(cursor, line.window_id, line.party)
    if found is None:
        return _unexpected(line)
    statement, settled = found
    if statement.net_fen != line.amount_fen:
        return _differs(line, statement.net_fen)
    if settled:
        return None
    is_issuer = line.party == issuer_member(city)
    bank = FLOAT if is_issuer else "bank"
    lines = [
        debit(line.party, bank, line.amount_fen),
        credit(line.party, due_hub(line.window_id), line.amount_fen),
    ]
    if is_issuer:
        losses_fen = cases.own_losses(cursor, line.party, line.window_id)
        lines += _true_up(line.party, statement.fee_income_fen - losses_fen)
    write_postings(cursor, [_posting("settlement", line, tuple(lines), booked_on)])
    exchange.settle_statement(cursor, line.window_id, line.party, line.value_s, line.reference)
    return None


def _true_up(issuer: str, earned_fen: int) -> list[Line]:
    """What the issuer earned by fees, less what disputes cost it, is its own: it leaves the
    passengers' float, or comes back to it (truth 5)."""
    return [
        debit(issuer, "bank_own", earned_fen),
        credit(issuer, FLOAT, earned_fen),
    ]


def _settle_payout(cursor: Cursor, city: str, line: BankLine, booked_on: date) -> Refusal | None:
    owed = exchange.payout_of(cursor, line.window_id, line.party)
    if owed is None:
        return _unexpected(line)
    amount_fen, paid = owed
    if amount_fen != -line.amount_fen:
        return _differs(line, -amount_fen)
    if paid:
        return None
    acquirer = acquirer_member(city)
    lines = (
        debit(acquirer, f"due_op:{line.party}", amount_fen),
        credit(acquirer, "bank", amount_fen),
        debit(line.party, "bank", amount_fen),
        credit(line.party, "due_acq", amount_fen),
    )
    write_postings(cursor, [_posting("payout", line, lines, booked_on)])
    exchange.settle_payout(cursor, line.window_id, line.party, line.value_s, line.reference)
    return None


def _posting(kind: str, line: BankLine, lines: tuple[Line, ...], booked_on: date) -> Posting:
    return Posting(
        posting_id=digest(kind, line.party, line.window_id),
        kind=kind,
        occurred_s=line.value_s,
        booked_on=booked_on,
        source=line.window_id,
        lines=lines,
    )


def _unexpected(line: BankLine) -> Refusal:
    return Refusal("BANK_LINE_UNEXPECTED", line.reference, {"party": line.party})


def _differs(line: BankLine, expected_fen: int) -> Refusal:
    return Refusal(
        "BANK_AMOUNT_DIFFERS", line.reference, {"expected": expected_fen, "found": line.amount_fen}
    )
