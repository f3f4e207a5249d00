"""How many ride which path, and what that gives each operator, in parts per million.

Shares are a logit of cost: exp(-theta x minutes more than the best). The exponential is taken in
decimal, which rounds correctly everywhere, so that a table has the same bytes on every machine.
Everything after it is whole numbers.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Context, Decimal
from functools import lru_cache
from math import prod

from tongxing.hub.acc.parameters import PPM, Parameters
from tongxing.kernel.money import split_largest_remainder

_EXACT = Context(prec=40)
_WEIGHT_ONE = 10**18
_MS_PER_MINUTE = 60_000


@lru_cache(maxsize=1 << 16)
def weight(over_ms: int, theta_per_minute_ppm: int) -> int:
    """The logit weight of a path that costs so much more than the best: 10**18 at no more."""
    exponent = _EXACT.divide(
        Decimal(-over_ms * theta_per_minute_ppm), Decimal(_MS_PER_MINUTE * PPM)
    )
    scaled = _EXACT.multiply(_EXACT.exp(exponent), Decimal(_WEIGHT_ONE))
    return int(scaled.to_integral_value(ROUND_FLOOR))


def path_shares(costs_ms: Sequence[int], parameters: Parameters) -> list[int]:
    """Parts per million of each path, the best one first; they sum to 1,000,000.

    A path with less than `share_min_ppm` gets 0 and the others are scaled up; the best one always
    stays. An odd millionth goes to the largest remainder, ties to the earlier path.
    """
    theta = parameters.theta_per_minute_ppm
    weights = [weight(cost - costs_ms[0], theta) for cost in costs_ms]
    all_weights = sum(weights)
    kept = [
        one if at == 0 or one * PPM >= parameters.share_min_ppm * all_weights else 0
        for at, one in enumerate(weights)
    ]
    return split_largest_remainder(PPM, kept)


def operator_shares(
    shares_ppm: Sequence[int], runs: Sequence[Mapping[int, int]]
) -> tuple[tuple[int, int], ...]:
    """Operators (numbers) with parts per million that sum to 1,000,000, in order of operator.

    `runs` are each path's millimetres by operator. An odd millionth goes to the largest remainder,
    ties to the earlier operator; one that gets nothing is left out.
    """
    operators = sorted({who for run in runs for who in run})
    if len(operators) == 1:
        return ((operators[0], PPM),)
    lengths = [sum(run.values()) for run in runs]
    whole = prod(lengths)
    weights = [
        sum(
            share * run.get(who, 0) * (whole // length)
            for share, run, length in zip(shares_ppm, runs, lengths, strict=True)
        )
        for who in operators
    ]
    parts = split_largest_remainder(PPM, weights)
    return tuple((who, part) for who, part in zip(operators, parts, strict=True) if part)
