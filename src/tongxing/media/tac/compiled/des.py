"""DES codes in compiled bit slices: card keys by 3DES, folded, and the chained code in one pass.

A block of records needs `_ROWS` rows of work memory and nothing else, whatever the batch is.
"""

from typing import Any

import numpy as np

from tongxing.media.tac.blocks import Bytes
from tongxing.media.tac.compiled.layout import (
    BLOCK_RECORDS,
    SWAP_ROWS,
    address,
    bit_numbers,
    read_block,
    work_memory,
    write_block,
)
from tongxing.media.tac.compiled.vectors import (
    add_row,
    copy_row,
    des_round,
    fill_row,
    flip_row,
    load_number,
)
from tongxing.media.tac.gates import HALF_BITS, ROUNDS, des_wiring, slice_of_bit
from tongxing.media.tac.machine import entrance, inner

_PASSES = 3
_ENTRIES = 48
_LEFT = SWAP_ROWS
_RIGHT = _LEFT + HALF_BITS
_KEYS = _RIGHT + HALF_BITS
_SCHEDULE = _KEYS + 2 * SWAP_ROWS
_ISSUER = _SCHEDULE + ROUNDS * _ENTRIES
_ISSUER_ROWS = _PASSES * ROUNDS * _ENTRIES
_ROWS = _ISSUER + _ISSUER_ROWS

_LEFT_SLICES = np.array([slice_of_bit(bit) for bit in des_wiring().left])
_RIGHT_SLICES = np.array([slice_of_bit(bit) for bit in des_wiring().right])
_KEY_SLICES = np.array([[slice_of_bit(bit) for bit in row] for row in des_wiring().round_keys])


class CompiledDes:
    """The engine for 3DES keys. One call, one work memory: safe in several threads."""

    name = "compiled"

    def card_keys(self, master: bytes, factors: Bytes) -> Bytes:
        """Card keys (n, 16) from an issuer's key and card factors (n, 8)."""
        return _run(master, factors, None)

    def codes(self, keys: Bytes, data: Bytes) -> Bytes:
        """Transaction codes (n, 4) under card keys (n, 16), of data (n, w)."""
        return _run(None, keys, data)

    def issuer_codes(self, master: bytes, factors: Bytes, data: Bytes) -> Bytes:
        """The same from an issuer's key: the card keys never leave their slices."""
        return _run(master, factors, data)


def _run(master: bytes | None, source: Bytes, data: Bytes | None) -> Bytes:
    """Codes of `data`, or card keys where there is none. `source` is the cards' factors when an
    issuer's key is given, else their keys."""
    source = np.ascontiguousarray(source)
    data = source[:, :0] if data is None else np.ascontiguousarray(data)
    found = np.empty((len(source), 4 if data.shape[1] else 16), np.uint8)
    work = work_memory(_ROWS)
    bits = _pass_bits(master or bytes(16))
    by_issuer = master is not None
    width = data.shape[1]
    _walk(address(work), address(bits), by_issuer, address(source), address(data), width, found)
    return found


def _pass_bits(master: bytes) -> Any:
    """The round keys of three passes: encipher, decipher, encipher."""
    halves = np.frombuffer(master, "<i8")
    bits = halves[[0, 1, 0], None, None] >> _KEY_SLICES & 1
    bits[1] = bits[1, ::-1].copy()
    return bit_numbers(bits)


@inner
def _rounds(base: int, left: int, right: int, key: int) -> None:
    """Sixteen rounds; what was the right half then stands at `left`'s rows and is the left one."""
    for _ in range(ROUNDS // 2):
        des_round(base, left, right, key)
        des_round(base, right, left, key + _ENTRIES)
        key += 2 * _ENTRIES


@inner
def _diversify(base: int, factors: int, first: int, count: int) -> None:
    """Factors become card keys, both halves in the rows of keys."""
    read_block(base, factors, 8, 0, first, count)
    for half in range(2):
        for bit in range(HALF_BITS):
            copy_row(base, _LEFT + bit, _LEFT_SLICES[bit])
            copy_row(base, _RIGHT + bit, _RIGHT_SLICES[bit])
        left, right = _LEFT, _RIGHT
        for number in range(_PASSES):
            _rounds(base, left, right, _ISSUER + number * ROUNDS * _ENTRIES)
            left, right = right, left
        target = _KEYS + half * SWAP_ROWS
        for bit in range(HALF_BITS):
            copy_row(base, target + _LEFT_SLICES[bit], left + bit)
            copy_row(base, target + _RIGHT_SLICES[bit], right + bit)
        for row in range(SWAP_ROWS):
            flip_row(base, row)


@inner
def _read_keys(base: int, keys: int, first: int, count: int) -> None:
    """Card keys into the rows of keys."""
    for half in range(2):
        read_block(base, keys, 16, 8 * half, first, count)
        for row in range(SWAP_ROWS):
            copy_row(base, _KEYS + half * SWAP_ROWS + row, row)


@inner
def _write_keys(base: int, found: Bytes, first: int, count: int) -> None:
    """Card keys out of the rows of keys."""
    for half in range(2):
        for row in range(SWAP_ROWS):
            copy_row(base, row, _KEYS + half * SWAP_ROWS + row)
        write_block(base, found, 8 * half, 8, first, count)


@inner
def _schedule(base: int) -> None:
    """Both halves of the keys folded into one, and its bits in the order of the rounds."""
    for row in range(SWAP_ROWS):
        add_row(base, _KEYS + row, _KEYS + SWAP_ROWS + row)
    for number in range(ROUNDS):
        for entry in range(_ENTRIES):
            target = _SCHEDULE + number * _ENTRIES + entry
            copy_row(base, target, _KEYS + _KEY_SLICES[number, entry])


@inner
def _chain(base: int, data: int, width: int, first: int, count: int, found: Bytes) -> None:
    """The codes of a block of records under the schedule in work memory."""
    for row in range(_LEFT, _KEYS):
        fill_row(base, row, 0)
    left, right = _LEFT, _RIGHT
    for block in range(width // 8 + 1):
        read_block(base, data, width, 8 * block, first, count)
        for bit in range(HALF_BITS):
            add_row(base, left + bit, _LEFT_SLICES[bit])
            add_row(base, right + bit, _RIGHT_SLICES[bit])
        _rounds(base, left, right, _SCHEDULE)
        left, right = right, left
    for bit in range(HALF_BITS):
        copy_row(base, _LEFT_SLICES[bit], left + bit)
        copy_row(base, _RIGHT_SLICES[bit], right + bit)
    write_block(base, found, 0, 4, first, count)


@entrance
def _walk(
    base: int, bits: int, by_issuer: bool, source: int, data: int, width: int, found: Bytes
) -> None:
    for row in range(_ISSUER_ROWS):
        fill_row(base, _ISSUER + row, load_number(bits + 8 * row))
    count = len(found)
    for first in range(0, count, BLOCK_RECORDS):
        if by_issuer:
            _diversify(base, source, first, count)
        else:
            _read_keys(base, source, first, count)
        if width:
            _schedule(base)
            _chain(base, data, width, first, count, found)
        else:
            _write_keys(base, found, first, count)
