"""The screens over HTTP: who may see and send what, and what a board keeps to itself."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from fastapi.testclient import TestClient
from lane_site import picture, serving
from lane_world import (
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

from tongxing.gate.running import Board, Runner
from tongxing.kernel.reasons import Refusal
from tongxing.lane.app import PICTURE_BYTES_MAX, create_lane_app

CAMERA = '{ kind = "camera" }'
SECOND = LANE.replace("lane-1", "lane-2")
HERE = ("127.0.0.1", 50_000)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Runner]:
    other = validator('{ kind = "simulated", port = 0 }', name=SECOND, role="exit")
    with running(write_gate(tmp_path, validator(CAMERA), other), Clock()) as runner:
        yield runner


def client_of(runner: Runner, host: str = HERE[0]) -> TestClient:
    app = create_lane_app(runner)
    return TestClient(app, "http://127.0.0.1", client=(host, HERE[1]), follow_redirects=False)


def test_the_pages_keep_to_themselves_and_may_use_the_camera(gate: Runner) -> None:
    answer = client_of(gate).get(f"/lane/{LANE}?lang=zh")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'") and "'unsafe" not in policy
    assert "camera=(self)" in answer.headers["permissions-policy"]
    assert "microphone=()" in answer.headers["permissions-policy"]
    assert "请刷卡或扫码进站" in answer.text and "Hold card or code here to enter" in answer.text


def test_unknown_lanes_and_foreign_names_are_refused(gate: Runner) -> None:
    client = client_of(gate)
    for path in ("/lane/nobody", "/lane/nobody/events"):
        answer = client.get(path, headers={"accept": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (404, "LANE_UNKNOWN")
    assert client.get("/", headers={"host": "evil.example"}).status_code == 421
    foreign = {"sec-fetch-site": "cross-site"}
    assert client.post(f"/lane/{LANE}/call", headers=foreign).status_code == 403
    assert not gate.board.view(LANE).called


def test_a_picture_with_a_code_is_one_presentation(gate: Runner) -> None:
    client, path = client_of(gate), f"/lane/{LANE}/picture"
    seen = picture(phone().show(EIGHT))
    answers = [client.post(path, content=seen).json() for _ in range(3)]
    assert answers[0] == {"codes": 1, "presented": True}
    assert answers[1] == answers[2] == {"codes": 1, "presented": False}
    assert client.post(path, content=picture(None)).json() == {"codes": 0, "presented": False}
    eventually(lambda: [tap.reason for tap in taps_of(gate)] == ["OPEN"])


def test_a_forged_code_is_refused(gate: Runner) -> None:
    forged = bytearray(phone().show(EIGHT))
    forged[-1] ^= 1
    client_of(gate).post(f"/lane/{LANE}/picture", content=picture(bytes(forged)))
    eventually(lambda: [tap.reason for tap in taps_of(gate)] == ["QR_SIGNATURE"])
    assert gate.board.view(LANE).sign == "refused"


def test_two_codes_in_one_picture_are_nobodys(gate: Runner) -> None:
    both = picture(phone().show(EIGHT), phone(22).show(EIGHT))
    answer = client_of(gate).post(f"/lane/{LANE}/picture", content=both)
    assert answer.json() == {"codes": 2, "presented": False}
    assert gate.board.view(LANE).reason == "QR_SEVERAL"
    assert taps_of(gate) == []


def test_a_poster_behind_a_ride_code_is_not_looked_at(gate: Runner) -> None:
    seen = picture(phone().show(EIGHT), b"https://example.org/poster")
    answer = client_of(gate).post(f"/lane/{LANE}/picture", content=seen)
    assert answer.json() == {"codes": 1, "presented": True}


@pytest.mark.parametrize(
    "content", [b"no picture", b"\xff\xd8\xff" + bytes(500), picture(None)[:900]]
)
def test_what_is_no_picture_shows_no_code(gate: Runner, content: bytes) -> None:
    answer = client_of(gate).post(f"/lane/{LANE}/picture", content=content)
    assert answer.json() == {"codes": 0, "presented": False}


def test_pictures_come_from_this_machine_of_a_lane_with_a_camera(gate: Runner) -> None:
    headers = {"accept": "application/json"}
    seen = picture(phone().show(EIGHT))
    far = client_of(gate, "192.0.2.9").post(f"/lane/{LANE}/picture", content=seen, headers=headers)
    assert (far.status_code, far.json()["code"]) == (403, "LANE_CAMERA_ELSEWHERE")
    none = client_of(gate).post(f"/lane/{SECOND}/picture", content=seen, headers=headers)
    assert (none.status_code, none.json()["code"]) == (409, "LANE_NO_CAMERA")
    for content in (b"", bytes(PICTURE_BYTES_MAX + 1)):
        bad = client_of(gate).post(f"/lane/{LANE}/picture", content=content, headers=headers)
        assert (bad.status_code, bad.json()["code"]) == (422, "LANE_PICTURE")
    assert taps_of(gate) == []


def test_a_call_is_seen_by_whoever_looks_after_the_lanes(gate: Runner) -> None:
    client = client_of(gate)
    assert client.post(f"/lane/{LANE}/call").status_code == 204
    assert gate.board.view(LANE).called and not gate.board.view(SECOND).called
    overview = client.get("/?lang=en").text
    assert LANE in overview and SECOND in overview and overview.count(" hidden>Somebody") == 1
    assert client.post(f"/lane/{LANE}/helped").status_code == 204
    assert not gate.board.view(LANE).called


def test_what_is_shown_is_pushed_and_goes_by_itself(gate: Runner) -> None:
    with serving(gate) as address:
        shown: list[dict[str, object]] = []
        events = threading.Thread(target=lambda: listen(f"{address}/lane/{LANE}/events", shown))
        events.start()
        eventually(lambda: len(shown) == 1)
        assert shown[0]["sign"] == "idle" and shown[0]["offline"] is True
        gate.present(LANE, phone().show(EIGHT))
        eventually(lambda: len(shown) == 2)
        assert shown[1]["sign"] == "open" and shown[1]["medium"] == "•••• 0014"
        assert "Q5000" not in json.dumps(shown)
        gate.board.notice(LANE, Refusal("LANE_WAIT"))
        eventually(lambda: shown[-1]["reason"] == "LANE_WAIT")
        eventually(lambda: shown[-1]["sign"] == "idle")
        assert shown[-1]["medium"] == "" and shown[-1]["said"] == {}
    events.join(5)
    assert not events.is_alive()


def listen(address: str, shown: list[dict[str, object]]) -> None:
    with requests.get(address, stream=True, timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines(chunk_size=1):
            if line.startswith(b"data: {"):
                shown.append(json.loads(line[6:]))


def test_a_board_shows_the_newest_and_rests_on_what_is_wrong() -> None:
    now = [0.0]
    board = Board(["a"], lambda: now[0])
    changes: list[int] = []
    stop = board.listen(lambda: changes.append(1))
    board.notice("a", Refusal("LANE_WAIT"))
    board.notice("a", Refusal("LANE_FAULT"))
    assert board.view("a").reason == "LANE_FAULT"
    board.trouble("a", "door", Refusal("LANE_DOOR"))
    assert board.view("a").sign == "notice"
    now[0] += 60
    assert (board.view("a").sign, board.view("a").reason) == ("trouble", "LANE_DOOR")
    count = len(changes)
    board.trouble("a", "door", Refusal("LANE_DOOR"))
    assert len(changes) == count  # nothing new
    board.trouble("a", "door", None)
    assert board.view("a").sign == "idle"
    stop()
    board.call("a")
    assert len(changes) == count + 1
    now[0] += 3600
    assert not board.view("a").called
    with pytest.raises(KeyError):
        board.view("b")


def test_nothing_waits_for_a_page_that_hangs(gate: Runner) -> None:
    with serving(gate) as address:
        events = f"{address}/lane/{LANE}/events"
        stuck = [requests.get(events, stream=True, timeout=30) for _ in "abc"]
        for number in (14, 22, 30):
            decision = gate.present(LANE, phone(number).show(EIGHT))
            assert decision is not None and decision.opened
        for one in stuck:
            one.close()
