"""What happened to a gate, kept until its city has heard it."""

from pathlib import Path

import pytest
from gate_world import open_journal

from tongxing.gate.events import EVENTS_KEPT_MAX, EventLog
from tongxing.gate.journal import Journal
from tongxing.kernel.reasons import Refusal
from tongxing.messages.fleet import EVENTS_TOLD_MAX, DeviceEvent

MODE = {"before": "STATION", "after": "VALIDATOR", "because": "STATION"}


def log_of(journal: Journal) -> EventLog:
    log = EventLog.open(journal)
    assert isinstance(log, EventLog), log
    return log


def test_events_outlive_a_restart_until_they_are_told(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    log = log_of(journal)
    assert log.add([("replay_mode", 1_000, MODE), ("replay_mode", 1_000, MODE)]) is None
    log = log_of(journal)
    assert log.waiting() == [
        DeviceEvent(1_000, 1_000, "replay_mode", MODE),
        DeviceEvent(1_001, 1_000, "replay_mode", MODE),
    ]
    assert log.told(log.waiting()[:1]) is None
    assert [one.number for one in log_of(journal).waiting()] == [1_001]
    log.add([("replay_mode", 10, MODE)])
    assert [one.number for one in log.waiting()] == [1_001, 1_002], "a clock that went back"


def test_of_a_gate_cut_off_for_long_the_oldest_go_first(tmp_path: Path) -> None:
    log = log_of(open_journal(tmp_path))
    log.add([("passed_twice", at_s, {}) for at_s in range(1, EVENTS_KEPT_MAX + 11)])
    first = log.waiting()
    assert len(first) == EVENTS_TOLD_MAX and first[0].number == 11
    log.told(first)
    assert log.waiting()[0].number == 11 + EVENTS_TOLD_MAX


def test_an_epoch_is_noted_once(tmp_path: Path) -> None:
    journal = open_journal(tmp_path, epoch=0xA1)
    log = log_of(journal)
    for _ in range(2):
        assert log.note_epoch(5_000) is None
        assert log.epoch == (0xA1, "created")
    journal.begin_epoch(0xA2, "clock_set_back")
    log.note_epoch(5_001)
    told = [(one.kind, one.values["epoch"], one.values["cause"]) for one in log.waiting()]
    assert told == [("new_epoch", "a1", "created"), ("new_epoch", "a2", "clock_set_back")]
    assert log_of(journal).epoch == (0xA2, "clock_set_back")


def test_what_the_journal_refuses_is_noted_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_journal(tmp_path)
    log = log_of(journal)
    refusal = Refusal("JOURNAL_FULL")
    monkeypatch.setattr(journal, "keep", lambda *_: refusal)
    assert log.add([("replay_mode", 1, MODE)]) == refusal
    assert log.note_epoch(1) == refusal
    assert log.waiting() == [] and log.epoch == (0, "")
    monkeypatch.undo()
    assert log.note_epoch(1) is None
    assert len(log.waiting()) == 1
