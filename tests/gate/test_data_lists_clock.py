"""Which list is in force while the clock is nobody's word, and once the city has been heard."""

from dataclasses import replace as with_setup
from pathlib import Path

from gate_world import Station
from lists_world import EIGHT, base_fen, bring, listed, sealed

from tongxing.gate import Site
from tongxing.gate.clearance import Clearance
from tongxing.gate.clock import GateClock
from tongxing.kernel.clock import DAY_S

HOUR = 3_600
MONO_S = 100.0


def clocked(station: Station, wall_s: int) -> GateClock:
    """The site on its journal, as after a restart, with a machine's clock that shows this."""
    clock = GateClock(wall_s, MONO_S, b'{"time_s":%d}' % (EIGHT - HOUR))
    clearance = Clearance(clock=clock, mono_s=lambda: MONO_S)
    setup = with_setup(station.site._setup, clearance=clearance)
    site = Site.open(setup, station.journal, lambda _terminal, _decision: None)
    assert isinstance(site, Site), site
    station.site = site
    return clock


def held(site: Site) -> list[int]:
    return [one.listed.version for one in site.lists.held("tariff")]


def test_a_tariff_of_the_day_after_tomorrow_is_not_in_force_once_the_clock_is_put_right(
    tmp_path: Path,
) -> None:
    station = Station(tmp_path)
    bring(station.site, sealed(listed(version=1)))
    bring(station.site, sealed(listed(version=2, begins_s=EIGHT + DAY_S)))
    clock = clocked(station, EIGHT + 2 * DAY_S)
    assert base_fen(station.site, EIGHT + 2 * DAY_S) == 400
    assert station.site.versions(EIGHT + 2 * DAY_S)["tariff"] == 2
    assert station.journal.kept("lists_in_force") == b'{"tariff":1}'
    clock.heard(EIGHT, MONO_S, MONO_S)
    assert base_fen(station.site, EIGHT + 60) == 300
    assert station.site.versions(EIGHT + 60) == {"deny": 0, "tariff": 1, "tariff.next": 2}
    clocked(station, EIGHT + 120)
    assert base_fen(station.site, EIGHT + 120) == 300
    assert base_fen(station.site, EIGHT + DAY_S) == 400


def test_what_began_before_the_city_was_heard_is_written_down_once_it_was(tmp_path: Path) -> None:
    station = Station(tmp_path)
    bring(station.site, sealed(listed(version=2, begins_s=EIGHT + HOUR)))
    clock = clocked(station, EIGHT + HOUR)
    first = station.site.lists.at(EIGHT + HOUR)
    assert station.site.lists.at(EIGHT + HOUR + 1) is first
    assert station.journal.kept("lists_in_force") is None
    clock.heard(EIGHT + HOUR, MONO_S, MONO_S)
    assert base_fen(station.site, EIGHT + HOUR + 2) == 400
    assert station.journal.kept("lists_in_force") == b'{"tariff":2}'
    clocked(station, EIGHT)  # no older one comes back with a clock that is reset from now on
    assert base_fen(station.site, EIGHT) == 400


def test_a_list_that_comes_while_the_clock_is_ahead_does_not_take_the_place_of_the_one_in_force(
    tmp_path: Path,
) -> None:
    station = Station(tmp_path)
    bring(station.site, sealed(listed(version=1)))
    clock = clocked(station, EIGHT + 2 * DAY_S)
    for version in (2, 3):
        message = sealed(listed(version=version, begins_s=EIGHT + DAY_S))
        assert bring(station.site, message, now_s=EIGHT + 2 * DAY_S) == ""
    assert held(station.site) == [1, 3]
    assert base_fen(station.site, EIGHT + 2 * DAY_S) == 500
    clock.heard(EIGHT, MONO_S, MONO_S)
    assert base_fen(station.site, EIGHT) == 300
    station.restart()
    assert (held(station.site), base_fen(station.site, EIGHT)) == ([1, 3], 300)


def test_one_in_force_whose_time_is_later_than_now_stays_the_first_of_the_kept(
    tmp_path: Path,
) -> None:
    """It was in force by a good clock; then the clock was reset, and the next one comes."""
    station = Station(tmp_path)
    bring(station.site, sealed(listed(version=1)))
    bring(station.site, sealed(listed(version=2, begins_s=EIGHT + HOUR)))
    assert base_fen(station.site, EIGHT + HOUR) == 400
    assert bring(station.site, sealed(listed(version=3, begins_s=EIGHT + HOUR))) == ""
    assert held(station.site) == [2, 3]
    station.restart()
    assert (held(station.site), base_fen(station.site, EIGHT)) == ([2, 3], 400)


def test_year_after_year_of_tariffs_that_were_published_ahead_find_room(tmp_path: Path) -> None:
    site = Station(tmp_path).site
    for version in range(1, 12):
        begins_s = EIGHT + version * DAY_S
        message = sealed(listed(version=version, begins_s=begins_s))
        assert bring(site, message, now_s=begins_s - HOUR) == "", version
        assert base_fen(site, begins_s) == 200 + 100 * version
    assert held(site) == [10, 11]
