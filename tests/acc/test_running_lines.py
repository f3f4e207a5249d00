"""What runs on a day: openings by date, closings, rings that are cut, who runs the trains."""

from datetime import date, timedelta

import pytest
from acc_world import DAY, SERVICE, city_of, line_of

from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.network.running import RunningLine, lay_out
from tongxing.network.service import (
    load_service,
    read_service,
    running,
    service_text,
    when_of,
)
from tongxing.network.transport import Line, load_network

LINE = line_of("l1", "OP1", "A 100 B 200 C 300 D")
RING = line_of("ring", "OP1", "A 100 B 200 C 300 D 400 A")


def parts(line: Line, stops: set[str], *stretches: tuple[str, str]) -> list[str]:
    return [written(one) for one in lay_out(line, stops, stretches, [])]


def written(one: RunningLine) -> str:
    ends = [*one.stations, *(one.stations[:1] if one.loop else ())]
    steps = [str(metres) for metres in one.metres]
    return " ".join(word for pair in zip(ends, [*steps, ""], strict=True) for word in pair).strip()


# what is closed on a line, or on a ring              what is left of it
CLOSED = [
    (LINE, set(), [], ["A 100 B 200 C 300 D"]),
    (LINE, {"B"}, [], ["A 300 C 300 D"]),
    (LINE, {"A"}, [], ["B 200 C 300 D"]),
    (LINE, {"B", "C"}, [], ["A 600 D"]),
    (LINE, {"A", "B", "D"}, [], []),
    (LINE, set(), [("B", "C")], ["A 100 B", "C 300 D"]),
    (LINE, set(), [("C", "B")], ["A 100 B", "C 300 D"]),
    (LINE, set(), [("A", "C")], ["C 300 D"]),
    (LINE, set(), [("A", "D")], []),
    (LINE, {"C"}, [("A", "B")], ["B 500 D"]),
    (RING, set(), [], ["A 100 B 200 C 300 D 400 A"]),
    (RING, {"A"}, [], ["B 200 C 300 D 500 B"]),
    (RING, set(), [("B", "C")], ["C 300 D 400 A 100 B"]),
    (RING, set(), [("C", "B")], ["B 200 C"]),
    (RING, set(), [("D", "A"), ("B", "C")], ["A 100 B", "C 300 D"]),
    (RING, {"A", "B", "C"}, [], []),
]


@pytest.mark.parametrize(("line", "stops", "stretches", "left"), CLOSED)
def test_what_is_left_of_a_line(
    line: Line, stops: set[str], stretches: list[tuple[str, str]], left: list[str]
) -> None:
    assert sorted(parts(line, stops, *stretches)) == sorted(left)


def test_metres_stay_with_who_runs_the_trains() -> None:
    """B is passed: its two steps become one, with each company's own millimetres of both."""
    (found,) = lay_out(LINE, {"B"}, [], [("A", "B", {"OP1": 400, "OP2": 600})])
    assert found.runs == (
        (("OP1", 100 * 400 + 200 * 1_000), ("OP2", 100 * 600)),
        (("OP1", 300_000),),
    )
    assert [sum(run for _, run in step) for step in found.runs] == [300_000, 300_000]


def test_a_ring_s_trains_are_shared_the_way_it_says() -> None:
    (found,) = lay_out(RING, set(), [], [("C", "A", {"OP2": 1_000})])
    assert [step[0][0] for step in found.runs] == ["OP1", "OP1", "OP2", "OP2"]


PEAKS = SERVICE.replace(
    "[[period]]",
    '[[period]]\nname = "peak"\nday_types = ["workday"]\nhours = ["07:00-09:00", "24:30-26:00"]\n'
    'headway_s = 60\nsource = "here"\n[[period]]',
)
TOWN = city_of(LINE, RING)


def test_the_period_is_that_of_the_ride_s_first_second() -> None:
    periods = read_service(PEAKS, TOWN).period
    tuesday, saturday = DAY, date(2026, 3, 21)
    assert when_of(periods, at(tuesday, 7)).period == "peak"
    assert when_of(periods, at(tuesday, 6, 59, 59)).period == "all-day"
    assert when_of(periods, at(tuesday, 8, 59, 59)).period == "peak"
    assert when_of(periods, at(tuesday, 9)).period == "all-day"
    assert when_of(periods, at(saturday, 8)).period == "all-day"
    assert when_of(periods, at(tuesday, 24, 45)).period == "peak", "after midnight of that day"
    assert when_of(periods, at(date(2026, 10, 1), 8)).day_type == "restday", "National Day"


BAD = [
    ("speed_mph = 36_000", "speed_mph = 0"),
    ("walking_s = 60", "walking_s = -1"),
    ("headway_s = 120", "headway_s = 0"),
    ("headway_s = 120", "headway_s = -120"),
    ('"restday"]', '"sunday"]'),
    (', "restday"]', "]"),
    ('"24:30-26:00"', '"9:00-10:00"'),
    ('"24:30-26:00"', '"10:00-09:00"'),
    ('name = "peak"', 'name = "all-day"'),
    ('source = "here"', 'source = "nobody"'),
    ("known_from = 2026-01-01", ""),
    ("known_from", "known_since"),
]
WRONG_ROWS = [
    '[[walk]]\nstation = "Z"\nwalking_s = 1\nsource = "here"\n',
    '[[line]]\nline = "l7"\nsource = "here"\n',
    '[[line]]\nline = "l1"\nheadways_s = { noon = 60 }\nsource = "here"\n',
    '[[line]]\nline = "l1"\nheadways_s = { peak = -60 }\nsource = "here"\n',
    '[[opening]]\nline = "l1"\nfirst = "A"\nfrom_day = 2026-02-01\nsource = "here"\n',
    '[[opening]]\nline = "l1"\nstation = "Z"\nfrom_day = 2026-02-01\nsource = "here"\n',
    '[[closing]]\nfrom_day = 2026-02-01\nsource = "here"\n',
    '[[closing]]\nline = "l1"\nfrom_day = 2026-02-02\nuntil_day = 2026-02-02\nsource = "here"\n',
    '[[co_running]]\nline = "l1"\nfirst = "A"\nlast = "B"\nfrom_day = 2026-02-01\n'
    'source = "here"\ntrains = { OP1 = 999 }\n',
    '[[co_running]]\nline = "l1"\nfirst = "A"\nlast = "B"\nfrom_day = 2026-02-01\n'
    'source = "here"\ntrains = { OP1 = 500, OP7 = 500 }\n',
]


@pytest.mark.parametrize(("old", "new"), BAD)
def test_service_that_cannot_be_is_refused(old: str, new: str) -> None:
    assert old in PEAKS
    with pytest.raises(ValueError, match=r".+"):
        read_service(PEAKS.replace(old, new, 1), TOWN)


@pytest.mark.parametrize("row", WRONG_ROWS)
def test_a_row_that_fits_no_line_is_refused(row: str) -> None:
    with pytest.raises(ValueError, match="service"):
        read_service(PEAKS + row, TOWN)


# --- the real cities ------------------------------------------------------------------------------


def km_on(city: str, day: date) -> int:
    network = load_network(city)
    lines = running(network, load_service(network), day)
    assert not isinstance(lines, Refusal)
    return sum(sum(line.metres) for line in lines) // 1_000


def test_beijing_grows_as_the_press_said() -> None:
    """43 km more on 15 December 2024, 30 km more on 27 December 2025."""
    opened = date(2024, 12, 15)
    assert km_on("110000", opened) - km_on("110000", opened - timedelta(1)) in (42, 43)
    opened = date(2025, 12, 27)
    assert km_on("110000", opened) - km_on("110000", opened - timedelta(1)) in (30, 31)


def test_a_day_before_the_facts_is_refused() -> None:
    network = load_network("110000")
    refusal = running(network, load_service(network), date(2023, 12, 31))
    assert isinstance(refusal, Refusal) and refusal.code == "SPLIT_BEFORE_NETWORK"


def test_a_city_without_facts_has_none() -> None:
    for city in ("310000", "atlantis", ""):
        with pytest.raises(KeyError):
            service_text(city)
