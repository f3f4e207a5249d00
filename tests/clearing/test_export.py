"""From a living hub to Parquet and back: what is exported clears to what the hub settled."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace as with_fields
from pathlib import Path

import duckdb
import pytest
from clearing_world import run as clear_files
from export_world import (
    BEIJING,
    CHONGQING,
    LOST,
    STOPS,
    VAULT,
    LiveHub,
    at_home,
    cheaper,
    day,
    live_hub,
    made,
    metro,
    random_rides,
    revised,
    signed,
    window,
)
from msgspec.structs import replace
from psycopg.errors import RaiseException

import tongxing.clearing.exporting.desk
import tongxing.clearing.exporting.moment
from tongxing.clearing.exporting import compare
from tongxing.clearing.exporting.comparing import OtherRows
from tongxing.clearing.writing import write_results
from tongxing.cli import run
from tongxing.fares import CityFares, load_city_fares
from tongxing.kernel.clock import at
from tongxing.messages import TapRef
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
        rides = random_rides(seed * 10 + number, number, 150, 1 + 1_000 * number)
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
        (second, "revision"): 2, (second, "otherwise"): 2, (second, "carried"): 1,
        (second, "frozen"): 1, (second, "case_adjustment"): 1, (second, "case_error_fee"): 1,
        (second, "case_chargeback"): 1, (third, "let_in"): 2,
    }  # fmt: skip
    compared = compare(tmp_path / "export", cleared(tmp_path / "export"))
    assert compared.differences == ()
    assert (compared.windows, compared.clean) == (3, 1)
    live.present([metro(31, on=2)], 3)
    export(database, tmp_path / "later", capsys)
    with pytest.raises(OtherRows, match=window(3)):
        compare(tmp_path / "later", tmp_path / "results")


@pytest.fixture
def quiet(live: LiveHub) -> LiveHub:
    """A hub with one closed window: rides in order, one of them signed, one twice, one not."""
    rides = [cheaper(metro(n), n) for n in range(1, 5)]
    rides += [signed(metro(5), 3, 9_000), rides[0], replace(metro(6), fare_fen=150)]
    rides.append(at_home(metro(7, ("xiaoshizi", "linjiangmen"))))
    live.present(rides, 0)
    live.close(0)
    return live


def tables_of(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in sorted((folder / "rules").glob("*.csv"))}


def test_a_number_is_given_once_and_kept(
    quiet: LiveHub, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same window again gives the same bytes, also after names came that sort before its own;
    the books themselves refuse to change a number."""
    export(database, tmp_path / "one", capsys)
    early = replace(metro(40, ("dongdan", "sanyuanqiao"), on=1), medium_no="Q1", funding="account")
    taps = [TapRef("0-first", 9, 1)]
    quiet.present([replace(early, taps=taps, medium_kind="code")], 1)
    export(database, tmp_path / "all", capsys)
    export(database, tmp_path / "two", capsys, "--last", window(0))
    manifests = [(tmp_path / name / "manifest.json").read_bytes() for name in ("one", "two")]
    assert manifests[0] == manifests[1]
    numbers = []
    with duckdb.connect() as base:
        for name in ("one", "all"):
            sheet = str(tmp_path / name / "numbers.parquet")
            found = base.execute("SELECT kind, name, number FROM read_parquet(?)", [sheet])
            numbers.append({row[:2]: row[2] for row in found.fetchall()})
    assert set(numbers[0].items()) < set(numbers[1].items())
    assert len({(kind, number) for (kind, _), number in numbers[1].items()}) == len(numbers[1])
    with quiet.store.changing() as cursor, pytest.raises(RaiseException, match="stays"):
        cursor.execute("UPDATE clearing_number SET number = number + 1")


def test_what_the_rules_say_is_what_the_books_say(
    quiet: LiveHub, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beijing's split table with its periods, registers and lists, under one numbering."""
    export(database, tmp_path / "export", capsys)
    tables = tables_of(tmp_path / "export")
    assert sorted(tables) == [
        f"{name}.csv" for name in ("bins", "cities", "deny", "fares", "lines", "members")
    ] + ["periods.csv", "splits.csv", "terminals.csv"]
    assert tables["periods.csv"].splitlines()[1:4] == [
        "offpeak,workday,03:00,07:00", "peak,workday,07:00,09:00", "offpeak,workday,09:00,17:00",
    ]  # fmt: skip
    assert f",{made().header.version},2026-03-17,,peak," in tables["splits.csv"]
    number = dict(line.split(",")[1::-1] for line in tables["members.csv"].splitlines())
    assert f"31050000,{number[f'ISS-{BEIJING}']},2026-01-01,\n" in tables["bins.csv"]
    lost, hidden = tables["deny.csv"].splitlines()[1:]
    assert lost.startswith(f"{LOST},") and lost.endswith(",4,4,false")
    assert hidden.endswith(f",4,{(1 << 31) - 1},false"), "due by list 4, which never named it"
    assert f"\n7,{number[f'ACQ-{BEIJING}']},,0,2026-01-01,\n" in tables["terminals.csv"]


def test_the_whole_of_a_network_can_be_written(
    quiet: LiveHub,
    database: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a Beijing of five stations every pair, ridden or not, by day and period."""

    def five(city: str) -> CityFares:
        fares, kept = load_city_fares(city), STOPS[city]
        stations = {name: fares.network.stations[name] for name in kept}
        return with_fields(fares, network=with_fields(fares.network, stations=stations))

    monkeypatch.setattr(tongxing.clearing.exporting.moment, "load_city_fares", five)
    export(database, tmp_path / "export", capsys, "--whole")
    tables = tables_of(tmp_path / "export")
    fares = [line.split(",") for line in tables["fares.csv"].splitlines()]
    assert sum(row[:1] == [BEIJING] for row in fares) == 5 * 5
    rows = [line.split(",") for line in tables["splits.csv"].splitlines()]
    periods = Counter(row[4] for row in rows if row[1] == made().header.version)
    assert periods["peak"] == periods["offpeak"] > 12
    assert compare(tmp_path / "export", cleared(tmp_path / "export")).differences == ()


def test_a_difference_is_told_and_fails(
    quiet: LiveHub, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "export"
    export(database, folder, capsys)
    files = [str(path) for path in sorted((folder / "rows").iterdir())]
    line = ["--rules", str(folder / "rules"), "--out", str(tmp_path / "results"), "--threads", "1"]
    assert run(["hub", "clear", *files, *line]) == 0
    asked = ["hub", "export", str(folder), "--compare", str(tmp_path / "results")]
    assert run(asked) == 0
    settled = folder / "settled" / window(0) / "positions.csv"
    settled.write_text(settled.read_text("utf-8").replace("ISS-110000,", "ISS-110000,1"))
    capsys.readouterr()
    assert run([*asked, "--json"]) == 1
    (one, other) = json.loads(capsys.readouterr().out)["differences"]
    assert (one["what"], one["where"]) == ("positions.csv", window(0))
    assert one["settled"] != other["cleared"]
    for language in ("zh", "en"):
        assert run([*asked, "--lang", language]) == 1
        assert window(0) in capsys.readouterr().out


REFUSED = [
    ("taken", [], "EXPORT_OUT", 5),
    ("new", ["--first", "W20300101"], "EXPORT_NOTHING", 3),
    ("new", ["--first", "yesterday"], "WINDOW_ID", 2),
]


@pytest.mark.parametrize(("name", "more", "code", "ending"), REFUSED)
def test_what_cannot_be_exported_leaves_nothing_behind(
    live: LiveHub,
    database: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    more: list[str],
    code: str,
    ending: int,
) -> None:
    (tmp_path / "taken").mkdir()
    line = ["hub", "export", str(tmp_path / name), "--dsn", database.dsn, "--json", *more]
    assert run(line) == ending
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["code"] == code
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_full_disk_leaves_nothing_behind(
    quiet: LiveHub,
    database: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(_path: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tongxing.clearing.exporting.desk, "write_whole", full)
    assert run(["hub", "export", str(tmp_path / "export"), "--dsn", database.dsn, "--json"]) != 0
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["code"] == "DISK_FULL"
    assert list(tmp_path.iterdir()) == []
