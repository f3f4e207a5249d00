"""Which money is left in an account, and where it may go back to. Pure.

First in, first out: rides are paid with the oldest money, so what is left is the newest. What is
held or frozen is counted first against money that has no way back, then against the oldest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tongxing.city.money.store.refunds import MoneyIn


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of each payment that has a way back, oldest first, and of all other money."""

    with_way: tuple[MoneyIn, ...]
    without_fen: int

    @property
    def with_way_fen(self) -> int:
        """All that could go back to where it came from."""
        return sum(one.fen for one in self.with_way)


def left_of(
    came: Sequence[MoneyIn], paid_out_fen: int, posted_fen: int, kept_fen: int, from_s: int
) -> Left:
    """What is left of the money that `came` (oldest first, each less what was refunded of it) in an
    account that has `posted_fen`, of which `kept_fen` must stay.

    `paid_out_fen` went over a counter and was taken from money without a way back. Payments before
    `from_s` have none any longer: their partner sends nothing back after so long.
    """
    rest_fen, out_fen = max(0, posted_fen), paid_out_fen
    kept: list[MoneyIn] = []
    without_fen = 0
    for one in sorted(came, key=lambda each: (each.at_s, each.order_id), reverse=True):
        fen = one.fen
        if not one.order_id:
            paid = min(out_fen, fen)
            fen, out_fen = fen - paid, out_fen - paid
        fen = min(fen, rest_fen)
        rest_fen -= fen
        if fen > 0 and one.order_id and one.at_s >= from_s:
            kept.append(replace(one, fen=fen))
        else:
            without_fen += fen
    without_fen += rest_fen
    spared = min(without_fen, max(0, kept_fen))
    stays_fen = max(0, kept_fen) - spared
    with_way = []
    for one in reversed(kept):
        stays = min(stays_fen, one.fen)
        stays_fen -= stays
        if one.fen > stays:
            with_way.append(replace(one, fen=one.fen - stays))
    return Left(tuple(with_way), without_fen - spared)


def shares(left: Left, amount_fen: int) -> list[MoneyIn]:
    """From which payments an amount goes back: the oldest first, for its partner stops first.

    Raises ValueError for more than is left.
    """
    found = []
    for one in left.with_way:
        fen = min(one.fen, amount_fen)
        amount_fen -= fen
        if fen:
            found.append(replace(one, fen=fen))
    if amount_fen:
        raise ValueError("more than is left")
    return found
