"""The benchmark of the passenger's pages runs as it is told to, and tells one line."""

import json
from datetime import date

import pytest

from tongxing.cli import run
from tongxing.kernel.clock import at
from tongxing.simulation.crowd.riding import work_days
from tongxing.storage import Database

SMALL = (
    "--accounts", "4", "--months", "1", "--rate", "8", "--seconds", "2", "--warm", "2",
    "--workers", "1", "--taps", "2",
)  # fmt: skip


def test_the_command_tells_figure_reference_and_ratio(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["bench", "rider", *SMALL, "--dsn", database.dsn]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["bench"], told["unit"], told["errors"]) == ("rider", "ms/request", 0)
    assert set(told["kinds"]) == {"balance", "trips", "nonce", "authorise"}
    assert all(kind["requests"] == 4 for kind in told["kinds"].values())
    assert told["echo"]["requests"] == 16
    assert told["figure"] == max(kind["p99_ms"] for kind in told["kinds"].values())
    assert told["figure"] == told["kinds"][told["slowest"]]["p99_ms"]
    assert told["ratio"] == pytest.approx(told["figure"] / told["reference"], rel=0.01)
    for kind in (told["echo"], *told["kinds"].values()):
        assert 0 < kind["p50_ms"] <= kind["p99_ms"]
        assert 0 < kind["client_p50_ms"] <= kind["client_p99_ms"]
    assert told["taps_s"] > 0


def test_work_days_are_the_weekdays_of_whole_months_up_to_yesterday() -> None:
    days = work_days(at(date(2026, 3, 20), 8), 2)
    assert (days[0], days[-1]) == (date(2026, 2, 2), date(2026, 3, 19))
    assert len(days) == 20 + 14
