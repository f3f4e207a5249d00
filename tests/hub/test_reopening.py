"""A half tap that comes when its trip was settled without it opens the trip again."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hand_days import file_of
from hypothesis import given
from hypothesis import strategies as st

from tongxing.hub import reopening
from tongxing.hub.day import invariants, outcome_of_day, read_day
from tongxing.hub.day.model import WorkedDay
from tongxing.hub.half_taps import Direction, HalfTap, PairedTrip, pair_half_taps
from tongxing.hub.reopening import Telling, tell
from tongxing.hub.terms import terms_on
from tongxing.kernel.clock import DAY_S, at

DAY = date(2026, 3, 17)
TERMS = terms_on(DAY).half_trip


def tap(text: str) -> HalfTap:
    """``name:way:minute after 08:00:station:days late[:acquirer]``."""
    name, way, minute, station, late, *acquirer = text.split(":")
    tapped_s = at(DAY, 8, int(minute))
    direction: Direction = "ENTRY" if way == "in" else "EXIT"
    received_s = tapped_s + int(float(late) * DAY_S)
    return HalfTap(name, direction, "X1", False, station, tapped_s, received_s, *acquirer)


def told(*taps: str) -> list[str]:
    return [_said(telling) for telling in tell([tap(one) for one in taps], (), TERMS)]


_ENDINGS = {"PAIRED_BY_ACCOUNT": "whole", "SAME_STATION": "free", "WAITING": "half"}


def _said(telling: Telling) -> str:
    what = "void" if telling.is_void else _ENDINGS.get(telling.trip.ending, "refused")
    return f"{'+'.join(one.tap_id for one in telling.trip.taps)}.{telling.number} {what}"


# A half alone is settled seven days after its night: 7.79 days after 08:00.
CASES = """
a:in:0:S1:0 b:out:40:S9:7.7            | a+b.1 whole
a:in:0:S1:0 b:out:40:S9:7.8            | a.1 half, a+b.2 whole
a:in:0:S1:0 b:out:40:S9:56             | a.1 half, a+b.2 whole
a:in:0:S1:0 b:out:40:S9:56.1           | a.1 half, b.1 refused
a:in:0:S1:8 b:out:40:S9:0              | b.1 half, a+b.2 whole
a:in:0:S1:0 b:out:15:S1:20             | a.1 half, a+b.2 free
a:in:0:S1:0 b:out:241:S9:20            | a.1 half, b.1 half
a:in:0:S1:0:ACQ-A b:out:40:S9:20:ACQ-B | a.1 half, b.1 half
a:in:0:S1:0:ACQ-A b:out:40:S9:20:ACQ-A | a.1 half, a+b.2 whole
a:in:9:S1:0 b:out:0:S9:20              | b.1 half, a.1 half
a:in:0:S1:0 b:in:10:S2:20 c:out:30:S9:0 | a+c.1 whole, b+c.2 whole, a.1 half
"""


@pytest.mark.parametrize("case", CASES.strip().splitlines())
def test_a_late_tap_opens_the_trip_that_it_belongs_to(case: str) -> None:
    taps, expected = (part.strip() for part in case.split("|"))
    assert sorted(told(*taps.split())) == sorted(expected.split(", "))
    assert told(*reversed(taps.split())) == told(*taps.split())


def test_a_trip_of_which_nothing_stands_is_withdrawn_at_once_and_told_again_later() -> None:
    """A whole ride comes between the two ends of another: both of those are halves."""
    came_s = at(DAY, 9) + 20 * DAY_S
    between = [replace(tap(one), received_s=came_s) for one in ("b:in:9:S2:0", "c:out:20:S9:0")]
    tellings = tell([tap("a:in:0:S1:0"), tap("d:out:30:S5:0"), *between], (), TERMS)
    by_name = {_said(one): one for one in tellings}
    assert sorted(by_name) == ["a+d.1 whole", "a+d.2 void", "a.3 half", "b+c.1 whole", "d.1 half"]
    withdrawn, again = by_name["a+d.2 void"], by_name["a.3 half"]
    assert withdrawn.at_s == came_s == by_name["b+c.1 whole"].at_s
    assert again.trip.reservation is not None
    assert again.trip.reservation.at_s >= came_s, "its rider has all the days from then on"
    assert again.at_s == again.trip.reservation.expires_s


def test_a_tap_that_comes_at_the_deadline_is_in_time() -> None:
    (alone,) = tell([tap("a:in:0:S1:0")], (), TERMS)
    for seconds, count in ((0, 1), (1, 2)):
        late = replace(tap("b:out:40:S9:0"), received_s=alone.at_s + seconds)
        assert len(tell([tap("a:in:0:S1:0"), late], (), TERMS)) == count


def _facts(trips: list[PairedTrip]) -> set[tuple[str, ...]]:
    return {tuple(one.tap_id for one in trip.taps) for trip in trips}


@given(
    st.lists(
        st.tuples(st.sampled_from(["in", "out"]), st.integers(0, 600), st.integers(0, 50)),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_in_the_end_the_trips_are_what_all_taps_say_however_late_they_came(
    drawn: list[tuple[str, int, int]], order: Any
) -> None:
    taps = [
        tap(f"t{number}:{way}:{minute}:S{minute % 3}:{days}")
        for number, (way, minute, days) in enumerate(drawn)
    ]
    tellings = tell(taps, (), TERMS)
    newest = {one.first: one for one in tellings}
    standing = [one.trip for one in newest.values() if not one.is_void]
    assert _facts(standing) == _facts(pair_half_taps(taps, (), TERMS))
    assert len(standing) == len(_facts(standing))
    shuffled = list(taps)
    order.shuffle(shuffled)
    assert tell(shuffled, (), TERMS) == tellings
    numbers: dict[PairedTrip, list[int]] = {}
    for one in tellings:
        numbers.setdefault(one.first, []).append(one.number)
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())


def _in_one(taps: list[HalfTap]) -> list[Telling]:
    """The same told with every tap looked at again whenever one comes, wherever it is."""
    ordered = sorted(taps, key=lambda tap: (tap.tapped_s, tap.tap_id))
    return sorted(reopening._Told((), TERMS).all_of(ordered), key=reopening._order)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["in", "out"]),
            st.integers(0, 900),
            st.sampled_from(["0", "0.01", "0.1", "1", "7", "8", "20", "50"]),
            st.sampled_from(["", ":ACQ-A", ":ACQ-B"]),
        ),
        max_size=10,
    )
)
def test_taps_that_are_looked_at_apart_are_told_as_together(
    drawn: list[tuple[str, int, str, str]],
) -> None:
    taps = [
        tap(f"t{number}:{way}:{minute}:S{minute % 3}:{days}{acquirer}")
        for number, (way, minute, days, acquirer) in enumerate(drawn)
    ]
    assert tell(taps, (), TERMS) == _in_one(taps)


def test_twice_the_rides_of_one_account_are_twice_the_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An account that rides all day without a pause; one of its exits comes eight days late."""
    looked_at: list[int] = []

    def counting(taps: Iterable[HalfTap], *more: Any) -> list[PairedTrip]:
        known = list(taps)
        looked_at.append(len(known))
        return pair_half_taps(known, *more)

    monkeypatch.setattr(reopening, "pair_half_taps", counting)
    work = []
    for rides in (50, 100):
        looked_at.clear()
        ways = [(number, way) for number in range(rides) for way in ("in", "out")]
        taps = [
            tap(f"{way}{number:03}:{way}:{4 * number + 2 * (way == 'out')}:S{number}:"
                + ("8" if (number, way) == (9, "out") else "0"))
            for number, way in ways
        ]  # fmt: skip
        assert len(tell(taps, (), TERMS)) == rides + 1
        work.append(sum(looked_at))
    assert work[1] <= 2 * work[0], work


# -- in a worked day ------------------------------------------------------------------------------
def _outcome(name: str, until: str = "9999") -> dict[str, Any]:
    """What a day comes to with the half taps that came before a moment."""
    content = msgspec.json.decode(file_of(name).read_bytes())
    halves = content["inputs"]["half_taps"]
    content["inputs"]["half_taps"] = [one for one in halves if one["received_at"] < until]
    found = read_day(msgspec.json.encode(content), name)
    assert isinstance(found, WorkedDay)
    outcome = outcome_of_day(found)
    assert isinstance(outcome, dict)
    return outcome


@pytest.mark.parametrize(
    ("name", "first_late"),
    [
        ("late_exit", "2026-07-27T09:00:00"),
        ("late_dearer", "2026-08-06T09:00:00"),
        ("late_odd", "2026-09-14T09:00:00"),
    ],
)
def test_what_was_settled_stays_byte_for_byte_as_it_was(
    name: str, first_late: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invariants, "ORDERS", 2)
    whole, early = _outcome(name), _outcome(name, until=first_late)

    def before(outcome: dict[str, Any]) -> list[Any]:
        return [
            {key: value for key, value in journal.items() if key != "journal_id"}
            for journal in outcome["journals"]
            if journal["at"] < first_late
        ]

    assert msgspec.json.encode(before(whole)) == msgspec.json.encode(before(early))
    for section in (
        "positions",
        "bp_report",
        "fees",
        "settlement_instructions",
        "operator_payouts",
    ):
        assert msgspec.json.encode(whole[section]) == msgspec.json.encode(early[section])
    assert whole["balances_after_day"] == early["balances_after_day"]
    assert len(whole["journals"]) > len(before(whole))


def test_of_a_suspended_member_nothing_moves_however_often_a_trip_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(invariants, "ORDERS", 2)
    content = msgspec.json.decode(file_of("late_exit").read_bytes())
    content["config"]["suspended"] = ["ISS-A"]
    found = read_day(msgspec.json.encode(content), "day")
    assert isinstance(found, WorkedDay)
    outcome = outcome_of_day(found)
    assert isinstance(outcome, dict)
    assert outcome["journals"] == []
    assert all(outcome["invariants"].values())


def test_a_ride_at_the_same_price_moves_between_operators_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The median from S2 is 360, all OP1's; the ride to S8 costs 360: 82 % of it OP1's."""
    monkeypatch.setattr(invariants, "ORDERS", 2)
    content = msgspec.json.decode(file_of("halves").read_bytes())
    left = {"dir": "EXIT", "account_id": "X4", "card_no": None, "station": "S8"}
    times = {"tap_time": "2026-06-09T18:40:00", "received_at": "2026-06-18T09:00:00"}
    content["inputs"]["half_taps"].append({"tap_id": "C2", **left, **times})
    found = read_day(msgspec.json.encode(content), "day")
    assert isinstance(found, WorkedDay)
    outcome = outcome_of_day(found)
    assert isinstance(outcome, dict)
    [moved] = [one for one in outcome["journals"] if one["ref"] == "T3.2"]
    assert moved["kind"] == "TRIP_REVISED"
    sums = {
        (line["entity"], line["account"]): line["debit"] - line["credit"] for line in moved["lines"]
    }
    assert sums["OP1", "rev_fare"] == 65 and sums["OP2", "rev_fare"] == -65
    assert {entity for entity, _ in sums} == {"ACQ-A", "OP1", "OP2"}
    assert all(outcome["invariants"].values())


PAGE = Path(__file__).resolve().parents[2] / "docs" / "worked-days.md"


def test_the_page_tells_what_the_days_come_to() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| late_")
    ]
    assert len(rows) == 10
    for name, trip, *told_of in rows:
        found = msgspec.json.decode(file_of(name).read_bytes())["expected"]["results"]
        by_name = {row["record_id"]: row for row in found}
        first, again = by_name[trip], by_name.get(f"{trip}.2")
        row = again or first
        moved_fen = sum(row.get("operator_split", {}).values())
        assert told_of == [
            str(first["paid"]) if again else "–",
            str(row["paid"]) if again else "–",
            str(row["lag_days"]),
            row["code"],
            f"{moved_fen:+d}".replace("-", "−") if moved_fen else "–",
        ], (name, trip)
    assert f"more than {TERMS.reopen_days} days" in text
