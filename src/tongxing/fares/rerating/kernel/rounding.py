"""Fractions of fen as whole ones, the four ways a tariff may say; no amount here is negative."""

from tongxing.fares.rerating.layout import FULL_BP, HALF_EVEN, HALF_UP, UP
from tongxing.fares.rerating.machine import compiled


@compiled
def half_up(numerator: int, denominator: int) -> int:
    """A fraction as a whole number, halves up."""
    quotient = numerator // denominator
    rest = numerator - quotient * denominator
    return quotient + 1 if 2 * rest >= denominator else quotient


@compiled
def whole_fen(numerator: int, denominator: int, quantum: int, how: int) -> int:
    """A fraction of fen as a whole multiple of the quantum."""
    if denominator == FULL_BP and quantum == 1 and how == HALF_UP:
        return (numerator + FULL_BP // 2) // FULL_BP
    unit = denominator * quantum
    quotient = numerator // unit
    rest = numerator - quotient * unit
    if how == HALF_UP:
        more = 2 * rest >= unit
    elif how == HALF_EVEN:
        more = 2 * rest > unit or (2 * rest == unit and quotient % 2 == 1)
    else:
        more = how == UP and rest > 0
    return (quotient + 1) * quantum if more else quotient * quantum


@compiled
def common(one: int, other: int) -> int:
    """The greatest common divisor of two positive numbers."""
    while other:
        one, other = other, one % other
    return one
