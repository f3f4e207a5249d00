"""Two browser windows make a whole demonstration: a code shown in one opens the gate in the other,
and the ride comes back to the first with its price."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lane_site import PHONE, WIDE, Screen, camera_browser, free_port
from two_windows import Machine, Passenger, enrolled_gate, film_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHOTS = os.environ.get("LANE_SHOTS", "")


@pytest.fixture
def machine(server_home: Path, tmp_path: Path) -> Machine:
    """A machine after `demo`, on whose day no house had to come back from the dead; its database
    lives where another user may read it."""
    found = Machine(server_home / "two-windows", tmp_path)
    found.runs("demo", "--passengers", "40", "--faults", "none", "--no-serve", "--fresh")
    return found


@pytest.fixture
def windows(machine: Machine, browser: Any) -> Iterator[tuple[Passenger, str]]:
    """The passenger's window, and the address of the lanes' screens."""
    port = free_port()
    with (
        machine.stays("serve") as pages,
        machine.stays("fleet", "serve", "--city", "500000") as devices,
    ):
        rider = pages.tells(r"Chongqing, passengers: (\S+)")
        sandbox = pages.tells(r"Sandbox[^\n]*: (http\S+)")
        enrolled_gate(machine, devices, port)
        with machine.stays("gate", "run", "--config", "my-gate/gate.toml") as gate:
            screens = gate.tells(r"Screens: (\S+?)/?\s")
            yield Passenger(browser, rider, sandbox), screens


def shot(screen: Screen, name: str) -> None:
    """Keep what is on the screen, where somebody wants to look at it."""
    if SHOTS:
        screen.page.screenshot(path=Path(SHOTS) / f"two_{name}.png")


def test_a_code_in_one_window_opens_the_gate_in_the_other_and_becomes_a_trip(
    browser: Any, browser_path: str, windows: tuple[Passenger, str], tmp_path: Path
) -> None:
    passenger, screens = windows
    seen = film_of(tmp_path / "in.mjpeg", passenger.fresh_code(), 2.5, 4.0)
    with camera_browser(browser, browser_path, seen) as camera:
        lane = Screen(camera, screens, "zh", WIDE).goes("/lane/IN")
        lane.signs("open").says("请通行")
        shot(lane, "in_open")
        lane.signs("refused").says("此乘车码已使用过").says("请刷新乘车码").looks()
        shot(lane, "in_again")
        lane.close()
        lane = Screen(camera, screens, "en", PHONE).goes("/lane/IN")
        lane.signs("refused").says("This code has been used already").says("Refresh the code")
        lane.looks()
        shot(lane, "in_again_en")
        lane.close()
    passenger.reads("", "Trip under way")

    seen = film_of(tmp_path / "out.mjpeg", passenger.fresh_code(), 2.5, 4.0)
    with camera_browser(browser, browser_path, seen) as camera:
        lane = Screen(camera, screens, "en", PHONE).goes("/lane/OUT")
        lane.signs("open").says("Please pass")
        shot(lane, "out_open")
        lane.close()
    passenger.reads("trips", "Shapingba → Bishan")
    trip = passenger.page.locator("main").inner_text()
    assert re.search(r"Shapingba → Bishan\s.*rail · Ride code\s+¥\d+\.\d\d", trip), trip
