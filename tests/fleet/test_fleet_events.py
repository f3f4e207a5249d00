"""What devices tell of themselves beside their taps, and what the city keeps of it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fleet_world import CITY, Device, Faulty, Town, code_of, must
from msgspec.structs import replace

from tongxing.cli.app import run
from tongxing.gate.link import Answer, Link
from tongxing.gate.reporting import heartbeat_of
from tongxing.kernel.reasons import Refusal
from tongxing.messages import seal
from tongxing.messages.fleet import EVENTS_TOLD_MAX, DeviceEvent, OrderDone

Make = Callable[..., Device]
MODE = {"before": "STATION", "after": "VALIDATOR", "because": "STATION"}


def test_an_event_reaches_the_city_with_the_next_heartbeat(town: Town, device: Make) -> None:
    gate = device()
    gate.site.events.add([("replay_mode", gate.clock.now_s, MODE)])
    gate.step()
    assert gate.site.events.waiting() == []
    [found] = town.desk.events()
    assert (found.device, found.kind, found.values) == ("XSZ.1", "replay_mode", MODE)
    assert (found.at_s, found.heard_s) == (gate.clock.now_s, town.clock.now_s)
    assert town.desk.events("XSZ.1") == [found] and town.desk.events("XSZ.2") == []


class Deaf(Faulty):
    """A line on which the answer to the first heartbeat is lost."""

    def post(self, path: str, message: bytes) -> Answer:
        self.sent.append((path, message))
        answer = self.link.post(path, message)
        return Answer(refusal=Refusal("UPLINK_AWAY")) if len(self.sent) == 1 else answer


def test_an_event_whose_answer_was_lost_is_told_again_and_kept_once(
    town: Town, device: Make
) -> None:
    gate = device(line=Deaf(town.address))
    gate.site.events.add([("replay_mode", gate.clock.now_s, MODE)])
    gate.step()
    assert len(gate.site.events.waiting()) == 1 and len(town.desk.events()) == 1
    gate.later(300)
    assert gate.site.events.waiting() == [] and len(town.desk.events()) == 1


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            {"events": [DeviceEvent(number, 1, "x", {}) for number in range(EVENTS_TOLD_MAX + 1)]},
            "HEARTBEAT_FORM",
        ),
        ({"events": [DeviceEvent(1, 1, "x", {"long": "y" * 2_000})]}, "HEARTBEAT_FORM"),
        ({"events": [DeviceEvent(2**63, 1, "x", {})]}, "HEARTBEAT_FORM"),
        ({"events": [DeviceEvent(1, -1, "x", {})]}, "HEARTBEAT_FORM"),
        ({"events": [DeviceEvent(1, 1, "\0", {})]}, "MESSAGE_BODY"),
        ({"done": [OrderDone(2**63, 1, "taken")]}, "HEARTBEAT_FORM"),
        ({"done": [OrderDone(1, 2**63, "taken")]}, "HEARTBEAT_FORM"),
        ({"waiting_taps": -1}, "HEARTBEAT_FORM"),
        ({"free_bytes": -1}, "HEARTBEAT_FORM"),
        ({"last_order": 2**63}, "HEARTBEAT_FORM"),
        ({"lists": {"deny": 2**63}}, "HEARTBEAT_FORM"),
        ({"published": {"deny": -1}}, "HEARTBEAT_FORM"),
    ],
    ids=str,
)
def test_what_no_book_can_hold_is_refused(
    town: Town, device: Make, said: dict[str, Any], why: str
) -> None:
    gate = device()
    told = must(
        heartbeat_of(
            gate.site, number=town.clock.now_s, now_s=town.clock.now_s, software="", offset_s=None
        )
    )
    message = seal(replace(told, **said), gate.identity.key)
    answer = Link(town.address).post("/v1/heartbeat", message)
    assert code_of(answer.refusal) == why
    assert town.desk.events() == []


def test_the_command_lists_them_in_words(
    town: Town, device: Make, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONGXING_LANG", "en")
    command = ["fleet", "events", "--city", CITY, "--dsn", town.database.dsn]
    assert run(command) == 0
    assert "No device has told" in capsys.readouterr().out
    gate = device()
    gate.site.events.add(
        [
            ("replay_mode", gate.clock.now_s, MODE),
            ("new_epoch", gate.clock.now_s, {"epoch": "a1"}),
            ("kept_time_ahead", gate.clock.now_s, {"seconds": "28800"}),
            ("caught_fire", gate.clock.now_s, {"where": "roof"}),
        ]
    )
    gate.step()
    assert run(command) == 0
    shown = capsys.readouterr().out
    assert "checked by VALIDATOR" in shown and "a1: ?" in shown
    assert "28800 s ahead" in shown
    assert "caught_fire where=roof" in shown, "a kind of another vendor"
    assert run([*command, "--json"]) == 0
    assert [one["kind"] for one in json.loads(capsys.readouterr().out)][::-1] == [
        "replay_mode",
        "new_epoch",
        "kept_time_ahead",
        "caught_fire",
    ]
