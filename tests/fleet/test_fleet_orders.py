"""How a device is, what it is told to do, and that each order is done once."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from fleet_world import ACCOUNT, ACCOUNT_CARD, CARD, CITY, CITY_KEY, Device, Town, code_of, must
from msgspec.structs import replace

from tongxing.cli import run
from tongxing.gate.link import Link
from tongxing.messages import DenyEntry, DenyList, seal, unseal
from tongxing.messages.fleet import Heartbeat, Order, Orders

Make = Callable[..., Device]


def mode(gate: Device) -> str:
    return gate.site.orders.mode(gate.clock.now_s)


def order(town: Town, target: str, kind: str, lasts_s: int = 600) -> int:
    given = town.desk.order(town.checker, target, kind, lasts_s, "drill", town.clock.now_s)
    return int(must(given).order_no)


def test_a_heartbeat_tells_how_a_device_is(town: Town, device: Make) -> None:
    gate = device()
    gate.rides(3)
    gate.tap(CARD, "OUT")
    gate.step()
    gate.later(61)
    [found] = town.desk.devices(town.clock.now_s)
    told = found.heartbeat
    assert told is not None
    assert (told.software, told.waiting_taps, told.mode, told.lists) == (
        "test 1",
        0,
        "normal",
        {"deny": 0},
    )
    assert [(one.terminal_id, one.last_seq) for one in told.counts] == [("IN", 3), ("OUT", 1)]
    assert (told.free_bytes > 0, told.clock_offset_s, found.late, found.missing) == (
        True,
        0,
        False,
        0,
    )
    assert not town.desk.devices(town.clock.now_s + 180)[0].late
    assert town.desk.devices(town.clock.now_s + 181)[0].late


def test_numbers_that_are_not_here_are_missed(town: Town, device: Make) -> None:
    gate = device()
    gate.rides(3)
    gate.step()
    gate.later(61)
    with town.office.alone() as cursor:
        cursor.execute("DELETE FROM tap WHERE seq = 2")
        cursor.execute("DELETE FROM device_numbers")
    told = must(gate.journal.state(0))
    beat = Heartbeat(
        device="XSZ.1",
        number=town.clock.now_s + 1,
        sent_s=0,
        software="",
        lists={},
        tariff="",
        waiting_taps=0,
        waiting_batches=[],
        counts=told.counts,
        free_bytes=0,
        clock_offset_s=None,
        mode="",
        done=[],
    )
    link = Link(town.address)
    answer = link.post("/v1/heartbeat", seal(beat, gate.identity.key))
    _, orders = must(unseal(answer.body or b"", Orders, gate.identity.city_keys))
    assert [(one.terminal_id, one.first, one.last) for one in orders.missing] == [("IN", 2, 2)]
    assert [(one.terminal_id, one.last_seq) for one in orders.marks] == [("IN", 3)]
    assert town.desk.devices(town.clock.now_s)[0].missing == 1, "3 is here"
    again = link.post("/v1/heartbeat", seal(beat, gate.identity.key))
    assert code_of(again.refusal) == "HEARTBEAT_OLD"


def test_an_order_to_a_site_reaches_its_devices_once_and_ends_by_itself(
    town: Town, device: Make
) -> None:
    gate, neighbour, other = device(), device("XSZ", "W-IN"), device("YZL", "Y-IN")
    number = order(town, "XSZ", "manual")
    for one in (gate, neighbour, other):
        one.step()
    assert [mode(one) for one in (gate, neighbour, other)] == ["manual", "manual", "normal"]
    assert gate.tap(CARD)[0] == "GATE_MANUAL"
    gate.later(61)
    neighbour.step()
    [given] = [one for one in town.desk.orders() if one.order_no == number]
    assert [one[:2] for one in given.done] == [("XSZ.1", "taken"), ("XSZ.2", "taken")]
    assert given.meant == ("XSZ.1", "XSZ.2")
    assert (given.ordered_by, given.site, given.why) == ("C-1", "XSZ", "drill")
    gate.restart()
    assert mode(gate) == "manual"
    town.clock.now_s += 600
    assert mode(gate) == "normal"
    assert gate.tap(CARD)[0] == "OPEN"


def test_an_order_whose_answer_was_lost_is_not_done_twice(town: Town, device: Make) -> None:
    gate = device()
    number = order(town, "XSZ.1", "open_all")
    gate.step()
    assert mode(gate) == "open_all"
    back = order(town, "XSZ.1", "normal")
    gate.later(61)
    assert mode(gate) == "normal"
    old = Order(
        order_no=number,
        kind="open_all",
        from_s=0,
        until_s=town.clock.now_s + 999,
        ordered_by="C-1",
    )
    gate.restart()
    assert gate.site.orders.take([old], town.clock.now_s, town.clock.now_s) is None
    assert mode(gate) == "normal"
    gate.later(61)
    outcomes = {one.order_no: [told[:2] for told in one.done] for one in town.desk.orders()}
    assert outcomes == {number: [("XSZ.1", "taken")], back: [("XSZ.1", "taken")]}


def test_the_command_lists_what_became_of_each_order(
    town: Town, device: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    """Taken, passed over for a newer one, waited for, and past its time before it was heard of."""
    gate, _silent = device(), device("XSZ", "W-IN")
    order(town, "XSZ", "manual", 60)
    order(town, "XSZ", "free_ride", 600)
    gate.step()

    def told(*options: str) -> str:
        when = f"{datetime.fromtimestamp(town.clock.now_s + 100, UTC):%Y-%m-%dT%H:%M:%SZ}"
        command = ["fleet", "orders", "--city", CITY, "--dsn", town.database.dsn, "--now", when]
        assert run([*command, *options]) == 0
        return capsys.readouterr().out

    gate.later(61)
    newest, oldest = json.loads(told("--json"))
    assert [[one["outcome"] for one in each["devices"]] for each in (newest, oldest)] == [
        ["taken", "waits"],
        ["taken", "expired"],
    ]
    assert newest["devices"][0]["heard_s"] == town.clock.now_s
    table = told("--lang", "zh")
    assert "已执行" in table
    assert "过期未取" in table
    assert "免费乘车" in table


def test_an_order_that_comes_too_late_or_is_not_known_is_answered_for(
    town: Town, device: Make
) -> None:
    gate = device()
    now_s = town.clock.now_s
    orders = [
        Order(order_no=1, kind="manual", from_s=0, until_s=now_s, ordered_by="C-1"),
        Order(order_no=3, kind="dance", from_s=0, until_s=now_s + 9, ordered_by="C-1"),
        Order(order_no=2, kind="manual", from_s=0, until_s=now_s + 9, ordered_by="C-1"),
    ]
    assert gate.site.orders.take(orders[:1], now_s, now_s) is None
    assert gate.site.orders.take(orders[1:2], now_s, now_s) is None
    assert gate.site.orders.take(orders[2:], now_s, now_s) is None
    outcomes = {one.order_no: one.outcome for one in gate.site.orders.answers()}
    assert outcomes == {1: "over", 3: "unknown", 2: "passed_over"}
    assert mode(gate) == "normal"


def test_an_order_lasts_as_long_as_the_city_says_whatever_this_clock_shows(
    town: Town, device: Make
) -> None:
    gate = device()
    city_s, here_s = town.clock.now_s, town.clock.now_s - 900
    given = Order(order_no=1, kind="manual", from_s=0, until_s=city_s + 60, ordered_by="C-1")
    assert gate.site.orders.take([given], city_s, here_s) is None
    assert gate.site.orders.mode(here_s + 59) == "manual"
    assert gate.site.orders.mode(here_s + 60) == "normal"


@pytest.mark.parametrize(
    ("target", "kind", "lasts_s", "why", "code"),
    [
        ("XSZ.1", "dance", 60, "x", "FLEET_ORDER_KIND"),
        ("XSZ.1", "manual", 0, "x", "FLEET_ORDER_TIME"),
        ("XSZ.1", "manual", 86_401, "x", "FLEET_ORDER_TIME"),
        ("XSZ.1", "manual", 60, " ", "FLEET_WHY"),
        ("NOWHERE", "manual", 60, "x", "DEVICE_UNKNOWN"),
    ],
)
def test_an_order_that_makes_no_sense_is_not_given(
    town: Town, device: Make, target: str, kind: str, lasts_s: int, why: str, code: str
) -> None:
    device()
    found = town.desk.order(town.checker, target, kind, lasts_s, why, town.clock.now_s)
    assert code_of(found) == code
    helper = town.desk.order(town.maker, "XSZ.1", "manual", 60, "x", town.clock.now_s)
    assert code_of(helper) == "STAFF_NOT_ALLOWED"
    assert town.desk.orders() == []


def test_taps_under_free_ride_count_and_cost_nothing(town: Town, device: Make) -> None:
    gate = device()
    order(town, "XSZ", "free_ride", 3_600)
    gate.step()
    assert gate.tap(ACCOUNT_CARD, "IN")[0] == "FREE_RIDE"
    reason, inside = gate.tap(CARD, "IN")
    assert reason == "FREE_RIDE"
    gate.clock.now_s += 2_400  # too long for having turned back, which costs nothing anyway
    gate.tap(ACCOUNT_CARD, "OUT")
    reason, after = gate.tap(inside, "OUT")
    assert (reason, after.balance_fen, after.open_entry) == ("FREE_RIDE", 50_00, None)
    assert gate.later(61).acknowledged == 4
    trips = town.ask("SELECT rider_id, how, charge_fen, fare_fen > 0 FROM trip ORDER BY rider_id")
    assert trips == [("5000000000000007", "both_taps", 0, True), ("a1", "both_taps", 0, True)]
    assert town.ask("SELECT balance_fen FROM rider WHERE rider_id = 'a1'") == [(100_00,)]
    assert town.ask("SELECT count(*) FROM tap WHERE outcome = 'opened'") == [(4,)]
    assert town.ask("SELECT count(*) FROM trip WHERE remark <> ''") == [(0,)]


def test_a_purse_without_money_rides_free_too_but_a_denied_medium_does_not(
    town: Town, device: Make
) -> None:
    gate = device()
    order(town, "XSZ", "free_ride")
    gate.step()
    assert gate.tap(replace(CARD, balance_fen=0), "IN")[0] == "FREE_RIDE"
    deny = DenyList(
        city="500000", version=1, published_s=0, entries=[DenyEntry(ACCOUNT, "MEDIUM_LOST")]
    )
    assert gate.site.load_deny_list(seal(deny, CITY_KEY)) is None
    assert gate.tap(ACCOUNT_CARD, "IN")[0] == "MEDIUM_LOST"
