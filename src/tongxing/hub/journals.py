"""The standard journals of clearing, over all entities: what each of them books for one event.

Each journal balances inside every entity it touches, and accounts between two entities come as
mirrored pairs (``pos:<member>`` at the hub, ``due_hub`` at the member; ``due_op:<operator>`` at the
acquirer, ``due_acq`` at the operator). The hub keeps its own lines (`books`); a city its own; here
they are together, so that a whole day can be checked.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from tongxing.hub.books import SETTLE_BANK, position_account
from tongxing.hub.instructions import HUB
from tongxing.hub.netting import ESCROW, FEE_INCOME, PairNet
from tongxing.ledger import Line, credit, debit
from tongxing.messages import Share

SettlementClass = Literal["DAILY", "MONTHLY", "INTERNAL"]

DUE_HUB = "due_hub"
DUE_ACQUIRER = "due_acq"
DUE_OPERATOR = "due_op:"
FARE_REVENUE = "rev_fare"
FEE_EXPENSE = "exp_fee"
ERROR_FEE_EXPENSE = "exp_error_fee"
BLACKLIST_LOSS = "exp_blacklist_loss"
FROM_ESCROW = "due_from_escrow"
BANK, BANK_FLOAT, BANK_OWN = "bank", "bank_float", "bank_own"
PURSES, ACCOUNTS, FROZEN = "liab_purse", "liab_acct", "liab_frozen"
CUSTOMER_MONEY = (PURSES, ACCOUNTS, FROZEN, "liab_mismatch", "liab_unclaimed", "liab_deposit")
"""The accounts of an issuer that say what it owes its customers."""


class Journal(NamedTuple):
    """One event in the books of everybody it concerns; lines of nothing are left out."""

    kind: str
    ref: str
    at_s: int
    settlement_class: SettlementClass
    lines: tuple[Line, ...]


class Ride(NamedTuple):
    """A charge to be booked: `payer` is the issuer's account that it comes from, `shares` are the
    operators' and add up to the charge."""

    ref: str
    issuer: str
    acquirer: str
    payer: str
    shares: tuple[Share, ...]

    @property
    def charge_fen(self) -> int:
        return sum(share.share_fen for share in self.shares)


def unbalanced(journal: Journal) -> dict[str, int]:
    """What is left over per entity; empty for a journal that may be booked."""
    totals: dict[str, int] = {}
    for line in journal.lines:
        totals[line.entity] = totals.get(line.entity, 0) + line.amount_fen
    return {entity: total for entity, total in totals.items() if total}


def balances(journals: Iterable[Journal]) -> dict[tuple[str, str], int]:
    """What every account comes to, debit positive; accounts at zero are left out."""
    totals: dict[tuple[str, str], int] = {}
    for journal in journals:
        for entity, account, amount_fen in journal.lines:
            totals[entity, account] = totals.get((entity, account), 0) + amount_fen
    return {account: total for account, total in totals.items() if total}


def top_up(ref: str, issuer: str, amount_fen: int, at_s: int) -> Journal:
    """Money paid in to an account."""
    lines = (debit(issuer, BANK_FLOAT, amount_fen), credit(issuer, ACCOUNTS, amount_fen))
    return _journal("TOPUP", ref, at_s, lines, "INTERNAL")


def loss_freeze(card: str, issuer: str, amount_fen: int, at_s: int) -> Journal:
    """The balance of a card whose loss was reported, put aside for its owner."""
    lines = (debit(issuer, PURSES, amount_fen), credit(issuer, FROZEN, amount_fen))
    return _journal("LOSS_REPORT_FREEZE", card, at_s, lines, "INTERNAL")


def ride(found: Ride, at_s: int, kind: str = "TRIP") -> Journal:
    """An admitted charge: issuer to hub to acquirer to operators."""
    issuer, acquirer, fen = found.issuer, found.acquirer, found.charge_fen
    lines = [
        debit(issuer, found.payer, fen),
        credit(issuer, DUE_HUB, fen),
        debit(HUB, position_account(issuer), fen),
        credit(HUB, position_account(acquirer), fen),
        debit(acquirer, DUE_HUB, fen),
    ]
    for operator, share_fen in _pairs(found.shares):
        lines += [
            credit(acquirer, DUE_OPERATOR + operator, share_fen),
            debit(operator, DUE_ACQUIRER, share_fen),
            credit(operator, FARE_REVENUE, share_fen),
        ]
    return _journal(kind, found.ref, at_s, lines)


def credit_adjustment(found: Ride, at_s: int) -> Journal:
    """A charge, or a part of one, that goes back: the ride's journal turned round."""
    forward = ride(found, at_s)
    lines = [Line(entity, account, -fen) for entity, account, fen in reversed(forward.lines)]
    return _journal("CREDIT_ADJUSTMENT", found.ref, at_s, lines)


def error_fee(ref: str, at_fault: str, amount_fen: int, at_s: int) -> Journal:
    """What the member at fault pays for the handling of an error."""
    lines = (
        debit(at_fault, ERROR_FEE_EXPENSE, amount_fen),
        credit(at_fault, DUE_HUB, amount_fen),
        debit(HUB, position_account(at_fault), amount_fen),
        credit(HUB, FEE_INCOME, amount_fen),
    )
    return _journal("ERROR_HANDLING_FEE", ref, at_s, lines)


def chargeback(ref: str, acquirer: str, amount_fen: int, at_s: int) -> Journal:
    """A disputed amount, taken from the acquirer and kept by the hub until it is decided."""
    lines = (
        debit(acquirer, FROM_ESCROW, amount_fen),
        credit(acquirer, DUE_HUB, amount_fen),
        debit(HUB, position_account(acquirer), amount_fen),
        credit(HUB, ESCROW, amount_fen),
    )
    return _journal("CHARGEBACK_TO_ESCROW", ref, at_s, lines)


def dispute_to_issuer(
    ref: str, issuer: str, acquirer: str, payer: str, shares: Sequence[Share], at_s: int
) -> tuple[Journal, Journal]:
    """What the issuer wins leaves escrow for its customer, and the operators give their parts of it
    back to the acquirer."""
    fen = sum(share.share_fen for share in shares)
    won = (
        debit(HUB, ESCROW, fen),
        credit(HUB, position_account(issuer), fen),
        debit(issuer, DUE_HUB, fen),
        credit(issuer, payer, fen),
    )
    recovered = [credit(acquirer, FROM_ESCROW, fen)]
    for operator, share_fen in _pairs(shares):
        recovered += [
            debit(acquirer, DUE_OPERATOR + operator, share_fen),
            debit(operator, FARE_REVENUE, share_fen),
            credit(operator, DUE_ACQUIRER, share_fen),
        ]
    return (
        _journal("DISPUTE_WON_BY_ISSUER", ref, at_s, won),
        _journal("DISPUTE_RECOVER_FROM_OPERATORS", ref, at_s, recovered),
    )


def dispute_to_acquirer(ref: str, acquirer: str, amount_fen: int, at_s: int) -> Journal:
    """What the acquirer wins leaves escrow for it; its operators kept their parts all the time."""
    lines = (
        debit(HUB, ESCROW, amount_fen),
        credit(HUB, position_account(acquirer), amount_fen),
        debit(acquirer, DUE_HUB, amount_fen),
        credit(acquirer, FROM_ESCROW, amount_fen),
    )
    return _journal("DISPUTE_WON_BY_ACQUIRER", ref, at_s, lines)


def clearing_fee(pair: PairNet, at_s: int) -> Journal:
    """The fee of a pair of members, rounded once: operators bear it, three share it."""
    issuer, acquirer, fee = pair.total.issuer, pair.total.acquirer, pair.fee
    lines: list[Line] = []
    for operator, share_fen in _pairs(fee.borne_by):
        lines += [
            debit(operator, FEE_EXPENSE, share_fen),
            credit(operator, DUE_ACQUIRER, share_fen),
            debit(acquirer, DUE_OPERATOR + operator, share_fen),
        ]
    lines += [
        credit(acquirer, DUE_HUB, fee.leaves_acquirer_fen),
        credit(acquirer, FEE_INCOME, fee.acquirer_fen),
        debit(HUB, position_account(acquirer), fee.leaves_acquirer_fen),
        credit(HUB, position_account(issuer), fee.issuer_fen),
        debit(issuer, DUE_HUB, fee.issuer_fen),
        credit(issuer, FEE_INCOME, fee.issuer_fen),
        credit(HUB, FEE_INCOME, fee.hub_fen),
    ]
    return _journal("CLEARING_FEE", f"{acquirer}<-{issuer}", at_s, lines)


def subsidy(ref: str, authority_of: Mapping[str, Mapping[str, int]], at_s: int) -> Journal:
    """What an authority owes its operators for reduced fares: by authority, fen by operator. It is
    settled by the month, and never in the daily net."""
    lines: list[Line] = []
    for authority, owed in sorted(authority_of.items()):
        for operator, fen in sorted(owed.items()):
            lines += [
                debit(operator, "subsidy_receivable", fen),
                credit(operator, "rev_subsidy", fen),
                debit(authority, "exp_subsidy", fen),
                credit(authority, f"subsidy_payable:{operator}", fen),
            ]
    return _journal("SUBSIDY_ACCRUAL", ref, at_s, lines, "MONTHLY")


def settle_in(ref: str, debtor: str, bank: str, amount_fen: int, at_s: int) -> Journal:
    """A debtor pays the hub; `bank` is the account it pays from."""
    lines = (
        debit(debtor, DUE_HUB, amount_fen),
        credit(debtor, bank, amount_fen),
        debit(HUB, SETTLE_BANK, amount_fen),
        credit(HUB, position_account(debtor), amount_fen),
    )
    return _journal("SETTLE_IN", ref, at_s, lines)


def settle_out(ref: str, creditor: str, bank: str, amount_fen: int, at_s: int) -> Journal:
    """The hub pays a creditor; `bank` is the account it is paid to."""
    lines = (
        debit(HUB, position_account(creditor), amount_fen),
        credit(HUB, SETTLE_BANK, amount_fen),
        debit(creditor, bank, amount_fen),
        credit(creditor, DUE_HUB, amount_fen),
    )
    return _journal("SETTLE_OUT", ref, at_s, lines)


def operator_payout(ref: str, acquirer: str, operator: str, fen: int, at_s: int) -> Journal:
    """An acquirer pays an operator what it owes it."""
    lines = (
        debit(acquirer, DUE_OPERATOR + operator, fen),
        credit(acquirer, BANK, fen),
        debit(operator, BANK, fen),
        credit(operator, DUE_ACQUIRER, fen),
    )
    return _journal("OPERATOR_PAYOUT", ref, at_s, lines)


def operator_recovery(ref: str, acquirer: str, operator: str, fen: int, at_s: int) -> Journal:
    """An operator whose refunds outweigh its rides pays its acquirer."""
    lines = (
        debit(operator, DUE_ACQUIRER, fen),
        credit(operator, BANK, fen),
        debit(acquirer, BANK, fen),
        credit(acquirer, DUE_OPERATOR + operator, fen),
    )
    return _journal("OPERATOR_RECOVERY", ref, at_s, lines)


def float_true_up(issuer: str, gap_fen: int, at_s: int) -> Journal:
    """What the issuer puts into its float, or takes out, so that it is what it owes its
    customers."""
    lines = (debit(issuer, BANK_FLOAT, gap_fen), credit(issuer, BANK_OWN, gap_fen))
    kind = "FLOAT_TRUE_UP" if gap_fen > 0 else "FLOAT_SWEEP"
    return _journal(kind, issuer, at_s, lines if gap_fen > 0 else lines[::-1], "INTERNAL")


def _journal(
    kind: str, ref: str, at_s: int, lines: Iterable[Line], of: SettlementClass = "DAILY"
) -> Journal:
    return Journal(kind, ref, at_s, of, tuple(line for line in lines if line.amount_fen))


def _pairs(shares: Iterable[Share]) -> list[tuple[str, int]]:
    return [(share.operator, share.share_fen) for share in shares]
