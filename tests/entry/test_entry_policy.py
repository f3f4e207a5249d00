"""What the policy of 2022 asks, where and on which days; and which files are no policies."""

import re
from datetime import date
from importlib.resources import files

import msgspec
import pytest
from entry_world import BUS_14, KEY_STATION, OTHER_STATION, POLICY
from msgspec.structs import replace

from tongxing.city.upgrading.programme import programme_at
from tongxing.entry import Place, in_order, policies, policy_at, read_policy
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal

FILE = files("tongxing.entry").joinpath("data", "beijing_2022.toml").read_text(encoding="utf-8")


def effect(place: Place, day: date, hour: int = 12) -> str:
    found = POLICY.condition_at(place, at(day, hour))
    return "" if found is None else found.effect


@pytest.mark.req("R-100", "R-137", "R-144", "R-163")
def test_key_stations_are_tested_first_then_checked_until_the_last_day() -> None:
    assert [
        effect(KEY_STATION, date(2022, month, day))
        for month, day in ((5, 22), (5, 23), (5, 27), (5, 28), (12, 4), (12, 5))
    ] == ["", "informative", "informative", "enforced", "enforced", ""]


@pytest.mark.req("R-100")
def test_a_day_begins_with_the_first_train_and_ends_with_the_last() -> None:
    assert [effect(KEY_STATION, date(2022, 5, 28), hour) for hour in (2, 3)] == [
        "informative",
        "enforced",
    ]
    assert [effect(KEY_STATION, date(2022, 12, 5), hour) for hour in (2, 3)] == ["enforced", ""]


@pytest.mark.req("R-100")
def test_other_stations_are_not_checked_in_the_trial_and_one_is_known_by_name() -> None:
    assert effect(OTHER_STATION, date(2022, 5, 30)) == ""
    assert effect(OTHER_STATION, date(2022, 5, 25)) == "informative"
    named = Place(mode="rail", stations=frozenset({"jianguomen", "建国门"}))
    assert effect(named, date(2022, 5, 30)) == "enforced"
    assert POLICY.place_set[0].unknown == 63


@pytest.mark.req("R-130")
def test_key_bus_lines_and_stops_are_checked_from_their_day_on() -> None:
    """Which they are only their operator knows; no other bus is asked about before the test."""
    key = Place(mode="bus", properties=frozenset({"key_bus_place"}), lines=frozenset({"300"}))
    days = [(5, 16), (5, 17), (5, 22), (5, 30), (12, 4), (12, 5)]
    assert [effect(key, date(2022, month, day)) for month, day in days] == [
        *["", "informative", "informative", "informative", "informative", ""]
    ]
    assert not POLICY.can_close(key), "staff decide there, no machine does"
    for other in (replace(key, properties=frozenset()), replace(key, mode="rail"), BUS_14):
        assert effect(other, date(2022, 5, 17)) == ""


@pytest.mark.req("R-116", "R-133", "R-135", "R-163")
def test_ten_lines_test_and_five_try_and_only_one_of_them_is_in_both() -> None:
    def lines(day: date) -> set[str]:
        names = [str(number) for number in range(1, 100)] + ["345", "345慢车", "345快"]
        places = {name: Place(mode="bus", lines=frozenset({name})) for name in names}
        return {name for name, place in places.items() if effect(place, day)}

    assert lines(date(2022, 5, 22)) == set()
    tested = lines(date(2022, 5, 23))
    tried = lines(date(2022, 5, 28))
    assert tested == {"2", "6", "10", "14", "15", "17", "19", "20", "24", "38"}
    assert tried == {"14", "63", "84", "86", "345慢车"}
    assert tested & tried == {"14"}
    assert effect(BUS_14, date(2022, 5, 30)) == "informative"


def test_a_place_of_another_mode_is_not_meant() -> None:
    assert effect(Place(mode="bus", stations=frozenset({"建国门"})), date(2022, 5, 30)) == ""
    assert effect(Place(mode="rail", lines=frozenset({"14"})), date(2022, 5, 30)) == ""


def test_no_policy_holds_in_another_city_or_today() -> None:
    assert policy_at(policies(), "500000", at(date(2022, 5, 30), 12)) is None
    assert policy_at(policies(), POLICY.city, at(date(2026, 3, 17), 12)) is None
    assert policy_at(policies(), POLICY.city, at(date(2022, 5, 30), 12)) is POLICY


@pytest.mark.req("R-155")
def test_the_policy_and_the_upgrade_service_name_one_day_for_single_tickets() -> None:
    programme = programme_at(POLICY.city, at(date(2022, 6, 1)))
    assert not isinstance(programme, Refusal)
    rule, said = programme.single_tickets(), POLICY.single_tickets
    assert rule is not None and said is not None and said.identity
    assert rule.from_s == at(said.from_day)


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        (r"until = 2022-12-04.*", ""),
        (r"until = 2022-12-04.*", "until = 2022-05-01"),
        (r"until = 2022-05-27", "until = 2023-05-27"),
        (r"from = 2022-05-28\nmode", "from = 2022-05-01\nmode"),
        (r"manual_lane = true", "manual_lane = false"),
        (r"attestation_life_s = 86400", "attestation_life_s = 86401"),
        (r"refusal_life_s = 300", "refusal_life_s = 0"),
        (r"most = 2", "most = -1"),
        (r'place_set = "key_station"', 'place_set = "sealed_station"'),
        (r"count = 64", "count = 0"),
        (r'not_upgraded = "ENTRY_NOT_UPGRADED"', 'not_upgraded = "ENTRY_NOTHING"'),
        (r'purpose_zh = "[^"]*"', ""),
        (r'when_down = "manual"', 'when_down = "guess"'),
        (r'effect = "enforced"', 'efect = "enforced"'),
    ],
)
def test_a_file_with_a_slip_is_no_policy(pattern: str, instead: str) -> None:
    read_policy(FILE.encode())
    changed = re.sub(pattern, instead, FILE, count=1)
    assert changed != FILE
    with pytest.raises(ValueError):
        read_policy(changed.encode())


def test_two_policies_of_a_city_never_hold_on_one_day() -> None:
    late = msgspec.structs.replace(POLICY, name="late", from_day=date(2022, 12, 4))
    with pytest.raises(ValueError, match="same day"):
        in_order([late, POLICY])
    after = msgspec.structs.replace(POLICY, name="after", from_day=date(2022, 12, 5))
    assert in_order([after, POLICY]) == (POLICY, after)
