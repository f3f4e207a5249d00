"""The question every gate asks: is this medium accepted here, for this mode, on this day, and why?

`judge` is pure: the same book and the same question give the same answer, whatever the strings are.
It never raises for a wrong scheme, place, mode or issuer; it refuses, with a reason of the list.
The order of the checks is the order in which a passenger would want to hear of them: what is
unknown, then what the scheme is, then the place and its dates, then the mode, then the line, and
last what the visited city offers visitors.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from tongxing.kernel.reasons import Refusal
from tongxing.network.loading import Book
from tongxing.network.places import part_of_town
from tongxing.network.schemes import MODES, UNKNOWN_DATE, Entry, KnownDate, Scheme, VisitorRate

ACCEPTED = "ACCEPTED"
BASE_FARE_PER_MILLE = 1000
REASONS = frozenset(
    {
        "SCHEME_UNKNOWN",
        "MODE_UNKNOWN",
        "PLACE_UNKNOWN",
        "SCHEME_NOT_STARTED",
        "LOCAL_SCHEME_ELSEWHERE",
        "MODE_NOT_IN_SCHEME",
        "ISSUER_UNKNOWN",
        "ISSUER_NOT_IN_SCHEME",
        "PLACE_NOT_IN_SCHEME",
        "PLACE_OF_OTHER_SCHEME",
        "PLACE_NOT_YET",
        "PLACE_LEFT",
        "PLACE_UNDER_CONVERSION",
        "PLACE_PLANNED",
        "PLACE_UNDER_STUDY",
        "PLACE_EXCLUDED",
        "PLACE_OUTSIDE_AREA",
        "METRO_ONLY",
        "METRO_UNAVAILABLE",
        "MODE_NOT_COVERED",
        "LINE_NOT_CONVERTED",
        "LINE_EXCLUDED",
        "VISITOR_MODE_NOT_OFFERED",
    }
)
"""Why a medium may not be accepted somewhere."""

_TEXT_MAX = 40


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the answer rests on. `listed` is the place whose row decided, "" when no row did.

    `rate_per_mille` is the share of the base fare that the visitor table gives; None for a medium
    at home and for schemes without such a table. `notes` are keys of `registry_texts.toml`.
    """

    scheme: str
    place: str
    listed: str = ""
    coverage: str = ""
    visitor: bool = False
    rate_per_mille: int | None = None
    since: KnownDate = UNKNOWN_DATE
    until: date | None = None
    source: str = ""
    certain: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The answer. `reason` is ACCEPTED or a code of the reason list, `values` fill its text."""

    accepted: bool
    reason: str
    evidence: Evidence
    values: Mapping[str, str] = field(default_factory=dict)

    def refusal(self, where: str = "") -> Refusal | None:
        """The refusal to show or journal; None when accepted."""
        return None if self.accepted else Refusal(self.reason, where, self.values)


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks to ride where: a medium's scheme and issuer, a validator's place, mode and line.

    `marked` says whether the validator's line carries the scheme's mark.
    """

    scheme: str
    issuer: str
    place: str
    mode: str
    on: date
    line: str = ""
    marked: bool = False


def judge(book: Book, asked: Question) -> Acceptance:
    """Answer the question; never raises for any strings (R-202, R-213, R-219, R-301, R-311)."""
    chain = book.divisions.chain(asked.place)
    if code := _unknown(book, asked, chain):
        return _refused(book, asked, code)
    scheme = book.schemes[asked.scheme]
    if not scheme.valid_from.is_before(asked.on):
        return _refused(book, asked, "SCHEME_NOT_STARTED", since=scheme.valid_from.text)
    if scheme.city and scheme.city not in chain:
        return _refused(book, asked, "LOCAL_SCHEME_ELSEWHERE")
    if asked.mode not in scheme.modes:
        return _refused(book, asked, "MODE_NOT_IN_SCHEME")
    if not asked.issuer:
        return _refused(book, asked, "ISSUER_UNKNOWN")
    if not may_issue(book, scheme, asked.issuer, asked.on):
        return _refused(book, asked, "ISSUER_NOT_IN_SCHEME")
    rows = rows_for(book, scheme.name, chain, asked.mode)
    if not rows:
        return _no_row(book, asked, chain)
    entry = _on_day(rows, asked.on)
    facts = _evidence(scheme, asked, entry, chain)
    if code := _shut(entry, asked, chain):
        return _refused(book, asked, code, facts, entry)
    return _for_visitor(book, asked, entry, facts)


def rows_for(book: Book, scheme: str, chain: tuple[str, ...], mode: str) -> tuple[Entry, ...]:
    """The rows of the innermost listed place that speak of the mode: its periods, maybe several.

    A county's own row decides over its prefecture's, even when the county joined later.
    """
    places = book.entries.get(scheme, {})
    for link in chain:
        rows = tuple(
            entry
            for entry in places.get(link, ())
            if mode in entry.modes and (entry.inherited or link == chain[0])
        )
        if rows:
            return rows
    return ()


def may_issue(book: Book, scheme: Scheme, issuer: str, on: date) -> bool:
    """Whether media of the scheme can come from this issuer's place (R-212, R-218, R-301)."""
    if scheme.issuers == "own":
        return issuer == scheme.city
    if scheme.issuers == "numbered":
        known = book.divisions.get(issuer) is not None
        return known and book.divisions.province(issuer) in numbered_provinces(book, scheme.name)
    rows = book.entries.get(scheme.name, {}).get(issuer, ())
    return any(row.in_force(on) for row in rows)


def numbered_provinces(book: Book, scheme: str) -> frozenset[str]:
    """The provinces that have a number prefix in the scheme."""
    return frozenset(
        prefix.issuer
        for space in book.spaces
        if space.scheme == scheme
        for prefix in space.prefixes
        if prefix.kind == "province"
    )


def at_home(book: Book, scheme: str, issuer: str, listed: str) -> bool:
    """Whether a listed place is the issuer's: the same, its province, or of one brand (R-307)."""
    if issuer in (listed, book.divisions.province(listed)):
        return True
    return any(
        brand.scheme == scheme and issuer in brand.places and listed in brand.places
        for brand in book.brands
    )


def visitor_rates(book: Book, scheme: str, listed: str) -> tuple[VisitorRate, ...]:
    """A listed place's rows of the visitor table; none means no relief is promised (R-308)."""
    return tuple(rate for rate in book.rates if rate.scheme == scheme and rate.place == listed)


def mode_name(book: Book, mode: str, language: str) -> str:
    """What people call a mode; the word itself, cut short, when it is not one of ours."""
    return book.words.text(f"mode.{mode}", language) if mode in MODES else mode[:_TEXT_MAX]


def _unknown(book: Book, asked: Question, chain: tuple[str, ...]) -> str:
    if asked.scheme not in book.schemes:
        return "SCHEME_UNKNOWN"
    if asked.mode not in MODES:
        return "MODE_UNKNOWN"
    return "" if chain else "PLACE_UNKNOWN"


def _on_day(rows: tuple[Entry, ...], on: date) -> Entry:
    """The period in force; else the one that ended last; else the one that comes first."""
    for row in rows:
        if row.in_force(on):
            return row
    ended = [row for row in rows if row.valid_until and row.valid_until < on]
    if ended:
        return max(ended, key=lambda row: row.valid_until or date.min)
    return min(rows, key=lambda row: row.valid_from.day or date.min)


def _shut(entry: Entry, asked: Question, chain: tuple[str, ...]) -> str:
    """Why the row does not let this ride through; "" when it does."""
    kind = entry.kind
    if not entry.valid_from.is_before(asked.on):
        return "PLACE_NOT_YET"
    if not entry.in_force(asked.on):
        return "PLACE_LEFT"
    if kind.closed:
        return kind.closed
    if set(entry.without) & set(chain):
        return "PLACE_EXCLUDED"
    if kind.areas_only and not set(entry.areas) & set(chain):
        return "PLACE_OUTSIDE_AREA"
    if kind.only and asked.mode not in kind.only:
        return "METRO_ONLY" if "rail" in kind.only else "MODE_NOT_COVERED"
    if asked.mode in kind.without:
        return "METRO_UNAVAILABLE"
    if kind.marked_lines and not asked.marked and asked.line not in entry.lines:
        return "LINE_NOT_CONVERTED"
    return "LINE_EXCLUDED" if asked.line and asked.line in entry.without_lines else ""


def _no_row(book: Book, asked: Question, chain: tuple[str, ...]) -> Acceptance:
    if any(rows_for(book, asked.scheme, chain, mode) for mode in MODES):
        return _refused(book, asked, "MODE_NOT_COVERED")
    others = [scheme for scheme in book.schemes.values() if _takes(book, scheme, asked, chain)]
    if not others:
        return _refused(book, asked, "PLACE_NOT_IN_SCHEME")
    names_zh = "、".join(scheme.zh for scheme in others)
    names_en = ", ".join(scheme.en for scheme in others)
    return _refused(book, asked, "PLACE_OF_OTHER_SCHEME", others_zh=names_zh, others_en=names_en)


def _takes(book: Book, scheme: Scheme, asked: Question, chain: tuple[str, ...]) -> bool:
    """Whether a scheme is taken at the validator's place and mode, whoever issued the medium."""
    rows = rows_for(book, scheme.name, chain, asked.mode)
    started = scheme.valid_from.is_before(asked.on)
    return started and bool(rows) and not _shut(_on_day(rows, asked.on), asked, chain)


def _for_visitor(book: Book, asked: Question, entry: Entry, facts: Evidence) -> Acceptance:
    """Accepted, unless the visited city's table does not offer this mode to visitors (R-302)."""
    if at_home(book, asked.scheme, asked.issuer, entry.place):
        return _accepted(book, asked, facts)
    facts = replace(facts, visitor=True)
    if not any(rate.scheme == asked.scheme for rate in book.rates):
        return _accepted(book, asked, facts)
    rates = visitor_rates(book, asked.scheme, entry.place)
    if not rates:
        notes = (*facts.notes, "no_visitor_row")
        return _accepted(
            book, asked, replace(facts, rate_per_mille=BASE_FARE_PER_MILLE, notes=notes)
        )
    facts = replace(facts, notes=(*facts.notes, "visitor_table_date"))
    parts = ("all", part_of_town(asked.place))
    for rate in rates:
        if rate.mode == asked.mode and rate.part in parts:
            return _accepted(book, asked, replace(facts, rate_per_mille=rate.per_mille))
    return _refused(book, asked, "VISITOR_MODE_NOT_OFFERED", facts, entry)


def _evidence(scheme: Scheme, asked: Question, entry: Entry, chain: tuple[str, ...]) -> Evidence:
    notes = []
    if entry.valid_from.precision == "unknown":
        notes.append("start_unknown")
    elif entry.valid_from.precision != "day":
        notes.append("start_inexact")
    if entry.place != chain[0]:
        notes.append("inherited")
    if asked.mode == "rail" and not scheme.rail_stated and entry.kind.says_no_mode:
        notes.append("rail_not_stated")
    if not entry.certain:
        notes.append("uncertain")
    if entry.service_point:
        notes.append("service_point")
    if entry.without_lines and not asked.line:
        notes.append("line_not_given")
    return Evidence(
        scheme=asked.scheme,
        place=asked.place,
        listed=entry.place,
        coverage=entry.coverage,
        since=entry.valid_from,
        until=entry.valid_until,
        source=entry.source,
        certain=entry.certain,
        notes=tuple(notes),
    )


def _accepted(book: Book, asked: Question, facts: Evidence) -> Acceptance:
    return Acceptance(True, ACCEPTED, facts, _values(book, asked))


def _refused(
    book: Book,
    asked: Question,
    code: str,
    facts: Evidence | None = None,
    entry: Entry | None = None,
    **more: str,
) -> Acceptance:
    facts = facts or Evidence(asked.scheme[:_TEXT_MAX], asked.place[:_TEXT_MAX])
    return Acceptance(False, code, facts, _values(book, asked, entry) | more)


def _values(book: Book, asked: Question, entry: Entry | None = None) -> dict[str, str]:
    """What the texts of a reason can name, in both languages; long input is cut."""
    scheme = book.schemes.get(asked.scheme)
    values = {
        "scheme_zh": scheme.zh if scheme else asked.scheme[:_TEXT_MAX],
        "scheme_en": scheme.en if scheme else asked.scheme[:_TEXT_MAX],
        "place_zh": book.divisions.name(asked.place, "zh"),
        "place_en": book.divisions.name(asked.place, "en"),
        "issuer_zh": book.divisions.name(asked.issuer, "zh"),
        "issuer_en": book.divisions.name(asked.issuer, "en"),
        "mode_zh": mode_name(book, asked.mode, "zh"),
        "mode_en": mode_name(book, asked.mode, "en"),
        "line": asked.line[:_TEXT_MAX],
        "on": asked.on.isoformat(),
    }
    if entry:
        values["since"] = entry.valid_from.text
        values["until"] = entry.valid_until.isoformat() if entry.valid_until else ""
        for language in ("zh", "en"):
            names = [book.divisions.name(code, language) for code in entry.areas]
            values[f"areas_{language}"] = ("、" if language == "zh" else ", ").join(names)
            values[f"listed_{language}"] = book.divisions.name(entry.place, language)
    return values
