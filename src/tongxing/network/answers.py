"""The registry's long answers: all about a card number, all about a place. For pages and commands.

Plain values with both languages inside, so that a table, a page and a JSON reader show the same.
Everything is asked of the registry; no rule stands here, and a card number leaves masked only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tongxing.kernel.ids import masked
from tongxing.kernel.reasons import Refusal, reason
from tongxing.network.acceptance import Acceptance
from tongxing.network.numbers import NumberMatch
from tongxing.network.places import Place
from tongxing.network.registry import Registry
from tongxing.network.reports import CoverageRow, State, state_of
from tongxing.network.schemes import MODES, Entry, Permission, Scheme

FULL_COVERAGE = frozenset({"whole", "listed"})

_CANNOT_ISSUE = ("outside",)
_BY_CERTAINTY = (
    ("issuer", "member", "local", "province"),
    ("test",),
    ("outside",),
    ("possible", "unknown"),
)


@dataclass(frozen=True, slots=True)
class ModeReach:
    """In how many listed places a mode is open, and in how many more on marked lines only."""

    mode: str
    places: int
    marked_lines_only: int


@dataclass(frozen=True, slots=True)
class ProvinceReach:
    """A province: places open without restriction, open in part, and not in service."""

    province: str
    open: int
    limited: int
    closed: int


@dataclass(frozen=True, slots=True)
class Prohibition:
    """What the scheme's rules forbid, with the refusal's words."""

    action: str
    reason: str
    text_zh: str
    text_en: str
    next_zh: str
    next_en: str
    source: str


@dataclass(frozen=True, slots=True)
class Permitted:
    """What the rules expressly allow away from home; a mere notice is not `certain`."""

    action: str
    certain: bool
    note_zh: str
    note_en: str
    source: str


@dataclass(frozen=True, slots=True)
class SchemeReach:
    """Where a card of one scheme works on a day. `scopes` describe a local scheme's parts."""

    scheme: str
    issuer: str
    issuer_ok: bool
    key_system: str
    marks: tuple[str, ...]
    in_service: int
    start_unknown: int
    modes: tuple[ModeReach, ...]
    provinces: tuple[ProvinceReach, ...]
    scopes_zh: tuple[str, ...]
    scopes_en: tuple[str, ...]
    prohibitions: tuple[Prohibition, ...]
    permitted: tuple[Permitted, ...]


@dataclass(frozen=True, slots=True)
class ModeAnswer:
    """Whether a card is accepted at one place for one mode, and why, in words."""

    scheme: str
    issuer: str
    place: str
    mode: str
    accepted: bool
    reason: str
    text_zh: str
    text_en: str


@dataclass(frozen=True, slots=True)
class WhereAnswer:
    """All about a card number: readings, reach, and the answers for one place if asked."""

    number: str
    on: date
    matches: tuple[NumberMatch, ...]
    reach: tuple[SchemeReach, ...]
    at: tuple[ModeAnswer, ...]


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A row that decides for a place; `of_itself` is False when an enclosing place's row does."""

    scheme: str
    place: str
    of_itself: bool
    listed_as: str
    title_zh: str
    title_en: str
    coverage: str
    state: State
    certain: bool
    brand: str
    batch: int
    since: str
    until: str
    areas: tuple[str, ...]
    without: tuple[str, ...]
    service_point: str
    source: str


@dataclass(frozen=True, slots=True)
class RateRow:
    """A visitor's share of the base fare, in thousandths."""

    mode: str
    part: str
    per_mille: int
    as_of: date
    wording: str


@dataclass(frozen=True, slots=True)
class CityAnswer:
    """All about a place: its rows in every scheme, visitors' rates, and what lies within it."""

    place: Place
    on: date
    province: str
    mark: str
    province_brand: str
    rows: tuple[ListedRow, ...]
    rates: tuple[RateRow, ...]
    inside: tuple[CoverageRow, ...]


def where(
    registry: Registry, number: str, on: date, at: Place | None = None
) -> WhereAnswer | Refusal:
    """All about a card number on a day; refusals are those of `identify`."""
    matches = registry.identify(number)
    if isinstance(matches, Refusal):
        return matches
    digits = "".join(sign for sign in number if sign.isascii() and sign.isdigit())
    asked = telling(matches)
    answers = [
        mode_answer(registry, match, at.code, mode, on)
        for match in asked
        for mode in MODES
        if at is not None and mode in registry.schemes[match.scheme].modes
    ]
    return WhereAnswer(
        number=masked(digits),
        on=on,
        matches=matches,
        reach=tuple(reach(registry, match, on) for match in asked),
        at=tuple(answers),
    )


def telling(matches: Iterable[NumberMatch]) -> tuple[NumberMatch, ...]:
    """The readings to go on with: those that the number speaks for most clearly."""
    every = tuple(matches)
    for kinds in _BY_CERTAINTY:
        if chosen := tuple(match for match in every if match.kind in kinds):
            return chosen
    return every


def reach(registry: Registry, match: NumberMatch, on: date) -> SchemeReach:
    """Where a card of this reading works; counts are of the scheme's own list."""
    scheme = registry.schemes[match.scheme]
    rows = registry.coverage(on, scheme.name).rows
    serving = [row for row in rows if row.state == "in_service"]
    national = scheme.kind == "national"
    stated = registry.stated(scheme.name, on)
    scopes = {entry.title_zh: entry.title_en for entry in registry.rows_of(scheme.name)}
    return SchemeReach(
        scheme=scheme.name,
        issuer=match.issuer,
        issuer_ok=match.kind not in _CANNOT_ISSUE,
        key_system=scheme.key_system,
        marks=scheme.marks,
        in_service=len(serving) if national else 0,
        start_unknown=sum(not row.since for row in serving) if national else 0,
        modes=mode_reach(registry, scheme, match.issuer, on) if national else (),
        provinces=_by_province(rows) if national else (),
        scopes_zh=() if national else tuple(scopes),
        scopes_en=() if national else tuple(scopes.values()),
        prohibitions=tuple(_prohibition(row) for row in stated if row.answer == "no"),
        permitted=tuple(_permitted(row) for row in stated if row.answer == "yes"),
    )


def mode_reach(registry: Registry, scheme: Scheme, issuer: str, on: date) -> tuple[ModeReach, ...]:
    """For each mode, in how many places of the list such a card is accepted.

    Without a known issuer the question is asked for the first one on the list.
    """
    rows = registry.rows_of(scheme.name)
    asker = issuer or rows[0].place
    found = []
    for mode in MODES:
        if mode not in scheme.modes:
            continue
        answers = [_anywhere(registry, scheme, asker, row, mode, on) for row in rows]
        found.append(
            ModeReach(
                mode=mode,
                places=sum(answer.accepted for answer in answers),
                marked_lines_only=sum(a.reason == "LINE_NOT_CONVERTED" for a in answers),
            )
        )
    return tuple(found)


def mode_answer(
    registry: Registry, match: NumberMatch, place: str, mode: str, on: date
) -> ModeAnswer:
    """One card reading at one place and mode."""
    answer = registry.acceptance(match.scheme, match.issuer, place, mode, on)
    return ModeAnswer(
        scheme=match.scheme,
        issuer=match.issuer,
        place=place,
        mode=mode,
        accepted=answer.accepted,
        reason=answer.reason,
        text_zh=registry.explain(answer, "zh"),
        text_en=registry.explain(answer, "en"),
    )


def city(registry: Registry, place: Place, on: date) -> CityAnswer:
    """All about a place; for a province also the rows of the places within it."""
    province = place.code[:2] + "0000"
    mark = registry.province_marks.get(province)
    inside: tuple[CoverageRow, ...] = ()
    if place.level == "province":
        rows = registry.coverage(on, province=province).rows
        inside = tuple(row for row in rows if row.place != place.code)
    return CityAnswer(
        place=place,
        on=on,
        province=province,
        mark=mark.mark if mark else "",
        province_brand=mark.brand if mark else "",
        rows=tuple(_listed_rows(registry, place, on)),
        rates=tuple(_rates(registry, place)),
        inside=inside,
    )


def _anywhere(
    registry: Registry, scheme: Scheme, issuer: str, row: Entry, mode: str, on: date
) -> Acceptance:
    place = row.areas[0] if row.areas else row.place
    return registry.acceptance(scheme.name, issuer, place, mode, on)


def _by_province(rows: Iterable[CoverageRow]) -> tuple[ProvinceReach, ...]:
    counts: dict[str, list[int]] = {}
    for row in rows:
        of_province = counts.setdefault(row.province, [0, 0, 0])
        if row.state != "in_service":
            of_province[2] += 1
        else:
            of_province[0 if row.coverage in FULL_COVERAGE else 1] += 1
    return tuple(ProvinceReach(code, *counts[code]) for code in sorted(counts))


def _prohibition(row: Permission) -> Prohibition:
    words = reason(row.reason)
    return Prohibition(
        action=row.action,
        reason=row.reason,
        text_zh=words.zh,
        text_en=words.en,
        next_zh=words.next_zh,
        next_en=words.next_en,
        source=row.source,
    )


def _permitted(row: Permission) -> Permitted:
    return Permitted(row.action, row.certain, row.note_zh, row.note_en, row.source)


def _listed_rows(registry: Registry, place: Place, on: date) -> Iterable[ListedRow]:
    seen: set[tuple[str, str, int]] = set()
    for mode in MODES:
        for name, rows in registry.entries(place.code, mode).items():
            for entry in rows:
                key = (name, entry.place, entry.row)
                if key in seen:
                    continue
                seen.add(key)
                yield ListedRow(
                    scheme=name,
                    place=entry.place,
                    of_itself=entry.place == place.code,
                    listed_as=entry.listed_as,
                    title_zh=entry.title_zh,
                    title_en=entry.title_en,
                    coverage=entry.coverage,
                    state=state_of(registry.schemes[name], entry, on),
                    certain=entry.certain,
                    brand=entry.brand,
                    batch=entry.batch,
                    since=entry.valid_from.text,
                    until=entry.valid_until.isoformat() if entry.valid_until else "",
                    areas=entry.areas,
                    without=entry.without,
                    service_point=entry.service_point,
                    source=entry.source,
                )


def _rates(registry: Registry, place: Place) -> Iterable[RateRow]:
    for name, rows in registry.entries(place.code).items():
        for rate in registry.visitor_rates(name, rows[0].place):
            yield RateRow(rate.mode, rate.part, rate.per_mille, rate.as_of, rate.wording)
