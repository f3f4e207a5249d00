"""The S-boxes as gates and the wiring of DES, read from ``gates.toml`` for values in bit slices.

A bit slice holds one bit of many records; the n-th slice of a block is its n-th bit. DES halves are
kept here in the order in which the S-boxes put their bits out, so that a round's permutation costs
nothing: it is hidden in where the next round looks. Facts only, no arithmetic on records.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

AND, OR, XOR, AND_NOT, NOT = "&", "|", "^", "-", "~"

ROUNDS = 16
HALF_BITS = 32
BOX_INPUTS = 6
BOX_OUTPUTS = 4
_KEY_HALF = 28


@dataclass(frozen=True, slots=True)
class Gate:
    """One operation on two earlier values; a NOT has the same value twice."""

    kind: str
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Box:
    """An S-box: `inputs` values come numbered from 0, every gate adds the next number."""

    inputs: int
    gates: tuple[Gate, ...]
    outputs: tuple[int, ...]

    def last_use(self) -> dict[int, int]:
        """By value: the last gate that reads it (an output is needed to the end)."""
        last = {
            value: at for at, gate in enumerate(self.gates) for value in (gate.left, gate.right)
        }
        return last | dict.fromkeys(self.outputs, len(self.gates))


@dataclass(frozen=True, slots=True)
class DesWiring:
    """Where the bits of DES go, all counted from 0.

    `left` and `right` name the bits of a block that make its halves, `expansion` the bits of the
    right half that enter the eight S-boxes (48), `round_keys[r]` the bits of the 64-bit key that
    meet them. A block that leaves has its new right half at `left` and its new left at `right`.
    """

    left: tuple[int, ...]
    right: tuple[int, ...]
    expansion: tuple[int, ...]
    round_keys: tuple[tuple[int, ...], ...]


@cache
def sm4_box() -> Box:
    """The S-box of SM4: 8 inputs, 8 outputs, the least significant bit first."""
    return _box(8, _data()["sm4"])


@cache
def des_boxes() -> tuple[Box, ...]:
    """The eight S-boxes of DES: 6 inputs, 4 outputs, the standard's first bit first."""
    return tuple(_box(BOX_INPUTS, entry) for entry in _data()["des"])


@cache
def des_wiring() -> DesWiring:
    """How the eight boxes, the halves and the key of DES hang together."""
    order = _data()["des_order"]
    initial, permutation = order["initial"], order["permutation"]
    place = {source: bit for bit, source in enumerate(permutation)}
    in_order = [place[number] for number in range(1, HALF_BITS + 1)]
    return DesWiring(
        left=tuple(initial[bit] - 1 for bit in in_order),
        right=tuple(initial[HALF_BITS + bit] - 1 for bit in in_order),
        expansion=tuple(permutation[bit - 1] - 1 for bit in order["expansion"]),
        round_keys=_round_keys(order),
    )


def slice_of_bit(bit: int) -> int:
    """Where a block's bit (0 = the first byte's highest) lies when its bytes are read as one
    number with the first byte lowest."""
    return bit // 8 * 8 + 7 - bit % 8


def _round_keys(order: dict[str, Any]) -> tuple[tuple[int, ...], ...]:
    low, high = order["key_choice"][:_KEY_HALF], order["key_choice"][_KEY_HALF:]
    found = []
    for shift in order["shifts"]:
        low, high = low[shift:] + low[:shift], high[shift:] + high[:shift]
        both = low + high
        found.append(tuple(both[choice - 1] - 1 for choice in order["round_choice"]))
    return tuple(found)


def _box(inputs: int, entry: dict[str, Any]) -> Box:
    gates = tuple(_gate(text.split("=")[1]) for text in entry["gates"].split())
    return Box(inputs, gates, tuple(entry["outputs"]))


def _gate(text: str) -> Gate:
    if text.startswith(NOT):
        return Gate(NOT, int(text[1:]), int(text[1:]))
    kind = next(sign for sign in (AND, OR, XOR, AND_NOT) if sign in text)
    left, right = text.split(kind)
    return Gate(kind, int(left), int(right))


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("gates.toml").read_text(encoding="utf-8"))
