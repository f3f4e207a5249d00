"""The bank's lines beside the hub's payments, both ways: what fits, and what is a break. Pure.

A payment of the hub's account is one line at the bank: a debtor's comes in, a creditor's goes out
(operators are paid from their acquirers' accounts and have no line here).
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
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
    "return_missing",
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
    those that were paid and lack a line; `taken` the payments that have their line; `until_s` is
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
        was_paid = payment.state is PaymentState.SETTLED or payment.was_returned
        is_due = was_paid and reported_s.get(name, until_s) < until_s
        if is_due and name not in has_line and name not in named:
            breaks.append(Break("missing", name, -signed_fen(payment)))
    return Matched(found, tuple(returns.values()), tuple(breaks))


class Same(NamedTuple):
    """A return that a message told, and the account's line of it; `silent` is the one of the two
    that is not looked at any more."""

    told: str
    line: str
    silent: str


def told_twice(
    lines: Iterable[BankLine], fresh: Container[str], decided: Container[str]
) -> list[Same]:
    """Which of these lines are one movement: a told return and a line of the account with its name
    and amount, each once. `fresh` are those that came now; `decided` those that a person ended: of
    these a line that does not say it is a return is something else."""
    by_content: defaultdict[tuple[str, int], list[BankLine]] = defaultdict(list)
    told = []
    for one in lines:
        if one.is_told:
            told.append(one)
        elif one.return_reason or one.bank_reference not in decided:
            by_content[one.end_to_end_id, one.amount_fen].append(one)
    found = []
    for one in told:
        candidates = by_content[one.end_to_end_id, one.amount_fen]
        if one.end_to_end_id and candidates:
            line = candidates.pop(0)
            is_late = one.bank_reference in fresh and line.return_reason
            silent = one if is_late else line
            found.append(Same(one.bank_reference, line.bank_reference, silent.bank_reference))
    return found


def signed_fen(payment: Payment) -> int:
    """A payment as its line at the bank: a debtor's above zero, a creditor's below."""
    fen = payment.instruction.amount_fen
    return fen if payment.instruction.phase == 1 else -fen


def _break_of(line: BankLine, payment: Payment | None, is_taken: bool) -> Break | None:
    if payment is None:
        return Break("unexpected", line.bank_reference, line.amount_fen)
    if is_taken:
        return Break("twice", line.bank_reference, line.amount_fen)
    if payment.state not in DONE and not payment.was_returned:
        return Break("unreported", line.bank_reference, line.amount_fen)
    more_fen = line.amount_fen - signed_fen(payment)
    return Break("amount", line.bank_reference, more_fen) if more_fen else None


def _wrong_return(
    line: BankLine, payment: Payment | None, has_line: bool, is_second: bool
) -> Break | None:
    """A return gives back the whole of a payment that is paid, in the books and, if the account's
    line says it, on the account. What a covered debtor paid late went to its reserve, so its return
    is for a person."""
    if payment is None:
        return Break("return_unknown", line.bank_reference, line.amount_fen)
    if is_second or payment.was_returned:
        return Break("return_twice", line.bank_reference, line.amount_fen)
    is_paid = payment.state is PaymentState.SETTLED and not payment.was_covered
    if not (is_paid and (has_line or line.is_told)):
        return Break("return_state", line.bank_reference, line.amount_fen)
    paid_fen = payment.instruction.amount_fen
    if line.amount_fen != -signed_fen(payment) or line.original_fen not in (None, paid_fen):
        return Break("return_amount", line.bank_reference, line.amount_fen)
    return None
