"""A city restored from a backup: its devices know orders and lists that it does not."""

import json
from collections.abc import Callable

import pytest
from fleet_world import CITY, CITY_KEY, Device, Town, must
from test_fleet_orders import mode, order

from tongxing.city import listing
from tongxing.cli import run
from tongxing.kernel import clock
from tongxing.messages import DenyList, KeyRing, unseal
from tongxing.messages.fleet import Order

Make = Callable[..., Device]


def restore(town: Town, order_no: int) -> None:
    """The city as it was when its last order had this number."""
    with town.office.alone() as cursor:
        cursor.execute("DELETE FROM device_order_done WHERE order_no > %s", (order_no,))
        cursor.execute("DELETE FROM device_order WHERE order_no > %s", (order_no,))
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('device_order', 'order_no'), %s)", (order_no,)
        )


def publish_deny(town: Town) -> int:
    """A new deny list; its version."""
    with town.office.alone() as cursor:
        message = listing.publish(cursor, CITY, CITY_KEY, town.clock.now_s)
    opened = must(unseal(message, DenyList, KeyRing({CITY: CITY_KEY.public_bytes()})))
    return int(opened[1].version)


def noticed(town: Town) -> list[tuple[str, dict[str, str]]]:
    """What the city noticed, newest first."""
    return [(one.kind, dict(one.values)) for one in town.desk.events() if one.number == 0]


def four_orders(town: Town, gate: Device) -> None:
    """A gate that has had the orders 1 to 4, and the city restored from a time before 2."""
    for kind in ("manual", "normal", "manual", "normal"):
        order(town, "XSZ.1", kind)
        gate.later(61)
    gate.later(61)
    restore(town, 1)


def test_a_restored_citys_next_order_is_obeyed(town: Town, device: Make) -> None:
    gate = device()
    four_orders(town, gate)
    gate.later(61)
    number = order(town, "XSZ.1", "open_all")
    assert number == 5, "above all that the gate has had"
    gate.later(61)
    assert mode(gate) == "open_all"
    told = {"name": "order", "told": "4", "ours": "1", "mode": "normal"}
    assert noticed(town) == [("numbers_behind", told)]


def test_an_order_given_before_any_device_was_heard_is_obeyed_too(town: Town, device: Make) -> None:
    gate = device()
    four_orders(town, gate)
    town.clock.now_s += 5
    number = order(town, "XSZ.1", "open_all")
    assert number == 2, "a number that the gate has had already"
    gate.later(61)
    assert mode(gate) == "open_all"
    gate.later(61)
    [given, _] = town.desk.orders()
    assert [one[:2] for one in given.done] == [("XSZ.1", "taken")]


def test_an_answer_to_a_forgotten_order_is_none_to_the_next_of_its_number(
    town: Town, device: Make
) -> None:
    """The city fell between an order and the answer to it, and gives its number once more."""
    gate = device()
    order(town, "XSZ.1", "manual")
    gate.later(61)
    gate.later(61)
    order(town, "XSZ.1", "normal")
    gate.later(61)
    restore(town, 1)
    town.clock.now_s += 5
    assert order(town, "XSZ.1", "open_all") == 2
    gate.later(61)
    gate.later(61)
    assert mode(gate) == "open_all"
    gate.later(61)
    [given, _] = town.desk.orders()
    assert [one[:2] for one in given.done] == [("XSZ.1", "taken")]


def test_an_old_order_that_comes_again_is_passed_over(town: Town, device: Make) -> None:
    gate = device()
    now_s = town.clock.now_s
    first, second = (
        Order(order_no=no, kind=kind, from_s=now_s + no, until_s=now_s + 900, ordered_by="C-1")
        for no, kind in ((1, "open_all"), (2, "normal"))
    )
    for one in (first, second):
        must(gate.site.orders.take([one], now_s, now_s))
        must(gate.site.orders.told(gate.site.orders.answers()))
    gate.restart()
    must(gate.site.orders.take([first], now_s + 60, now_s + 60))
    assert mode(gate) == "normal"
    assert [one.outcome for one in gate.site.orders.answers()] == ["passed_over"]


def test_a_deny_list_of_a_restored_city_gets_no_number_that_was_used(
    town: Town, device: Make
) -> None:
    gate = device()
    for _ in range(3):
        publish_deny(town)
        gate.later(61)
    with town.office.alone() as cursor:
        cursor.execute("DELETE FROM deny_list WHERE version > 1")
    gate.later(61)
    assert noticed(town)[0][1]["name"] == "deny"
    [found] = town.desk.devices(town.clock.now_s)
    assert found.notices == ("numbers_behind",)
    assert publish_deny(town) == 4
    gate.later(61)
    gate.later(61)
    assert gate.site.deny.version == 4
    assert town.desk.devices(town.clock.now_s)[0].notices == (), "it is over"


def test_a_version_with_two_contents_is_told(
    town: Town, device: Make, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = device()
    for _ in range(2):
        publish_deny(town)
        gate.later(61)
    with town.office.alone() as cursor:
        cursor.execute("DELETE FROM deny_list WHERE version > 1")
    town.clock.now_s += 5
    assert publish_deny(town) == 2, "before any device was heard"
    gate.later(61)
    assert noticed(town) == [("list_differs", {"name": "deny", "version": "2"})]
    monkeypatch.setenv("TONGXING_LANG", "en")
    dsn = ["--city", CITY, "--dsn", town.database.dsn]
    now = ["--now", clock.stamp(town.clock.now_s)]
    assert run(["fleet", "list", *now, *dsn]) == 0
    assert "list differs" in capsys.readouterr().out
    assert run(["fleet", "events", *dsn]) == 0
    assert "list deny 2" in capsys.readouterr().out
    assert run(["fleet", "list", "--json", *now, *dsn]) == 0
    assert json.loads(capsys.readouterr().out)[0]["notices"] == ["list_differs"]
    assert publish_deny(town) == 3
    gate.later(61)
    gate.later(61)
    assert gate.site.deny.version == 3
    assert town.desk.devices(town.clock.now_s)[0].notices == ()


def test_no_device_uses_up_all_numbers(town: Town, device: Make) -> None:
    gate = device()
    now_s = town.clock.now_s
    far = Order(order_no=2**62, kind="normal", from_s=0, until_s=now_s + 9, ordered_by="C-1")
    must(gate.site.orders.take([far], now_s, now_s))
    gate.step()
    for _ in range(3):
        gate.later(61)
    assert order(town, "XSZ.1", "manual") == 10_001, "however often it is told"


def test_numbers_that_are_neither_here_nor_waiting_are_a_gap_until_they_come(
    town: Town, device: Make
) -> None:
    """B66."""
    gate = device()
    gate.rides(3)
    gate.step()
    gate.later(61)
    assert noticed(town) == []
    with town.office.alone() as cursor:
        cursor.execute("DELETE FROM tap WHERE seq = 2")
        cursor.execute("DELETE FROM device_numbers")
    gate.later(61)
    assert noticed(town) == [("gap_open", {"count": "1", "ranges": "IN/4d 2-2"})]
    assert town.desk.devices(town.clock.now_s)[0].notices == ("gap_open",)
    gate.later(61)
    gate.later(61)
    assert town.desk.devices(town.clock.now_s)[0].notices == (), "it came again"
