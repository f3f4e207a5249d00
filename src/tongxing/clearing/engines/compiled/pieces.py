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
def row_of(tags: Any, keys: Any, shift: Any, key: Any) -> Any:
    """The row of a key in a look-up (`lookups.LookUp`), 0 for none."""
    spread = np.uint64(key) * SPREAD
    tag = tag_of(spread)
    place = np.int64(spread >> shift)
    last = len(tags) - 1
    while tags[place]:
        if tags[place] == tag and keys[place, 0] == key:
            return keys[place, 1]
        place = (place + 1) & last
    return np.int64(0)


def put_in(tags: Any, keys: Any, shift: Any, new_keys: Any) -> Any:
    """Fills a look-up; the rows are numbered from 1. False when a key comes twice."""
    last = len(tags) - 1
    for number in range(len(new_keys)):
        key = new_keys[number]
        spread = np.uint64(key) * SPREAD
        place = np.int64(spread >> shift)
        while tags[place]:
            if keys[place, 0] == key:
                return False
            place = (place + 1) & last
        tags[place] = tag_of(spread)
        keys[place, 0] = key
        keys[place, 1] = number + 1
    return True


@inner
def rest(number: Any, divisor: Any) -> Any:
    """The remainder with the sign of the number."""
    found = number % divisor
    return found - divisor if found and number < 0 else found
