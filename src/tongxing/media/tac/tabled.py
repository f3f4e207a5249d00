"""SM4 for very many records with numpy alone: tables over half words, column by column.

The S-box and the linear layer of half a word are one table of 65,536 words (256 KiB); the other
half's is the same, turned by 16 bits. A stretch has at most `STRETCH` records, whose round keys are
kept for both blocks of the code: some `MIB_AT_ONCE` MiB in all. Takes keys as bytes and gives
codes; it asks no vault.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from tongxing.media.tac.blocks import Bytes, padded
from tongxing.media.tac.gates import AND, AND_NOT, NOT, OR, sm4_box

STRETCH = 1 << 16
MIB_AT_ONCE = 24
ROUNDS = 32
_WORDS = 4
_BLOCK = 16
_HALF = 0xFFFF
_ISSUERS_KEPT = 1 << 10

FAMILY_KEY = (0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC)
"""What a key is mixed with before its schedule (GB/T 32907, FK)."""

ROUND_CONSTANTS = tuple(
    int.from_bytes(bytes((4 * number + byte) * 7 & 0xFF for byte in range(4)), "big")
    for number in range(ROUNDS)
)
"""What each round of the schedule adds (CK)."""

Words = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class _Tables:
    low: Words
    high: Words


class TabledSm4:
    """The engine for SM4 keys. One call, one set of work arrays: safe in several threads."""

    name = "numpy tables"

    def card_keys(self, master: bytes, factors: Bytes) -> Bytes:
        """Card keys (n, 16) from an issuer's key and card factors (n, 8)."""
        found = np.empty((len(factors), _BLOCK), np.uint8)
        schedule = round_keys(master)
        for part in _stretches(len(factors)):
            found[part] = _bytes(_card_keys(schedule, factors[part]))
        return found

    def codes(self, keys: Bytes, data: Bytes) -> Bytes:
        """Transaction codes (n, 4) under card keys (n, 16), of data (n, w)."""
        found = np.empty((len(keys), 4), np.uint8)
        for part in _stretches(len(keys)):
            found[part] = _codes(_words(keys[part]), data[part])
        return found

    def issuer_codes(self, master: bytes, factors: Bytes, data: Bytes) -> Bytes:
        """The same from an issuer's key: the card keys stay words of this call."""
        found = np.empty((len(factors), 4), np.uint8)
        schedule = round_keys(master)
        for part in _stretches(len(factors)):
            found[part] = _codes(_card_keys(schedule, factors[part]), data[part])
        return found


@lru_cache(_ISSUERS_KEPT)
def round_keys(key: bytes) -> tuple[int, ...]:
    """The 32 round keys of one key, as numbers. Those of an issuer are asked for with every batch
    of its records, and take as long as some ten thousand of its cards' keys."""
    return tuple(int(word[0]) for word in _schedule(_words(np.frombuffer(key, np.uint8)[None])))


def _stretches(count: int) -> Iterable[slice]:
    return (slice(start, start + STRETCH) for start in range(0, count, STRETCH))


def _card_keys(schedule: Sequence[int], factors: Bytes) -> list[Words]:
    half = _words(factors)
    keys = [np.uint32(key) for key in schedule]
    return _Rounds(len(factors)).run([*half, *(~word for word in half)], keys, _mixing())[::-1]


def _schedule(key: list[Words]) -> Words:
    """The round keys (32, n) of n keys, given as four columns of words."""
    found = np.empty((ROUNDS, len(key[0])), np.uint32)
    words = [word ^ np.uint32(mixed) for word, mixed in zip(key, FAMILY_KEY, strict=True)]
    constants = [np.uint32(constant) for constant in ROUND_CONSTANTS]
    _Rounds(len(key[0])).run(words, constants, _key_mixing(), found)
    return found


def _codes(key: list[Words], data: Bytes) -> Bytes:
    """A chained code over every row of data, each under its own key."""
    schedule = list(_schedule(key))
    rounds = _Rounds(len(data))
    blocks = padded(data, _BLOCK)
    words = [np.zeros(len(data), np.uint32) for _ in range(_WORDS)]
    for start in range(0, blocks.shape[1], _BLOCK):
        block = _words(blocks[:, start : start + _BLOCK])
        for word, more in zip(words, block, strict=True):
            word ^= more
        words = rounds.run(words, schedule, _mixing())[::-1]
    return _bytes(words[:1])


class _Rounds:
    """Thirty-two rounds over `count` records, and the arrays they work in."""

    def __init__(self, count: int) -> None:
        self._shared = np.empty(count, np.uint32)
        self._mixed = np.empty(count, np.uint32)
        self._low = np.empty(count, np.intp)
        self._high = np.empty(count, np.intp)

    def run(
        self,
        words: list[Words],
        keys: Sequence[Words | np.uint32],
        tables: _Tables,
        kept: Words | None = None,
    ) -> list[Words]:
        """The last four words, oldest first, in the arrays of the first four. Every round's new
        word also goes into a row of `kept`, if there is one."""
        shared = self._shared
        oldest, second, third, newest = words
        for number in range(0, ROUNDS, 2):
            np.bitwise_xor(third, newest, shared)
            self._round(oldest, second, keys[number], tables)
            self._round(second, oldest, keys[number + 1], tables)
            if kept is not None:
                kept[number], kept[number + 1] = oldest, second
            oldest, second, third, newest = third, newest, oldest, second
        return [oldest, second, third, newest]

    def _round(self, target: Words, third: Words, key: Words | np.uint32, tables: _Tables) -> None:
        """One round upon `target`; of the three words that are mixed, two are shared already."""
        mixed, low, high = self._mixed, self._low, self._high
        np.bitwise_xor(self._shared, third, mixed)
        np.bitwise_xor(mixed, key, mixed)
        np.copyto(low, mixed)
        np.right_shift(low, 16, high)
        np.bitwise_and(low, _HALF, low)
        tables.low.take(low, out=mixed, mode="wrap")
        np.bitwise_xor(target, mixed, target)
        tables.high.take(high, out=mixed, mode="wrap")
        np.bitwise_xor(target, mixed, target)


@cache
def _mixing() -> _Tables:
    """What a round of the cipher does to half a word."""
    return _tables(2, 10, 18, 24)


@cache
def _key_mixing() -> _Tables:
    """What a round of the key schedule does to half a word."""
    return _tables(13, 23)


def _tables(*turns: int) -> _Tables:
    box = _substitution()
    halves = np.arange(1 << 16, dtype=np.uint32)
    word = box[halves >> 8] << 8 | box[halves & 0xFF]
    low = word.copy()
    for turn in turns:
        low ^= word << turn | word >> 32 - turn
    return _Tables(low, low << 16 | low >> 16)


def _substitution() -> Words:
    """The S-box as a table, from its gates."""
    box = sm4_box()
    every = np.arange(1 << box.inputs, dtype=np.uint32)
    values = [every >> bit & 1 for bit in range(box.inputs)]
    for gate in box.gates:
        one, other = values[gate.left], values[gate.right]
        values.append(
            {AND: one & other, OR: one | other, NOT: 1 - one, AND_NOT: one & 1 - other}.get(
                gate.kind, one ^ other
            )
        )
    found = np.zeros_like(every)
    for bit, value in enumerate(box.outputs):
        found |= values[value] << bit
    return found


def _words(blocks: Bytes) -> list[Words]:
    """Rows of bytes as columns of words (the first byte highest), to be changed at will."""
    words = np.ascontiguousarray(blocks).view(">u4").astype(np.uint32)
    return [np.ascontiguousarray(words[:, column]) for column in range(words.shape[1])]


def _bytes(words: Sequence[Words]) -> Bytes:
    """The way back."""
    return np.stack(words, axis=1).astype(">u4").view(np.uint8)
