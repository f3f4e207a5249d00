"""Taps: each part of a tap pays for one trip, and may be handed over inside a file."""

from collections.abc import Mapping

import pytest
from hub_world import ride, void
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tongxing.hub.claims import Claimant, claims_of, clashing_rows
from tongxing.messages import TapRef

# held before     rows of the file: trip and the taps it holds after the row   rows that clash
CASES = """
-               | T1 a b                                                     | -
-               | T1 a b ; T2 c d                                            | -
-               | T1 a b ; T2 b c                                            | 2
a=T1            | T1 a b                                                     | -
a=T1            | T2 a b                                                     | 1
a=T1            | T1 - ; T2 a b                                              | -
a=T1            | T2 a b ; T1 -                                              | -
a=T1 b=T2       | T1 b ; T2 a                                                | -
a=T1            | T1 b ; T2 b a                                              | 2
-               | T1 a ; T1 a b ; T2 b                                       | 3
-               | T2 b ; T1 a ; T1 a b                                       | 3
-               | T1 a ; T1 b ; T2 a                                         | -
a=T1            | T1 a b ; T2 b ; T3 a                                       | 2 3
"""


def parsed(case: str) -> tuple[Mapping[str, str], list[Claimant], set[int]]:
    held, rows, clashing = (part.strip() for part in case.split("|"))
    holders = dict(word.split("=") for word in held.split() if word != "-")
    claimants = []
    for number, row in enumerate(rows.split(";"), start=1):
        trip, *taps = row.split()
        claimants.append(Claimant(number, trip, tuple(tap for tap in taps if tap != "-")))
    return holders, claimants, {int(word) for word in clashing.split() if word != "-"}


@pytest.mark.parametrize("case", CASES.strip().splitlines())
def test_who_may_hold_a_tap(case: str) -> None:
    holders, claimants, clashing = parsed(case)
    assert clashing_rows(claimants, holders) == clashing


def test_without_handing_over_nobody_takes_what_another_held() -> None:
    holders, claimants, _ = parsed("a=T1 b=T2 | T1 b ; T2 a | -")
    assert clashing_rows(claimants, holders, handing_over=False) == {1, 2}


TAPS = st.lists(st.sampled_from("abcde"), max_size=3, unique=True).map(tuple)


@given(
    st.dictionaries(st.sampled_from("abcde"), st.sampled_from(["T1", "T2", "T9"])),
    st.lists(st.tuples(st.sampled_from(["T1", "T2", "T3"]), TAPS), max_size=8),
)
def test_one_round_without_handing_over_leaves_no_clash(
    holders: dict[str, str], steps: list[tuple[str, tuple[str, ...]]]
) -> None:
    claimants = [Claimant(number, trip, taps) for number, (trip, taps) in enumerate(steps)]
    clashing = clashing_rows(claimants, holders, handing_over=False)
    left = [claimant for claimant in claimants if claimant.row not in clashing]
    assert not clashing_rows(left, holders, handing_over=False)
    assert not clashing_rows(left, holders)


def test_the_parts_a_tap_plays() -> None:
    whole = ride("t1")
    assert claims_of(whole) == ("G-990100-t1/1/1", "G-990100-t1/1/2")
    assert claims_of(void(whole)) == ()
    collected = TapRef("G-X", 255, 7)
    half = ride("t2", how="missing_exit", charge_fen=900)
    half = replace(half, taps=[*half.taps, collected])
    assert claims_of(half) == ("G-990100-t2/1/1", "G-X/ff/7+")
    unseen = replace(half, origin="", taps=[collected])
    assert claims_of(unseen) == ("G-X/ff/7+",)
