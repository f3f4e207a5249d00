"""docs/networks.md: the example is a city that reads, and every key and column is told."""

import csv
import re
from dataclasses import MISSING, fields
from io import StringIO
from pathlib import Path

import pytest

from tongxing.network import transport
from tongxing.network.transport import Line, Operator, Source, load_network

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/networks.md").read_text(encoding="utf-8")
(HEAD,) = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
STATIONS, TRACK = re.findall(r"^```csv\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
WORKED_OUT = {"stations", "metres", "loop", "distances"}
"""What a line has that stands in track.csv."""


def rows(marker: str) -> list[list[str]]:
    """The rows of the table behind a marker, without its heading."""
    lines = TEXT.partition(f"<!-- {marker} -->\n")[2].partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.fixture
def cities(tmp_path, monkeypatch):
    """A folder of cities in which the example of the page is the only one."""
    city = tmp_path / "620100"
    city.mkdir()
    for name, text in (("city.toml", HEAD), ("stations.csv", STATIONS), ("track.csv", TRACK)):
        (city / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(transport, "_cities", lambda: tmp_path)
    return tmp_path


def example():
    return load_network.__wrapped__("620100")


def test_the_example_is_read_and_its_ways_are_those_of_the_table(cities):
    network = example()
    assert set(network.lines) == {"rail-1", "rail-ring", "rail-airport", "bus-7"}
    assert network.lines["rail-ring"].loop and network.lines["rail-1"].distances == "estimated"
    assert (
        network.lines["bus-7"].place == "620102" and network.stations["airport"].place == "620121"
    )
    ways = rows("ways of the example")
    assert len(ways) == 3
    for start, end, metres, systems in ways:
        path = network.path(start, end)
        assert path is not None and str(path.metres) == metres
        assert ", ".join(dict.fromkeys(one.fare_system for one in path.portions)) == systems


@pytest.mark.parametrize(
    ("marker", "kind", "but"),
    [("source", Source, ()), ("operator", Operator, ()), ("line", Line, WORKED_OUT)],
)
def test_every_key_of_a_table_is_told_with_what_it_stands_for(marker, kind, but):
    told = {key.strip("`"): left_out for key, _, left_out, says in rows(f"keys: {marker}") if says}
    known = {}
    for one in fields(kind):
        if one.name not in but:
            known[one.name] = "needed" if one.default is MISSING else said(one.default)
    known |= {"place": "the city's code"} if kind is Line else {}
    assert told == known


def said(default: object) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return "`[]`" if default == () else f'`"{default}"`'


@pytest.mark.parametrize("key", ["code", "name_zh", "name_en", "as_of", "fare_systems", "datum"])
def test_the_head_needs_what_the_table_says(cities, key):
    told = {name.strip("`"): left_out for name, _, left_out, _ in rows("keys: head")}
    file = cities / "620100" / "city.toml"
    file.write_text(re.sub(rf"^{key} = .*\n", "", HEAD, count=1, flags=re.MULTILINE), "utf-8")
    if told[key] == "needed":
        with pytest.raises(KeyError, match=key):
            example()
    else:
        assert example().code == "620100"


@pytest.mark.parametrize(("name", "text"), [("stations.csv", STATIONS), ("track.csv", TRACK)])
def test_every_column_is_told(name, text):
    told = [column.strip("`") for column, _, says in rows(f"columns: {name}") if says]
    assert told == text.splitlines()[0].split(",")
    for file in (ROOT / "src/tongxing/network/data/cities").glob(f"*/{name}"):
        assert file.read_text(encoding="utf-8").splitlines()[0].split(",") == told


@pytest.mark.parametrize("name", ["place", "lon_e6", "lat_e6", "id", "metres"])
def test_a_column_may_be_empty_where_the_table_says_so(cities, name):
    """Emptied in the last row; metres and names of stops must be there."""
    file = "track.csv" if name == "metres" else "stations.csv"
    (may,) = (may for column, may, _ in rows(f"columns: {file}") if column == f"`{name}`")
    table = list(csv.DictReader(StringIO(TRACK if name == "metres" else STATIONS)))
    table[-1][name] = ""
    lines = [",".join(table[0]), *(",".join(row.values()) for row in table)]
    (cities / "620100" / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
    if may == "yes":
        assert example().stations
    else:
        with pytest.raises((KeyError, ValueError)):
            example()


CONTRADICTIONS = {
    "a line nobody runs": ('operator = "OP-BUS"', 'operator = "OP-X"', HEAD, "city.toml"),
    "a fare system without a line": ('"bus"]', '"bus", "tram"]', HEAD, "city.toml"),
    "a stop without a station": ("bus-7,donggang-stop", "bus-7,nowhere", TRACK, "track.csv"),
    "no honest distance": ("61000,official", "61000,guessed", TRACK, "track.csv"),
    "a station twice": ("xizhan,西站", "donggang,西站", STATIONS, "stations.csv"),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_data_that_contradict_themselves_are_not_read(cities, name):
    before, after, text, file = CONTRADICTIONS[name]
    assert before in text
    (cities / "620100" / file).write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises((KeyError, ValueError)):
        example()
