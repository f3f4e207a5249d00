"""Revenue split: to the fen, frozen, and explained."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongxing.hub.split import (
    SplitBasis,
    SplitLeg,
    Stretch,
    difference,
    explain,
    line_basis,
    path_basis,
    share_totals,
    split_charge,
)
from tongxing.messages import Share


def basis(*metres: tuple[str, int], fare_fen: int = 500) -> SplitBasis:
    stretches = tuple(Stretch(f"L{n}", name, part) for n, (name, part) in enumerate(metres))
    return path_basis("990100", "T1", "S1", "S9", [SplitLeg("metro", fare_fen, stretches)])


# metres by operator            charge    shares                    why
SPLITS = """
OP1 6000 OP2 4000               450       OP1 270 OP2 180           the worked day's R001
OP1 8200 OP2 1800               360       OP1 295 OP2 65            R002: 295.2 and 64.8
OP1 5000 OP2 5000               1         OP1 1                     a tie: the first operator id
OP2 5000 OP1 5000               1         OP1 1                     whoever comes first on the way
OP1 1 OP2 1 OP3 1               100       OP1 34 OP2 33 OP3 33      thirds
OP1 2000 OP2 1000 OP1 2000      100       OP1 80 OP2 20             a line left and entered again
OP1 6000 OP2 4000               0                                   a free ride has no shares
OP1 9999 OP2 1                  100       OP1 100                   a part below half a fen
OP1 6000 OP2 4000               -450      OP1 -270 OP2 -180         taken back as it was given
"""


@pytest.mark.parametrize("case", SPLITS.strip().splitlines())
def test_a_charge_is_split_by_metres(case: str) -> None:
    metres_text, charge, shares_text = case[:32], case[32:42], case[42:68]
    words = metres_text.split()
    metres = [(words[i], int(words[i + 1])) for i in range(0, len(words), 2)]
    words = shares_text.split()
    expected = tuple(Share(words[i], int(words[i + 1])) for i in range(0, len(words), 2))
    assert split_charge(int(charge), basis(*metres)) == expected


def test_a_leg_with_its_own_fare_keeps_it() -> None:
    """Downtown to the airport: 4 yuan over 20 km of the metro, 25 yuan over 20 km of the airport
    line. By metres alone each would get half; the airport line gets its 25 of 29."""
    metro = SplitLeg("metro", 400, (Stretch("L1", "OP1", 15_000), Stretch("L2", "OP2", 5_000)))
    airport = SplitLeg("airport", 2_500, (Stretch("AX", "OP3", 20_000),))
    found = path_basis("990100", "T1", "S1", "AIR", [metro, airport])
    assert split_charge(2_900, found) == (Share("OP1", 300), Share("OP2", 100), Share("OP3", 2_500))
    assert split_charge(1_450, found) == (Share("OP1", 150), Share("OP2", 50), Share("OP3", 1_250))


def test_legs_without_any_fare_count_by_their_metres() -> None:
    free = [
        SplitLeg("metro", 0, (Stretch("L1", "OP1", 3_000),)),
        SplitLeg("tram", 0, (Stretch("T1", "OP2", 1_000),)),
    ]
    found = path_basis("990100", "T1", "S1", "S2", free)
    assert split_charge(400, found) == (Share("OP1", 300), Share("OP2", 100))


def test_a_leg_without_metres_is_no_basis() -> None:
    with pytest.raises(ValueError, match="metres"):
        path_basis("990100", "T1", "S1", "S1", [])
    with pytest.raises(ValueError, match="metres"):
        basis(("OP1", 0))


def test_a_single_tap_belongs_whole_to_the_tapped_line() -> None:
    assert split_charge(180, line_basis("990200", "T1", "B1", "OP3")) == (Share("OP3", 180),)


def test_a_basis_is_named_by_everything_it_says() -> None:
    one = basis(("OP1", 6_000), ("OP2", 4_000))
    assert one.basis_id == basis(("OP1", 6_000), ("OP2", 4_000)).basis_id
    others = [
        basis(("OP1", 6_000), ("OP2", 4_001)),
        basis(("OP2", 4_000), ("OP1", 6_000)),
        basis(("OP1", 6_000), ("OP2", 4_000), fare_fen=501),
        line_basis("990100", "T1", "L0", "OP1"),
        line_basis("990100", "T2", "L0", "OP1"),
    ]
    assert len({one.basis_id, *(other.basis_id for other in others)}) == 6


def test_a_split_explains_itself() -> None:
    found = explain("t1.2", 450, basis(("OP1", 6_000), ("OP2", 4_000)), [Share("OP1", 900)])
    assert found.metres == 10_000
    assert found.basis.weights == (("OP1", 6_000), ("OP2", 4_000))
    assert found.whole == (Share("OP1", 270), Share("OP2", 180))
    assert found.shares == (Share("OP1", -630), Share("OP2", 180))


METRES = st.lists(
    st.tuples(st.sampled_from(["OP1", "OP2", "OP3", "OP4"]), st.integers(1, 60_000)),
    min_size=1,
    max_size=6,
)


@given(st.integers(0, 100_000), METRES)
def test_shares_add_up_and_none_is_off_by_a_whole_fen(
    charge_fen: int, metres: list[tuple[str, int]]
) -> None:
    found = basis(*metres)
    shares = share_totals(split_charge(charge_fen, found))
    assert sum(shares.values()) == charge_fen
    whole = sum(part for _, part in metres)
    for operator, weight in found.weights:
        exact = charge_fen * weight
        assert abs(shares.get(operator, 0) * whole - exact) < whole


@given(st.lists(st.tuples(st.integers(0, 20_000), METRES), min_size=1, max_size=6))
def test_the_revisions_of_a_trip_add_up_to_the_split_of_its_last_charge(
    history: list[tuple[int, list[tuple[str, int]]]],
) -> None:
    """However often a trip is revised, also onto another path, no operator gains or loses by the
    way it came about."""
    standing: tuple[Share, ...] = ()
    paid: dict[str, int] = {}
    before_fen = 0
    for charge_fen, metres in history:
        whole = split_charge(charge_fen, basis(*metres))
        shares = difference(whole, standing)
        assert sum(share.share_fen for share in shares) == charge_fen - before_fen
        for share in shares:
            paid[share.operator] = paid.get(share.operator, 0) + share.share_fen
        standing, before_fen = whole, charge_fen
    assert {name: fen for name, fen in paid.items() if fen} == dict(share_totals(standing))
