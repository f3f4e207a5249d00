"""The rules of a file as the linter compares them: kind, days, scope, and where they stand.

An entry exists for every rule whose days and scope can be read, even when a price in it is wrong,
so that one slip does not tear a hole into the whole calendar. Spans of days are worked with here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tongxing.fares.publishing.figures import YEAR_MAX, YEAR_MIN
from tongxing.fares.publishing.findings import Notebook, both
from tongxing.fares.publishing.positions import Path
from tongxing.fares.publishing.shape import rule_shapes, usual

BASE_KINDS = ("flat", "bands", "meter", "duration")
MEDIA = ("card", "code")
LAST_DAY = date(YEAR_MAX, 12, 31)
DAY = timedelta(days=1)

Span = tuple[date, date]
"""First and last day, both inside."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule: its number in the file, its days (`until` None: for good) and its scope."""

    number: int
    id: str
    kind: str
    first: date
    last: date
    open_ended: bool
    systems: tuple[str, ...]
    products: tuple[str, ...]
    media: tuple[str, ...]
    rule: Mapping[str, Any]

    @property
    def path(self) -> Path:
        return ("rule", self.number)

    @property
    def span(self) -> Span:
        return self.first, self.last

    @property
    def scope(self) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        return frozenset(self.systems), frozenset(self.products), frozenset(self.media)

    def covers(self, other: "Entry") -> bool:
        """Whether this rule concerns every ride that the other one concerns, on any day."""
        return (
            (not self.systems or (bool(other.systems) and set(other.systems) <= set(self.systems)))
            and (
                not self.products
                or (bool(other.products) and set(other.products) <= set(self.products))
            )
            and set(other.media) <= set(self.media)
        )

    def meets(self, other: "Entry") -> bool:
        """Whether some ride on some day is in the scope of both."""
        return (
            self.first <= other.last
            and other.first <= self.last
            and _share(self.systems, other.systems)
            and _share(self.products, other.products)
            and bool(set(self.media) & set(other.media))
        )


def entries_of(notes: Notebook) -> tuple[tuple[Entry, ...], bool]:
    """The rules whose days and scope can be read, and whether those are all there are."""
    rules = notes.document.value.get("rule")
    if not isinstance(rules, list):
        return (), False
    found = [_entry(number, rule) for number, rule in enumerate(rules)]
    sound = tuple(entry for entry in found if entry is not None)
    return sound, len(sound) == len(found)


def _entry(number: int, rule: object) -> Entry | None:
    kind = rule.get("kind") if isinstance(rule, dict) else None
    if not isinstance(rule, dict) or not isinstance(kind, str) or kind not in rule_shapes():
        return None
    first, last, media = (
        rule.get("from"),
        rule.get("until"),
        rule.get("media", usual(kind, "media")),
    )
    lists = (rule.get("systems", []), rule.get("products", []), media)
    if type(first) is not date or (last is not None and type(last) is not date):
        return None
    if not isinstance(rule.get("id"), str) or not all(_names(one) for one in lists):
        return None
    end = LAST_DAY if last is None else last
    if not date(YEAR_MIN, 1, 1) <= first <= end <= LAST_DAY:
        return None
    systems, products, media = (tuple(one) for one in lists)
    return Entry(number, rule["id"], kind, first, end, last is None, systems, products, media, rule)


def _names(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(name, str) for name in found)


def _share(some: Sequence[str], others: Sequence[str]) -> bool:
    return not some or not others or bool(set(some) & set(others))


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same days as few spans in order."""
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + DAY:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


def uncovered(wanted: Span, spans: Iterable[Span]) -> Iterator[Span]:
    """The days of a span that none of the others hold."""
    first, end = wanted
    for start, last in joined(spans):
        if last < first:
            continue
        if start > end:
            break
        if start > first:
            yield first, start - DAY
        first = last + DAY
    if first <= end:
        yield first, end


def system_names(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Every fare system that some rule names, in the order of the file."""
    return tuple(dict.fromkeys(name for entry in entries for name in entry.systems))


def days_of(span: Span) -> dict[str, str]:
    """The value `days` of a reason: from a first day to a last one, or for good."""
    first, last = span
    if last == LAST_DAY:
        return both("days", "days.open", first=first)
    return both("days", "days.span", first=first, last=last)
