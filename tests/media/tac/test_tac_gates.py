"""The S-boxes as gates and the wiring of DES, against the standards' own tables."""

from itertools import product

import pytest
from Crypto.Cipher import DES

from tongxing.media.tac.gates import Box, des_boxes, des_wiring, slice_of_bit, sm4_box

DES_BOXES = (
    "e4d12fb83a6c5907 0f74e2d1a6cb9538 41e8d62bfc973a50 fc8249175b3ea06d",
    "f18e6b34972dc05a 3d47f28ec01a69b5 0e7ba4d158c6932f d8a13f42b67c05e9",
    "a09e63f51dc7b428 d709346a285ecbf1 d6498f30b12c5ae7 1ad069874fe3b52c",
    "7de3069a1285bc4f d8b56f03472c1ae9 a690cb7df13e5284 3f06a1d8945bc72e",
    "2c417ab6853fd0e9 eb2c47d150fa3986 421bad78f9c5630e b8c71e2d6f09a453",
    "c1af92680d34e75b af427c9561de0b38 9ef528c3704a1db6 432c95fabe17608d",
    "4b2ef08d3c975a61 d0b7491ae35c2f86 14bdc37eaf680592 6bd814a7950fe23c",
    "d2846fb1a93e50c7 1fd8a374c56b0e92 7b419ce206adf358 21e74a8dfc90356b",
)
"""FIPS 46-3, four rows of sixteen for each box."""


def through(box: Box, bits: list[int]) -> list[int]:
    values = list(bits)
    for gate in box.gates:
        one, other = values[gate.left], values[gate.right]
        values.append(
            {
                "&": one & other,
                "|": one | other,
                "^": one ^ other,
                "-": one & (1 - other),
                "~": 1 - one,
            }[gate.kind]
        )
    return [values[number] for number in box.outputs]


def bits_of(value: int, count: int) -> list[int]:
    """The highest bit first."""
    return [value >> bit & 1 for bit in reversed(range(count))]


def whole(bits: list[int]) -> int:
    return int("".join(map(str, bits)), 2)


@pytest.mark.parametrize("number", range(8))
def test_a_des_box_gives_the_tables_value_for_every_input(number):
    rows = DES_BOXES[number].split()
    for six in product((0, 1), repeat=6):
        row, place = 2 * six[0] + six[5], whole(list(six[1:5]))
        assert whole(through(des_boxes()[number], list(six))) == int(rows[row][place], 16)


def test_the_sm4_box_gives_what_its_algebra_says_for_every_input():
    for value in range(256):
        found = whole(through(sm4_box(), bits_of(value, 8)[::-1])[::-1])
        assert found == sm4_substitution(value)


def sm4_substitution(value: int) -> int:
    """By the algebra of the box: affine, inverse in GF(2^8) over 0x1F5, affine again."""
    return affine(inverse(affine(value)))


def affine(value: int) -> int:
    rows = [0b11010011, 0b11101001, 0b11110100, 0b01111010]
    rows += [0b00111101, 0b10011110, 0b01001111, 0b10100111]
    found = whole([bin(row & int(f"{value:08b}", 2)).count("1") % 2 for row in rows])
    return found ^ 0xD3


def inverse(value: int) -> int:
    def times(one: int, other: int) -> int:
        found = 0
        while other:
            found ^= one if other & 1 else 0
            one = one << 1 ^ (0x1F5 if one & 0x80 else 0)
            other >>= 1
        return found

    found = 1
    for _ in range(254):
        found = times(found, value)
    return found


def des_by_wiring(key: bytes, block: bytes) -> bytes:
    wiring = des_wiring()
    key_bits = [bit for byte in key for bit in bits_of(byte, 8)]
    bits = [bit for byte in block for bit in bits_of(byte, 8)]
    left, right = [bits[at] for at in wiring.left], [bits[at] for at in wiring.right]
    for chosen in wiring.round_keys:
        inputs = [
            right[at] ^ key_bits[bit] for at, bit in zip(wiring.expansion, chosen, strict=True)
        ]
        mixed = [
            bit
            for number, box in enumerate(des_boxes())
            for bit in through(box, inputs[6 * number : 6 * number + 6])
        ]
        left, right = right, [one ^ other for one, other in zip(left, mixed, strict=True)]
    for at, bit in zip(wiring.left + wiring.right, right + left, strict=True):
        bits[at] = bit
    return bytes(whole(bits[at : at + 8]) for at in range(0, 64, 8))


@pytest.mark.parametrize("text", ["0123456789abcdef", "0000000000000000", "8000000000000001"])
def test_the_wiring_of_des_is_des(text):
    block = bytes.fromhex(text)
    for key in (bytes.fromhex("133457799bbcdff1"), bytes.fromhex("fedcba9876543210"), block):
        assert des_by_wiring(key, block) == DES.new(key, DES.MODE_ECB).encrypt(block)


def test_slices_are_the_bits_of_a_block_read_lowest_byte_first():
    for bit in range(64):
        block = (1 << 63 - bit).to_bytes(8, "big")
        assert int.from_bytes(block, "little") == 1 << slice_of_bit(bit)
