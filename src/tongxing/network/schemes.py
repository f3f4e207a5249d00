"""The registry's rows: schemes, the places they cover, visitors' rates, permissions, facts.

Plain frozen values, read once from `data/registry/`. Every row can carry a first and a last day,
and says so honestly when the first one is not known. A rate is a whole number of thousandths,
never a float. Nothing here decides anything: that is `acceptance`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

MODES = ("bus", "rail", "taxi", "ferry", "bicycle", "cableway", "escalator", "lift")

Precision = Literal["day", "month", "year", "unknown"]
Issuers = Literal["numbered", "members", "own"]
Answer = Literal["yes", "no", "not_stated"]
Holder = Literal["anonymous", "real_name"]
FactKind = Literal["scale", "rule", "standard", "notice"]

FACT_KINDS: tuple[FactKind, ...] = ("scale", "rule", "standard", "notice")

_KNOWN_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")


@dataclass(frozen=True, slots=True)
class KnownDate:
    """A date as exact as its source: a day, only a month or a year, or not known at all.

    `day` is the first day it can mean, None when unknown; `text` is what the source gives.
    """

    day: date | None = None
    precision: Precision = "unknown"
    text: str = ""

    def is_before(self, on: date) -> bool:
        """Whether it is past on that day; an unknown start counts as past (R-219)."""
        return self.day is None or self.day <= on


UNKNOWN_DATE = KnownDate()


def known_date(text: str) -> KnownDate:
    """Read ``2013-10-19``, ``2013-10``, ``2013`` or "". Raises ValueError for anything else."""
    if not text:
        return KnownDate()
    match = _KNOWN_DATE.fullmatch(text)
    if not match:
        raise ValueError(f"not a date: {text!r}")
    year, month, day = match.groups()
    precision: Precision = "day" if day else "month" if month else "year"
    return KnownDate(date(int(year), int(month or 1), int(day or 1)), precision, text)


@dataclass(frozen=True, slots=True)
class CoverageKind:
    """What a coverage mark of a list means for a tap.

    `closed` is the refusal of a place that is on the list but not in service; `only` and `without`
    are modes; `marked_lines`: only on lines that carry the scheme's mark; `areas_only`: only in
    the areas the row names.
    """

    closed: str = ""
    only: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    marked_lines: bool = False
    areas_only: bool = False

    @property
    def says_no_mode(self) -> bool:
        return not self.only and not self.without


_BUS = frozenset({"bus"})
_RAIL = frozenset({"rail"})

COVERAGE_KINDS: Mapping[str, CoverageKind] = {
    "whole": CoverageKind(),
    "listed": CoverageKind(),
    "whole_except": CoverageKind(),
    "partial_bus_lines": CoverageKind(only=_BUS, marked_lines=True),
    "sub_area": CoverageKind(areas_only=True),
    "sub_area_partial_lines": CoverageKind(only=_BUS, marked_lines=True, areas_only=True),
    "metro_only": CoverageKind(only=_RAIL),
    "metro_unavailable": CoverageKind(without=_RAIL),
    "under_conversion": CoverageKind(closed="PLACE_UNDER_CONVERSION"),
    "planned": CoverageKind(closed="PLACE_PLANNED"),
    "under_study": CoverageKind(closed="PLACE_UNDER_STUDY"),
}


@dataclass(frozen=True, slots=True)
class Scheme:
    """A card scheme. `modes` are all it can cover anywhere; `city` is set for a local scheme.

    `rail_stated` is False where a plain row of the list leaves open whether rail was converted.
    """

    name: str
    zh: str
    en: str
    kind: Literal["national", "local"]
    modes: frozenset[str]
    issuers: Issuers
    key_system: str
    key_system_zh: str
    key_system_en: str
    source: str
    city: str = ""
    valid_from: KnownDate = UNKNOWN_DATE
    marks: tuple[str, ...] = ()
    centre_zh: str = ""
    centre_en: str = ""
    rid: str = ""
    applications: tuple[str, ...] = ()
    rail_stated: bool = True
    load_days: int | None = None
    drop_days: int | None = None

    def title(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a scheme's list: a place, how far it is covered, and from when until when.

    `lines` are known to be converted where only some are, `without_lines` are never; both by id or
    Chinese name. `modes` are the modes the row speaks of; `inherited` whether it speaks for the
    divisions within the place; `valid_until` is the last day. `listed_as` keeps the list's own
    spelling.
    """

    scheme: str
    place: str
    listed_as: str
    coverage: str
    modes: frozenset[str]
    source: str
    row: int = 0
    areas: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    lines: frozenset[str] = frozenset()
    without_lines: frozenset[str] = frozenset()
    inherited: bool = True
    nested_in: str = ""
    brand: str = ""
    batch: int = 0
    valid_from: KnownDate = UNKNOWN_DATE
    valid_until: date | None = None
    certain: bool = True
    wording: str = ""
    note: str = ""
    service_point: str = ""
    title_zh: str = ""
    title_en: str = ""

    @property
    def kind(self) -> CoverageKind:
        return COVERAGE_KINDS[self.coverage]

    def in_force(self, on: date) -> bool:
        ended = self.valid_until is not None and self.valid_until < on
        return self.valid_from.is_before(on) and not ended


@dataclass(frozen=True, slots=True)
class ProvinceMark:
    """What a list says over a whole province: 全省 over its listed prefectures, and its brand."""

    place: str
    mark: str
    brand: str


@dataclass(frozen=True, slots=True)
class VisitorRate:
    """What a visitor pays of the base fare, in thousandths: 850 is 8.5折 (R-306)."""

    scheme: str
    place: str
    mode: str
    part: Literal["all", "central_urban", "county_town"]
    per_mille: int
    as_of: date
    wording: str


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether something may be done with a medium; `reason` is the refusal when it may not."""

    scheme: str
    action: str
    answer: Answer
    when: Literal["away", "anonymous", "real_name", "always"] = "always"
    reason: str = ""
    valid_from: KnownDate = UNKNOWN_DATE
    certain: bool = True
    source: str = ""
    note_zh: str = ""
    note_en: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A dated statement about a scheme that no single place holds; `figures` are whole numbers."""

    scheme: str
    on: KnownDate
    kind: FactKind
    zh: str
    en: str
    source: str
    figures: Mapping[str, int] = field(default_factory=dict)

    def text(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Brand:
    """One issuer in several cities: its card is at home in each of `places` (R-307)."""

    name: str
    scheme: str
    zh: str
    en: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NumberPrefix:
    """The issuer of the numbers that begin so. `kind` tells real issuers from test numbers."""

    prefix: str
    issuer: str
    brand: str
    kind: Literal["province", "issuer", "member", "outside", "test"]


@dataclass(frozen=True, slots=True)
class NumberSpace:
    """The printed numbers that can belong to a scheme."""

    scheme: str
    lengths: tuple[int, ...]
    source: str
    zh: str
    en: str
    issuer: str = ""
    starts: str = ""
    check: Literal["", "luhn", "digit_sum_10"] = ""
    telling: bool = True
    prefixes: tuple[NumberPrefix, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows come from, and how far they can be trusted."""

    key: str
    zh: str
    en: str
    licence: str
    confidence: Literal["sure", "list", "reported", "inferred"]
