"""`hub held` and `hub decide` about what members agree on, and about two rows of one name."""

from datetime import date
from pathlib import Path

import pytest
from hub_world import make_world, ride
from msgspec.structs import replace
from test_cases_command import desk

from tongxing.cli import run
from tongxing.cli.hub import decide
from tongxing.kernel.clock import at
from tongxing.messages import content_of
from tongxing.storage import Database

DAY = date(2026, 3, 18)
assert desk, "the fixture is that of the disputes' own test"


def test_they_are_listed_and_ended(
    desk: tuple[list[str], Path],
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    at_home, _ = desk
    english = [*at_home, "--lang", "en"]
    world = make_world(database)
    second = replace(ride("n1"), charge_fen=405, delta_fen=405)
    name = f"n1.1~{content_of(second)[:12]}"
    world.present([ride("n1"), second, replace(ride("n2"), line="M7")], at(DAY, 18))
    world.hub.close()
    monkeypatch.setattr(decide, "moment", lambda *given: at(DAY, 20))
    assert run(["hub", "held", "--json", *at_home]) == 0
    assert f'"{name}"' in capsys.readouterr().out
    why = ["--by", "ann", "--why", "letter 1"]
    assert run(["hub", "decide", "n2.1", "adjust", *why, *english]) != 0
    assert "--amount goes with adjust" in capsys.readouterr().err
    assert run(["hub", "decide", "n2.1", "adjust", "--amount", "300", *why, *english]) == 0
    assert "with the 3.00 yuan agreed on" in capsys.readouterr().out
    assert run(["hub", "decide", name, "accept", *why, *english]) == 0
    assert f"{name} is the true one and has the name now" in capsys.readouterr().out
    assert run(["hub", "decide", name, "void", *why, *english]) != 0
    assert "RECORD_STATE" in capsys.readouterr().err
    assert run(["hub", "held", *english]) == 0
    assert "Nothing is on hold" in capsys.readouterr().out
