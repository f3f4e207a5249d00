"""The calendar of a tariff: no fare twice on one day, no day without one, rounding on each.

Asked per fare system over all the days that a file speaks of. Knows no price and no station.
"""

from collections.abc import Iterable
from itertools import combinations, pairwise

from tongxing.fares.publishing.entries import (
    BASE_KINDS,
    DAY,
    MEDIA,
    Entry,
    Span,
    days_of,
    joined,
    system_names,
    uncovered,
)
from tongxing.fares.publishing.findings import Notebook, both

PRICED_KINDS = (*BASE_KINDS, "pairs")
SHARES = ("percent", "slices", "time", "month", "nth_free")
"""Kinds whose price has to be rounded."""


def check_overlaps(notes: Notebook, entries: tuple[Entry, ...]) -> None:
    """No fare system has two base fares on one day, and no pair of stations two fares."""
    bases = [entry for entry in entries if entry.kind in BASE_KINDS]
    for one, other in combinations(bases, 2):
        shared = _shared_system(one, other)
        if shared is not None and one.first <= other.last and other.first <= one.last:
            _overlap(notes, one, other, shared)
    tables = [entry for entry in entries if entry.kind == "pairs"]
    for entry in (*bases, *tables):
        if entry.products:
            notes.error_at_key("TARIFF_BASE_SCOPE", (*entry.path, "products"))
        if not set(MEDIA) <= set(entry.media):
            notes.error_at_key("TARIFF_BASE_SCOPE", (*entry.path, "media"))
    for one, other in combinations(tables, 2):
        if one.meets(other):
            _pair_overlap(notes, one, other)


def _shared_system(one: Entry, other: Entry) -> str | None:
    if not one.systems and not other.systems:
        return "*"
    return next((name for name in one.systems if name in other.systems), None)


def _overlap(notes: Notebook, one: Entry, other: Entry, system: str) -> None:
    first, last = max(one.first, other.first), min(one.last, other.last)
    values = {"system": system, "other": one.id, "kind": other.kind}
    notes.error("TARIFF_OVERLAP", (*other.path, "from"), **values, **days_of((first, last)))


def _pair_overlap(notes: Notebook, one: Entry, other: Entry) -> None:
    known = _pair_fares(one)
    for index, row in enumerate(_rows(other)):
        for key in _ways(other, row):
            if known.get(key, row[2]) != row[2]:
                path = (*other.path, "rows", index)
                values = {"one": key[0], "other": key[1], "found": row[2]}
                notes.error("TARIFF_PAIR_TWICE", path, **values, before=known[key])
                break


def _rows(entry: Entry) -> list[tuple[str, str, int]]:
    rows = entry.rule.get("rows")
    if not isinstance(rows, list):
        return []
    return [tuple(row) for row in rows if isinstance(row, list) and len(row) == 3]


def _ways(entry: Entry, row: tuple[str, str, int]) -> tuple[tuple[str, str], ...]:
    there = (str(row[0]), str(row[1]))
    return (there,) if entry.rule.get("one_way") else (there, (there[1], there[0]))


def _pair_fares(entry: Entry) -> dict[tuple[str, str], int]:
    return {key: row[2] for row in _rows(entry) for key in _ways(entry, row)}


def stated_pairs(entry: Entry) -> frozenset[tuple[str, str]]:
    """The pairs of stations, in each direction, that a table of pairs gives a fare to."""
    return frozenset(_pair_fares(entry))


def check_gaps(notes: Notebook, entries: tuple[Entry, ...]) -> None:
    """No fare system loses its fare between two of its versions, nor does the whole tariff."""
    priced = [entry for entry in entries if entry.kind in PRICED_KINDS]
    if not priced:
        notes.error("TARIFF_NO_FARE", ("rule",))
        return
    everywhere = [entry for entry in priced if not entry.systems]
    holes: set[Span] = set()
    for system in system_names(priced):
        own = [entry for entry in priced if system in entry.systems]
        holes |= _check_holes(notes, own, everywhere, system)
    if everywhere:
        holes |= _check_holes(notes, everywhere, [], "*")
    spans = joined(entry.span for entry in priced)
    for (_, last), (first, _) in pairwise(spans):
        hole = (last + DAY, first - DAY)
        if hole not in holes:
            after = next(entry for entry in priced if entry.first == first)
            _gap(notes, after, "*", hole)


def _check_holes(
    notes: Notebook, own: list[Entry], everywhere: list[Entry], system: str
) -> set[Span]:
    found: set[Span] = set()
    spans = joined(entry.span for entry in own)
    others = [entry.span for entry in everywhere]
    for (_, last), (first, _) in pairwise(spans):
        for hole in uncovered((last + DAY, first - DAY), others):
            after = next(entry for entry in own if entry.first == first)
            _gap(notes, after, system, hole)
            found.add(hole)
    final = max(own, key=lambda entry: entry.last)
    if not final.open_ended and not any(entry.open_ended for entry in everywhere):
        notes.warning("TARIFF_ENDS", (*final.path, "until"), system=system, last=final.last)
    return found


def _gap(notes: Notebook, after: Entry, system: str, hole: Span) -> None:
    notes.error("TARIFF_GAP", (*after.path, "from"), system=system, **days_of(hole))


def check_rounding(notes: Notebook, entries: tuple[Entry, ...]) -> None:
    """Each fare system says how its prices are rounded, on every day and for every medium."""
    priced = [entry for entry in entries if entry.kind in PRICED_KINDS]
    rounding = [entry for entry in entries if entry.kind == "rounding" and not entry.products]
    shares = [entry for entry in entries if entry.kind in SHARES]
    media = (*MEDIA, *(("cash",) if any("cash" in one.media for one in shares) else ()))
    for system in (*system_names(priced), ""):
        own = [e for e in priced if (system in e.systems if system else not e.systems)]
        missing = _first_unrounded(own, rounding, system, media)
        if missing is not None:
            entry, hole, medium = missing
            words = both("medium", f"medium.{medium}")
            notes.error("TARIFF_ROUNDING", entry.path, system=system or "*", day=hole[0], **words)


def _first_unrounded(
    own: Iterable[Entry], rounding: Iterable[Entry], system: str, media: Iterable[str]
) -> tuple[Entry, Span, str] | None:
    for entry in own:
        for medium in media:
            spans = [
                one.span
                for one in rounding
                if medium in one.media and (not one.systems or system in one.systems)
            ]
            for hole in uncovered(entry.span, spans):
                return entry, hole, medium
    return None
