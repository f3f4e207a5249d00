"""Reads the registry's data files into rows, and refuses a file that contradicts itself.

The files are part of the package, so a mistake in them is a bug of ours and raises ValueError with
the file and the row; nothing is skipped, guessed or repaired. No other module opens these files.
"""

import csv
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from io import StringIO
from typing import Any

from msgspec import convert

from tongxing.kernel.texts import Catalogue, load_catalogue
from tongxing.network.places import Divisions, Place
from tongxing.network.schemes import (
    COVERAGE_KINDS,
    MODES,
    Brand,
    Entry,
    Fact,
    KnownDate,
    NumberPrefix,
    NumberSpace,
    Permission,
    ProvinceMark,
    Scheme,
    Source,
    VisitorRate,
    known_date,
)

_FOLDER = files("tongxing.network").joinpath("data/registry")
_YES = {"yes": True, "no": False}
_OWN: Mapping[str, str] = {}

ACCEPTANCE_FILES = (
    "schemes.toml",
    "t_union.csv",
    "t_union_provinces.csv",
    "city_union.csv",
    "visitor_rates.csv",
)
"""The files that say which scheme is taken where, for which modes and from when until when."""


@dataclass(frozen=True, slots=True)
class RegionRow:
    """A row of the region codes. `written`: of a division's several codes, the one of new cards."""

    code: str
    name_zh: str
    division: str
    written: bool


@dataclass(frozen=True, slots=True)
class Book:
    """Everything the registry holds, as read. `entries` are by scheme, then by place."""

    divisions: Divisions
    schemes: Mapping[str, Scheme]
    entries: Mapping[str, Mapping[str, tuple[Entry, ...]]]
    marks: Mapping[str, ProvinceMark]
    rates: tuple[VisitorRate, ...]
    permissions: tuple[Permission, ...]
    brands: tuple[Brand, ...]
    facts: tuple[Fact, ...]
    spaces: tuple[NumberSpace, ...]
    sources: Mapping[str, Source]
    words: Catalogue


def acceptance_files() -> dict[str, str]:
    """The texts of the files that say which scheme is taken where, by name."""
    return {name: _text(name, _OWN) for name in ACCEPTANCE_FILES}


def load_book(written: Mapping[str, str] = _OWN) -> Book:
    """Read all files of `data/registry/`; texts that are `written` take the place of files of their
    names. Raises ValueError for a row that makes no sense."""
    divisions = Divisions({place.code: place for place in _places()})
    raw = _toml("schemes.toml", written)
    schemes = {scheme.name: scheme for scheme in (_scheme(key, raw[key]) for key in raw)}
    rows = [*_t_union(schemes["t_union"], written), *_city_union(schemes["city_union"], written)]
    for key in raw:
        rows += _scopes(schemes[raw[key].get("name", key)], raw[key].get("scope", ()))
    book = Book(
        divisions=divisions,
        schemes=schemes,
        entries=_by_place(rows),
        marks={row["place"]: ProvinceMark(**row) for row in _csv("t_union_provinces.csv", written)},
        rates=tuple(_rate(row) for row in _csv("visitor_rates.csv", written)),
        permissions=tuple(_permission(row) for row in _toml("permissions.toml")["permission"]),
        brands=tuple(_brand(name, row) for name, row in _toml("brands.toml").items()),
        facts=tuple(_fact(row) for row in _toml("facts.toml")["fact"]),
        spaces=tuple(_space(row) for row in _toml("numbers.toml")["space"]),
        sources={key: Source(key=key, **row) for key, row in _toml("sources.toml").items()},
        words=load_catalogue("tongxing.network", "registry_texts.toml"),
    )
    check_book(book)
    return book


def load_regions() -> dict[str, RegionRow]:
    """The region codes of T-Union by code. Raises ValueError for a code that stands there twice."""
    found: dict[str, RegionRow] = {}
    for row in _csv("region_codes.csv"):
        code, written = row["code"], row["written"] == "yes"
        _must(code not in found and len(code) == 4 and code.isdecimal(), "region codes", code)
        found[code] = RegionRow(code, row["name_zh"], row["division"], written)
    return found


def check_book(book: Book) -> None:
    """Refuse rows that name a place, mode, coverage or source that does not exist.

    Raises ValueError with the first contradiction.
    """
    for entry in all_entries(book):
        where = f"{entry.scheme}/{entry.place}"
        _must(entry.coverage in COVERAGE_KINDS, where, entry.coverage)
        _must(entry.modes <= book.schemes[entry.scheme].modes, where, "modes")
        _must(entry.source in book.sources, where, entry.source)
        _must(not entry.kind.areas_only or bool(entry.areas), where, "areas")
        for code in (entry.place, *entry.areas, *entry.without):
            _must(book.divisions.get(code) is not None, where, code)
    for scheme in book.schemes.values():
        _must(scheme.modes <= set(MODES), scheme.name, "modes")
        _must(scheme.source in book.sources, scheme.name, scheme.source)
    for rate in book.rates:
        _must(0 < rate.per_mille <= 1000, f"rate of {rate.place}", str(rate.per_mille))
        _must(rate.place in book.entries[rate.scheme], f"rate of {rate.place}", rate.scheme)


def all_entries(book: Book) -> Iterator[Entry]:
    """Every row of every scheme's list, in the lists' own order."""
    for by_place in book.entries.values():
        for rows in by_place.values():
            yield from rows


def _must(holds: bool, where: str, what: str) -> None:
    if not holds:
        raise ValueError(f"registry data, {where}: {what} cannot be right")


def _text(name: str, written: Mapping[str, str]) -> str:
    found = written.get(name)
    return _FOLDER.joinpath(name).read_text(encoding="utf-8") if found is None else found


def _csv(name: str, written: Mapping[str, str] = _OWN) -> list[dict[str, str]]:
    text = _text(name, written)
    return list(csv.DictReader(StringIO(text, newline=""), strict=True))


def _toml(name: str, written: Mapping[str, str] = _OWN) -> dict[str, Any]:
    return tomllib.loads(_text(name, written))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


def _micro(text: str) -> int | None:
    return int(text) if text else None


def _last_day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _places() -> Iterator[Place]:
    for row in _csv("divisions.csv"):
        yield Place(
            code=row["code"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            also=_listed(row["also"]),
            pinyin=row["pinyin"],
            lon_e6=_micro(row["lon_e6"]),
            lat_e6=_micro(row["lat_e6"]),
        )


def _scheme(key: str, raw: Mapping[str, Any]) -> Scheme:
    plain = {name: value for name, value in raw.items() if name != "scope"}
    plain |= {"name": raw.get("name", key), "modes": frozenset(raw["modes"])}
    plain |= {"valid_from": known_date(raw.get("valid_from", ""))}
    plain |= {name: tuple(raw.get(name, ())) for name in ("marks", "applications")}
    return convert(plain, Scheme, from_attributes=True)


def _t_union(scheme: Scheme, written: Mapping[str, str]) -> Iterator[Entry]:
    for row in _csv("t_union.csv", written):
        yield Entry(
            scheme=scheme.name,
            place=row["place"],
            listed_as=row["listed_as"],
            coverage=row["coverage"],
            modes=scheme.modes,
            source="tunion_list",
            row=int(row["row"]),
            areas=_listed(row["areas"]),
            without=_listed(row["without"]),
            nested_in=row["nested_in"],
            brand=row["brand"],
            valid_from=known_date(row["valid_from"]),
            valid_until=_last_day(row["valid_until"]),
            certain=_YES[row["certain"]],
            wording=row["wording"],
            note=row["note"],
        )


def _city_union(scheme: Scheme, written: Mapping[str, str]) -> Iterator[Entry]:
    for row in _csv("city_union.csv", written):
        yield Entry(
            scheme=scheme.name,
            place=row["place"],
            listed_as=row["listed_as"],
            coverage="listed",
            modes=scheme.modes,
            source="cityunion_list",
            row=int(row["row"]),
            brand=row["brand"],
            batch=int(row["batch"]),
            valid_from=known_date(row["joined"]),
            valid_until=_last_day(row["valid_until"]),
            certain=_YES[row["certain"]],
            note="" if _YES[row["certain"]] else "citation_needed",
            service_point=row["service_point"],
        )


def _scopes(scheme: Scheme, scopes: Iterable[Mapping[str, Any]]) -> Iterator[Entry]:
    for number, scope in enumerate(scopes, 1):
        for place in scope["places"]:
            yield Entry(
                scheme=scheme.name,
                place=place,
                listed_as=scope["zh"],
                coverage=scope.get("coverage", "whole"),
                modes=frozenset(scope["modes"]),
                source=scheme.source,
                row=number,
                lines=frozenset(scope.get("lines", ())),
                without_lines=frozenset(scope.get("without_lines", ())),
                inherited=scope.get("inherited", True),
                valid_from=known_date(scope.get("valid_from", "")),
                valid_until=_last_day(scope.get("valid_until", "")),
                title_zh=scope["zh"],
                title_en=scope["en"],
            )


def _by_place(rows: Iterable[Entry]) -> dict[str, dict[str, tuple[Entry, ...]]]:
    found: dict[str, dict[str, tuple[Entry, ...]]] = {}
    for entry in rows:
        places = found.setdefault(entry.scheme, {})
        places[entry.place] = (*places.get(entry.place, ()), entry)
    return found


def _rate(row: Mapping[str, Any]) -> VisitorRate:
    as_of = date.fromisoformat(row["as_of"])
    return VisitorRate(**{**row, "per_mille": int(row["per_mille"]), "as_of": as_of})


def _permission(row: Mapping[str, Any]) -> Permission:
    return Permission(**{**row, "valid_from": known_date(row.get("valid_from", ""))})


def _brand(name: str, row: Mapping[str, Any]) -> Brand:
    return Brand(name, row["scheme"], row["zh"], row["en"], tuple(row["places"]))


def _fact(row: Mapping[str, Any]) -> Fact:
    on: KnownDate = known_date(row["on"])
    return Fact(**{**row, "on": on, "figures": dict(row.get("figures", {}))})


def _space(row: Mapping[str, Any]) -> NumberSpace:
    table = row.get("prefixes", "")
    return NumberSpace(
        **{
            **row,
            "lengths": tuple(row["lengths"]),
            "prefixes": tuple(_prefixes(table)) if table else (),
        }
    )


def _prefixes(table: str) -> Iterator[NumberPrefix]:
    for row in _csv(table):
        fields: dict[str, Any] = dict(row)
        yield NumberPrefix(**fields)
