"""What a site asks itself before it opens: the time, rides out of contact, the other gates."""

import time
from dataclasses import replace as with_setup
from pathlib import Path

import pytest
from gate_world import Station
from media_world import ACCOUNT, CHANGTONG, CODE, EIGHT, MEDIA, World, new_card, open_world
from msgspec.structs import replace
from sharing_world import HASTY, Gate, nobody, server

from tongxing.deciding.decide import refused
from tongxing.gate import Site
from tongxing.gate.clearance import Clearance
from tongxing.gate.clock import GateClock
from tongxing.gate.lane import announce
from tongxing.gate.offline import OfflineLimits, OfflineRules
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal
from tongxing.messages.fleet import FREE_RIDE, Order

PHONE = MEDIA.phone(CODE)
LOST = b'{"time_s":%d}' % (EIGHT - DAY_S)


def world_with(folder: Path, clearance: Clearance) -> World:
    folder.mkdir(exist_ok=True)
    world = open_world(folder)
    setup = with_setup(world.site._setup, clearance=clearance)
    site = Site.open(setup, world.journal, lambda _terminal, decision: world.told.append(decision))
    assert isinstance(site, Site), site
    world.site = site
    return world


def unsure_clock() -> Clearance:
    return Clearance(clock=GateClock(0.0, 100.0, LOST), mono_s=lambda: 100.0)


def test_a_gate_that_does_not_know_the_time_takes_cards_and_no_codes(tmp_path: Path) -> None:
    world = world_with(tmp_path, unsure_clock())
    refused = world.site.present_code(PHONE.show(EIGHT), "in", EIGHT)
    assert (refused.outcome, refused.reason) == ("refused", "GATE_CLOCK_UNSURE")
    assert announce(refused, "zh")[0].voice == "暂不受理乘车码，请刷卡"
    assert world.hold(new_card(CHANGTONG), "in", EIGHT)[0].opened
    assert [tap.time_band_s for tap in world.taps()] == [-1, -1]
    assert world.told[0] == refused


def test_a_tap_says_how_far_the_clock_may_have_been_off(tmp_path: Path) -> None:
    clock, mono_s = GateClock(EIGHT, 100.0, LOST), [100.0]
    clearance = Clearance(clock=clock, mono_s=lambda: mono_s[0])
    world = world_with(tmp_path, clearance)
    world.hold(new_card(CHANGTONG), "in", EIGHT)
    mono_s[0] += 20 * DAY_S
    world.hold(new_card(CHANGTONG), "out", EIGHT + 600)
    assert [tap.time_band_s for tap in world.taps()] == [0, 139]


def test_out_of_contact_an_account_begins_so_many_rides_and_no_more(tmp_path: Path) -> None:
    rules = OfflineRules(quota=((0, 3),))
    world = world_with(tmp_path, Clearance(limits=OfflineLimits(rules, EIGHT)))
    reasons = []
    for number in range(5):
        now_s = EIGHT + number * 300
        reasons.append(world.site.present_code(PHONE.show(now_s), "in", now_s).reason)
    assert reasons == ["OPEN"] * 3 + ["GATE_OFFLINE_QUOTA"] * 2
    now_s = EIGHT + 3_000
    assert world.site.present_code(PHONE.show(now_s), "out", now_s).opened, "out always"
    assert world.hold(new_card(CHANGTONG), "in", now_s)[0].opened, "a purse pays by itself"
    card = new_card(ACCOUNT)
    in_four = [world.hold(card, "in", now_s + number * 300)[0].reason for number in range(4)]
    assert in_four == ["OPEN"] * 3 + ["GATE_OFFLINE_QUOTA"], "a card on an account counts"


def test_a_display_that_another_gate_has_let_in_opens_no_lane_here(tmp_path: Path) -> None:
    station = server()
    here, there = (Gate(name, {"STATION": station.address}) for name in ("V1", "V2"))
    first = world_with(tmp_path / "1", Clearance(displays=here.desk))
    second = world_with(tmp_path / "2", Clearance(displays=there.desk))
    raw = PHONE.show(EIGHT)
    assert first.site.present_code(raw, "in", EIGHT).opened
    again = second.site.present_code(raw, "in", EIGHT + 1)
    assert (again.outcome, again.reason) == ("refused", "QR_REPLAYED")
    assert second.taps()[0].code == raw, "the refusal is evidence too"
    assert second.site.present_code(PHONE.show(EIGHT + 2), "in", EIGHT + 2).opened
    station.close()
    for gate in (here, there):
        gate.desk.close()


def test_what_is_refused_anyway_is_not_claimed(tmp_path: Path) -> None:
    """Who is sent to another lane must find the display still good there."""
    station = server()
    gate = Gate("V1", {"STATION": station.address})
    world = world_with(tmp_path, Clearance(displays=gate.desk))
    assert not world.site.present_code(PHONE.show(EIGHT), "in", EIGHT + 90).opened
    assert len(station.register) == 0
    station.close()
    gate.desk.close()


def test_a_display_that_no_lane_opened_for_opens_the_next_one(tmp_path: Path) -> None:
    """The claim comes before the journal; a disk that fails then must not cost the passenger the
    display. What another gate let in stays used."""
    station = server()
    here, there = (Gate(name, {"STATION": station.address}) for name in ("V1", "V2"))
    first = world_with(tmp_path / "1", Clearance(displays=here.desk))
    second = world_with(tmp_path / "2", Clearance(displays=there.desk))
    first.journal._broken = Refusal("JOURNAL_UNAVAILABLE")
    raw = PHONE.show(EIGHT)
    assert first.site.present_code(raw, "in", EIGHT).reason == "JOURNAL_UNAVAILABLE"
    answered(here)
    assert second.site.present_code(raw, "in", EIGHT + 1).opened
    first.journal._broken = None
    assert first.site.present_code(raw, "in", EIGHT + 2).reason == "QR_REPLAYED"
    assert here.flagged == there.flagged == []
    station.close()
    for gate in (here, there):
        gate.desk.close()


def test_a_display_that_has_opened_a_lane_is_never_given_up(tmp_path: Path) -> None:
    station = server()
    gate = Gate("V1", {"STATION": station.address})
    world = world_with(tmp_path, Clearance(displays=gate.desk))
    raw = PHONE.show(EIGHT)
    assert world.site.present_code(raw, "in", EIGHT).opened
    world.journal._broken = Refusal("JOURNAL_UNAVAILABLE")
    assert world.site.present_code(raw, "in", EIGHT + 1).reason == "JOURNAL_UNAVAILABLE"
    answered(gate)
    assert len(station.register) == 1
    station.close()
    gate.desk.close()


def answered(gate: Gate) -> None:
    """Wait until the registers have answered all that was said to them."""
    for _ in range(200):
        if gate.desk.catch_up(EIGHT) == 0:
            return
        time.sleep(0.02)
    raise AssertionError("no answer")


def test_a_register_that_answers_late_still_hears_that_no_lane_opened(tmp_path: Path) -> None:
    address = nobody()
    gate = Gate("V1", {"STATION": address}, HASTY)
    world = world_with(tmp_path, Clearance(displays=gate.desk))
    world.journal._broken = Refusal("JOURNAL_UNAVAILABLE")
    assert not world.site.present_code(PHONE.show(EIGHT), "in", EIGHT).opened
    station = server(address=address)
    answered(gate)
    assert len(station.register) == 0
    station.close()
    gate.desk.close()


def test_a_display_that_is_claimed_again_is_not_given_up_by_an_older_word(tmp_path: Path) -> None:
    """The journal is well again before the register has heard that no lane opened."""
    address = nobody()
    gate = Gate("V1", {"STATION": address}, HASTY)
    world = world_with(tmp_path, Clearance(displays=gate.desk))
    raw = PHONE.show(EIGHT)
    world.journal._broken = Refusal("JOURNAL_UNAVAILABLE")
    assert not world.site.present_code(raw, "in", EIGHT).opened
    world.journal._broken = None
    assert world.site.present_code(raw, "in", EIGHT + 1).opened
    station = server(address=address)
    answered(gate)
    assert len(station.register) == 1
    station.close()
    gate.desk.close()


def test_without_a_register_the_gate_goes_on_and_says_so(tmp_path: Path) -> None:
    gate = Gate("V1", {"STATION": nobody()})
    gate.rules = gate.desk.modes.rules = with_setup(gate.rules, budget_ms={"STATION": 20})
    world = world_with(tmp_path, Clearance(displays=gate.desk))
    assert world.site.present_code(PHONE.show(EIGHT), "in", EIGHT).opened
    assert gate.desk.modes.mode == "VALIDATOR" and len(gate.events) == 1
    gate.desk.close()


def test_a_site_that_takes_tokens_asks_itself_too(tmp_path: Path) -> None:
    station = Station(tmp_path)
    setup = with_setup(station.site._setup, clearance=unsure_clock())
    site = Site.open(setup, station.journal, lambda *_: None)
    assert isinstance(site, Site)
    token = replace(CODE, code_issued_s=EIGHT, code_expires_s=EIGHT + 60)
    assert site.present(token, "IN", EIGHT)[0].reason == "GATE_CLOCK_UNSURE"
    assert site.present(CHANGTONG, "IN", EIGHT)[0].opened


@pytest.mark.parametrize("shown_s", [EIGHT, EIGHT + DAY_S, EIGHT - DAY_S])
def test_no_passenger_is_blamed_for_the_gates_own_clock(tmp_path: Path, shown_s: int) -> None:
    """A clock that was reset makes good codes look old, or phones ahead: neither is said."""
    world = world_with(tmp_path, unsure_clock())
    decision = world.site.present_code(PHONE.show(shown_s), "in", EIGHT)
    assert decision.reason == "GATE_CLOCK_UNSURE"
    assert world.site.present_code(b"https://example.org", "in", EIGHT).reason == decision.reason
    assert [tap.time_band_s for tap in world.taps()] == [-1, -1]


def test_under_free_rides_a_gate_without_the_time_takes_what_it_can_read(tmp_path: Path) -> None:
    world = world_with(tmp_path, unsure_clock())
    until_s = EIGHT + 600
    order = Order(order_no=1, kind="free_ride", from_s=0, until_s=until_s, ordered_by="C-1")
    world.site.orders.take([order], EIGHT, EIGHT)
    assert world.site.present_code(PHONE.show(EIGHT), "in", EIGHT).reason == FREE_RIDE
    late = world.site.present_code(PHONE.show(EIGHT - DAY_S), "in", EIGHT)
    assert late.reason == "GATE_CLOCK_UNSURE"


def test_a_free_ride_by_order_asks_none_of_this() -> None:
    limits = OfflineLimits(OfflineRules(quota=((0, 0),)), EIGHT)
    decision = refused("entry", CODE, "", Refusal("DOUBLE_TAP"))
    free = replace(decision, outcome="opened", reason=FREE_RIDE)
    opened = replace(decision, outcome="opened", reason="OPEN")
    clearance = Clearance(limits=limits)
    assert clearance.refusal(free, CODE, "entry", EIGHT) is None
    assert clearance.refusal(decision, CODE, "entry", EIGHT) is None
    assert clearance.refusal(opened, CODE, "entry", EIGHT) == Refusal("GATE_OFFLINE_QUOTA")
