"""Journeys in Parquet to prices in Parquet: whole, in pieces, shuffled, and refused."""

import json
from pathlib import Path

import duckdb
import pytest
from drawn_journeys import cases
from hypothesis import given, settings
from test_rerating_cities import drawn

from tongxing.cli.app import run
from tongxing.fares import CityFares, load_book
from tongxing.fares.rerating import Journey, Priced, Rerater, in_order, journey_table, price_unit
from tongxing.fares.rerating.files import BadJourneys, rerate_file
from tongxing.fares.rules import PackRelief
from tongxing.network.transport import no_network

COLUMNS = (
    "journey BIGINT, account VARCHAR, medium VARCHAR, mode VARCHAR, line VARCHAR, vehicle VARCHAR, "
    "place VARCHAR, origin VARCHAR, destination VARCHAR, entered_s BIGINT, exited_s BIGINT, "
    "missing VARCHAR, medium_kind VARCHAR, product VARCHAR, scheme VARCHAR, "
    "issuer_is_local BOOLEAN, metres BIGINT, slow_metres BIGINT, system VARCHAR, fare_fen BIGINT, "
    "pack VARCHAR"
)


def write(path: Path, journeys: list[Journey]) -> None:
    """The journeys as a Parquet file, the last one first."""
    rows = [
        (
            number, one.unit, f"{one.unit}/{one.medium}", one.ride.mode, one.ride.line,
            one.ride.vehicle, one.ride.place, one.ride.origin, one.ride.destination,
            one.ride.entered_s, one.ride.exited_s, one.ride.missing or None,
            one.rider.medium_kind, one.rider.product, one.rider.scheme,
            one.rider.issuer_is_local, one.ride.metres, one.ride.slow_metres,
            one.given.system or None, one.given.fare_fen, one.pack,
        )
        for number, one in enumerate(journeys)
    ]  # fmt: skip
    with duckdb.connect() as base:
        base.execute(f"CREATE TABLE found ({COLUMNS})")
        if rows:
            marks = ", ".join("?" for _ in rows[0])
            base.executemany(f"INSERT INTO found VALUES ({marks})", rows)
        base.execute(f"COPY (SELECT * FROM found ORDER BY journey DESC) TO '{path}'")


def read(path: Path) -> list[Priced]:
    """The prices in a Parquet file, by journey."""
    with duckdb.connect() as base:
        rows = base.execute(
            "SELECT charge_fen, fare_fen, tariff, rule, counter, counter_fen, counter_rides, "
            f"refusal FROM read_parquet('{path}') ORDER BY journey"
        ).fetchall()
    return [Priced(*row) for row in rows]


def plainly(fares: CityFares, journeys: list[Journey]) -> list[Priced]:
    ordered = in_order(journeys)
    return [
        priced
        for unit in dict.fromkeys(one.unit for one in ordered)
        for priced in price_unit(fares, [one for one in ordered if one.unit == unit])
    ]


def fares_of(city: str) -> CityFares:
    return CityFares(no_network(city), load_book(city))


@pytest.mark.parametrize("piece_rows", [1_000_000, 100])
def test_a_shuffled_file_is_priced_whole_or_in_pieces(tmp_path: Path, piece_rows: int) -> None:
    fares, journeys = fares_of("440300"), in_order(drawn("440300", 3))
    write(tmp_path / "in.parquet", journeys)
    heard: list[tuple[int, int]] = []
    figures = rerate_file(
        fares,
        tmp_path / "in.parquet",
        tmp_path / "out.parquet",
        threads=2,
        tell=lambda done, rows: heard.append((done, rows)),
        piece_rows=piece_rows,
    )
    plain = plainly(fares, journeys)
    assert read(tmp_path / "out.parquet") == plain
    assert figures.journeys == len(journeys) == heard[-1][0] == heard[-1][1]
    assert figures.charge_fen == sum(one.charge_fen for one in plain)
    assert figures.refused == sum(one.refusal != "" for one in plain)
    assert (len(heard) > 5) == (piece_rows == 100)
    assert [item.name for item in tmp_path.iterdir() if item.is_dir()] == []


@settings(max_examples=8, deadline=None)
@given(cases())
def test_accounts_packs_and_visitors_survive_the_file(tmp_path_factory, case) -> None:
    fares, found = case
    folder, journeys = tmp_path_factory.mktemp("rerate"), in_order(found)
    write(folder / "in.parquet", journeys)
    rerate_file(
        fares, folder / "in.parquet", folder / "out.parquet", threads=1, piece_rows=9,
        tell=lambda done, rows: None,
    )  # fmt: skip
    assert read(folder / "out.parquet") == plainly(fares, journeys)


def test_without_numba_every_journey_takes_the_exact_way() -> None:
    fares, journeys = fares_of("330200"), in_order(drawn("330200", 5))
    packs = [rule.id for rule in fares.book.rules.values() if isinstance(rule, PackRelief)]
    table = journey_table(journeys, packs)
    rerater = Rerater(fares, table.codes, compiled=False)
    rated = rerater.rate(table)
    assert rated.exact_rows == table.rows
    found = [rerater.priced(table, rated.outcomes, row) for row in range(table.rows)]
    assert found == plainly(fares, journeys)


def rerate(*arguments: str | Path) -> int:
    return run(["fares", "rerate", *(str(one) for one in arguments)])


def test_the_command_says_what_it_did(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "in.parquet", in_order(drawn("310000", 3)))
    out = tmp_path / "out.parquet"
    assert rerate(tmp_path / "in.parquet", "--city", "上海", "--out", out, "--json") == 0
    told = json.loads(capfd.readouterr().out)
    assert told["journeys"] == 1_500
    assert told["charge_fen"] == sum(one.charge_fen for one in read(out))
    assert rerate(tmp_path / "in.parquet", "--city", "上海", "--out", out, "--lang", "zh") == 0
    assert "1,500 次行程" in capfd.readouterr().out


@pytest.mark.parametrize("whole", [False, True], ids=["a file", "its folder"])
def test_a_name_with_brackets_is_a_name_and_no_pattern(tmp_path: Path, whole: bool) -> None:
    journeys = in_order(drawn("310000", 3))[:3]
    given = tmp_path / "in[1]" / "day[1].parquet"
    given.parent.mkdir()
    write(given, journeys)
    out = tmp_path / "out[1].parquet"
    assert rerate(given.parent if whole else given, "--city", "310000", "--out", out) == 0
    out = out.rename(tmp_path / "out.parquet")
    assert read(out) == plainly(fares_of("310000"), journeys)


def test_an_empty_file_gives_an_empty_file(tmp_path: Path) -> None:
    write(tmp_path / "in.parquet", [])
    out = tmp_path / "out.parquet"
    assert rerate(tmp_path / "in.parquet", "--city", "310000", "--out", out) == 0
    assert read(out) == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT 1 AS medium, 'rail' AS mode", "entered_s"),
        ("SELECT 1 AS medium, 'rail' AS mode, 1 AS entered_s, 'NO-SUCH' AS pack", "NO-SUCH"),
        ("SELECT 1 AS medium, 'rail' AS mode, 'soon' AS entered_s", "soon"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], query: str, said: str
) -> None:
    with duckdb.connect() as base:
        base.execute(f"COPY ({query}) TO '{tmp_path / 'in.parquet'}'")
    out = tmp_path / "out.parquet"
    assert rerate(tmp_path / "in.parquet", "--city", "310000", "--out", out, "--json") != 0
    told = capfd.readouterr()
    assert "FARES_JOURNEYS_FILE" in told.out + told.err and said in told.out + told.err
    assert not out.exists()


def test_a_text_file_is_no_parquet(tmp_path: Path) -> None:
    (tmp_path / "in.parquet").write_text("medium,mode\n")
    with pytest.raises(BadJourneys):
        rerate_file(
            fares_of("310000"), tmp_path / "in.parquet", tmp_path / "out.parquet", threads=1,
            tell=lambda done, rows: None,
        )  # fmt: skip
