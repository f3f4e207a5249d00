"""What a scheme covered on a day: each row's state, counts, changes and their deadlines.

A row whose first day is unknown counts as in service, and the report says how many such rows a
count rests on. The lists give no history, so a count for a past day is never passed off as what
was true then: the dated facts (R-216, R-220) stand beside it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from tongxing.network.loading import Book
from tongxing.network.schemes import COVERAGE_KINDS, FACT_KINDS, Entry, Fact, Scheme

State = Literal["in_service", "not_in_service", "not_yet", "left"]
ChangeKind = Literal["added", "removed"]


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """A row of a list as it stood on the day. `since` is as exact as the source, "" if unknown."""

    scheme: str
    row: int
    place: str
    name_zh: str
    name_en: str
    listed_as: str
    province: str
    state: State
    coverage: str
    certain: bool
    brand: str
    batch: int
    since: str
    until: str
    areas: tuple[str, ...]
    without: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class SchemeCount:
    """How many rows of a scheme were in which state, and in which coverage."""

    scheme: str
    rows: int
    in_service: int
    start_unknown: int
    by_state: dict[str, int]
    by_coverage: dict[str, int]
    uncertain: dict[str, int]


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """Counts, rows and the latest dated facts as of `on`."""

    on: date
    counts: tuple[SchemeCount, ...]
    rows: tuple[CoverageRow, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A place joins or leaves on `effective`; every terminal must know it by `terminals_by`."""

    scheme: str
    place: str
    kind: ChangeKind
    effective: date
    terminals_by: date | None


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A place on the map: micro-degrees, and the state and coverage it has in each scheme."""

    place: str
    name_zh: str
    name_en: str
    lon_e6: int
    lat_e6: int
    coverage: dict[str, str]
    in_service: tuple[str, ...]


def state_of(scheme: Scheme, entry: Entry, on: date) -> State:
    """Whether a row is in service on the day, and if not, why not."""
    if not scheme.valid_from.is_before(on) or not entry.valid_from.is_before(on):
        return "not_yet"
    if not entry.in_force(on):
        return "left"
    return "not_in_service" if entry.kind.closed else "in_service"


def report(book: Book, on: date, scheme: str = "", province: str = "") -> CoverageReport:
    """The coverage on a day, of one scheme or of both national ones, maybe of one province only."""
    chosen = [
        each
        for each in book.schemes.values()
        if (each.name == scheme if scheme else each.kind == "national")
    ]
    rows = tuple(
        _row(book, each, entry, on)
        for each in chosen
        for entry in rows_of(book, each.name)
        if not province or book.divisions.province(entry.place) == province
    )
    return CoverageReport(
        on=on,
        counts=tuple(_count(each.name, rows) for each in chosen),
        rows=rows,
        facts=tuple(fact for each in chosen for fact in latest_facts(book, each.name, on)),
    )


def rows_of(book: Book, scheme: str) -> list[Entry]:
    """The rows of a list in the list's own order."""
    places = book.entries.get(scheme, {})
    return sorted((entry for rows in places.values() for entry in rows), key=lambda e: e.row)


def latest_facts(book: Book, scheme: str, on: date) -> Iterator[Fact]:
    """The newest fact of each kind that was known by the day."""
    known = [fact for fact in book.facts if fact.scheme == scheme and fact.on.is_before(on)]
    for kind in FACT_KINDS:
        of_kind = [fact for fact in known if fact.kind == kind]
        if of_kind:
            yield max(of_kind, key=lambda fact: fact.on.day or date.min)


def changes(book: Book, scheme: str, after: date, until: date) -> tuple[Change, ...]:
    """Who joined or left in (after, until], oldest first, with the terminals' deadline (R-405)."""
    rules = book.schemes[scheme]
    found = []
    for entry in rows_of(book, scheme):
        joined = entry.valid_from.day
        if joined and after < joined <= until:
            found.append(_change(rules, entry, "added", joined, rules.load_days))
        if entry.valid_until:
            left = entry.valid_until + timedelta(days=1)
            if after < left <= until:
                found.append(_change(rules, entry, "removed", left, rules.drop_days))
    return tuple(sorted(found, key=lambda change: (change.effective, change.place, change.kind)))


def map_points(book: Book, on: date) -> tuple[MapPoint, ...]:
    """Every listed place whose coordinates are known, ordered by code."""
    points: dict[str, dict[str, str]] = {}
    serving: dict[str, list[str]] = {}
    for scheme in book.schemes.values():
        if scheme.kind != "national":
            continue
        for entry in rows_of(book, scheme.name):
            points.setdefault(entry.place, {})[scheme.name] = entry.coverage
            if state_of(scheme, entry, on) == "in_service":
                serving.setdefault(entry.place, []).append(scheme.name)
    found = []
    for code in sorted(points):
        place = book.divisions.by_code[code]
        if place.lon_e6 is None or place.lat_e6 is None:
            continue
        found.append(
            MapPoint(
                place=code,
                name_zh=place.name_zh,
                name_en=place.name("en"),
                lon_e6=place.lon_e6,
                lat_e6=place.lat_e6,
                coverage=points[code],
                in_service=tuple(serving.get(code, ())),
            )
        )
    return tuple(found)


def _change(
    rules: Scheme, entry: Entry, kind: ChangeKind, effective: date, days: int | None
) -> Change:
    by = None if days is None else effective + timedelta(days=days)
    return Change(rules.name, entry.place, kind, effective, by)


def _row(book: Book, scheme: Scheme, entry: Entry, on: date) -> CoverageRow:
    divisions = book.divisions
    return CoverageRow(
        scheme=scheme.name,
        row=entry.row,
        place=entry.place,
        name_zh=divisions.name(entry.place, "zh"),
        name_en=divisions.name(entry.place, "en"),
        listed_as=entry.listed_as,
        province=divisions.province(entry.place),
        state=state_of(scheme, entry, on),
        coverage=entry.coverage,
        certain=entry.certain,
        brand=entry.brand,
        batch=entry.batch,
        since=entry.valid_from.text,
        until=entry.valid_until.isoformat() if entry.valid_until else "",
        areas=entry.areas,
        without=entry.without,
        source=entry.source,
    )


def _count(scheme: str, rows: tuple[CoverageRow, ...]) -> SchemeCount:
    own = [row for row in rows if row.scheme == scheme]
    serving = [row for row in own if row.state == "in_service"]
    return SchemeCount(
        scheme=scheme,
        rows=len(own),
        in_service=len(serving),
        start_unknown=sum(not row.since for row in serving),
        by_state=dict(Counter(row.state for row in own)),
        by_coverage=_in_order(Counter(row.coverage for row in own)),
        uncertain=_in_order(Counter(row.coverage for row in own if not row.certain)),
    )


def _in_order(counts: Counter[str]) -> dict[str, int]:
    return {kind: counts[kind] for kind in COVERAGE_KINDS if counts[kind]}
