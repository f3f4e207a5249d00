"""Money moves at the bank, and the books follow: the hub's legs, then the operators' payouts.

A bank line is believed only when it is for a statement or payout we have and for its exact amount.
One that gives back a payment opens the debt again, as if nothing had been paid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tongxing.city.accounts import FLOAT
from tongxing.city.feedback import due_hub
from tongxing.city.members import acquirer_member, issuer_member
from tongxing.city.store import bank as table
from tongxing.city.store import cases, exchange
from tongxing.city.store.bank import Movement
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.ledger import Line, Posting, credit, debit
from tongxing.ledger.store import write_postings
from tongxing.ledger.store.lookup import postings_about
from tongxing.messages import Statement


@dataclass(frozen=True, slots=True)
class BankLine:
    """One movement on a bank account of ours, seen from the account: + came in, - went out.

    `party` is a member id (a leg with the hub) or an operator id (a payout to it). `payment` is the
    end-to-end id, "" where nobody named it; `return_reason` is the bank's code for why it gives an
    earlier payment back, "" for a payment.
    """

    reference: str
    window_id: str
    party: str
    amount_fen: int
    value_s: int
    payment: str = ""
    return_reason: str = ""


def settle(cursor: Cursor, city: str, line: BankLine, booked_on: date) -> Refusal | None:
    """Book one bank line; the same line again has no effect.

    Refuses BANK_LINE_UNEXPECTED when nothing is owed to or by that party in that window,
    BANK_AMOUNT_DIFFERS when the amount is another, BANK_PAID_TWICE when another line has settled
    it, and BANK_RETURN_UNEXPECTED for a return of what is not paid, or not by that payment.
    """
    statement, owed = None, None
    if line.party in (issuer_member(city), acquirer_member(city)):
        found = exchange.statement_of(cursor, line.window_id, line.party)
        if found is not None:
            statement, owed = found[0], (found[0].net_fen, found[1])
    else:
        payout = table.lock_payout(cursor, line.window_id, line.party)
        owed = None if payout is None else (-payout[0], payout[1])
    if owed is None:
        return Refusal("BANK_LINE_UNEXPECTED", line.reference, {"party": line.party})
    amount_fen, is_settled = owed
    moved = table.movements_of(cursor, line.window_id, line.party)
    known = next((one for one in moved if one.bank_reference == line.reference), None)
    if known is not None:
        return _differs(line, known.amount_fen)
    paid = [one for one in moved if not one.return_reason]
    if line.return_reason:
        return _take_back(cursor, line, paid if is_settled else [], booked_on)
    if (refusal := _differs(line, amount_fen)) is not None:
        return refusal
    if is_settled:
        values = {"party": line.party, "payment": paid[-1].payment or line.window_id}
        return Refusal("BANK_PAID_TWICE", line.reference, values)
    number = len(paid) + 1
    if statement is not None:
        lines = _leg(cursor, city, line, statement)
        write_postings(cursor, [_posting("settlement", number, line, lines, booked_on)])
        exchange.settle_statement(cursor, line.window_id, line.party, line.value_s, line.reference)
    else:
        lines = _payout(city, line)
        write_postings(cursor, [_posting("payout", number, line, lines, booked_on)])
        exchange.settle_payout(cursor, line.window_id, line.party, line.value_s, line.reference)
    _keep(cursor, line)
    return None


def _take_back(
    cursor: Cursor, line: BankLine, paid: Sequence[Movement], booked_on: date
) -> Refusal | None:
    """Book what the bank gave back; `paid` are the payments so far, none where nothing is paid
    now."""
    last = paid[-1] if paid else None
    if last is None or (line.payment and last.payment and line.payment != last.payment):
        values = {"party": line.party, "payment": line.payment or line.window_id}
        return Refusal("BANK_RETURN_UNEXPECTED", line.reference, values)
    if (refusal := _differs(line, -last.amount_fen)) is not None:
        return refusal
    ids = {_posting_id(kind, len(paid), line): kind for kind in ("settlement", "payout")}
    (posting,) = (one for one in postings_about(cursor, [line.window_id]) if one.posting_id in ids)
    back = tuple(one._replace(amount_fen=-one.amount_fen) for one in posting.lines)
    kind = f"{posting.kind}_returned"
    write_postings(cursor, [_posting(kind, len(paid), line, back, booked_on)])
    exchange.unsettle(cursor, line.window_id, line.party)
    _keep(cursor, line)
    return None


def _leg(cursor: Cursor, city: str, line: BankLine, statement: Statement) -> tuple[Line, ...]:
    is_issuer = line.party == issuer_member(city)
    lines = [
        debit(line.party, FLOAT if is_issuer else "bank", line.amount_fen),
        credit(line.party, due_hub(line.window_id), line.amount_fen),
    ]
    if is_issuer:
        losses_fen = cases.own_losses(cursor, line.party, line.window_id)
        lines += _true_up(line.party, statement.fee_income_fen - losses_fen)
    return tuple(lines)


def _true_up(issuer: str, earned_fen: int) -> list[Line]:
    """What the issuer earned by fees, less what disputes cost it, is its own: it leaves the
    passengers' float, or comes back to it (truth 5)."""
    return [
        debit(issuer, "bank_own", earned_fen),
        credit(issuer, FLOAT, earned_fen),
    ]


def _payout(city: str, line: BankLine) -> tuple[Line, ...]:
    acquirer, amount_fen = acquirer_member(city), -line.amount_fen
    return (
        debit(acquirer, f"due_op:{line.party}", amount_fen),
        credit(acquirer, "bank", amount_fen),
        debit(line.party, "bank", amount_fen),
        credit(line.party, "due_acq", amount_fen),
    )


def _posting(
    kind: str, number: int, line: BankLine, lines: tuple[Line, ...], booked_on: date
) -> Posting:
    return Posting(
        posting_id=_posting_id(kind, number, line),
        kind=kind,
        occurred_s=line.value_s,
        booked_on=booked_on,
        source=line.window_id,
        lines=lines,
    )


def _posting_id(kind: str, number: int, line: BankLine) -> str:
    """The id of the first, second, … payment of a party in a window, or of its return."""
    again = () if number == 1 else (str(number),)
    return digest(kind, line.party, line.window_id, *again)


def _keep(cursor: Cursor, line: BankLine) -> None:
    movement = Movement(
        line.window_id,
        line.party,
        line.reference,
        line.payment,
        line.amount_fen,
        line.return_reason,
        line.value_s,
    )
    table.write_movement(cursor, movement)


def _differs(line: BankLine, expected_fen: int) -> Refusal | None:
    if line.amount_fen == expected_fen:
        return None
    values = {"expected": expected_fen, "found": line.amount_fen}
    return Refusal("BANK_AMOUNT_DIFFERS", line.reference, values)
