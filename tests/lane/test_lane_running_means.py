"""A running gate's own means: the city's time, accounts' quota, and the condition of entry."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace as changed
from datetime import date
from pathlib import Path

import msgspec
import pytest
from lane_world import (
    CITY,
    EIGHT,
    LANE,
    SITE,
    Clock,
    eventually,
    phone,
    plan_of,
    refused_plan,
    running,
    validator,
    write_gate,
)
from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).parents[1] / "fleet"))

from fleet_world import ACCOUNT_CARD, CARD, NOON_S, Town, must, open_town

from tongxing.deciding import MediumToken
from tongxing.deciding.facts import Decision
from tongxing.entry import HolderAnswer
from tongxing.gate import Journal
from tongxing.gate.clearance import CONTACT, contact_bytes
from tongxing.gate.clock import KEPT
from tongxing.gate.offline import OfflineRules
from tongxing.gate.running import Plan, Runner
from tongxing.gate.running.uplinked import uplink_of
from tongxing.kernel.clock import DAY_S, at
from tongxing.storage import Database

SIMULATED = '{ kind = "simulated", port = 0 }'
YEAR_2000_S = at(date(2000, 1, 1), 0)
MAY_30_S = at(date(2022, 5, 30), 12)
QUOTA = OfflineRules().quota_at(0)
BEIJING_CARD = replace(CARD, scheme="t_union", medium_no="3105170000000000017", issuer="110000")


@pytest.fixture
def town(city_database: Database) -> Iterator[Town]:
    """The city, on loopback."""
    with open_town(city_database) as found:
        yield found


def device_plan(town: Town, folder: Path) -> Plan:
    """What a gate on a device that has just enrolled works with."""
    name = town.enrolled(folder / "device", "XSZ", "IN").facts.device
    file = write_gate(folder, validator(SIMULATED, name="IN"))
    text = file.read_text(encoding="utf-8").replace(f'name = "{SITE}"', f'name = "{name}"')
    text = text.replace('city = "keys/city.json"\n', "")
    text = text.replace('site = "keys/site.key"', 'device = "device"')
    file.write_text(text, encoding="utf-8")
    plan = plan_of(file)
    assert isinstance(plan, Plan), plan
    return plan


def kept(plan: Plan, name: str, body: bytes | None = None) -> bytes | None:
    """What the journal of a gate that stands still keeps; `body` is put there first."""
    path = plan.written.file(plan.config.journal.path)
    journal = must(Journal.open(path, plan.config.site.name, 5))
    if body is not None:
        must(journal.keep(name, body))
    found: bytes | None = must(journal.kept(name))
    journal.close()
    return found


@contextmanager
def at_work(
    plan: Plan, clock: Callable[[], int], online: threading.Event | None = None
) -> Iterator[Runner]:
    """A gate with its uplink, which has a network once `online` is set."""
    uplink = uplink_of(plan, lambda: 0.5, lambda: 99, "test 1")
    assert uplink is not None

    def when_online(runner: Runner) -> bool:
        return online is not None and online.is_set() and uplink(runner)

    runner = Runner(plan, clock, 7, when_online, uplink_s=0.05)
    assert runner.start() is None
    try:
        yield runner
    finally:
        runner.stop()
        uplink.close()


def held(runner: Runner, token: MediumToken, terminal: str = "IN") -> Decision:
    """A medium is held to a terminal, as if it had been read."""
    return runner.ask(lambda site: site.present(token, terminal, runner.now_s()))[0]


def ride(runner: Runner, now_s: int) -> str:
    """An account begins a ride at some time: the reason it hears."""
    return runner.ask(lambda site: site.present(ACCOUNT_CARD, "IN", now_s))[0].reason


def test_a_clock_that_was_reset_opens_to_no_code_until_the_city_is_heard(
    town: Town, tmp_path: Path
) -> None:
    plan, online = device_plan(town, tmp_path), threading.Event()
    kept(plan, KEPT, b'{"time_s":%d}' % (NOON_S - 30))
    with at_work(plan, Clock(YEAR_2000_S), online) as runner:
        refused = runner.present("IN", phone(14).show(NOON_S))
        assert refused is not None and refused.reason == "GATE_CLOCK_UNSURE"
        assert held(runner, ACCOUNT_CARD).opened
        online.set()
        eventually(lambda: not runner.board.view("IN").offline)
        opened = runner.present("IN", phone(22).show(NOON_S))
        assert opened is not None and opened.opened, opened
        assert abs(runner.now_s() - NOON_S) < 60
        eventually(lambda: len(town.taps()) == 3)


def test_a_clock_that_was_far_ahead_goes_back_in_a_new_epoch(town: Town, tmp_path: Path) -> None:
    plan, online = device_plan(town, tmp_path), threading.Event()
    kept(plan, KEPT, b'{"time_s":%d}' % (NOON_S - 30))
    with at_work(plan, Clock(NOON_S + 5 * DAY_S), online) as runner:
        held(runner, ACCOUNT_CARD)
        online.set()
        eventually(lambda: runner.now_s() < NOON_S + DAY_S)
        held(runner, CARD)
        eventually(lambda: len(town.taps()) == 2)
    rows = town.ask("SELECT epoch, seq FROM tap ORDER BY epoch")
    assert [(int(epoch), int(seq)) for epoch, seq in rows] == [(7, 1), (99, 1)]


def test_a_kept_time_that_nobody_confirmed_gives_way_to_the_city_and_is_told(
    town: Town, tmp_path: Path
) -> None:
    """As software before this left it, whose machine's clock had been eight hours ahead."""
    plan, online = device_plan(town, tmp_path), threading.Event()
    online.set()
    kept(plan, KEPT, b'{"time_s":%d}' % (NOON_S + 8 * 3600))
    with at_work(plan, Clock(NOON_S), online) as runner:
        eventually(lambda: runner.means is not None and runner.now_s() < NOON_S + 3600)
        opened = runner.present("IN", phone(14).show(NOON_S))
        assert opened is not None and opened.opened, opened
        waiting = runner.ask(lambda site: site.events.waiting())  # for the next heartbeat
        assert [one.kind for one in waiting].count("kept_time_ahead") == 1
    good = msgspec.json.decode(kept(plan, KEPT) or b"")
    assert abs(good["time_s"] - NOON_S) < 60


def test_a_machine_clock_that_the_city_has_not_confirmed_is_not_written_down(
    town: Town, tmp_path: Path
) -> None:
    plan, online = device_plan(town, tmp_path), threading.Event()
    before = b'{"time_s":%d}' % (NOON_S - 3600)
    kept(plan, KEPT, before)
    with at_work(plan, Clock(NOON_S + 8 * 3600), online) as runner:
        assert runner.means is not None and runner.means.clearance.time_band_s() == 0
        runner.ask(runner._tidy)
        assert runner.ask(lambda site: site.journal.kept(KEPT)) == before
        online.set()
        eventually(lambda: runner.now_s() < NOON_S + 3600)
        eventually(lambda: runner.ask(lambda site: site.journal.kept(KEPT)) != before)
    good = msgspec.json.decode(kept(plan, KEPT) or b"")
    assert abs(good["time_s"] - NOON_S) < 60


def test_a_gate_that_was_heard_before_is_heard_after_its_clock_was_reset(
    town: Town, tmp_path: Path
) -> None:
    plan, online = device_plan(town, tmp_path), threading.Event()
    online.set()
    for wall_s in (NOON_S, YEAR_2000_S):
        kept(plan, KEPT, b'{"time_s":%d}' % (NOON_S - 3600))  # older than the last heartbeat
        with at_work(plan, Clock(wall_s), online) as runner:
            eventually(lambda runner=runner: runner.ask(lambda site: site.journal.kept(CONTACT)))
            eventually(lambda runner=runner: runner.means.clearance.time_band_s() == 0)
            assert abs(runner.now_s() - NOON_S) < 60


def test_switched_off_and_on_a_gate_gives_nobody_a_new_quota(town: Town, tmp_path: Path) -> None:
    plan, online = device_plan(town, tmp_path), threading.Event()
    kept(plan, CONTACT, contact_bytes(NOON_S - 60))
    far = [NOON_S + 3600 * number for number in range(QUOTA + 2)]

    with at_work(plan, town.clock) as runner:
        assert [ride(runner, now_s) for now_s in far[:QUOTA]].count("GATE_OFFLINE_QUOTA") == 0
    with at_work(plan, town.clock, online) as runner:
        assert ride(runner, far[QUOTA]) == "GATE_OFFLINE_QUOTA"
        online.set()
        eventually(lambda: runner.ask(lambda _site: runner.unsent(10)) == [])
        eventually(lambda: ride(runner, far[QUOTA + 1]) != "GATE_OFFLINE_QUOTA")
    assert kept(plan, CONTACT) != contact_bytes(NOON_S - 60)


def test_days_out_of_contact_are_counted_from_what_the_journal_keeps(
    town: Town, tmp_path: Path
) -> None:
    plan = device_plan(town, tmp_path)
    kept(plan, CONTACT, contact_bytes(NOON_S - 4 * DAY_S))
    with at_work(plan, town.clock) as runner:
        answers = [ride(runner, NOON_S + 3600 * hour) for hour in range(4)]
    assert [reason == "GATE_OFFLINE_QUOTA" for reason in answers] == [False, False, False, True]


def test_a_site_without_a_city_goes_by_its_own_clock(tmp_path: Path) -> None:
    with running(write_gate(tmp_path, validator(SIMULATED)), Clock(EIGHT)) as runner:
        assert runner.means is None and runner.now_s() == EIGHT
        opened = runner.present(LANE, phone().show(EIGHT))
        assert opened is not None and opened.opened


def beijing(folder: Path, entry: str) -> Path:
    """A gate at Jianguomen, with what stands in `[entry]`; its manual lane is another process's."""
    entry = entry.replace("[entry]\n", '[entry]\nmanual_elsewhere = ["jianguomen"]\n')
    file = write_gate(folder, validator(SIMULATED, station="jianguomen") + entry)
    text = file.read_text(encoding="utf-8").replace(f'city = "{CITY}"', 'city = "110000"')
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.req("R-108", "R-142")
def test_with_a_policy_an_unlinked_medium_hears_the_policys_words(tmp_path: Path) -> None:
    plan = plan_of(beijing(tmp_path, '[entry]\npolicy = "beijing_2022"\n'))
    assert isinstance(plan, Plan) and plan.entry is not None, plan

    class Unlinked:
        def of(self, medium_no: str, now_s: int) -> HolderAnswer:
            return HolderAnswer(False, None)

    plan = changed(plan, entry=changed(plan.entry, holders=Unlinked()))
    runner = Runner(plan, Clock(MAY_30_S), 7)
    assert runner.start() is None
    assert held(runner, BEIJING_CARD, LANE).reason == "ENTRY_NOT_UPGRADED"
    view = runner.board.view(LANE)
    runner.stop()
    assert "未查到健康码信息" in view.said["zh"].text and view.said["en"].text
    assert view.sign == "refused" and view.balance_fen is None


@pytest.mark.parametrize(
    ("station", "properties", "now_s", "reason"),
    [
        ("jianguomen", "[]", MAY_30_S, "ENTRY_MANUAL_LANE"),
        ("xidan", "[]", MAY_30_S, "OPEN"),
        ("xidan", '["key_station"]', MAY_30_S, "ENTRY_MANUAL_LANE"),
        ("jianguomen", "[]", EIGHT, "OPEN"),
    ],
)
def test_while_nobody_attests_the_policy_says_what_a_gate_does(
    tmp_path: Path, station: str, properties: str, now_s: int, reason: str
) -> None:
    file = beijing(tmp_path, f'[entry]\npolicy = "beijing_2022"\nproperties = {properties}\n')
    file.write_text(file.read_text("utf-8").replace("jianguomen", station), "utf-8")
    with running(file, Clock(now_s)) as runner:
        assert held(runner, BEIJING_CARD, LANE).reason == reason


def test_without_the_table_nothing_is_asked(tmp_path: Path) -> None:
    with running(beijing(tmp_path, ""), Clock(MAY_30_S)) as runner:
        assert held(runner, BEIJING_CARD, LANE).reason == "OPEN"


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ('policy = "beijing_2021"', "entry.policy"),
        ('policy = "beijing_2022"\nproperties = ["harbour"]', "entry.properties.0"),
    ],
)
def test_a_policy_or_place_that_the_city_does_not_know_is_refused(
    tmp_path: Path, entry: str, word: str
) -> None:
    refusal = refused_plan(beijing(tmp_path, f"[entry]\n{entry}\n"))
    assert refusal.code == "GATE_CONFIG_VALUE" and word in refusal.message("en")


def test_a_policy_of_another_city_is_refused(tmp_path: Path) -> None:
    file = write_gate(tmp_path, validator(SIMULATED) + '[entry]\npolicy = "beijing_2022"\n')
    assert refused_plan(file).code == "GATE_CONFIG_VALUE"


def test_nothing_is_forgotten_by_a_clock_that_the_city_has_not_confirmed(
    town: Town, tmp_path: Path
) -> None:
    """A machine's clock 40 days ahead: acknowledged taps a restored city may ask for stay."""
    plan, online = device_plan(town, tmp_path), threading.Event()
    online.set()
    with at_work(plan, Clock(NOON_S), online) as runner:
        for number, medium in enumerate((CARD, ACCOUNT_CARD), start=1):  # the newest always stays
            held(runner, medium)
            eventually(lambda number=number: len(town.taps()) == number)
            eventually(lambda: runner.ask(lambda site: site.journal.unsent(9)) == [])
    with at_work(plan, Clock(NOON_S + 40 * DAY_S), threading.Event()) as runner:
        runner.ask(runner._tidy)
        assert len(runner.ask(lambda site: site.journal.newest(9))) == 2
