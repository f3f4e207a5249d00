"""The city's orders at the doors and on the screens: all open, staff decide, free rides."""

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from lane_doors import DoorBox
from lane_world import (
    CARD,
    EIGHT,
    LANE,
    Clock,
    eventually,
    phone,
    running,
    taps_of,
    validator,
    write_gate,
)
from msgspec.structs import replace

from tongxing.deciding.facts import Decision
from tongxing.gate.running import Board, Runner
from tongxing.gate.running.board import CALL_S, STAFF_S
from tongxing.kernel.reasons import Refusal
from tongxing.lane.app import create_lane_app
from tongxing.lane.web import told, told_to_staff
from tongxing.messages.fleet import Order

SIMULATED = '{ kind = "simulated", port = 0 }'
LASTS_S = 600


def order(runner: Runner, kind: str, number: int = 1, lasts_s: int = LASTS_S) -> None:
    """The city orders something, as a heartbeat's answer brings it."""
    now_s = runner.now_s()
    given = Order(
        order_no=number, kind=kind, from_s=now_s, until_s=now_s + lasts_s, ordered_by="C-1"
    )
    assert runner.ask(lambda site: site.orders.take([given], now_s, now_s)) is None


def test_all_open_holds_the_door_and_whoever_taps_is_counted(tmp_path: Path) -> None:
    door, clock = DoorBox(tmp_path), Clock()
    file = write_gate(tmp_path, validator(SIMULATED, more=door.relay))
    with running(file, clock) as runner:
        order(runner, "open_all")
        eventually(lambda: door.said == [f"hold {LANE}"])
        view = runner.board.view(LANE)
        assert (view.sign, view.reason, view.order) == ("open", "LANE_OPEN_ALL", "open_all")
        decision = runner.present(LANE, phone().show(EIGHT))
        assert decision is not None and decision.opened
        assert len(taps_of(runner)) == 1
        clock.now_s += LASTS_S
        eventually(lambda: door.said == [f"hold {LANE}", f"release {LANE}"])
        eventually(lambda: runner.board.view(LANE).order == "normal")
        runner.present(LANE, phone(22).show(clock.now_s))
        eventually(lambda: door.said[2:] == [f"open {LANE} 300"])
    door.close()


def test_before_an_open_door_nobody_sees_a_cross(tmp_path: Path) -> None:
    door = DoorBox(tmp_path)
    with running(write_gate(tmp_path, validator(SIMULATED, more=door.relay))) as runner:
        order(runner, "open_all")
        eventually(lambda: door.said == [f"hold {LANE}"])
        shown = phone().show(EIGHT)
        runner.present(LANE, shown)
        again = runner.present(LANE, shown)
        assert again is not None and again.reason == "QR_REPLAYED"
        view = runner.board.view(LANE)
        assert (view.sign, view.reason) == ("open", "LANE_OPEN_ALL")
        assert view.said["zh"].next == "请直接通过"
        assert [tap.outcome for tap in taps_of(runner)] == ["opened", "refused"]
        runner.board.trouble(LANE, "door", Refusal("LANE_DOOR_STANDS"))
        runner.present(LANE, shown)
        assert runner.board.view(LANE).reason == "QR_REPLAYED", "this door does not stand open"
    door.close()


def test_a_gate_that_starts_again_goes_by_the_order_that_is_in_force(tmp_path: Path) -> None:
    door, clock = DoorBox(tmp_path), Clock()
    file = write_gate(tmp_path, validator(SIMULATED, more=door.relay))
    with running(file, clock) as runner:
        order(runner, "open_all")
        eventually(lambda: door.said == [f"hold {LANE}"])
    assert door.said == [f"hold {LANE}"], "a gate that stops leaves the door open"
    with running(file, clock) as runner:
        eventually(lambda: door.said == [f"hold {LANE}"] * 2)
        assert runner.board.view(LANE).reason == "LANE_OPEN_ALL"
    clock.now_s += LASTS_S
    with running(file, clock) as runner:
        eventually(lambda: door.said[2:] == [f"release {LANE}"])
        assert runner.board.view(LANE).sign == "idle"
    door.close()


def test_a_line_of_the_machine_stays_up_whoever_taps(tmp_path: Path) -> None:
    line, clock = tmp_path / "value", Clock()
    line.write_bytes(b"0")
    relay = f'relay = {{ kind = "file", path = "{line}", pulse_ms = 50 }}'
    with running(write_gate(tmp_path, validator(SIMULATED, more=relay)), clock) as runner:
        order(runner, "open_all")
        eventually(lambda: line.read_bytes() == b"1")
        for number in (14, 22):
            runner.present(LANE, phone(number).show(EIGHT))
    assert line.read_bytes() == b"1"
    clock.now_s += LASTS_S
    with running(write_gate(tmp_path, validator(SIMULATED, more=relay)), clock):
        eventually(lambda: line.read_bytes() == b"0")


def test_a_door_that_does_not_stand_as_ordered_is_told_and_asked_again(tmp_path: Path) -> None:
    door, clock = DoorBox(tmp_path, answer=b"no\n"), Clock()
    file = write_gate(tmp_path, validator(SIMULATED, more=door.relay))
    with running(file, clock) as runner:
        order(runner, "open_all")
        eventually(lambda: runner.board.view(LANE).reason == "LANE_DOOR_STANDS")
        assert runner.board.view(LANE).sign == "trouble"
        door.answer = b"ok\n"
        eventually(lambda: runner.board.view(LANE).reason == "LANE_OPEN_ALL")
        door.answer = b"no\n"
        order(runner, "normal", 2)
        eventually(lambda: runner.board.view(LANE).reason == "LANE_DOOR_STANDS")
        door.answer = b"ok\n"
        eventually(lambda: runner.board.view(LANE).sign == "idle")
        assert door.said[-1] == f"release {LANE}"
    door.close()


def test_under_staff_the_door_stays_shut_and_staff_are_called(tmp_path: Path) -> None:
    door, clock = DoorBox(tmp_path), Clock()
    file = write_gate(tmp_path, validator(SIMULATED, more=door.relay))
    with running(file, clock) as runner:
        order(runner, "manual")
        eventually(lambda: runner.board.view(LANE).reason == "GATE_MANUAL")
        assert not runner.board.view(LANE).called
        decision = runner.present(LANE, phone().show(EIGHT))
        assert decision is not None and decision.reason == "GATE_MANUAL"
        assert runner.board.view(LANE).called
        clock.now_s += LASTS_S
        eventually(lambda: runner.board.view(LANE).order == "normal")
        decision = runner.present(LANE, phone().show(clock.now_s))
        assert decision is not None and decision.opened
        eventually(lambda: door.said == [f"open {LANE} 300"])
    door.close()


def test_a_lane_of_both_ways_that_stands_open_holds_nobody_up(tmp_path: Path) -> None:
    door = DoorBox(tmp_path)
    sides = ", ".join(
        f'{{ kind = "simulated", port = 0, side = "{s}" }}' for s in ("entry", "exit")
    )
    lane = validator(sides, role="both", more=door.relay.replace("300", "9000"))
    with running(write_gate(tmp_path, lane)) as runner:
        order(runner, "open_all")
        eventually(lambda: door.said == [f"hold {LANE}-entry"])
        assert runner.present(f"{LANE}-entry", phone().show(EIGHT)) is not None
        assert runner.present(f"{LANE}-exit", phone(22).show(EIGHT)) is not None
    door.close()


def decided(reason: str) -> Decision:
    return Decision(outcome="refused", reason=reason, kind="entry", token_after=CARD, tariff="t")


@pytest.mark.req("R-113", "R-127")
def test_staff_read_what_they_are_asked_to_do_and_the_lane_shows_nothing_of_it() -> None:
    now = [0.0]
    board = Board(["a"], lambda: now[0])
    board.decided("a", decided("ENTRY_TURNED_BACK"))
    view = board.view("a")
    assert view.staff == {"zh": "劝返", "en": "Turn the rider back"}
    assert told_to_staff(view)["staff"] == view.staff
    assert "staff" not in told(view) and "劝返" not in str(told(view)["said"])
    now[0] += STAFF_S - 1
    assert board.view("a").staff and board.view("a").sign == "idle"
    now[0] += 1
    assert board.view("a").staff == {}
    board.decided("a", decided("ENTRY_TURNED_BACK"))
    board.decided("a", decided("QR_EXPIRED"))
    assert board.view("a").staff == {}, "the next one has come"


def test_a_page_hears_when_anything_goes_by_itself() -> None:
    now = [0.0]
    board = Board(["a"], lambda: now[0])
    assert board.view("a").changes_ms == 0
    board.call("a")
    assert board.view("a").changes_ms == CALL_S * 1000
    board.decided("a", decided("ENTRY_TURNED_BACK"))
    view = board.view("a")
    assert view.changes_ms == view.left_ms > 0
    now[0] += 30
    assert board.view("a").changes_ms == (STAFF_S - 30) * 1000


@pytest.mark.parametrize(
    ("mode", "sign", "reason"),
    [
        ("open_all", "open", "LANE_OPEN_ALL"),
        ("manual", "notice", "GATE_MANUAL"),
        ("free_ride", "trouble", "LANE_READER_GONE"),
    ],
)
def test_what_a_lane_in_trouble_shows_under_an_order(mode: str, sign: str, reason: str) -> None:
    board = Board(["a"], lambda: 0.0)
    board.trouble("a", "reader", Refusal("LANE_READER_GONE"))
    board.order(mode)
    view = board.view("a")
    assert (view.sign, view.reason) == (sign, reason)


def test_a_bus_with_one_head_shows_both_sides_and_says_which_it_was(tmp_path: Path) -> None:
    lane = validator(
        SIMULATED,
        device="bus",
        role="both",
        line="bus-1",
        station="babaoshan-stop",
        more='vehicle = "B7"',
    )
    file = write_gate(tmp_path, lane)
    text = file.read_text("utf-8").replace('city = "500000"', 'city = "110000"')
    file.write_text(text, "utf-8")
    card = replace(CARD, scheme="t_union", medium_no="3105170000000000017", issuer="110000")
    with running(file) as runner:
        client = TestClient(create_lane_app(runner), "http://127.0.0.1", client=("127.0.0.1", 5))
        page = client.get(f"/lane/{LANE}?lang=zh").text
        words = page.partition('id="lane-words">')[2].partition("</script>")[0]
        assert "上下车请刷卡或扫码" in page
        assert json.loads(words)["kinds"] == {"entry": "上车", "exit": "下车"}
        kinds = []
        for now_s in (EIGHT, EIGHT + 1200):
            _, card = runner.ask(
                lambda site, card=card, now_s=now_s: site.present(card, LANE, now_s)
            )
            kinds.append(told(runner.board.view(LANE))["kind"])
        assert kinds == ["entry", "exit"]


def test_the_page_of_all_lanes_is_there_for_a_single_one_too(tmp_path: Path) -> None:
    with running(write_gate(tmp_path, validator(SIMULATED))) as runner:
        client = TestClient(create_lane_app(runner), "http://127.0.0.1", client=("127.0.0.1", 5))
        runner.board.order("free_ride")
        runner.board.decided(LANE, decided("ENTRY_TURNED_BACK"))
        page = client.get("/lanes?lang=en").text
        assert "Free rides" in page and "Turn the rider back" in page and LANE in page
        assert "Turn the rider back" not in client.get(f"/lane/{LANE}?lang=en").text
