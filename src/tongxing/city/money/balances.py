"""What an account has, what of it is held and frozen, and what is left to dispose of.

`available` is computed here and nowhere else. Frozen money is a row with a case of its own: whoever
froze it thaws it, or its time runs out, which is an event and not a guess.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tongxing.city.money.store import credit, freezes
from tongxing.city.money.store.credit import Purse
from tongxing.city.money.store.freezes import FreezeRow
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.reasons import Refusal


@dataclass(frozen=True, slots=True)
class Balance:
    """An account's money in fen. `posted_fen` is what the ledger says; `held_fen` waits for open
    and half trips; `frozen_fen` for a hold or a dispute; `available_fen` is the rest and can be
    negative; `limit_fen` is how much may be unpaid by agreement; `owed_fen` what is unpaid."""

    posted_fen: int
    held_fen: int
    frozen_fen: int
    available_fen: int
    limit_fen: int
    owed_fen: int


def available(posted_fen: int, held_fen: int, frozen_fen: int) -> int:
    """What is left to dispose of: posted - held - frozen."""
    return posted_fen - held_fen - frozen_fen


def balance_of(cursor: Cursor, account: str, now_s: int | None = None) -> Balance | Refusal:
    """An account's money. Without `now_s` a freeze counts until its end was booked.

    Refuses RIDER_UNKNOWN for anything that is no account of ours.
    """
    purse = credit.find_purse(cursor, account)
    if purse is None:
        return Refusal("RIDER_UNKNOWN", account)
    row = credit.find_credit(cursor, account)
    limit_fen = row.unpaid_fen if row is not None and row.signed else 0
    return _balance(purse, freezes.frozen_of(cursor, account), limit_fen, now_s)


def frozen_now(found: Iterable[FreezeRow], now_s: int | None) -> int:
    """The sum of the freezes that still hold."""
    return sum(one.amount_fen for one in found if holds(one, now_s))


def holds(freeze: FreezeRow, now_s: int | None) -> bool:
    """Whether a freeze holds at an instant; None is before any end."""
    return freeze.until_s is None or now_s is None or freeze.until_s > now_s


def freeze(
    cursor: Cursor,
    account: str,
    amount_fen: int,
    why: str,
    until_s: int | None,
    case_id: str,
    now_s: int,
    *,
    rides: bool = False,
) -> Refusal | None:
    """Freeze money of an account for a case, until then or (None) until it is thawed. It cannot be
    refunded; with `rides` the account is also denied while it has nothing beside it.

    More than the account has can be frozen: what comes in later is then frozen too. The same case
    again has no effect, thawed or not. Refuses AMOUNT_NOT_POSITIVE, RIDER_UNKNOWN, and
    REQUEST_REUSED for a case that stands for something else.
    """
    if amount_fen <= 0:
        return Refusal("AMOUNT_NOT_POSITIVE", account)
    if credit.lock_purse(cursor, account) is None:
        return Refusal("RIDER_UNKNOWN", account)
    row = FreezeRow(case_id, account, amount_fen, until_s, rides)
    before = freezes.find_freeze(cursor, case_id)
    if before is not None:
        return None if before == (row, why) else Refusal("REQUEST_REUSED", case_id)
    freezes.write_freeze(cursor, row, why, now_s)
    return None


def thaw(cursor: Cursor, case_id: str, now_s: int) -> bool:
    """Whether money of a case was frozen until now; none is any longer."""
    return freezes.end_freeze(cursor, case_id, "thawed", now_s)


def expire(cursor: Cursor, now_s: int, account: str = "") -> int:
    """Book the end of freezes whose time is over, of one account when it is given. How many."""
    cases = freezes.run_out(cursor, now_s, account)
    return sum(freezes.end_freeze(cursor, case_id, "expired", now_s) for case_id in cases)


def _balance(
    purse: Purse, found: Iterable[FreezeRow], limit_fen: int, now_s: int | None
) -> Balance:
    frozen_fen = frozen_now(found, now_s)
    return Balance(
        posted_fen=purse.balance_fen,
        held_fen=purse.held_fen,
        frozen_fen=frozen_fen,
        available_fen=available(purse.balance_fen, purse.held_fen, frozen_fen),
        limit_fen=limit_fen,
        owed_fen=max(0, -purse.balance_fen),
    )
