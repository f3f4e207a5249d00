"""What a case moves, as values: each move with its two sides, its second, and the operators' parts.

A side is a member or an account of the hub. Nothing is decided here; the ladder says what moves.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

from tongxing.hub.netting import ESCROW, FEE_INCOME, POOL
from tongxing.kernel.clock import at, calendar_date
from tongxing.kernel.money import split_largest_remainder
from tongxing.messages import CaseMoneyKind, Share


class Money(NamedTuple):
    """One move of a case. `at_s` says in which window it falls due; `shares` are what operators
    give back of it, or get more."""

    kind: CaseMoneyKind
    debtor: str
    creditor: str
    amount_fen: int
    at_s: int
    shares: tuple[Share, ...] = ()


class Sides(Protocol):
    """The part of a case that its money is about."""

    @property
    def issuer(self) -> str: ...
    @property
    def acquirer(self) -> str: ...
    @property
    def amount_fen(self) -> int: ...
    @property
    def escrow_fen(self) -> int: ...


def chargeback(acquirer: str, amount_fen: int, at_s: int) -> Money:
    """A disputed amount, taken from the acquirer and kept by the hub until it is decided."""
    return Money("chargeback", acquirer, ESCROW, amount_fen, at_s)


def escrow_out(case: Sides, to_issuer_fen: int, whole: Sequence[Share], at_s: int) -> list[Money]:
    """All that is in escrow for a case, to whoever won how much of it; the operators give back to
    the acquirer what the issuer won."""
    to_acquirer_fen = case.escrow_fen - to_issuer_fen
    found = []
    if to_issuer_fen:
        shares = shares_of(to_issuer_fen, whole)
        found.append(Money("dispute_won", ESCROW, case.issuer, to_issuer_fen, at_s, shares))
    if to_acquirer_fen:
        found.append(Money("dispute_won", ESCROW, case.acquirer, to_acquirer_fen, at_s))
    return found


def back(case: Sides, whole: Sequence[Share], at_s: int) -> Money:
    """A charge, or a part of one, that goes back."""
    shares = shares_of(case.amount_fen, whole)
    return Money("adjustment", case.acquirer, case.issuer, case.amount_fen, at_s, shares)


def more(case: Sides, whole: Sequence[Share], at_s: int) -> Money:
    """What was short of a charge, paid after all."""
    shares = shares_of(case.amount_fen, whole)
    return Money("presentment", case.issuer, case.acquirer, case.amount_fen, at_s, shares)


def pool(case: Sides, issuer_points: int, acquirer_points: int, at_s: int) -> list[Money]:
    """A small claim paid by the common pool at once; on the first day of the next month each side
    pays the pool back in proportion to the points against it (half each where nothing counts)."""
    weights = [acquirer_points, issuer_points]
    parts = split_largest_remainder(case.amount_fen, weights if sum(weights) else [1, 1])
    paid_s = _next_month_s(at_s)
    backers = zip((case.issuer, case.acquirer), parts, strict=True)
    return [
        Money("small_claim", POOL, case.issuer, case.amount_fen, at_s),
        *(Money("pool_share", member, POOL, fen, paid_s) for member, fen in backers if fen),
    ]


def case_fees(
    case: Sides, kind: str, fee_fen: int, against: str, ruled_fen: int, at_s: int
) -> list[Money]:
    """The fee of an ending, from whoever is at fault. `against` "loser": both sides in proportion
    to what they lost of the escrow, of which the issuer won `ruled_fen`."""
    if not kind or not fee_fen:
        return []
    name: CaseMoneyKind = "error_fee" if kind == "error" else "arbitration_fee"
    borne = {"issuer": [fee_fen, 0], "acquirer": [0, fee_fen]}.get(against)
    if borne is None and against == "loser":
        borne = split_largest_remainder(fee_fen, [case.escrow_fen - ruled_fen, ruled_fen])
    sides = zip((case.issuer, case.acquirer), borne or (), strict=False)
    return [Money(name, member, FEE_INCOME, fen, at_s) for member, fen in sides if fen]


def shares_of(amount_fen: int, whole: Sequence[Share]) -> tuple[Share, ...]:
    """An amount divided as the whole charge was; an odd fen to the largest remainder, ties to the
    first operator id."""
    positive = (share for share in whole if share.share_fen > 0)
    ordered = sorted(positive, key=lambda share: share.operator)
    parts = split_largest_remainder(amount_fen, [share.share_fen for share in ordered])
    return tuple(
        Share(share.operator, fen) for share, fen in zip(ordered, parts, strict=True) if fen
    )


def _next_month_s(at_s: int) -> int:
    first = calendar_date(at_s).replace(day=1)
    return at((first + timedelta(days=32)).replace(day=1))
