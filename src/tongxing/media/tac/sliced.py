"""DES for very many records with numpy alone: bit slices, 64 records in every 64-bit number.

One array operation does one gate for a whole stretch of records, so DES costs its 430 gates a
round and no table look-up; the time does not depend on any key or datum. A stretch has at most
`STRETCH` records and needs some `MIB_AT_ONCE` MiB whatever the batch is. Takes keys as bytes and
gives codes; it asks no vault.
"""

from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tongxing.media.tac.blocks import Bytes, padded
from tongxing.media.tac.gates import (
    AND,
    AND_NOT,
    BOX_INPUTS,
    BOX_OUTPUTS,
    HALF_BITS,
    NOT,
    OR,
    ROUNDS,
    XOR,
    Box,
    des_boxes,
    des_wiring,
    slice_of_bit,
)

STRETCH = 1 << 18
MIB_AT_ONCE = 32
_BITS = 64
_BLOCK = 8

Slices = NDArray[np.uint64]
_Step = tuple[Callable[..., object], int, int, int]
_Inputs = Callable[[int, Slices], list[Slices]]


class SlicedDes:
    """The engine for 3DES keys. One call, one set of work arrays: safe in several threads."""

    name = "numpy slices"

    def card_keys(self, master: bytes, factors: Bytes) -> Bytes:
        """Card keys (n, 16) from an issuer's key and card factors (n, 8)."""
        found = np.empty((len(factors), 16), np.uint8)
        for part in _stretches(len(factors)):
            halves = _card_keys(master, _into_slices(factors[part]))
            width = halves.shape[1] // 2
            count = len(factors[part])
            found[part, :8] = _out_of_slices(halves[:, :width], count)
            found[part, 8:] = _out_of_slices(halves[:, width:], count)
        return found

    def codes(self, keys: Bytes, data: Bytes) -> Bytes:
        """Transaction codes (n, 4) under card keys (n, 16), of data (n, w)."""
        found = np.empty((len(keys), 4), np.uint8)
        for part in _stretches(len(keys)):
            folded = _into_slices(keys[part, :8] ^ keys[part, 8:])
            found[part] = _codes(folded, data[part])
        return found

    def issuer_codes(self, master: bytes, factors: Bytes, data: Bytes) -> Bytes:
        """The same from an issuer's key: the card keys never leave their slices."""
        found = np.empty((len(factors), 4), np.uint8)
        for part in _stretches(len(factors)):
            halves = _card_keys(master, _into_slices(factors[part]))
            width = halves.shape[1] // 2
            found[part] = _codes(halves[:, :width] ^ halves[:, width:], data[part])
        return found


def _stretches(count: int) -> Iterable[slice]:
    return (slice(start, start + STRETCH) for start in range(0, count, STRETCH))


def _card_keys(master: bytes, factors: Slices) -> Slices:
    """Both halves side by side: factors under three passes of DES, and inverted ones."""
    both = np.concatenate([factors, ~factors], axis=1)
    left, right = both[_left()], both[_right()]
    rounds = _Rounds(both.shape[1])
    for half, backwards in ((master[:8], False), (master[8:], True), (master[:8], False)):
        right, left = rounds.run(left, right, rounds.under_one_key(half, backwards))
    out = np.empty_like(both)
    out[_left()], out[_right()] = left, right
    return out


def _codes(key: Slices, data: Bytes) -> Bytes:
    """A chained code over every row of data, each under its own 8-byte key (64 slices)."""
    rounds = _Rounds(key.shape[1])
    inputs = rounds.under_own_keys(key)
    blocks = padded(data, _BLOCK)
    left = np.zeros((HALF_BITS, key.shape[1]), np.uint64)
    right = np.zeros_like(left)
    for start in range(0, blocks.shape[1], _BLOCK):
        block = _into_slices(blocks[:, start : start + _BLOCK])
        left ^= block[_left()]
        right ^= block[_right()]
        right, left = rounds.run(left, right, inputs)
    out = np.zeros_like(block)
    out[_left()], out[_right()] = left, right
    return _out_of_slices(out, len(data))[:, :4]


class _Rounds:
    """The sixteen rounds over `width` numbers of 64 records, and the arrays they work in."""

    def __init__(self, width: int) -> None:
        self._mixed = np.empty((HALF_BITS, width), np.uint64)
        self._masked = np.empty((BOX_INPUTS * len(des_boxes()), width), np.uint64)
        self._inverted = np.empty((HALF_BITS, width), np.uint64)
        spare = max(registers for _, registers in _steps()) - BOX_INPUTS - BOX_OUTPUTS
        self._spare = list(np.empty((spare, width), np.uint64))

    def run(self, left: Slices, right: Slices, inputs: _Inputs) -> tuple[Slices, Slices]:
        """Both halves after sixteen rounds, as (left, right), in the arrays they came in."""
        mixed = self._mixed
        outputs = list(mixed)
        for number in range(ROUNDS):
            rows = inputs(number, right)
            for box, (steps, _) in enumerate(_steps()):
                registers = [
                    *rows[BOX_INPUTS * box : BOX_INPUTS * (box + 1)],
                    *outputs[BOX_OUTPUTS * box : BOX_OUTPUTS * (box + 1)],
                    *self._spare,
                ]
                for step, one, other, out in steps:
                    step(registers[one], registers[other], registers[out])
            left ^= mixed
            left, right = right, left
        return left, right

    def under_one_key(self, key: bytes, backwards: bool) -> _Inputs:
        """What enters the S-boxes when all records have one key: a bit, or its inverse."""
        bits = [key[bit // 8] >> 7 - bit % 8 & 1 for bit in range(_BITS)]
        wiring = des_wiring()
        choices = [[bits[bit] for bit in chosen] for chosen in wiring.round_keys]
        if backwards:
            choices.reverse()

        def inputs(number: int, right: Slices) -> list[Slices]:
            np.invert(right, self._inverted)
            both = (right, self._inverted)
            return [
                both[inverted][bit]
                for inverted, bit in zip(choices[number], wiring.expansion, strict=True)
            ]

        return inputs

    def under_own_keys(self, key: Slices) -> _Inputs:
        """What enters the S-boxes when every record has its own key (64 slices)."""
        wiring = des_wiring()
        rows, masked = list(key[_slices()]), list(self._masked)

        def inputs(number: int, right: Slices) -> list[Slices]:
            source = list(right)
            chosen = wiring.round_keys[number]
            for bit, key_bit, out in zip(wiring.expansion, chosen, masked, strict=True):
                np.bitwise_xor(source[bit], rows[key_bit], out)
            return masked

        return inputs


@cache
def _steps() -> tuple[tuple[tuple[_Step, ...], int], ...]:
    return tuple(_compile(box) for box in des_boxes())


def _compile(box: Box) -> tuple[tuple[_Step, ...], int]:
    """A box as steps over registers: its inputs, its outputs, then as few others as will do.

    A "not" between two values takes two steps, since numpy has no single one for it.
    """
    last = box.last_use()
    place = {value: value for value in range(box.inputs)}
    place |= {value: box.inputs + at for at, value in enumerate(box.outputs)}
    first = box.inputs + len(box.outputs)
    free: list[int] = []
    registers = first
    steps: list[_Step] = []
    for at, gate in enumerate(box.gates):
        value = box.inputs + at
        if value not in place:
            if not free:
                free.append(registers)
                registers += 1
            place[value] = free.pop()
        steps += _as_steps(gate.kind, place[gate.left], place[gate.right], place[value])
        ended = {used for used in (gate.left, gate.right) if last[used] == at}
        free += [place[used] for used in ended if place[used] >= first]
    return tuple(steps), registers


def _as_steps(kind: str, left: int, right: int, out: int) -> list[_Step]:
    if kind == NOT:
        return [(_invert, left, left, out)]
    if kind == AND_NOT:
        return [(np.bitwise_or, left, right, out), (np.bitwise_xor, out, right, out)]
    return [({AND: np.bitwise_and, OR: np.bitwise_or, XOR: np.bitwise_xor}[kind], left, right, out)]


def _invert(one: Slices, _other: Slices, out: Slices) -> None:
    np.invert(one, out)


@cache
def _slices() -> NDArray[np.intp]:
    return np.array([slice_of_bit(bit) for bit in range(_BITS)])


@cache
def _left() -> NDArray[np.intp]:
    return _slices()[list(des_wiring().left)]


@cache
def _right() -> NDArray[np.intp]:
    return _slices()[list(des_wiring().right)]


def _into_slices(blocks: Bytes) -> Slices:
    """(n, 8) bytes as 64 slices; the n-th record lies at bit n // width of number n % width."""
    width = -(-len(blocks) // _BITS)
    words = np.zeros(width * _BITS, np.uint64)
    words[: len(blocks)] = np.ascontiguousarray(blocks).view("<u8")[:, 0]
    slices = words.reshape(_BITS, width)
    _transpose(slices)
    return slices


def _out_of_slices(slices: Slices, count: int) -> Bytes:
    """The way back: (count, 8) bytes."""
    words = slices.copy()
    _transpose(words)
    return words.reshape(-1)[:count].astype("<u8").view(np.uint8).reshape(count, _BLOCK)


def _transpose(slices: Slices) -> None:
    """Bit b of row a changes places with bit a of row b, in every column."""
    for step in (32, 16, 8, 4, 2, 1):
        low = np.uint64(sum(1 << bit for bit in range(_BITS) if not bit & step))
        shift = np.uint64(step)
        pairs = slices.reshape(_BITS // step // 2, 2, step, -1)
        upper, lower = pairs[:, 0], pairs[:, 1]
        moved = upper >> shift
        moved ^= lower
        moved &= low
        lower ^= moved
        moved <<= shift
        upper ^= moved
