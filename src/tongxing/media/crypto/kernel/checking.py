"""The check itself: s·G + t·key, and whether its x coordinate is the one that was signed.

One entrance for Python, without a Python object inside, so that threads run side by side.
"""

import numpy as np
from numpy.typing import NDArray

from tongxing.media.crypto.kernel.field import Field, multiply, subtract
from tongxing.media.crypto.kernel.points import Jacobian, double, is_zero, joined, summed
from tongxing.media.crypto.machine import compiled, entrance
from tongxing.media.crypto.tables import HALF, ROWS

Limbs = NDArray[np.uint64]
Signs = NDArray[np.int8]

_LIMB_BITS = 64
ODD_MULTIPLES = 8
WINDOW_BITS = 5
DIGITS = 257
NUMBERS = 5
S, T, X, X_TOO, ONE = range(NUMBERS)
"""Rows of `numbers`: s and t as they are; two candidates for x, and 1, in Montgomery's form."""


@compiled
def loaded(row: Limbs, at: int) -> Field:
    """Four limbs of a row as one number."""
    return row[at], row[at + 1], row[at + 2], row[at + 3]


@compiled
def stored(row: Limbs, at: int, value: Field) -> None:
    """Write a number as four limbs of a row."""
    row[at], row[at + 1], row[at + 2], row[at + 3] = value


@compiled
def bits_of(scalar: Limbs, at: int, count: int) -> int:
    """At most 62 bits of a number of four limbs, from bit `at` upwards."""
    limb, within = at // _LIMB_BITS, at % _LIMB_BITS
    found = scalar[limb] >> np.uint64(within)
    if within + count > _LIMB_BITS and limb < 3:
        found |= scalar[limb + 1] << np.uint64(_LIMB_BITS - within)
    return int(np.int64(found & np.uint64((1 << count) - 1)))


@compiled
def tabled(start: Jacobian, table: Limbs, scalar: Limbs, one: Field) -> Jacobian:
    """A point plus `scalar` times the point of a table (ROWS, HALF, 8 limbs)."""
    zero = subtract(one, one)
    reached = start
    carry = 0
    for row in range(ROWS):
        digit = carry
        if row < ROWS - 1:
            digit += bits_of(scalar, 8 * row, 8)
        carry = 0
        if digit > HALF:
            digit -= 256
            carry = 1
        if digit > 0:
            x, y = loaded(table[row, digit - 1], 0), loaded(table[row, digit - 1], 4)
            reached = joined(reached, x, y, one)
        elif digit < 0:
            x, y = loaded(table[row, -digit - 1], 0), loaded(table[row, -digit - 1], 4)
            reached = joined(reached, x, subtract(zero, y), one)
    return reached


@compiled
def recoded(scalar: Limbs, digits: Signs) -> None:
    """The non-adjacent form of a number, lowest first: odd digits below 16, zeros between."""
    digits[:] = 0
    at = carry = 0
    while at < DIGITS - 1:
        if bits_of(scalar, at, 1) == carry:
            at += 1
            continue
        width = min(WINDOW_BITS, DIGITS - 1 - at)
        digit = bits_of(scalar, at, width) + carry
        carry = digit >> (WINDOW_BITS - 1)
        digits[at] = digit - (carry << WINDOW_BITS)
        at += width
    digits[at] = carry


@compiled
def multiplied(point: Limbs, scalar: Limbs, odd: Limbs, digits: Signs, one: Field) -> Jacobian:
    """`scalar` times a point (8 limbs); `odd` and `digits` are room to work in."""
    zero = subtract(one, one)
    reached = loaded(point, 0), loaded(point, 4), one
    twice = double(reached)
    for index in range(ODD_MULTIPLES):
        for part in range(3):
            stored(odd[index], 4 * part, reached[part])
        reached = summed(twice, reached, one)
    recoded(scalar, digits)
    reached = one, one, zero
    for at in range(DIGITS - 1, -1, -1):
        reached = double(reached)
        digit = digits[at]
        if digit:
            row = odd[abs(digit) >> 1]
            y = loaded(row, 4)
            if digit < 0:
                y = subtract(zero, y)
            reached = summed(reached, (loaded(row, 0), y, loaded(row, 8)), one)
    return reached


@entrance
def checks(generator: Limbs, table: Limbs, numbers: Limbs, odd: Limbs, digits: Signs) -> bool:
    """Whether s·G + t·key has the wanted x.

    `generator` and `table` are (ROWS, HALF, 8) limbs in Montgomery's form, or the table of a key
    without one is (1, 1, 8): the key itself. `numbers` is (NUMBERS, 4); `odd` (ODD_MULTIPLES, 12)
    and `digits` (DIGITS,) are room to work in.
    """
    one = loaded(numbers[ONE], 0)
    if table.shape[0] == 1:
        reached = multiplied(table[0, 0], numbers[T], odd, digits, one)
    else:
        reached = tabled((one, one, subtract(one, one)), table, numbers[T], one)
    x, _, z = tabled(reached, generator, numbers[S], one)
    if is_zero(z):
        return False
    zz = multiply(z, z)
    for row in range(X, X_TOO + 1):
        if is_zero(subtract(multiply(loaded(numbers[row], 0), zz), x)):
            return True
    return False
