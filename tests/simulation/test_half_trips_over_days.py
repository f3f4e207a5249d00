"""Ten days in which people forget to tap out: half trips are held, stated, corrected, explained by
open gates and decided by the clock, with sites cut off for days, and every fen is judged twice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sim_world import OFTEN, forgetful_scenario, run

from tongxing.city import riding
from tongxing.city.half_trips import Resolution
from tongxing.simulation import run as run_module
from tongxing.simulation import street as street_module
from tongxing.simulation.comparison import Difference, against_held, against_oracle
from tongxing.simulation.oracle import Expected
from tongxing.simulation.summary import Summary
from tongxing.storage import Database

pytestmark = pytest.mark.slow
DAYS, PASSENGERS = 10, 18


@dataclass
class TenDays:
    """A run, what its oracle was asked, and what its books said."""

    summary: Summary
    asked: list[tuple[Any, Any]] = field(default_factory=list)
    charged_fen: Mapping[str, int] = field(default_factory=dict)
    held_fen: Mapping[str, int] = field(default_factory=dict)

    def differences(self) -> list[Difference]:
        """The books against the oracle as it is now."""
        answers = {
            str(number): street_module.expected_after_days(*args, **named)
            for number, (args, named) in enumerate(self.asked)
        }
        _, off = against_oracle(answers, self.charged_fen)
        return off + against_held(answers, self.held_fen)[1]


def forgetful(patch: pytest.MonkeyPatch) -> None:
    scenario = forgetful_scenario()
    for module in (run_module, street_module):
        patch.setattr(module, "load_scenario", lambda: scenario)


@pytest.fixture(scope="module")
def ten_days(lasting_houses: Database, tmp_path_factory: pytest.TempPathFactory) -> TenDays:
    asked, books = [], {}
    judge = street_module.expected_after_days

    def judged(*args: Any, **named: Any) -> Expected:
        asked.append((args, named))
        return judge(*args, **named)

    def remembered(compare: Callable[..., Any]) -> Callable[..., Any]:
        def comparing(expected: Any, booked: Mapping[str, int]) -> Any:
            books[compare] = booked
            return compare(expected, booked)

        return comparing

    with pytest.MonkeyPatch.context() as patch:
        forgetful(patch)
        patch.setattr(street_module, "expected_after_days", judged)
        for compare in (against_oracle, against_held):
            patch.setattr(run_module, compare.__name__, remembered(compare))
        summary = run(
            lasting_houses,
            tmp_path_factory.mktemp("ten-days"),
            days=DAYS,
            passengers=PASSENGERS,
            faults=("late",),
            rates=OFTEN["late"],
        )
    return TenDays(summary, asked, books[against_oracle], books[against_held])


@pytest.mark.req("R-011", "R-012")
def test_ten_days_are_sound_in_every_eye(ten_days: TenDays) -> None:
    checks = ten_days.summary.checks
    assert checks.differences == [] and checks.proofs_broken == [] and checks.refusals == []
    assert checks.sound
    assert checks.holders_compared > 5
    assert ten_days.differences() == []


def test_every_way_to_end_a_half_trip_was_met(ten_days: TenDays) -> None:
    ended: dict[str, int] = {}
    for city in ten_days.summary.cities:
        for half in city.half_trips:
            ended[half.how] = ended.get(half.how, 0) + half.trips
    assert set(ended) == {
        *("held", "declared", "staff", "disruption", "habitual", "median", "missing_exit")
    }
    assert ended.pop("held") == ten_days.summary.held_half_trips > 30
    assert sum(ended.values()) == ten_days.summary.half_trips > 50


def test_what_cannot_be_is_refused_and_so_is_the_fourth_of_a_month(ten_days: TenDays) -> None:
    heard: dict[str, int] = {}
    for city in ten_days.summary.cities:
        for answer, count in city.answers.items():
            heard[answer] = heard.get(answer, 0) + count
    assert {"HALF_TRIP_CORRECTIONS_USED", "HALF_TRIP_TIME_UNLIKELY"} <= set(heard)
    assert min(heard["declared"], heard["staff"]) >= 3
    accepted = {
        name
        for args, named in ten_days.asked
        for name in street_module.expected_after_days(*args, **named).accepted
    }
    turned_away = sum(count for answer, count in heard.items() if answer.isupper())
    assert len(accepted) == sum(heard.values()) - turned_away - heard.get("none", 0)


def test_some_decisions_rested_on_less_than_what_happened(ten_days: TenDays) -> None:
    """Sites were cut off: had every tap come in at once, other money would have been taken."""
    assert sum(len(named["arrivals"]) for _, named in ten_days.asked) > 50
    for _, named in ten_days.asked:
        named_before = dict(named)
        named["arrivals"] = {}
        try:
            if ten_days.differences():
                return
        finally:
            named.update(named_before)
    pytest.fail("no decision would have been another one")


# --- neither side may slip ------------------------------------------------------------------------

SLIPS = {
    "judging.DECLARE_DAYS": 6,
    "judging.SELF_SERVICE_A_MONTH": 4,
    "judging.HALF_TRIPS_A_MONTH": 4,
    "judging.HABIT_TRIPS": 4,
    "judging.SPEED_KMH": 12,
    "judging.NOT_HELD_AGAINST_RIDERS": frozenset(),
    "knowledge.HABIT_DAYS": 2,
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_of_either_side_shows(
    slip: str, ten_days: TenDays, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"tongxing.simulation.oracle.{slip}", SLIPS[slip])
    assert ten_days.differences()


def taken_at_once(patch: pytest.MonkeyPatch) -> None:
    """A half trip is charged the highest fare when its business day closes, as it was long ago."""

    def resolve(self: Any, known: Any, ended_s: int) -> None:
        said = Resolution(
            request_id="x", tap=known.ref, kind="maximum", time_s=0, decided_s=0, decided_by="x"
        )
        self._resolve(known, said, ended_s)

    patch.setattr(riding._Folding, "_resolve_or_wait", resolve)


def never_believed(patch: pytest.MonkeyPatch) -> None:
    """What was said is kept, but the fold is not told of it."""
    fold = riding.fold

    def deaf(state: Any, taps: Any, *rest: Any, **named: Any) -> Any:
        named.pop("resolutions", None)
        return fold(state, taps, *rest[:3], **named)

    patch.setattr("tongxing.city.rating.fold", deaf)


@pytest.mark.parametrize("plant", [taken_at_once, never_believed])
def test_a_planted_bug_is_caught(
    plant: Callable[[pytest.MonkeyPatch], None], houses: Database, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        forgetful(patch)
        plant(patch)
        summary = run(houses, tmp_path, days=3, passengers=12)
    witnesses = {difference.witness for difference in summary.checks.differences}
    assert {"oracle", "held"} <= witnesses
