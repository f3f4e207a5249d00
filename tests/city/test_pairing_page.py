"""Every table of docs/algorithms/pairing.md is true: it is read here and run."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from half_trip_world import (
    DAY_S,
    code_of,
    done,
    later,
    money,
    proofs_hold,
    the_half,
    trips,
    waiting,
)

from street import CARD, CHONGQING, CODE, DAY, PURSE, Taps, moment, open_city, send
from tongxing.city import City, Corrected, Correction
from tongxing.city.grid import staff_grid
from tongxing.city.half_trips import HALF_HOWS
from tongxing.city.terms import NAMES, half_trip_terms
from tongxing.city.usual import usual_kind
from tongxing.fares import load_city_fares
from tongxing.kernel.clock import business_date, business_day_end, stamp
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Tap
from tongxing.storage import Database

PAGE = (Path(__file__).resolve().parents[2] / "docs/algorithms/pairing.md").read_text("utf-8")
Row = dict[str, str]


def tables() -> list[list[Row]]:
    """The tables of the page, each as its rows by column."""
    found: list[list[Row]] = []
    names: list[str] = []
    for line in PAGE.splitlines():
        if not line.startswith("|"):
            names = []
        elif not names:
            names = _cells(line)
            found.append([])
        elif not set(line) <= set("|- "):
            found[-1].append(dict(zip(names, _cells(line), strict=True)))
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]


def table(*columns: str) -> list[Row]:
    """The only table with these columns."""
    [found] = tables_of(*columns)
    return found


def tables_of(*columns: str) -> list[list[Row]]:
    return [rows for rows in tables() if tuple(rows[0]) == columns]


def station(name: str) -> str:
    return load_city_fares(CHONGQING).network.find_stations(name)[0].id


def test_the_numbers_are_the_data() -> None:
    terms = half_trip_terms(CHONGQING).at(moment("08:00"))
    shown = {row["number"]: int(row["value"]) for row in table("number", "value", "what it is")}
    assert shown == {name: getattr(terms, name) for name in NAMES}
    assert half_trip_terms("110000").at(moment("08:00")).speed_kmh_max == 140
    assert "(Beijing: 140)" in PAGE
    assert f"within {terms.travel_s_max // 60} minutes" in PAGE
    assert f"more than {terms.reopen_days} days late" in PAGE


def test_the_grid_is_the_data() -> None:
    shown = [
        tuple(row.values()) for row in table("rider", "entry", "when", "code", "price", "reason")
    ]
    assert shown == [
        (cell.area, cell.entry, cell.age, cell.code, cell.price, cell.reason)
        for cell in staff_grid().values()
    ]


@pytest.mark.req("R-011")
@pytest.mark.parametrize("row", table("taps", "trips", "waits"))
def test_a_day_of_taps_becomes_the_trips_told(database: Database, row: Row) -> None:
    city, tap = open_city(database), Taps()
    send(city, *(_tap(tap, words) for words in row["taps"].split(", ")), at="24:00")
    day = DAY if "02:00" not in row["taps"] else DAY - timedelta(days=1)
    for closed in sorted({day, DAY}):
        city.close_day(closed, business_day_end(closed))
    found = [f"{how} {yuan(charge_fen)}" for how, _, _, _, charge_fen in trips(database)]
    halves = [f"{missing} {yuan(held_fen)}" for _, missing, _, held_fen in waiting(database)]
    assert ", ".join(found) == row["trips"].replace("–", "")
    assert ", ".join(halves) == row["waits"].replace("–", "")
    proofs_hold(database)


def _tap(tap: Taps, words: str) -> Tap:
    """A tap as the page writes it: whose, which way, where, when, and what a gate took."""
    medium, way, *rest = words.split()
    number = {"c": CARD, "q": CODE, "p": PURSE}[medium]
    if way == "bus":
        return tap(rest[0], number, "ride", "", mode="bus", line="bus-401")
    taken = int(rest[2].replace(".", "")) if len(rest) > 2 else None
    where, at = station(rest[0]), moment(rest[1])
    return tap(at, number, "entry" if way == "in" else "exit", where, taken=taken)


def test_every_way_a_half_trip_is_called_is_told() -> None:
    called = {
        name
        for row in table("what ends it", "how the trip is called", "what it costs")
        for name in row["how the trip is called"].split(", ")
    }
    assert called == HALF_HOWS | {"both_taps", "paired_by_account"}


@pytest.mark.parametrize("row", table("rank", "habit", "median of others", "the trip is"))
def test_the_clock_decides_as_told(row: Row) -> None:
    terms = half_trip_terms(CHONGQING).at(moment("08:00"))
    habit = "" if row["habit"] == "–" else station(row["habit"])
    median = row["median of others"]
    median_fen = None if median == "–" else int(median.replace(".", ""))
    assert usual_kind(int(row["rank"]), habit, median_fen, terms) == row["the trip is"]


@pytest.mark.parametrize("row", table("next tap", "stated", "at", "answer"))
def test_what_is_believed_is_as_told(database: Database, row: Row) -> None:
    city, tap = open_city(database), Taps()
    send(city, tap("08:00", CARD, "entry", "chaotianmen"))
    if row["next tap"] != "–":
        where, at = row["next tap"].split()
        send(city, tap(at, CARD, "entry", station(where)))
    else:  # without a next tap only the end of the day lets it wait
        send(city, tap("19:00", CARD, "entry", "chaotianmen"))
    at_s = None if row["at"] == "–" else moment(row["at"])
    found = city.declare("r1", the_half(database), row["stated"], at_s, moment("20:00"))
    if row["answer"].isupper():
        assert code_of(found) == row["answer"]
    else:
        assert stamp(done(found).time_s)[11:] == row["answer"]


@pytest.mark.req("R-010", "R-011", "R-012", "R-403")
@pytest.mark.parametrize("number", [0, 1])
def test_the_examples_happen_as_told(database: Database, number: int) -> None:
    examples = tables_of("when", "what comes", "booked", "balance moves", "held")
    assert len(examples) == 2
    city, tap, before_fen = open_city(database), Taps(), money(database)[0]
    half = ""
    for row in examples[number]:
        half = _happen(city, database, tap, row, half)
        balance_fen, held_fen = money(database)
        booked = [f"{how} {yuan(charge_fen)}" for how, _, _, _, charge_fen in trips(database)]
        assert " ".join(booked) == row["booked"].replace("–", ""), row
        assert _signed(balance_fen - before_fen) == row["balance moves"], row
        assert (yuan(held_fen) if held_fen else "–") == row["held"], row
        before_fen = balance_fen


def _happen(city: City, database: Database, tap: Taps, row: Row, half: str) -> str:
    """Do what a row of an example says; the id of the half trip that waits, once there is one."""
    matched = re.fullmatch(r"day (\d+) (\d\d:\d\d)", row["when"])
    assert matched, row
    now_s = later(int(matched[1]), matched[2])
    what, *words = row["what comes"].split()
    found: object = None
    if what == "tap":
        way, where, at = words
        made = tap(at, CARD, "entry" if way == "in" else "exit", station(where))
        send(city, made, at=now_s)
    elif what == "close":
        assert city.close_day(business_date(now_s - DAY_S), now_s) == 1
        half = the_half(database)
    elif what == "states":
        found = city.declare("r1", half, words[0], None, now_s)
    elif what == "decide":
        assert (city.resolve_due(now_s - 1), city.resolve_due(now_s)) == (0, 1)
    else:
        here = station(words[0])
        asked = Correction("r2", "s7", CARD, "outside", here, stated=here, half_trip=half)
        found = city.correct(asked, now_s)
        assert isinstance(found, Corrected), found
    assert not isinstance(found, Refusal)
    return half


def _signed(fen: int) -> str:
    if fen == 0:
        return "–"
    return ("+" if fen > 0 else "−") + yuan(abs(fen))


def test_no_table_is_left_out() -> None:
    told_in_words = {("the tap is", "while a trip is open", "otherwise"),
                     ("booked", "now", "what happens")}  # fmt: skip
    run = {
        ("taps", "trips", "waits"),
        ("number", "value", "what it is"),
        ("rider", "entry", "when", "code", "price", "reason"),
        ("what ends it", "how the trip is called", "what it costs"),
        ("rank", "habit", "median of others", "the trip is"),
        ("next tap", "stated", "at", "answer"),
        ("when", "what comes", "booked", "balance moves", "held"),
    }
    assert {tuple(rows[0]) for rows in tables()} == run | told_in_words
