"""The registry of schemes, places, members and numbers: one object that everybody asks.

It answers from dated data of this package and nothing else: no clock, no network, no database, so
a gate, a city and the hub that carry the same version give the same answer. `acceptance` is asked
at every tap; its answers are remembered, because the questions of a validator hardly vary.
"""

import csv
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cache, lru_cache

from tongxing.kernel.reasons import Refusal, reason
from tongxing.network import reports
from tongxing.network.acceptance import (
    ACCEPTED,
    Acceptance,
    Question,
    at_home,
    judge,
    mode_name,
    rows_for,
    visitor_rates,
)
from tongxing.network.loading import ACCEPTANCE_FILES, Book, all_entries, load_book
from tongxing.network.names import NameIndex, build_index, find
from tongxing.network.numbers import NumberMatch, identify_number, scheme_of_application
from tongxing.network.places import Level, Place
from tongxing.network.reports import Change, CoverageReport, MapPoint
from tongxing.network.schemes import (
    MODES,
    Entry,
    Fact,
    Holder,
    NumberPrefix,
    Permission,
    ProvinceMark,
    Scheme,
    Source,
    VisitorRate,
)

ACTIONS = (
    "remote_top_up",
    "remote_refund",
    "overdraft",
    "loss_report",
    "virtual_card",
    "m1_card",
    "m1_upgrade_in_place",
)
ANSWERS_KEPT_MAX = 65_536


class Registry:
    """Answers over one book: that of this package (`load_registry()`), or one of a test's own."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._index: NameIndex | None = None
        self._judged = lru_cache(maxsize=ANSWERS_KEPT_MAX)(self._judge)

    def acceptance(
        self,
        scheme: str,
        issuer: str,
        place: str,
        mode: str,
        on: date,
        line: str = "",
        line_accepts: Collection[str] = (),
    ) -> Acceptance:
        """Is a medium accepted at a place, for a mode, on a day, and why (not)?

        `scheme` is a scheme's name ("t_union", "city_union", "local:500000"), `issuer` the division
        code of the issuing place, `place` that of the validator (a county's, if known), `mode` one
        of MODES, `line` the validator's line ("" if it has none) and `line_accepts` the schemes
        whose mark that line carries: where only part of the bus lines are converted, the mark
        decides. Pure; never raises for any strings (R-202, R-213, R-219, R-301, R-302, R-311).
        Reasons: ACCEPTED, or SCHEME_UNKNOWN, MODE_UNKNOWN, PLACE_UNKNOWN, SCHEME_NOT_STARTED,
        LOCAL_SCHEME_ELSEWHERE, MODE_NOT_IN_SCHEME, ISSUER_UNKNOWN, ISSUER_NOT_IN_SCHEME,
        PLACE_NOT_IN_SCHEME, PLACE_OF_OTHER_SCHEME, PLACE_NOT_YET, PLACE_LEFT,
        PLACE_UNDER_CONVERSION, PLACE_PLANNED, PLACE_UNDER_STUDY, PLACE_EXCLUDED,
        PLACE_OUTSIDE_AREA, METRO_ONLY, METRO_UNAVAILABLE, MODE_NOT_COVERED, LINE_NOT_CONVERTED,
        LINE_EXCLUDED, VISITOR_MODE_NOT_OFFERED.
        """
        return self._judged(scheme, issuer, place, mode, on, line, scheme in line_accepts)

    def _judge(
        self, scheme: str, issuer: str, place: str, mode: str, on: date, line: str, marked: bool
    ) -> Acceptance:
        return judge(self._book, Question(scheme, issuer, place, mode, on, line, marked))

    def pick_application(
        self,
        applications: Sequence[tuple[str, str]],
        place: str,
        mode: str,
        on: date,
        line: str = "",
        line_accepts: Collection[str] = (),
    ) -> tuple[int, Acceptance]:
        """Which of a card's applications, as (scheme, issuer), this terminal should use (R-211).

        The index and answer of the first one that is accepted; none accepted: of the first one.
        National schemes come before local ones in `applications`, as on the chip. Raises ValueError
        for a card without applications.
        """
        if not applications:
            raise ValueError("a card has at least one application")
        answers = [
            self.acceptance(scheme, issuer, place, mode, on, line, line_accepts)
            for scheme, issuer in applications
        ]
        chosen = next((n for n, answer in enumerate(answers) if answer.accepted), 0)
        return chosen, answers[chosen]

    def explain(self, answer: Acceptance, language: str) -> str:
        """An answer in a sentence or a few: what, why, and how well that is known (zh or en)."""
        words, facts = self._book.words, answer.evidence
        if answer.reason == ACCEPTED:
            key = "accepted.visitor" if facts.visitor else "accepted.home"
            sentences = [words.text(key, language).format(**answer.values)]
        else:
            sentences = [reason(answer.reason).text(language, answer.values)]
        if facts.rate_per_mille is not None:
            rate = f"{facts.rate_per_mille // 10}.{facts.rate_per_mille % 10}"
            sentences.append(words.text("rate", language, percent=rate.removesuffix(".0")))
        if facts.since.text:
            sentences.append(words.text("since", language, since=facts.since.text))
        sentences += [words.text(f"note.{note}", language) for note in facts.notes]
        stop, gap = ("。", "") if language == "zh" else (".", " ")
        return gap.join(sentence + stop for sentence in sentences)

    def permission(
        self,
        scheme: str,
        action: str,
        on: date,
        *,
        away: bool = True,
        holder: Holder = "anonymous",
    ) -> Permission | Refusal:
        """Whether `action` (one of ACTIONS) may be done with a medium of the scheme (R-203…R-209).

        `away`: outside the issuer's own area; see `is_home`. What no rule states is answered
        `not_stated`, never a made-up yes. Refusals: SCHEME_UNKNOWN, ACTION_UNKNOWN.
        """
        if scheme not in self._book.schemes:
            return Refusal("SCHEME_UNKNOWN", values={"scheme_zh": scheme, "scheme_en": scheme})
        if action not in ACTIONS:
            return Refusal("ACTION_UNKNOWN", values={"action": action})
        fits = {"always": True, "away": away, holder: True}
        for row in self._book.permissions:
            asked = (row.scheme, row.action) == (scheme, action) and row.valid_from.is_before(on)
            if asked and fits.get(row.when, False):
                return row
        return Permission(scheme, action, "not_stated")

    def stated(self, scheme: str, on: date, holder: Holder = "anonymous") -> list[Permission]:
        """Everything the scheme's rules state for a holder away from home, allowed or forbidden."""
        asked = [self.permission(scheme, action, on, holder=holder) for action in ACTIONS]
        return [row for row in asked if isinstance(row, Permission) and row.answer != "not_stated"]

    def is_home(self, scheme: str, issuer: str, place: str) -> bool:
        """Whether a place is in the issuer's own area (of one brand included, R-307)."""
        chain = self._book.divisions.chain(place)
        rows = next((rows for mode in MODES if (rows := self._rows(scheme, chain, mode))), ())
        listed = rows[0].place if rows else place
        return at_home(self._book, scheme, issuer, listed)

    def _rows(self, scheme: str, chain: tuple[str, ...], mode: str) -> tuple[Entry, ...]:
        return rows_for(self._book, scheme, chain, mode)

    def entries(self, place: str, mode: str = "bus") -> dict[str, tuple[Entry, ...]]:
        """The rows that decide for a place, by scheme; a county may have its prefecture's."""
        chain = self._book.divisions.chain(place)
        found = {name: self._rows(name, chain, mode) for name in self._book.schemes}
        return {name: rows for name, rows in found.items() if rows}

    def rows_of(self, scheme: str) -> list[Entry]:
        """Every row of a scheme's list, in the list's own order."""
        return reports.rows_of(self._book, scheme)

    def visitor_rates(self, scheme: str, listed: str) -> tuple[VisitorRate, ...]:
        """A listed place's rows of the visitor table, in thousandths of the base fare (R-306)."""
        return visitor_rates(self._book, scheme, listed)

    def coverage(self, on: date, scheme: str = "", province: str = "") -> CoverageReport:
        """Counts and rows of a scheme (or both national ones) on a day; see `reports.report`."""
        return reports.report(self._book, on, scheme, province)

    def changes(self, scheme: str, after: date, until: date) -> tuple[Change, ...]:
        """Who joined or left in (after, until], with the terminals' deadlines (R-405)."""
        return reports.changes(self._book, scheme, after, until)

    def map_points(self, on: date) -> tuple[MapPoint, ...]:
        """Listed places with coordinates (micro-degrees, taken as GCJ-02), for a picture."""
        return reports.map_points(self._book, on)

    def find_city(self, text: str, level: Level | None = None) -> Place | Refusal:
        """The place that a name, a code, pinyin or an English name means; see `names.find`.

        `level` asks for a province, a prefecture or a county only.
        """
        if self._index is None:
            listed: dict[str, tuple[str, ...]] = {}
            for entry in all_entries(self._book):
                if self._book.schemes[entry.scheme].kind == "national":
                    listed[entry.place] = (*listed.get(entry.place, ()), entry.listed_as)
            self._index = build_index(self._book.divisions, listed)
        return find(self._index, text, level)

    def identify(
        self, number: str, *, require_check: bool = False
    ) -> tuple[NumberMatch, ...] | Refusal:
        """What a printed number can belong to; see `numbers.identify_number`."""
        return identify_number(self._book, number, require_check=require_check)

    def scheme_of_application(self, aid_hex: str) -> tuple[str, ...] | Refusal:
        """The schemes of a chip application's AID (R-212)."""
        return scheme_of_application(self._book, aid_hex)

    def place(self, code: str) -> Place | None:
        """The place of a division code or of an id of ours."""
        return self._book.divisions.get(code)

    def place_name(self, code: str, language: str) -> str:
        """A place's name; the code itself when it is not known."""
        return self._book.divisions.name(code, language)

    @property
    def city_union_codes(self) -> tuple[NumberPrefix, ...]:
        """The city codes of City Union: its numbers begin with them, its cards carry them."""
        spaces = self._book.spaces
        return tuple(one for s in spaces if s.scheme == "city_union" for one in s.prefixes)

    def mode_name(self, mode: str, language: str) -> str:
        """What people call a mode."""
        return mode_name(self._book, mode, language)

    def word(self, key: str, language: str) -> str:
        """A word of the registry's own catalogue, such as ``coverage.whole``."""
        return self._book.words.text(key, language)

    def facts(self, scheme: str) -> tuple[Fact, ...]:
        """All dated facts of a scheme, in the file's order."""
        return tuple(fact for fact in self._book.facts if fact.scheme == scheme)

    def accepts_as(self, other: "Registry") -> bool:
        """Whether another registry lists the same schemes in the same places on the same days."""
        mine, theirs = self._book, other._book
        return (mine.schemes, mine.entries, mine.marks, mine.rates) == (
            theirs.schemes,
            theirs.entries,
            theirs.marks,
            theirs.rates,
        )

    @property
    def schemes(self) -> Mapping[str, Scheme]:
        """Every scheme by name, national ones first."""
        return self._book.schemes

    @property
    def places(self) -> Mapping[str, Place]:
        """Every place by code."""
        return self._book.divisions.by_code

    @property
    def province_marks(self) -> Mapping[str, ProvinceMark]:
        """What the T-Union list says over a whole province, by the province's code (R-215)."""
        return self._book.marks

    @property
    def sources(self) -> Mapping[str, Source]:
        """Where the rows come from, by key."""
        return self._book.sources


def identify(
    registry: Registry, number: str, *, require_check: bool = False
) -> tuple[NumberMatch, ...] | Refusal:
    """What a printed number can belong to, or why it is no card number; R-106, R-208."""
    return registry.identify(number, require_check=require_check)


def find_city(registry: Registry, text: str, level: Level | None = None) -> Place | Refusal:
    """The place that a text names; ambiguity and near misses are refusals."""
    return registry.find_city(text, level)


def coverage(registry: Registry, on: date, scheme: str = "", province: str = "") -> CoverageReport:
    """What the schemes covered on a day."""
    return registry.coverage(on, scheme, province)


def read_registry(written: Mapping[str, str]) -> Registry:
    """The registry with the acceptance files (`acceptance_files`) as they are written; places,
    numbers and sources are this package's. Raises ValueError for anything that makes no sense."""
    if written.keys() != set(ACCEPTANCE_FILES):
        raise ValueError("other files than " + ", ".join(ACCEPTANCE_FILES))
    try:
        return Registry(load_book(written))
    except (LookupError, TypeError, AttributeError, csv.Error) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


@cache
def load_registry() -> Registry:
    """The registry of this package's data, read once."""
    return Registry(load_book())
