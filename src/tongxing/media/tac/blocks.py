"""Columns of bytes, and their padding: what every engine for transaction codes works on.

A column is an array of unsigned bytes, one row per record, all rows equally wide. Nothing here
depends on an algorithm or a key.
"""

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


def padded(data: Bytes, block: int) -> Bytes:
    """Rows padded as ISO/IEC 9797-1 method 2 says: an 80 byte, then zeros to full blocks."""
    count, width = data.shape
    full = width + 1 + -(width + 1) % block
    found = np.zeros((count, full), np.uint8)
    found[:, :width] = data
    found[:, width] = 0x80
    return found
