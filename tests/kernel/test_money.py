"""Fen: one rounding, one split, and neither ever makes or loses one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongxing.kernel.money import round_half_up, split_largest_remainder, yuan


@pytest.mark.req("R-401")
@pytest.mark.parametrize(
    ("numerator", "denominator", "fen"),
    [(255, 2, 128), (254, 2, 127), (1275, 10, 128), (1274, 10, 127), (-255, 2, -128), (0, 7, 0)],
)
def test_half_a_fen_goes_away_from_zero(numerator: int, denominator: int, fen: int) -> None:
    assert round_half_up(numerator, denominator) == fen


def test_a_denominator_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        round_half_up(1, 0)


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (360, [820_000, 180_000], [295, 65]),  # the worked day's R002: 295.2 and 64.8
        (450, [600_000, 400_000], [270, 180]),
        (100, [1, 1, 1], [34, 33, 33]),  # a tie goes to the earlier one
        (1, [0, 1], [0, 1]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (0, [3, 5], [0, 0]),
    ],
)
def test_the_largest_remainder_gets_the_odd_fen(
    total: int, weights: list[int], parts: list[int]
) -> None:
    assert split_largest_remainder(total, weights) == parts


@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(lambda found: sum(found) > 0),
)
def test_a_split_never_makes_or_loses_a_fen(total: int, weights: list[int]) -> None:
    parts = split_largest_remainder(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * whole - total * weight) < whole


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_weights_that_cannot_share_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split_largest_remainder(100, weights)


@pytest.mark.parametrize(
    ("fen", "text"), [(0, "0.00"), (5, "0.05"), (123456, "1,234.56"), (-2844, "-28.44")]
)
def test_yuan_as_people_read_it(fen: int, text: str) -> None:
    assert yuan(fen) == text
