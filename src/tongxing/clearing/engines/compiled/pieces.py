"""What the loops call: looking a key up, and remainders as SQL has them. Importing needs numba."""

from typing import Any

import numpy as np

from tongxing.kernel.compiling import inner

SPREAD = np.uint64(0x9E37_79B9_7F4A_7C15)
"""2^64 divided by the golden ratio: the upper bits of a product with it lie apart for keys that
follow each other (Knuth, The Art of Computer Programming, 6.4)."""
_TAG_AT = np.uint64(24)
_TAG = np.uint64(0x7F)


@inner
def tag_of(spread: Any) -> Any:
    """Seven bits of a spread key, never 0: 0 is an empty place."""
    return np.uint8((spread >> _TAG_AT) & _TAG) | np.uint8(0x80)


@inner
def row_of(tags: Any, rows: Any, keys: Any, shift: Any, key: Any) -> Any:
    """The row of a key in a look-up (`lookups.LookUp`), 0 for none."""
    spread = np.uint64(key) * SPREAD
    tag = tag_of(spread)
    place = np.int64(spread >> shift)
    last = len(tags) - 1
    while tags[place]:
        if tags[place] == tag and keys[rows[place]] == key:
            return np.int64(rows[place])
        place = (place + 1) & last
    return np.int64(0)


def put_in(tags: Any, rows: Any, keys: Any, shift: Any) -> Any:
    """Fills a look-up by its keys, from the second on: row 0 is none. False when a key comes
    twice."""
    last = len(tags) - 1
    for row in range(1, len(keys)):
        spread = np.uint64(keys[row]) * SPREAD
        tag = tag_of(spread)
        place = np.int64(spread >> shift)
        while tags[place]:
            if tags[place] == tag and keys[rows[place]] == keys[row]:
                return False
            place = (place + 1) & last
        tags[place] = tag
        rows[place] = row
    return True


@inner
def rest(number: Any, divisor: Any) -> Any:
    """The remainder with the sign of the number."""
    found = number % divisor
    return found - divisor if found and number < 0 else found
