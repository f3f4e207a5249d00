"""Disputes between members, booked as the hub tells them: one message per window and member.

Each move is booked once, on the account of its window, so that the statement can be held against
the books. What an issuer wins is its passenger's: at once on an account; of a card's own purse it
waits under liab_mismatch, for a purse changes only at its card. Fees and what is paid to the common
pool are the member's own loss. A lost ride goes back from the operators that earned it.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from tongxing.city.feedback import MISMATCH, UNKNOWN_MEDIUM, due_hub
from tongxing.city.members import acquirer_member, issuer_member
from tongxing.city.recovering import present_again
from tongxing.city.store import cases as store
from tongxing.city.store import media
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.ledger import Line, Posting, credit, debit
from tongxing.ledger.store import write_postings
from tongxing.messages import CaseDetail, CaseMoney, Share
from tongxing.messages.taps import Funding

FROM_ESCROW = "due_from_escrow"
_LOSSES = {
    "error_fee": "exp_error_fee",
    "arbitration_fee": "exp_arbitration_fee",
    "pool_share": "exp_small_claims",
}
PRESENTED_SHORT = "exp_presented_short"
_PASSENGERS = ("adjustment", "dispute_won", "small_claim")

_Payer = tuple[str, str]
"""The rider ("" for none) and the issuer's account that its money goes to."""


def book_case_detail(
    cursor: Cursor, city: str, detail: CaseDetail, received_s: int, booked_on: date
) -> Refusal | None:
    """Book what a window says of one of our members' cases; what was booked before is not again.

    Refuses MEMBER_MISMATCH for another city's member.
    """
    member = detail.member
    if member not in (issuer_member(city), acquirer_member(city)):
        return Refusal("MEMBER_MISMATCH", member)
    store.write_news(cursor, detail.window_id, detail.news)
    present_again(cursor, city, detail.news, received_s, booked_on)
    booked = store.booked_money(cursor, member, [money.case_id for money in detail.money])
    fresh = [money for money in detail.money if (money.case_id, money.number) not in booked]
    payers = _payers(cursor, fresh) if member == issuer_member(city) else {}
    postings, losses = [], []
    refunds: dict[str, int] = {}
    for money in fresh:
        rider_id, account = payers.get(money.record_id, ("", UNKNOWN_MEDIUM))
        lines, loss_fen = _lines(member, money, due_hub(detail.window_id), account)
        postings.append(_posting(city, member, money, lines, received_s, booked_on))
        losses.append((money, loss_fen))
        if rider_id and _is_passengers(member, money):
            refunds[rider_id] = refunds.get(rider_id, 0) + money.amount_fen
    write_postings(cursor, postings)
    for rider_id, amount_fen in sorted(refunds.items()):
        media.add_to_balance(cursor, rider_id, amount_fen)
    store.write_money(cursor, member, detail.window_id, losses)
    return None


def _payers(cursor: Cursor, money: Sequence[CaseMoney]) -> Mapping[str, _Payer]:
    """Whom each record's passenger is, as it paid then."""
    records = store.disputed_records(cursor, [item.record_id for item in money])
    used: dict[str, tuple[str, Funding]] = {
        name: (record.medium_no, record.funding) for name, record in records.items()
    }
    known = media.payers_of(cursor, list(used.values()))
    found: dict[str, _Payer] = {}
    for name, one in used.items():
        rider_id, liability = known.get(one, ("", UNKNOWN_MEDIUM))
        is_purse = rider_id and one[1] == "purse"
        found[name] = ("", MISMATCH) if is_purse else (rider_id, liability)
    return found


def _is_passengers(member: str, money: CaseMoney) -> bool:
    return money.creditor == member and member == money.issuer and money.kind in _PASSENGERS


def _lines(member: str, money: CaseMoney, due: str, payer: str) -> tuple[list[Line], int]:
    """The lines of a move in a member's books, and what of it is the member's own loss."""
    fen = money.amount_fen
    if _is_passengers(member, money):
        return [debit(member, due, fen), credit(member, payer, fen)], 0
    if money.kind in _LOSSES:
        return [debit(member, _LOSSES[money.kind], fen), credit(member, due, fen)], fen
    if money.kind == "chargeback":
        return [debit(member, FROM_ESCROW, fen), credit(member, due, fen)], 0
    if money.kind == "presentment":
        if member == money.issuer:
            return [debit(member, PRESENTED_SHORT, fen), credit(member, due, fen)], fen
        return [debit(member, due, fen), *_earned(member, money.shares, 1)], 0
    if money.kind == "adjustment":
        return [credit(member, due, fen), *_earned(member, money.shares, -1)], 0
    if money.creditor == member:
        return [debit(member, due, fen), credit(member, FROM_ESCROW, fen)], 0
    return [credit(member, FROM_ESCROW, fen), *_earned(member, money.shares, -1)], 0


def _earned(acquirer: str, shares: Sequence[Share], sign: int) -> list[Line]:
    """What operators earn of a move, or give back (sign −1)."""
    lines: list[Line] = []
    for share in shares:
        fen = sign * share.share_fen
        lines += [
            credit(acquirer, f"due_op:{share.operator}", fen),
            debit(share.operator, "due_acq", fen),
            credit(share.operator, "rev_fare", fen),
        ]
    return lines


def _posting(
    city: str,
    member: str,
    money: CaseMoney,
    lines: Sequence[Line],
    received_s: int,
    booked_on: date,
) -> Posting:
    return Posting(
        posting_id=digest("case", city, member, money.case_id, money.number),
        kind=f"case_{money.kind}",
        occurred_s=received_s,
        booked_on=booked_on,
        source=money.case_id,
        lines=tuple(lines),
    )
