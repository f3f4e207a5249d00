"""Every table of docs/algorithms/pricing.md, recomputed."""

import re
from datetime import date
from pathlib import Path

import pytest
from fare_rides import Case, book_of, fen, run

from tongxing.fares import highest_fare, load_city_fares
from tongxing.kernel.clock import at

DOCUMENT = Path(__file__).parents[2] / "docs" / "algorithms" / "pricing.md"
KINDS = ("rides", "price list", "chains", "highest", "metered")
BLOCK = re.compile(r"((?:^<!-- .* -->\n)+)((?:^\|.*\|\n)+)", re.MULTILINE)


def blocks(kind: str) -> list[tuple[list[str], list[list[str]]]]:
    """The marked tables of one kind: their marks, and their rows of cells (heading first)."""
    found = []
    for marks, table in BLOCK.findall(DOCUMENT.read_text(encoding="utf-8")):
        notes = [note.strip() for note in re.findall(r"<!-- (.*?) -->", marks)]
        if notes[0].startswith(f"{kind}: "):
            rows = [[cell.strip() for cell in row[1:-1].split("|")] for row in table.splitlines()]
            found.append((notes, [rows[0], *rows[2:]]))
    return found


def ride_cases() -> list[Case]:
    cases = []
    for number, (notes, rows) in enumerate(blocks("rides"), start=1):
        city, *systems = notes[0].removeprefix("rides: ").split()
        case = Case(f"table {number}", "", city, dict(pair.split("=") for pair in systems))
        case.lines += [note for note in notes[1:] if note.startswith(("spent ", "pack "))]
        for ride, entered, left, fare, pays, because in rows[1:]:
            mode, *known = ride.split()
            times = f"{entered} > {left}" if left else entered
            words = " ".join([mode, times, *known, f"fare={fare}"])
            case.lines.append(f"{words} : {pays} relief={because}")
        cases.append(case)
    return cases


@pytest.mark.parametrize("case", ride_cases(), ids=lambda case: case.id)
def test_the_rides_of_the_document(case):
    assert run(case) == []


def test_the_price_lists_of_the_document():
    tables = blocks("price list")
    assert len(tables) == 2
    for notes, (heading, *rows) in tables:
        city, system, *days = notes[0].removeprefix("price list: ").split()
        for metres, *fares in rows:
            for name, day, fare in zip(heading[1:], days, fares, strict=True):
                tariff = book_of(city).at(at(date.fromisoformat(day)))
                assert tariff is not None
                rule = tariff.base(system)
                assert rule is not None
                assert (rule.id, rule.fare(int(metres))) == (name, fen(fare)), metres


def test_the_chains_of_the_document():
    ((notes, rows),) = blocks("chains")
    city, day = notes[0].removeprefix("chains: ").split()
    fares = load_city_fares(city)
    tariff = fares.tariff_at(at(date.fromisoformat(day), 9))
    for origin, destination, systems, fare in rows[1:]:
        chain = fares.chain(tariff, origin, destination)
        assert chain is not None
        named = " + ".join(
            f"{leg.system} {leg.fare_fen // 100}.{leg.fare_fen % 100:02d}" for leg in chain.legs
        )
        assert (named, chain.fare_fen) == (systems, fen(fare)), (origin, destination)


def test_the_highest_fares_of_the_document():
    ((notes, rows),) = blocks("highest")
    city, day = notes[0].removeprefix("highest: ").split()
    fares, time_s = load_city_fares(city), at(date.fromisoformat(day), 9)
    for line, station, fare in rows[1:]:
        assert highest_fare(fares, "rail", line, station, time_s) == fen(fare), station


def test_the_metered_fares_of_the_document():
    ((notes, rows),) = blocks("metered")
    city, day = notes[0].removeprefix("metered: ").split()
    case = Case("metered", "", city)
    case.lines = [
        f"taxi {day} {boarded} metres={metres} slow={slow} : {fare}"
        for boarded, metres, slow, fare in rows[1:]
    ]
    assert run(case) == []


def test_every_table_that_could_be_recomputed_is_marked():
    marked = sum(len(blocks(kind)) for kind in KINDS)
    tables = re.findall(r"^\|---", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert (marked, len(tables)) == (len(ride_cases()) + 5, len(ride_cases()) + 6)
    assert len(ride_cases()) >= 7


def test_a_wrong_table_would_be_found():
    case = ride_cases()[0]
    case.lines[-1] = case.lines[-1].replace(" : 3.50", " : 3.51")
    assert len(run(case)) == 1
