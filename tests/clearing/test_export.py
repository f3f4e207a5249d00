"""From a living hub to Parquet and back: what is exported clears to what the hub settled."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from clearing_world import run as clear_files
from export_world import (
    BEIJING,
    CHONGQING,
    VAULT,
    LiveHub,
    at_home,
    cheaper,
    day,
    live_hub,
    metro,
    random_rides,
    revised,
    signed,
    window,
)
from msgspec.structs import replace

from tongxing.clearing.exporting import compare
from tongxing.clearing.writing import write_results
from tongxing.cli import run
from tongxing.kernel.clock import at
from tongxing.storage import Database

Told = dict[str, object]


@pytest.fixture
def live(database: Database) -> Iterator[LiveHub]:
    found = live_hub(database)
    yield found
    found.hub.close()


def export(
    database: Database, folder: Path, capsys: pytest.CaptureFixture[str], *more: str
) -> Told:
    """What `hub export` tells of the folder that it wrote."""
    capsys.readouterr()
    assert run(["hub", "export", str(folder), "--dsn", database.dsn, "--json", *more]) == 0
    told: Told = json.loads(capsys.readouterr().out)
    return told


def cleared(folder: Path) -> Path:
    """The results of clearing an export, codes checked."""
    files = sorted((folder / "rows").iterdir())
    found = clear_files(files, folder / "rules", folder.with_name("cleared"), vault=VAULT)
    results = folder.with_name("results")
    results.mkdir()
    write_results(found.cleared, found.rules, results)
    return results


def apart(told: Told) -> Counter[tuple[str, str]]:
    """How many rows or records are apart, by window and why."""
    found = Counter[tuple[str, str]]()
    rows = told["apart"]
    assert isinstance(rows, list)
    for row in rows:
        found[row["window"], row["why"]] += row["rows"]
    return found


@pytest.mark.req("R-200")
@pytest.mark.parametrize("seed", [1, 2])
def test_random_days_clear_to_what_the_hub_settled(
    live: LiveHub,
    database: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    seed: int,
) -> None:
    said = Counter[str]()
    for number in (0, 1):
        rides = random_rides(seed * 10 + number, number, 250, 1 + 1_000 * number)
        said.update(live.present(rides, number).values())
        live.close(number)
    told = export(database, tmp_path / "export", capsys)
    results = cleared(tmp_path / "export")
    compared = compare(tmp_path / "export", results)
    assert compared.differences == ()
    assert compared.verdicts > 0.6 * sum(said.values())
    with duckdb.connect() as base:
        codes = base.execute(
            "SELECT DISTINCT code FROM read_parquet(?)", [str(results / "verdicts.parquet")]
        ).fetchall()
    assert len(codes) >= 12, codes
    reasons = {why for _, why in apart(told)}
    assert reasons <= {"otherwise", "stranger", "again", "case_chargeback", "frozen"}


def test_what_no_row_can_say_is_counted_and_makes_up_the_rest(
    live: LiveHub, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A day in order; a day with what happens; a day on which what waited is let in."""
    first = [cheaper(metro(n), 10 * n) for n in range(1, 6)]
    home = [at_home(metro(n, ("xiaoshizi", "linjiangmen"))) for n in range(6, 9)]
    assert set(live.present([*first, *home], 0).values()) == {"accepted 0000"}
    live.close(0)
    assert live.hub.suspend(f"ISS-{CHONGQING}", at(day(2), 1)) is None
    forked = cheaper(metro(20, on=1), 30)
    said = live.present(
        [
            revised(first[0], 300),
            revised(first[1], 0, fare_fen=0, how="void"),
            at_home(metro(10, ("xiaoshizi", "linjiangmen"), on=1)),
            replace(metro(11, on=1), taps=[replace(metro(11).taps[1], terminal_id="99")]),
            signed(forked, 5, 9_000),
            signed(metro(12, on=1), 3, 9_000, tac=bytes(4)),
            metro(13, on=1),
        ],
        1,
    )
    assert Counter(said.values()) == {
        "accepted 0000": 2, "accepted 0015": 2, "held 1019": 1, "held 1012": 1, "held 1001": 1,
    }  # fmt: skip
    other = replace(signed(cheaper(metro(21, on=1), 40), 5, 9_000), medium_no=forked.medium_no)
    again = signed(replace(other, proofs=[]), 5, 9_000)
    assert live.present([again], 1, 7) == {again.record_id: "held 1020"}
    live.say(f"ACQ-{BEIJING}", first[2].record_id, "credit_adjust", 100, 1)
    live.say(f"ISS-{BEIJING}", first[3].record_id, "charge_back", 100, 1)
    live.close(1)
    assert live.hub.reinstate(f"ISS-{CHONGQING}", at(day(3), 1)) is not None
    live.prove(f"{BEIJING}-11.1", 2)
    live.present([metro(30, on=2)], 2)
    live.close(2)

    told = export(database, tmp_path / "export", capsys)
    second, third = window(1), window(2)
    assert apart(told) == {
        (second, "revision"): 2, (second, "otherwise"): 3, (second, "frozen"): 1,
        (second, "case_adjustment"): 1, (second, "case_error_fee"): 1,
        (second, "case_chargeback"): 1, (third, "let_in"): 2,
    }  # fmt: skip
    compared = compare(tmp_path / "export", cleared(tmp_path / "export"))
    assert compared.differences == ()
    assert (compared.windows, compared.clean) == (3, 1)
