"""`tongxing hub purses`: what cards tell of and nobody was paid for, before anybody complains."""

from datetime import date
from pathlib import Path

import pytest
from hub_world import make_world
from test_cases_command import desk
from test_purses import CARD, signed

from tongxing.cli import run
from tongxing.kernel.clock import at
from tongxing.storage import Database

DAY = date(2026, 3, 18)
assert desk, "the fixture is that of the disputes' own test"


@pytest.mark.parametrize(
    ("language", "missing", "unpaid", "none"),
    [
        ("en", "no record has told of it", "seen and not paid: record p2.1", "has a gap"),
        ("zh", "没有任何记录报送过", "见过、未入账：记录 p2.1", "没有缺口"),
    ],
)
def test_what_is_missing_and_what_was_seen_are_told_apart(
    desk: tuple[list[str], Path],
    database: Database,
    capsys: pytest.CaptureFixture[str],
    language: str,
    missing: str,
    unpaid: str,
    none: str,
) -> None:
    at_home, _ = desk
    world = make_world(database)
    asked = [*at_home, "--lang", language, "hub", "purses"]
    assert run(asked) == 0
    assert none in capsys.readouterr().out
    late = at(DAY, 24 * 12)
    world.present([signed("p1", 40, 5_000)], at(DAY, 6))
    world.present([signed("p2", 43, 3_650)], late)
    assert run(asked) == 0
    told = capsys.readouterr().out
    assert CARD in told and "41–42" in told and missing in told and unpaid in told
