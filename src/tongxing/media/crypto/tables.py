"""Tables of a point's multiples, so that checks under a known key need no doublings.

A number of 256 bits is written as 33 digits from -128 to 128 in base 256; row i of a table holds
1 … 128 times 256^i times the point. 4,224 points, some 0.7 MB, about 20 ms to build. Public
points only.
"""

from tongxing.media.crypto.curve import P
from tongxing.media.crypto.points import double_times, inverses, to_affine

ROWS = 33
HALF = 128
TABLES_MAX = 32

Point = tuple[int, int]
Table = list[list[Point]]


def build_table(point: Point) -> Table:
    """The multiples of a point on the curve: ROWS rows of HALF points each."""
    rows = [[base] for base in _bases(point)]
    while len(rows[0]) < HALF:
        have = len(rows[0])
        pairs = [(row[have - 1], row[k]) for row in rows for k in range(have)]
        added = _sums(pairs)
        for index, row in enumerate(rows):
            row.extend(added[index * have : (index + 1) * have])
    return rows


def digits(scalar: int) -> list[int]:
    """A number below 2²⁵⁶ as ROWS digits from -127 to 128, lowest first."""
    found = []
    carry = 0
    for byte in scalar.to_bytes(ROWS, "little"):
        digit = byte + carry
        carry = digit > HALF
        found.append(digit - 256 if carry else digit)
    return found


def _bases(point: Point) -> list[Point]:
    found = [(point[0], point[1], 1)]
    for _ in range(ROWS - 1):
        found.append(double_times(found[-1], 8))
    return to_affine(found)


def _sums(pairs: list[tuple[Point, Point]]) -> list[Point]:
    """The sums of pairs of points that are never each other's negative, with one inversion."""
    lower = [(right[0] - left[0]) if left != right else 2 * left[1] for left, right in pairs]
    found = []
    for (left, right), inverse in zip(pairs, inverses(lower), strict=True):
        upper = (right[1] - left[1]) if left != right else 3 * (left[0] * left[0] - 1)
        slope = upper * inverse % P
        x = (slope * slope - left[0] - right[0]) % P
        found.append((x, (slope * (left[0] - x) - left[1]) % P))
    return found
