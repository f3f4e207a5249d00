"""A file of gate cases: read strictly, each case played against the real rules and compared.

A case says what is given, what happens, and what then must be true. Every word of it has to be
understood: what nobody reads cannot be checked, and must not look as if it held.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import msgspec
from msgspec import Struct

from tongxing.cli.common import in_both
from tongxing.cli.entry.wording import Unclear, fits, names_reason, shown, wording
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.network import load_registry

FILE_BYTES_MAX = 16 * 1024 * 1024
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_NOON = 12


class FileCase(Struct, frozen=True, forbid_unknown_fields=True):
    """A case as the file has it."""

    id: str
    then: dict[str, object]
    given: dict[str, object] = {}
    when: dict[str, object] = {}
    title: str = ""
    note: str = ""
    requirements: tuple[str, ...] = ()


class _CaseFile(Struct, frozen=True):
    cases: tuple[FileCase, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a case expects otherwise than it is."""

    what: str
    expected: object
    found: object


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of a case; `unclear` says in both languages what was not understood."""

    id: str
    title: str
    differences: tuple[Difference, ...] = ()
    unclear: Mapping[str, str] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether all is as the case expects it."""
        return not self.differences and not self.unclear


@dataclass(frozen=True, slots=True)
class Found:
    """What the rules say: a value for everything that a case of this kind may ask, and the words
    that mean it where there are several."""

    values: Mapping[str, object]
    words: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    reason: str = ""
    where: str = ""


class Said:
    """What a case gives, read once each; whatever is left over was not understood."""

    def __init__(self, case: FileCase) -> None:
        both = case.given.keys() & case.when.keys()
        if both:
            raise Unclear("twice", what=min(both))
        self.then = case.then
        self._left = {**case.given, **case.when}

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def take(self, key: str, default: object = None) -> object:
        """The value of a key, which is read with this."""
        return self._left.pop(key, default)

    def gives(self, key: str) -> bool:
        """Whether a key has a value; null is none, and read with this."""
        if self._left.get(key) is None:
            self._left.pop(key, None)
        return key in self._left

    def text(self, key: str, default: str | None = None) -> str:
        """A word. Raises Unclear for anything else, and where it is missing without a default."""
        value = self.take(key, default)
        if not isinstance(value, str):
            raise Unclear("missing" if value is None else "word", what=key, text=shown(value))
        return value

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number of at least 0. Raises Unclear for anything else."""
        value = self.take(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1_000_000:
            raise Unclear("number", what=key, text=shown(value))
        return value

    def city(self, default: str) -> str:
        """The division code of the city that a case is about."""
        found = load_registry().find_city(self.text("city", default))
        if isinstance(found, Refusal):
            raise Unclear("city")
        return found.code

    def moment_s(self, default: date) -> int:
        """When it happens: the case's date and time of day, noon where it gives none."""
        text = self.take("date", default.isoformat())
        clock = self.take("time", f"{_NOON}:00")
        match = _CLOCK.fullmatch(clock) if isinstance(clock, str) else None
        try:
            day = date.fromisoformat(text if isinstance(text, str) else "")
        except ValueError:
            raise Unclear("date", text=shown(text)) from None
        if match is None:
            raise Unclear("clock", text=shown(clock))
        return at(day, int(match[1]), int(match[2]))

    def close(self) -> None:
        """Raise Unclear for what nobody has read."""
        if self._left:
            raise Unclear("key", what=min(self._left))


Play = Callable[[Said], Found]


def read_cases(content: bytes) -> tuple[FileCase, ...] | Refusal:
    """The cases of a file. Refuses ENTRY_CASES_MALFORMED for anything that is no such file, also
    for one without cases, with two of one id, or with a case that expects nothing."""
    if len(content) > FILE_BYTES_MAX:
        return _malformed("size", most=FILE_BYTES_MAX // 1024 // 1024)
    try:
        cases = msgspec.json.decode(content, type=_CaseFile).cases
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _malformed("json", detail=str(error))
    if not cases:
        return _malformed("empty")
    names = [case.id for case in cases]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        return _malformed("twice", id=twice)
    silent = next((case.id for case in cases if not case.then), None)
    return cases if silent is None else _malformed("silent", id=silent)


def check_case(case: FileCase) -> CaseResult:
    """Play a case against the rules, and compare what it expects."""
    try:
        said = Said(case)
        found = _play_of(said)(said)
        said.close()
        unknown = [key for key in case.then if key != "reason" and key not in found.values]
        if unknown:
            raise Unclear("expects", what=min(unknown))
    except Unclear as unclear:
        return CaseResult(case.id, case.title, unclear=unclear.words)
    wrong = [
        Difference(key, expected, found.reason if key == "reason" else found.values[key])
        for key, expected in case.then.items()
        if not _agrees(key, expected, found)
    ]
    return CaseResult(case.id, case.title, tuple(wrong))


def _agrees(key: str, expected: object, found: Found) -> bool:
    if key == "reason":
        if expected is None or not found.reason:
            return expected is None and not found.reason
        return names_reason(expected, found.reason, found.where)
    meant = found.words.get(key, (found.values[key],))
    return any(type(expected) is type(one) and expected == one for one in meant)


def _play_of(said: Said) -> Play:
    from tongxing.cli.entry import desks, gates  # each imports a house

    if "action" not in said:
        if "first_topup" in said:
            return desks.PLAYS["first_topup"]
        if "medium" in said:
            return gates.play
        raise Unclear("shape")
    action = said.text("action")
    known = wording().actions
    name = next((known[one] for one in known if fits(re.escape(one), action)), None)
    if name is None:
        raise Unclear("action", text=action)
    return desks.PLAYS[name]


def _malformed(key: str, /, **values: object) -> Refusal:
    return Refusal(
        "ENTRY_CASES_MALFORMED", values=in_both("detail", "entry", f"malformed.{key}", **values)
    )
