"""Rules that stand in each other's way: twins, rules that another hides, names written two ways.

A relief or a setting that can never take effect is no danger to the books, but it is not what its
author meant. What is surely a mistake is an error; what may be meant is a warning.
"""

from itertools import combinations
from typing import Any

from tongxing.fares.publishing.entries import Entry, days_of
from tongxing.fares.publishing.findings import Notebook, both
from tongxing.fares.publishing.shape import usual
from tongxing.fares.publishing.timeline import PRICED_KINDS

FIRST_WINS = ("overtime", "turn_back", "combine", "rounding", "minimum")
"""Settings of which the first in the file holds where several concern a ride."""

CITY_WIDE = ("half_trip", "visitor")
"""Settings that hold for the whole city: pricing asks for no fare system, class or medium."""

COUNTED = ("month", "nth_free", "cap")
"""Kinds that look at a counter; each may say one thing of it."""

_NEAR_LENGTH_MIN = 4


def check_twins(notes: Notebook, entries: tuple[Entry, ...]) -> None:
    """No two rules carry one id; no two of one kind say something of the very same rides."""
    known: dict[str, Entry] = {}
    for entry in entries:
        before = known.setdefault(entry.id, entry)
        if before is not entry:
            line = notes.document.key_spot((*before.path, "id")).line
            notes.error("TARIFF_ID_TWICE", (*entry.path, "id"), id=entry.id, line=line)
    others = [entry for entry in entries if entry.kind not in PRICED_KINDS]
    for one, other in combinations(others, 2):
        if one.kind == other.kind and _meet_anywhere(one, other) and _one_slot(one, other):
            if one.scope == other.scope or one.kind in CITY_WIDE:
                _twin(notes, one, other)
            elif one.kind in FIRST_WINS and _hides(one, other):
                notes.warning("TARIFF_NEVER", other.path, **both("why", "never.hidden", by=one.id))


def _meet_anywhere(one: Entry, other: Entry) -> bool:
    same_days = one.first <= other.last and other.first <= one.last
    return same_days if one.kind in CITY_WIDE else one.meets(other)


def _twin(notes: Notebook, one: Entry, other: Entry) -> None:
    days = days_of((max(one.first, other.first), min(one.last, other.last)))
    system = ", ".join(one.systems) or "*"
    values = {"system": system, "other": one.id, "kind": other.kind}
    notes.error("TARIFF_OVERLAP", (*other.path, "from"), **values, **days)


def _hides(one: Entry, other: Entry) -> bool:
    return one.covers(other) and one.first <= other.first and other.last <= one.last


def _one_slot(one: Entry, other: Entry) -> bool:
    """Whether two rules of one kind speak of the same thing, so that both cannot be meant."""
    mine, theirs = one.rule, other.rule
    kind = one.kind
    if kind == "percent":
        return bool(mine.get("holder", False) == theirs.get("holder", False))
    if kind in COUNTED:
        same = mine.get("counter") == theirs.get("counter") and all(
            mine.get(key, usual(kind, key)) == theirs.get(key, usual(kind, key))
            for key in ("period", "per")
        )
        return same and (kind != "nth_free" or _meet(mine, theirs, "rides"))
    if kind == "time":
        return _hours_meet(mine, theirs)
    if kind == "transfer":
        return _meet(mine, theirs, "pairs")
    if kind == "visitor":
        return bool(mine.get("scheme") == theirs.get("scheme"))
    if kind == "pack":
        return bool(mine.get("pack") == theirs.get("pack"))
    return True


def _meet(mine: Any, theirs: Any, key: str) -> bool:
    some, others = mine.get(key), theirs.get(key)
    if not isinstance(some, list) or not isinstance(others, list):
        return False
    return any(item in others for item in some)


def _hours_meet(mine: Any, theirs: Any) -> bool:
    days = {mine.get("days"), theirs.get("days")}
    if days == {"workday", "restday"}:
        return False
    stations = mine.get("stations"), theirs.get("stations")
    if all(stations) and not _meet(mine, theirs, "stations"):
        return False
    try:
        return bool(
            mine["entry_from"] < theirs["entry_until"]
            and theirs["entry_from"] < mine["entry_until"]
        )
    except (KeyError, TypeError):
        return False


def check_reach(notes: Notebook, entries: tuple[Entry, ...]) -> None:
    """Every rule meets a fare on some day; a fare system named only here is a slip of the pen."""
    priced = [entry for entry in entries if entry.kind in PRICED_KINDS]
    for entry in entries:
        if entry.kind in PRICED_KINDS:
            continue
        for key in ("systems", "products"):
            if entry.kind in CITY_WIDE and entry.rule.get(key):
                notes.warning("TARIFF_NEVER", (*entry.path, key), **both("why", "never.city_wide"))
        meets = [
            base
            for base in priced
            if base.first <= entry.last
            and entry.first <= base.last
            and (not base.systems or not entry.systems or set(base.systems) & set(entry.systems))
        ]
        if priced and not meets:
            notes.warning("TARIFF_NEVER", entry.path, **both("why", "never.no_fare"))


def check_dearer(notes: Notebook, entries: tuple[Entry, ...]) -> None:
    """Where the lowest rate wins, a share that another one always undercuts is never paid."""
    if any(e.kind == "combine" and e.rule.get("how") == "multiply" for e in entries):
        return
    shares = [e for e in entries if e.kind in ("percent", "time") and _rate(e) is not None]
    steady = [entry for entry in shares if entry.kind == "percent"]
    for entry in shares:
        if entry.rule.get("holder"):
            continue  # it still decides what a transfer leaves over
        for other in steady:
            if other is not entry and _hides(other, entry) and _undercuts(other, entry):
                why = both("why", "never.dearer", by=other.id)
                notes.warning("TARIFF_NEVER", (*entry.path, "rate_bp"), **why)
                break


def _rate(entry: Entry) -> int | None:
    rate = entry.rule.get("rate_bp")
    return rate if isinstance(rate, int) and not isinstance(rate, bool) else None


def _undercuts(other: Entry, entry: Entry) -> bool:
    theirs, mine = _rate(other), _rate(entry)
    if theirs is None or mine is None:
        return False
    return theirs < mine or (theirs == mine and other.number < entry.number)


def check_spelling(notes: Notebook, entries: tuple[Entry, ...]) -> None:
    """A class of card that only one rule names, one letter from another, is written wrong."""
    uses: dict[str, list[tuple[Entry, int]]] = {"ordinary": []}
    for entry in entries:
        for index, name in enumerate(entry.products):
            uses.setdefault(name, []).append((entry, index))
    for name, places in uses.items():
        if len(places) != 1 or len(name) < _NEAR_LENGTH_MIN:
            continue
        twin = next((o for o in uses if o != name and one_slip_apart(name, o)), None)
        if twin is not None and (twin == "ordinary" or len(uses[twin]) > 1 or twin < name):
            entry, index = places[0]
            path = (*entry.path, "products", index)
            notes.warning("TARIFF_SPELLING", path, name=name, other=twin)


def one_slip_apart(one: str, other: str) -> bool:
    """Whether one letter more, less, changed, or two swapped make one name the other."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    mine, theirs = one[start:], other[start:]
    swapped = mine[1::-1] + mine[2:] == theirs if len(mine) > 1 else False
    return swapped or mine[1:] == theirs[1:] or mine[1:] == theirs or mine == theirs[1:]
