"""Raw facts of a city from the network's files: names, tracks, stops. Facts only, never a price.

The files are read here with csv and tomllib rather than through the network's own classes, so that
a mistake in those classes shows as a difference. Each city folder holds `city.toml` (fare systems
and lines), `stations.csv` and `track.csv` (the stations of each line in order, with the metres from
the one before; a row without metres starts a line or a branch).
"""

import csv
import tomllib
from pathlib import Path

from tongxing.simulation.oracle.geography import CityFacts, LineFacts, Track

CITIES = Path(__file__).resolve().parents[2] / "network" / "data" / "cities"


def load_facts(code: str, cities: Path = CITIES) -> CityFacts:
    """The facts of one city. Raises ValueError for an unknown city and for a track that the lines
    or stations do not name."""
    folder = cities / code
    if not folder.is_dir():
        raise ValueError(f"no network facts of city {code!r} in {cities}")
    with (folder / "city.toml").open("rb") as file:
        city = tomllib.load(file)
    names = {row["id"]: row["name_zh"] for row in _rows(folder / "stations.csv")}
    stops_m: dict[str, dict[str, int]] = {line["id"]: {} for line in city["line"]}
    systems = {line["id"]: line["fare_system"] for line in city["line"]}
    rails = {line["id"] for line in city["line"] if line["mode"] == "rail"}
    tracks: list[Track] = []
    before, run_m = "", 0
    for row in _rows(folder / "track.csv"):
        line, station = row["line"], row["station"]
        if line not in systems or station not in names:
            raise ValueError(f"track.csv of {code} names {line!r} {station!r}, which nobody knows")
        step_m = int(row["metres"]) if row["metres"] else 0
        if row["metres"] and line in rails:
            tracks.append(Track(systems[line], before, station, step_m))
        run_m = run_m + step_m if row["metres"] else 0
        stops_m[line].setdefault(station, run_m)
        before = station
    lines = {
        line["id"]: LineFacts(
            line["id"],
            line["mode"],
            line["fare_system"],
            line.get("place", code),
            {} if line["id"] in rails else stops_m[line["id"]],
        )
        for line in city["line"]
    }
    return CityFacts(code, names, tuple(tracks), lines, tuple(city["fare_systems"]))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
