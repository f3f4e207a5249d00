"""SM4 codes in compiled bit slices: card keys, their schedules and the chained code in one pass.

A block of records needs `_ROWS` rows of work memory and nothing else, whatever the batch is.
"""

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
    fill_row,
    flip_row,
    load_number,
    sm4_mix,
    sm4_mix_key,
    sm4_substitute,
)
from tongxing.media.tac.machine import entrance, inner
from tongxing.media.tac.tabled import FAMILY_KEY, ROUND_CONSTANTS, ROUNDS, round_keys

_WORD = 32
_WORDS = 4
_SUBSTITUTED = SWAP_ROWS
_STATE = _SUBSTITUTED + _WORD
_SCHEDULE = _STATE + _WORDS * _WORD
_ISSUER = _SCHEDULE + (_WORDS + ROUNDS) * _WORD
_CONSTANTS = _ISSUER + ROUNDS * _WORD
_ROWS = _CONSTANTS + ROUNDS * _WORD


class CompiledSm4:
    """The engine for SM4 keys. One call, one work memory: safe in several threads."""

    name = "compiled"

    def card_keys(self, master: bytes, factors: Bytes) -> Bytes:
        """Card keys (n, 16) from an issuer's key and card factors (n, 8)."""
        return _run(round_keys(master), factors, None)

    def codes(self, keys: Bytes, data: Bytes) -> Bytes:
        """Transaction codes (n, 4) under card keys (n, 16), of data (n, w)."""
        return _run(None, keys, data)

    def issuer_codes(self, master: bytes, factors: Bytes, data: Bytes) -> Bytes:
        """The same from an issuer's key: the card keys never leave their slices."""
        return _run(round_keys(master), factors, data)


def _run(issuer: tuple[int, ...] | None, source: Bytes, data: Bytes | None) -> Bytes:
    """Codes of `data`, or card keys where there is none. `source` is the cards' factors when an
    issuer's round keys are given, else their keys."""
    source = np.ascontiguousarray(source)
    data = source[:, :0] if data is None else np.ascontiguousarray(data)
    found = np.empty((len(source), 4 if data.shape[1] else 16), np.uint8)
    work = work_memory(_ROWS)
    words = np.array([*(issuer or (0,) * ROUNDS), *ROUND_CONSTANTS])
    bits = bit_numbers(words[:, None] >> np.arange(_WORD) & 1)
    by_issuer = issuer is not None
    width = data.shape[1]
    _walk(address(work), address(bits), by_issuer, address(source), address(data), width, found)
    return found


@inner
def _slice_of(word: int, bit: int) -> int:
    """Where a bit of a word lies in a block of 64 slices: words have their highest byte first."""
    return word % 2 * _WORD + (3 - bit // 8) * 8 + bit % 8


@inner
def _encipher(base: int, keys: int) -> None:
    """The state under 32 round keys, which begin at a row; then its words turned round."""
    for number in range(ROUNDS):
        oldest = _STATE + number % 4 * _WORD
        second = _STATE + (number + 1) % 4 * _WORD
        third = _STATE + (number + 2) % 4 * _WORD
        newest = _STATE + (number + 3) % 4 * _WORD
        key = keys + number * _WORD
        for byte in range(0, _WORD, 8):
            target = _SUBSTITUTED + byte
            sm4_substitute(base, target, second + byte, third + byte, newest + byte, key + byte)
        sm4_mix(base, oldest, oldest, _SUBSTITUTED)
    for row in range(_STATE, _STATE + 2 * _WORD):
        other = _STATE + (3 - (row - _STATE) // _WORD) * _WORD + (row - _STATE) % _WORD
        add_row(base, row, other)
        add_row(base, other, row)
        add_row(base, row, other)


@inner
def _schedule(base: int) -> None:
    """The round keys of the keys in the first four words of the schedule, behind them."""
    for word in range(_WORDS):
        for bit in range(_WORD):
            if FAMILY_KEY[word] >> bit & 1:
                flip_row(base, _SCHEDULE + word * _WORD + bit)
    for number in range(ROUNDS):
        oldest = _SCHEDULE + number * _WORD
        constant = _CONSTANTS + number * _WORD
        for byte in range(0, _WORD, 8):
            second = oldest + _WORD + byte
            third, newest = second + _WORD, second + 2 * _WORD
            sm4_substitute(base, _SUBSTITUTED + byte, second, third, newest, constant + byte)
        sm4_mix_key(base, oldest + _WORDS * _WORD, oldest, _SUBSTITUTED)


@inner
def _diversify(base: int, factors: int, first: int, count: int) -> None:
    """Factors become card keys: the first four words of the schedule."""
    read_block(base, factors, 8, 0, first, count)
    for word in range(2):
        for bit in range(_WORD):
            row = _STATE + word * _WORD + bit
            copy_row(base, row, _slice_of(word, bit))
            copy_row(base, row + 2 * _WORD, row)
            flip_row(base, row + 2 * _WORD)
    _encipher(base, _ISSUER)
    for row in range(_WORDS * _WORD):
        copy_row(base, _SCHEDULE + row, _STATE + row)


@inner
def _read_keys(base: int, keys: int, first: int, count: int) -> None:
    """Card keys into the first four words of the schedule."""
    for half in range(2):
        read_block(base, keys, 16, 8 * half, first, count)
        for word in range(2 * half, 2 * half + 2):
            for bit in range(_WORD):
                copy_row(base, _SCHEDULE + word * _WORD + bit, _slice_of(word, bit))


@inner
def _write_keys(base: int, found: Bytes, first: int, count: int) -> None:
    """Card keys out of the first four words of the schedule."""
    for half in range(2):
        for word in range(2 * half, 2 * half + 2):
            for bit in range(_WORD):
                copy_row(base, _slice_of(word, bit), _SCHEDULE + word * _WORD + bit)
        write_block(base, found, 8 * half, 8, first, count)


@inner
def _chain(base: int, data: int, width: int, first: int, count: int, found: Bytes) -> None:
    """The codes of a block of records under the schedule in work memory."""
    for row in range(_STATE, _STATE + _WORDS * _WORD):
        fill_row(base, row, 0)
    for block in range(width // 16 + 1):
        for half in range(2):
            read_block(base, data, width, 16 * block + 8 * half, first, count)
            for word in range(2 * half, 2 * half + 2):
                for bit in range(_WORD):
                    add_row(base, _STATE + word * _WORD + bit, _slice_of(word, bit))
        _encipher(base, _SCHEDULE + _WORDS * _WORD)
    for bit in range(_WORD):
        copy_row(base, _slice_of(0, bit), _STATE + bit)
    write_block(base, found, 0, 4, first, count)


@entrance
def _walk(
    base: int, bits: int, by_issuer: bool, source: int, data: int, width: int, found: Bytes
) -> None:
    for row in range(2 * ROUNDS * _WORD):
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
