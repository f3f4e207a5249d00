"""Records in and out of rows: the memory both kernels work in.

Work memory is rows of `LANES` numbers. The first 64 rows are where bytes become bit slices and
back; what follows is the kernel's own. Record r of a block lies at bit r % 64 of lane r // 64. A
block that is not full repeats its last record, and only what exists is written out.
"""

from typing import Any

import numpy as np

from tongxing.media.tac.blocks import Bytes
from tongxing.media.tac.compiled.vectors import (
    LANES,
    get_number,
    load_number,
    put_number,
    swap_bits,
)
from tongxing.media.tac.machine import inner

BLOCK_RECORDS = 64 * LANES
SWAP_ROWS = 64
_ALIGNED = 64
_PADDING = 0x80
_STEPS = np.array([32, 16, 8, 4, 2, 1])
_LOW_BITS = np.array(
    [sum(1 << bit for bit in range(64) if not bit & int(step)) for step in _STEPS], np.uint64
).view(np.int64)


def work_memory(rows: int) -> Any:
    """Zeroed work memory of so many rows, where vectors like to lie."""
    spare = _ALIGNED // 8
    numbers = np.zeros(rows * LANES + spare, np.uint64)
    skipped = -numbers.ctypes.data % _ALIGNED // 8
    return numbers[skipped : skipped + rows * LANES]


def bit_numbers(bits: Any) -> Any:
    """Bits as numbers, all zeros or all ones, in one row of an array."""
    return -np.asarray(bits, np.int64).reshape(-1)


def address(column: Any) -> int:
    """Where an array without gaps begins. Whoever asks keeps the array alive."""
    return int(column.ctypes.data)


@inner
def read_block(base: int, data: int, width: int, offset: int, first: int, count: int) -> None:
    """The eight bytes from `offset` of every record, as 64 bit slices in the first rows.

    Records have `width` bytes (8 at least) and count as padded behind them.
    """
    there = width - offset
    for record in range(BLOCK_RECORDS):
        row = data + min(first + record, count - 1) * width
        if there >= 8:
            number = load_number(row + offset)
        elif there > 0:
            number = load_number(row + width - 8) >> 8 * (8 - there)
            number = number & (1 << 8 * there) - 1 | _PADDING << 8 * there
        else:
            number = _PADDING if there == 0 else 0
        put_number(base, record % 64, record // 64, number)
    _transpose(base)


@inner
def write_block(base: int, found: Bytes, start: int, width: int, first: int, count: int) -> None:
    """The first `width` bytes (8 at most) of the block in the first rows, into columns of `found`
    from `start` on."""
    _transpose(base)
    for record in range(min(BLOCK_RECORDS, count - first)):
        number = get_number(base, record % 64, record // 64)
        for byte in range(width):
            found[first + record, start + byte] = np.uint8(number >> 8 * byte & 0xFF)


@inner
def _transpose(base: int) -> None:
    """Bit b of row a changes places with bit a of row b, in every lane of the first rows."""
    for number in range(len(_STEPS)):
        step = _STEPS[number]
        for row in range(SWAP_ROWS // 2):
            upper = row // step * 2 * step + row % step
            swap_bits(base, upper, upper + step, step, _LOW_BITS[number])
