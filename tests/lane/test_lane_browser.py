"""The lane's screen in a real browser, with a camera that sees a real code."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lane_site import PHONE, SMALL, WIDE, Screen, camera_browser, film, free_port, serving
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

from tongxing.deciding import Decision
from tongxing.gate.running import Runner
from tongxing.gate.running.board import NOTICE_S, OPEN_S, REFUSED_S, Board
from tongxing.kernel.reasons import Refusal
from tongxing.messages import PurseFacts
from tongxing.messages.fleet import Order

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOTS = os.environ.get("LANE_SHOTS", "")
SECOND = LANE.replace("lane-1", "lane-2")
HELD_PICTURES = 20
"""So many pictures take twice the pause after which a code counts anew."""


@dataclass
class Standing:
    """The time by which a screen shows something: the real one, and what a test leaps over."""

    leapt_s: float = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.leapt_s

    def leap(self, gate: Runner, seconds: float) -> None:
        """So much time has gone; the streams look again, as when somebody has been helped."""
        self.leapt_s += seconds
        gate.board.call(SECOND, wanted=False)


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> Standing:
    found = Standing()
    monkeypatch.setattr("tongxing.gate.running.runner.Board", partial(Board, clock=found))
    return found


@pytest.fixture
def gate(standing: Standing, tmp_path: Path) -> Iterator[Runner]:
    other = validator('{ kind = "simulated", port = 0 }', name=SECOND, role="exit")
    file = write_gate(tmp_path / "gate", validator('{ kind = "camera" }'), other)
    with running(file, Clock()) as runner:
        yield runner


def shot(screen: Screen, name: str) -> None:
    """Keep what is on the screen, where somebody wants to look at it."""
    if SHOTS:
        screen.page.screenshot(path=Path(SHOTS) / f"{name}.png")


def test_a_code_before_the_camera_opens_once_and_is_refused_when_shown_again(
    browser: Any, browser_path: str, gate: Runner, tmp_path: Path
) -> None:
    seen = film(tmp_path / "eye.mjpeg", (phone().show(EIGHT), 2.5), (None, 4.0))
    with (
        serving(gate) as address,
        camera_browser(browser, browser_path, seen) as camera,
    ):
        screen = Screen(camera, address, "zh").goes(f"/lane/{LANE}")
        screen.signs("open").says("请通行")
        shot(screen, "camera_open")
        assert screen.page.locator("#camera").get_attribute("data-state") == "seeing"
        assert [tap.reason for tap in taps_of(gate)] == ["OPEN"]
        assert taps_of(gate)[0].code == phone().show(EIGHT)
        screen.signs("refused").says("此乘车码已使用过").says("请刷新乘车码")
        shot(screen, "camera_replayed")
        assert [tap.reason for tap in taps_of(gate)][:2] == ["OPEN", "QR_REPLAYED"]
        assert screen.spoken()[:2] == [["zh-CN", "请通行"], ["zh-CN", "此码已使用，请刷新"]]
        assert "Q5000" not in screen.page.content()
        screen.close()


def test_a_forged_code_before_the_camera(
    browser: Any, browser_path: str, gate: Runner, standing: Standing, tmp_path: Path
) -> None:
    forged = bytearray(phone().show(EIGHT))
    forged[-1] ^= 1
    seen = film(tmp_path / "eye.mjpeg", (bytes(forged), 10))
    with (
        serving(gate) as address,
        camera_browser(browser, browser_path, seen) as camera,
    ):
        screen = Screen(camera, address, "en").goes(f"/lane/{LANE}").signs("refused")
        assert [tap.reason for tap in taps_of(gate)] == ["QR_SIGNATURE"]
        for _ in range(HELD_PICTURES):
            with screen.page.expect_response("**/picture"):
                pass
        standing.leap(gate, REFUSED_S)
        screen.signs("idle")  # held there, it is one presentation
        assert len(taps_of(gate)) == 1
        screen.close()


def test_without_a_camera_the_page_says_what_to_do(
    browser: Any, browser_path: str, gate: Runner
) -> None:
    with (
        serving(gate) as address,
        camera_browser(browser, browser_path, None) as camera,
    ):
        screen = Screen(camera, address, "en").goes(f"/lane/{LANE}")
        screen.says("No camera found").looks()
        screen.close()


def test_a_camera_that_is_refused_is_told(browser: Any, gate: Runner) -> None:
    with serving(gate) as address:
        screen = Screen(browser, address, "zh")
        screen.context.add_init_script(
            "navigator.mediaDevices.getUserMedia = async () => {"
            " throw new DOMException('no', 'NotAllowedError'); };"
        )
        screen.goes(f"/lane/{LANE}").says("浏览器不允许使用摄像头").looks()
        screen.close()


@pytest.mark.parametrize("size", [PHONE, SMALL, WIDE], ids=["phone", "small", "wide"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_state_of_the_screen_can_be_read(
    browser: Any, gate: Runner, standing: Standing, language: str, size: dict[str, int]
) -> None:
    decision = gate.present(SECOND, phone().show(EIGHT))
    assert decision is not None
    with serving(gate) as address:
        screen = Screen(browser, address, language, size).goes(f"/lane/{SECOND}")
        name = f"{language}_{size['width']}"
        standing.leap(gate, OPEN_S)
        screen.signs("idle").looks()
        assert screen.spoken() == []  # what was said before the page came is not said again
        shot(screen, f"{name}_idle")
        gate.board.decided(SECOND, exit_with_a_card("opened", "OPEN"))
        screen.signs("open").says("¥46.00").says("•••• 0017").looks()
        fits(screen)
        shot(screen, f"{name}_open")
        gate.board.decided(SECOND, exit_with_a_card("refused", "EXIT_WITHOUT_ENTRY"))
        screen.signs("refused").says("没有本次乘车的进站记录").says("There is no entry").looks()
        fits(screen)
        shot(screen, f"{name}_refused")
        gate.board.notice(SECOND, Refusal("LANE_DOOR"))
        screen.signs("notice").looks()
        gate.board.trouble(SECOND, "reader", Refusal("LANE_READER_GONE"))
        standing.leap(gate, NOTICE_S)
        screen.signs("trouble").looks()
        shot(screen, f"{name}_trouble")
        gate.board.contact(True)
        screen.page.locator("#offline").wait_for(state="hidden")
        gate.board.contact(False)
        screen.page.locator("#offline").wait_for(state="visible")
        voice = {"zh": ["zh-CN", "无进站记录，请到人工通道"], "en": "en"}[language]
        assert [one for one in screen.spoken() if one == voice or one[0] == voice]
        screen.close()


def exit_with_a_card(outcome: Any, reason: str) -> Decision:
    """What a station's exit decides about a purse."""
    return Decision(
        outcome=outcome,
        reason=reason,
        kind="exit",
        token_after=CARD,
        tariff="t",
        purse=PurseFacts(1, 50_00, 4_00 if outcome == "opened" else 0),
        charge_fen=4_00 if outcome == "opened" else 0,
    )


def fits(screen: Screen) -> None:
    """All that matters stands on the screen without scrolling, in letters for two metres."""
    page, height = screen.page, screen.size["height"]
    for part in ("#text", "#next", "#other-text", "#call", "#full"):
        box = page.locator(part).bounding_box()
        assert box is not None and box["y"] >= 0 and box["y"] + box["height"] <= height, part
    assert page.locator("#text").evaluate("it => parseFloat(getComputedStyle(it).fontSize)") >= 32


def test_a_screen_comes_back_when_its_gate_does(browser: Any, gate: Runner) -> None:
    port = free_port()
    with serving(gate, port) as address:
        screen = Screen(browser, address, "en").goes(f"/lane/{SECOND}").signs("idle")
        gate.board.call(SECOND)
        screen.says("somebody is coming")
    screen.signs("lost").says("This screen has lost its gate").looks()
    shot(screen, "lost")
    gate.board.call(SECOND, wanted=False)
    with serving(gate, port):
        screen.signs("idle").says("Call staff")
        gate.board.notice(SECOND, Refusal("LANE_WAIT"))
        screen.signs("notice")
    screen.close()


def test_staff_hear_a_call_on_the_page_of_all_lanes(browser: Any, gate: Runner) -> None:
    with serving(gate) as address:
        staff = Screen(browser, address, "zh", WIDE).goes("/?lang=zh").looks()
        passenger = Screen(browser, address, "zh", PHONE).goes(f"/lane/{SECOND}")
        passenger.page.locator("#call").click()
        passenger.says("已呼叫")
        staff.says("有人呼叫").looks()
        gate.present(SECOND, phone().show(EIGHT))
        shot(staff, "lanes")
        staff.page.locator(f"[data-helped='/lane/{SECOND}/helped']").click()
        passenger.says("呼叫工作人员")
        eventually(lambda: not gate.board.view(SECOND).called)
        staff.close()
        passenger.close()


def test_orders_and_what_staff_are_asked_to_do_stand_on_the_pages(
    browser: Any, gate: Runner, standing: Standing
) -> None:
    with serving(gate) as address:
        staff = Screen(browser, address, "zh", WIDE).goes("/?lang=zh")
        lane = Screen(browser, address, "zh", SMALL).goes(f"/lane/{SECOND}").signs("idle")
        refused = exit_with_a_card("refused", "ENTRY_TURNED_BACK")
        gate.board.decided(SECOND, refused)
        staff.says("劝返").looks()
        lane.signs("refused")
        assert "劝返" not in lane.page.inner_text("body")
        standing.leap(gate, REFUSED_S)
        for number, (kind, sign, words) in enumerate(
            [
                ("open_all", "open", "全部开放"),
                ("manual", "notice", "人工放行"),
                ("free_ride", "idle", "免费乘车"),
                ("normal", "idle", "请刷卡"),
            ],
            start=1,
        ):
            now_s = gate.now_s()
            given = Order(
                order_no=number, kind=kind, from_s=now_s, until_s=now_s + 600, ordered_by="C-1"
            )
            assert gate.ask(lambda site, one=given: site.orders.take([one], EIGHT, EIGHT)) is None
            lane.signs(sign).says(words).looks()
            fits(lane)
            shot(lane, f"order_{kind}")
            if kind != "normal":
                staff.says(words).looks()
        staff.close()
        lane.close()
