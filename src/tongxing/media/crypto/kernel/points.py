"""Adding and doubling points in Jacobian coordinates (Z = 0 is infinity), compiled.

The formulas are those of `media.crypto.points`; every number is in Montgomery's form.
"""

from tongxing.media.crypto.kernel.field import Field, add, multiply, subtract
from tongxing.media.crypto.machine import compiled

Jacobian = tuple[Field, Field, Field]


@compiled
def is_zero(value: Field) -> bool:
    """Whether a number is zero."""
    return (value[0] | value[1] | value[2] | value[3]) == 0


@compiled
def double(point: Jacobian) -> Jacobian:
    """A point twice."""
    x, y, z = point
    zz = multiply(z, z)
    yy = multiply(y, y)
    part = multiply(x, yy)
    slope = multiply(subtract(x, zz), add(x, zz))
    slope = add(add(slope, slope), slope)
    twice = add(part, part)
    four = add(twice, twice)
    x3 = subtract(multiply(slope, slope), add(four, four))
    fourth = multiply(add(yy, yy), add(yy, yy))
    y3 = subtract(multiply(slope, subtract(four, x3)), add(fourth, fourth))
    return x3, y3, multiply(add(y, y), z)


@compiled
def joined(left: Jacobian, x2: Field, y2: Field, one: Field) -> Jacobian:
    """A point plus one that is given by its two plain coordinates; `one` is 1 in this form."""
    x1, y1, z1 = left
    if is_zero(z1):
        return x2, y2, one
    zz = multiply(z1, z1)
    across = subtract(multiply(x2, zz), x1)
    upward = subtract(multiply(multiply(y2, z1), zz), y1)
    if is_zero(across):
        if is_zero(upward):
            return double(left)
        return one, one, across
    square = multiply(across, across)
    cube = multiply(across, square)
    part = multiply(x1, square)
    x3 = subtract(subtract(multiply(upward, upward), cube), add(part, part))
    y3 = subtract(multiply(upward, subtract(part, x3)), multiply(y1, cube))
    return x3, y3, multiply(z1, across)


@compiled
def summed(left: Jacobian, right: Jacobian, one: Field) -> Jacobian:
    """The sum of two points, the right one not at infinity."""
    x1, y1, z1 = left
    x2, y2, z2 = right
    if is_zero(z1):
        return right
    z1z1 = multiply(z1, z1)
    z2z2 = multiply(z2, z2)
    u1 = multiply(x1, z2z2)
    s1 = multiply(multiply(y1, z2), z2z2)
    across = subtract(multiply(x2, z1z1), u1)
    upward = subtract(multiply(multiply(y2, z1), z1z1), s1)
    if is_zero(across):
        if is_zero(upward):
            return double(left)
        return one, one, across
    square = multiply(across, across)
    cube = multiply(across, square)
    part = multiply(u1, square)
    x3 = subtract(subtract(multiply(upward, upward), cube), add(part, part))
    y3 = subtract(multiply(upward, subtract(part, x3)), multiply(s1, cube))
    return x3, y3, multiply(multiply(z1, z2), across)
