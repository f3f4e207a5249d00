"""The bank's lines beside the hub's payments, both ways: what fits, and what is a break. Pure.

A payment of the hub's account is one line at the bank: a debtor's comes in, a creditor's goes out
(operators are paid from their acquirers' accounts and have no line here).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from tongxing.hub.iso20022.bank_statements import BankLine
from tongxing.hub.settlement import DONE, PAYOUT_PHASE, Payment, PaymentState

Kind = Literal[
    "amount",
    "missing",
    "unexpected",
    "unreported",
    "twice",
    "return_unknown",
    "return_twice",
    "return_amount",
    "return_state",
]


class Break(NamedTuple):
    """Something that is on one side only: the bank's line, or the payment that has none, and what
    the bank has more than the books, in fen."""

    kind: Kind
    reference: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Matched:
    """Lines that are their payments', by the bank's reference; those among them that give a payment
    back (`returns`); and the breaks that are left."""

    lines: Mapping[str, str]
    returns: tuple[BankLine, ...]
    breaks: tuple[Break, ...]


def match(
    lines: Sequence[BankLine],
    payments: Iterable[Payment],
    taken: Iterable[str],
    reported_s: Mapping[str, int],
    until_s: int,
) -> Matched:
    """Match lines that nothing was matched with yet. `payments` are those that the lines name and
    those that are settled and lack a line; `taken` the payments that have their line; `until_s` is
    up to when the bank told of every line, `reported_s` when each payment was reported."""
    by_id = {
        one.instruction.instruction_id: one
        for one in payments
        if one.instruction.phase != PAYOUT_PHASE
    }
    has_line, found, breaks = set(taken), {}, []
    moved = [line for line in lines if not line.return_reason]
    named = {line.end_to_end_id for line in moved}
    for line in moved:
        payment = by_id.get(line.end_to_end_id)
        wrong = _break_of(line, payment, line.end_to_end_id in has_line)
        if wrong is not None:
            breaks.append(wrong)
            continue
        has_line.add(line.end_to_end_id)
        found[line.bank_reference] = line.end_to_end_id
    returns = {}
    for line in (one for one in lines if one.return_reason):
        name, payment = line.end_to_end_id, by_id.get(line.end_to_end_id)
        wrong = _wrong_return(line, payment, name in has_line, name in returns)
        if wrong is not None:
            breaks.append(wrong)
            continue
        returns[name] = line
        found[line.bank_reference] = name
    for name, payment in by_id.items():
        is_due = payment.state is PaymentState.SETTLED and reported_s.get(name, until_s) < until_s
        if is_due and name not in has_line and name not in named:
            breaks.append(Break("missing", name, -signed_fen(payment)))
    return Matched(found, tuple(returns.values()), tuple(breaks))


def signed_fen(payment: Payment) -> int:
    """A payment as its line at the bank: a debtor's above zero, a creditor's below."""
    fen = payment.instruction.amount_fen
    return fen if payment.instruction.phase == 1 else -fen


def _break_of(line: BankLine, payment: Payment | None, is_taken: bool) -> Break | None:
    if payment is None:
        return Break("unexpected", line.bank_reference, line.amount_fen)
    if is_taken:
        return Break("twice", line.bank_reference, line.amount_fen)
    if payment.state not in DONE:
        return Break("unreported", line.bank_reference, line.amount_fen)
    more_fen = line.amount_fen - signed_fen(payment)
    return Break("amount", line.bank_reference, more_fen) if more_fen else None


def _wrong_return(
    line: BankLine, payment: Payment | None, has_line: bool, is_second: bool
) -> Break | None:
    """A return gives back the whole of a payment that is paid, in the books and at the bank. What
    a covered debtor paid late went to its reserve, so its return is for a person."""
    if payment is None:
        return Break("return_unknown", line.bank_reference, line.amount_fen)
    if is_second or payment.was_returned:
        return Break("return_twice", line.bank_reference, line.amount_fen)
    is_paid = payment.state is PaymentState.SETTLED and not payment.was_covered
    if not (is_paid and has_line):
        return Break("return_state", line.bank_reference, line.amount_fen)
    if line.amount_fen != -signed_fen(payment):
        return Break("return_amount", line.bank_reference, line.amount_fen)
    return None
