"""The compiled kernel's numbers modulo P: every operation at every edge, always fully reduced."""

import numpy as np
import pytest
from crypto_world import NATIONAL
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

pytest.importorskip("numba")

from tongxing.media.crypto.kernel import field
from tongxing.media.crypto.machine import compiled

P = NATIONAL.p
FORM = 2**256
EDGES = (
    *(0, 1, 2, 3, P - 1, P - 2, P // 2, P // 2 + 1, FORM % P, FORM - P, P - 2**64),
    *(2**shift - 1 for shift in (32, 64, 96, 128, 160, 192, 224, 255)),
    *(2**shift for shift in (32, 63, 64, 96, 127, 128, 160, 192, 224, 255)),
)
Limbs = NDArray[np.uint64]
numbers = st.integers(0, P - 1) | st.sampled_from(EDGES)


@compiled
def three(left: Limbs, right: Limbs, found: Limbs) -> None:
    a = left[0], left[1], left[2], left[3]
    b = right[0], right[1], right[2], right[3]
    found[0, 0], found[0, 1], found[0, 2], found[0, 3] = field.add(a, b)
    found[1, 0], found[1, 1], found[1, 2], found[1, 3] = field.subtract(a, b)
    found[2, 0], found[2, 1], found[2, 2], found[2, 3] = field.multiply(a, b)


def computed(left: int, right: int) -> list[int]:
    found = np.zeros((3, 4), np.uint64)
    three(limbs(left), limbs(right), found)
    return [int.from_bytes(row.tobytes(), "little") for row in found]


def limbs(value: int) -> Limbs:
    return np.frombuffer(bytearray(value.to_bytes(32, "little")), np.uint64)


def expected(left: int, right: int) -> list[int]:
    return [(left + right) % P, (left - right) % P, left * right * pow(FORM, -1, P) % P]


def test_every_pair_of_edges_is_added_subtracted_and_multiplied_rightly() -> None:
    assert max(EDGES) < P
    wrong = [
        (left, right)
        for left in EDGES
        for right in (*EDGES, P - left if left else 0)
        if computed(left, right) != expected(left, right)
    ]
    assert not wrong


@given(numbers, numbers)
@settings(max_examples=300, deadline=None)
def test_any_two_numbers_are_added_subtracted_and_multiplied_rightly(left: int, right: int) -> None:
    assert computed(left, right) == expected(left, right)
