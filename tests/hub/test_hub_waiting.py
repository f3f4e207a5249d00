"""What is not yet final: half taps and held records. Each ends; disputes: `test_case_ladder.py`."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongxing.hub.half_taps import (
    Declaration,
    HalfTap,
    PairedTrip,
    median_fen,
    pair_half_taps,
)
from tongxing.hub.terms import bank_deadline, deadline, terms_on
from tongxing.kernel.clock import at

DAY = date(2026, 3, 17)
TERMS = terms_on(DAY)
MINUTE_S = 60


def tap(
    name: str, way: str, minute: int, *, station: str = "S1", who: str = "X1", late_s: int = 0
) -> HalfTap:
    """A tap so many minutes after 08:00, received at once unless it came late."""
    tapped_s = at(DAY, 8, minute)
    direction = "ENTRY" if way == "in" else "EXIT"
    return HalfTap(name, direction, who, False, station, tapped_s, tapped_s + late_s)


def paired(*taps: HalfTap, said: tuple[Declaration, ...] = ()) -> list[PairedTrip]:
    return pair_half_taps(taps, said, TERMS.half_trip)


def told(trips: list[PairedTrip]) -> list[str]:
    return [f"{'+'.join(one.tap_id for one in trip.taps)} {trip.ending}" for trip in trips]


# taps in order (way:minute:station), and what becomes of them
PAIRS = """
in:0:S1 out:40:S9              a+b PAIRED_BY_ACCOUNT
in:0:S1 out:240:S9             a+b PAIRED_BY_ACCOUNT
in:0:S1 out:241:S9             a WAITING | b WAITING
in:0:S1 out:20:S1              a+b SAME_STATION
in:0:S1 out:21:S1              a+b PAIRED_BY_ACCOUNT
in:0:S1 in:5:S1 out:40:S9      a WAITING | b+c PAIRED_BY_ACCOUNT
out:0:S9                       a WAITING
in:0:S1 out:30:S9 out:50:S8    a+b PAIRED_BY_ACCOUNT | c WAITING
"""


@pytest.mark.parametrize("case", PAIRS.strip().splitlines())
def test_an_exit_belongs_to_the_last_entry_before_it(case: str) -> None:
    given_, expected = case[:31].split(), [part.strip() for part in case[31:].split("|")]
    taps = []
    for name, text in zip("abc", given_, strict=False):
        way, minute, station = text.split(":")
        taps.append(tap(name, way, int(minute), station=station))
    assert told(paired(*taps)) == expected
    assert told(paired(*reversed(taps))) == expected


def test_accounts_do_not_mix() -> None:
    trips = paired(tap("a", "in", 0), tap("b", "out", 30, who="X2"))
    assert told(trips) == ["a WAITING", "b WAITING"]


def test_money_is_reserved_at_the_end_of_the_business_day_and_not_before() -> None:
    night_s = at(DAY, 27)
    (whole,) = paired(tap("a", "in", 0), tap("b", "out", 30))
    assert whole.reservation is None
    (late,) = paired(tap("a", "in", 0), tap("b", "out", 30, late_s=86_400))
    assert late.ending == "PAIRED_BY_ACCOUNT"
    assert late.reservation is not None and late.reservation.at_s == night_s
    assert late.at_s == at(DAY, 8, 30) + 86_400
    (alone,) = paired(tap("a", "in", 0))
    assert alone.reservation is not None
    assert alone.reservation.expires_s == alone.at_s == night_s + 7 * 86_400


def test_a_rider_says_where_it_ended_in_time_and_for_its_own_tap() -> None:
    entry = tap("a", "in", 0)
    last_s = at(DAY, 27) + 7 * 86_400
    for said, ending in (
        (Declaration("a", "X1", "S5", last_s), "SELF_DECLARED"),
        (Declaration("a", "X1", "S5", last_s + 1), "WAITING"),
        (Declaration("a", "X2", "S5", last_s), "WAITING"),
        (Declaration("b", "X1", "S5", last_s), "WAITING"),
    ):
        assert told(paired(entry, said=(said,))) == [f"a {ending}"]
    twice = (Declaration("a", "X1", "S8", last_s - 5), Declaration("a", "X1", "S5", last_s - 9))
    (trip,) = paired(entry, said=twice)
    assert (trip.destination, trip.at_s) == ("S5", last_s - 9), "the first word counts"


def test_an_exit_alone_is_told_where_it_began() -> None:
    (trip,) = paired(
        tap("a", "out", 0, station="S5"), said=(Declaration("a", "X1", "S1", at(DAY, 9)),)
    )
    assert (trip.origin, trip.destination, trip.ending) == ("S1", "S5", "SELF_DECLARED")
    assert trip.reservation is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["in", "out"]), st.integers(0, 900), st.sampled_from("AB")),
        max_size=9,
    ).flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(range(len(rows)))))
)
def test_every_half_tap_is_in_one_trip_whatever_the_order(
    drawn: tuple[list[tuple[str, int, str]], list[int]],
) -> None:
    rows, order = drawn
    taps = [tap(f"t{n}", way, minute, who=who) for n, (way, minute, who) in enumerate(rows)]
    trips = paired(*taps)
    names = [one.tap_id for trip in trips for one in trip.taps]
    assert sorted(names) == sorted(one.tap_id for one in taps)
    assert paired(*(taps[n] for n in order)) == trips


def test_the_median_is_a_fare_that_exists() -> None:
    assert median_fen([300, 500]) == 300
    assert median_fen([500, 300, 400]) == 400
    assert median_fen([]) is None


def test_deadlines_count_days_and_end_at_noon() -> None:
    for second in (at(DAY), at(DAY, 23, 59, 59)):
        assert deadline(second, 10, "12:00") == at(date(2026, 3, 27), 12)
        assert bank_deadline(second, 5, "12:00") == at(date(2026, 3, 24), 12)
        assert TERMS.held.ends_s(second) == at(date(2026, 3, 27), 12)


@pytest.mark.req("R-402")
def test_bank_days_leave_the_spring_festival_out_and_count_its_make_up_days() -> None:
    before_s = at(date(2026, 2, 13), 9)  # the festival is 15 to 23 February; 14 and 28 are worked
    assert bank_deadline(before_s, 1, "12:00") == at(date(2026, 2, 14), 12)
    assert bank_deadline(before_s, 2, "12:00") == at(date(2026, 2, 24), 12)
    assert bank_deadline(before_s, 6, "12:00") == at(date(2026, 2, 28), 12)
