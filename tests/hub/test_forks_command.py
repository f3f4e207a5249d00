"""`tongxing hub decide` about a ride that was netted before its purse forked."""

from datetime import date
from pathlib import Path

import pytest
from hub_world import make_world
from test_cases_command import desk
from test_purses import signed

from tongxing.cli import run
from tongxing.cli.hub import decide
from tongxing.hub import WindowClosing
from tongxing.kernel.clock import at
from tongxing.storage import Database

DAY = date(2026, 3, 18)
assert desk, "the fixture is that of the disputes' own test"


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("accept", "what lies in escrow goes to its acquirer"),
        ("void", "what lies in escrow goes to its issuer"),
    ],
)
def test_escrow_is_decided_where_held_records_are(
    desk: tuple[list[str], Path],
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    verdict: str,
    words: str,
) -> None:
    at_home, _ = desk
    english = [*at_home, "--lang", "en"]
    world = make_world(database)
    world.present([signed("f1", 40, 5_000)], at(DAY, 18))
    assert isinstance(world.hub.close_window("W20260319", at(DAY, 40)), WindowClosing)
    world.present([signed("f2", 40, 5_000, serial=9)], at(DAY, 42))
    world.hub.close()
    monkeypatch.setattr(decide, "moment", lambda *given: at(DAY, 50))
    assert run(["hub", "cases", "list", *english]) == 0
    assert "the purse forked, in escrow until somebody decides" in capsys.readouterr().out
    now = ["--now", "2026-03-20T12:00"]
    assert run(["hub", "cases", "show", "C20260320-0001", *now, *english]) == 0
    shown = capsys.readouterr().out
    assert "counter 40 stands twice: f2.1" in shown and "nobody proved the purchase" in shown
    why = ["--by", "ann", "--why", "the chip was read"]
    assert run(["hub", "decide", "f1.1", verdict, *why, *english]) == 0
    assert words in capsys.readouterr().out
    assert run(["hub", "cases", "show", "C20260320-0001", *english]) == 0
    assert "decided which purchase is right" in capsys.readouterr().out
    assert run(["hub", "decide", "f1.1", verdict, *why, *english]) != 0
    assert "RECORD_STATE" in capsys.readouterr().err
