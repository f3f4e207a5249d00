"""Adding and doubling points in Python integers, in Jacobian coordinates (Z = 0 is infinity).

Takes a time that depends on the numbers, so a real private key must never be multiplied here.
"""

from tongxing.media.crypto.curve import P

Jacobian = tuple[int, int, int]
INFINITY: Jacobian = (1, 1, 0)


def double_times(point: Jacobian, times: int) -> Jacobian:
    """A point doubled `times` times."""
    x, y, z = point
    for _ in range(times):
        zz = z * z % P
        yy = y * y % P
        slope = 3 * (x - zz) * (x + zz) % P
        part = 4 * x * yy % P
        z = 2 * y * z % P
        x = (slope * slope - 2 * part) % P
        y = (slope * (part - x) - 8 * yy * yy) % P
    return (x, y, z)


def add(left: Jacobian, x2: int, y2: int) -> Jacobian:
    """A point plus one that is given by its two plain coordinates."""
    x1, y1, z1 = left
    if not z1:
        return (x2, y2, 1)
    zz = z1 * z1 % P
    across = x2 * zz % P - x1
    upward = y2 * z1 * zz % P - y1
    if not across:
        return INFINITY if upward else double_times(left, 1)
    square = across * across % P
    cube = across * square % P
    part = x1 * square % P
    x3 = (upward * upward - cube - 2 * part) % P
    return (x3, (upward * (part - x3) - y1 * cube) % P, z1 * across % P)


def to_affine(points: list[Jacobian]) -> list[tuple[int, int]]:
    """Plain coordinates of points, none of them at infinity."""
    found = []
    for (x, y, _), inverse in zip(points, inverses([z for _, _, z in points]), strict=True):
        square = inverse * inverse % P
        found.append((x * square % P, y * square * inverse % P))
    return found


def inverses(values: list[int]) -> list[int]:
    """The inverse of each value modulo P, none of them zero, for the price of one."""
    products = [1]
    for value in values:
        products.append(products[-1] * value % P)
    inverse = pow(products[-1], -1, P)
    found = [0] * len(values)
    for index in range(len(values) - 1, -1, -1):
        found[index] = inverse * products[index] % P
        inverse = inverse * values[index] % P
    return found
