"""Whole fen, and the only places where a fraction of a fen is ever decided.

Money is `int` fen everywhere. No float and no Decimal may enter this module or leave it.
"""

from collections.abc import Sequence


def round_half_up(numerator: int, denominator: int) -> int:
    """numerator / denominator to whole fen, halves away from zero (R-401).

    Raises ValueError for a denominator that is not positive.
    """
    if denominator <= 0:
        raise ValueError("denominator must be positive")
    quotient, remainder = divmod(abs(numerator), denominator)
    if 2 * remainder >= denominator:
        quotient += 1
    return quotient if numerator >= 0 else -quotient


def round_half_even(numerator: int, denominator: int) -> int:
    """numerator / denominator to whole fen, halves to the even neighbour (clearing fees).

    A sum of many such fees drifts to neither side. Raises ValueError for a denominator that is
    not positive.
    """
    if denominator <= 0:
        raise ValueError("denominator must be positive")
    quotient, remainder = divmod(numerator, denominator)
    if 2 * remainder > denominator or (2 * remainder == denominator and quotient % 2 == 1):
        quotient += 1
    return quotient


def split_largest_remainder(total_fen: int, weights: Sequence[int]) -> list[int]:
    """Split `total_fen` over `weights` so that the parts add up to it exactly.

    Each part gets the floor of its exact share; the fen left over go one each to the largest
    remainders, ties to the earlier weight. The caller orders the weights (by operator id, say),
    so the owner of an odd fen is always the same. A negative total splits as its mirror image.

    Raises ValueError when no weight is positive or one is negative.
    """
    if any(weight < 0 for weight in weights) or sum(weights) <= 0:
        raise ValueError("weights must be non-negative and not all zero")
    if total_fen < 0:
        return [-part for part in split_largest_remainder(-total_fen, weights)]
    whole = sum(weights)
    floors = [total_fen * weight // whole for weight in weights]
    remainders = [total_fen * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in order[: total_fen - sum(floors)]:
        floors[index] += 1
    return floors


def yuan(amount_fen: int) -> str:
    """Fen as people read it: ``1,234.50``; a minus sign stands before a negative amount."""
    whole, rest = divmod(abs(amount_fen), 100)
    return f"{'-' if amount_fen < 0 else ''}{whole:,}.{rest:02d}"
