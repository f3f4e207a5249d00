"""The clearing fee: once per acquirer and issuer in a window, on the net of what was accepted.

Rounded once, half-even, on the exact base; refunds make the base smaller, and a base below zero
gives the fee back. The parts always add up to the fee, whoever gets or bears them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tongxing.hub.rulebook import FeeRules
from tongxing.kernel.money import round_half_even, split_largest_remainder
from tongxing.messages import Share

PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee with its base, who gets it and which operators bear it; all in fen."""

    base_fen: int
    fee_fen: int
    issuer_fen: int
    acquirer_fen: int
    hub_fen: int
    borne_by: tuple[Share, ...]

    @property
    def leaves_acquirer_fen(self) -> int:
        """What the acquirer hands on through the hub; its own part stays with it."""
        return self.issuer_fen + self.hub_fen


def fee_of(base_fen: int, ppm: int, rules: FeeRules, operators_fen: Mapping[str, int]) -> Fee:
    """The fee on a base, and each operator's part of it.

    `operators_fen` is what each operator earned in that base; the values add up to it. Operators
    bear the fee in that proportion; one whose refunds outweigh its trips bears none.
    """
    fee_fen = round_half_even(base_fen * ppm, PPM)
    shares = (rules.share_issuer, rules.share_acquirer, rules.share_hub)
    issuer_fen, acquirer_fen, hub_fen = split_largest_remainder(fee_fen, shares)
    return Fee(base_fen, fee_fen, issuer_fen, acquirer_fen, hub_fen, _borne(fee_fen, operators_fen))


def _borne(fee_fen: int, operators_fen: Mapping[str, int]) -> tuple[Share, ...]:
    if fee_fen == 0:
        return ()
    side = 1 if fee_fen > 0 else -1
    operators = sorted(operators_fen)
    weights = [max(0, side * operators_fen[operator]) for operator in operators]
    parts = split_largest_remainder(fee_fen, weights)
    return tuple(
        Share(operator, part) for operator, part in zip(operators, parts, strict=True) if part
    )
