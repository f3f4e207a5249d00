"""Reads what partners send as if an enemy had written it.

JSON is taken once per key, without NaN and to a bounded depth; forms likewise. What is missing or
has an unknown value is named, so that an operator can see where a partner departs from its own
documentation. Fields that nobody asked for are passed over: partners add some without notice.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NoReturn
from urllib.parse import parse_qsl

from tongxing.kernel.clock import CHINA, instant
from tongxing.partners.amounts import fen_of

_FIELDS_MAX = 200


class BadAnswer(Exception):
    """Something was not as documented. `field` names it; its value is never kept."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class Fields:
    """The fields of one object. Every method raises BadAnswer, which names the field."""

    def __init__(self, found: Mapping[str, object], path: str = "") -> None:
        self._found, self._path = found, path

    def has(self, name: str) -> bool:
        """Whether the field is there and says something."""
        return self._found.get(name) not in (None, "")

    def text(self, name: str) -> str:
        """A text that is there, is not empty and is of sensible length."""
        value = self._found.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= 4096:
            raise BadAnswer(self._path + name)
        return value

    def long_text(self, name: str) -> str:
        """A text of any length, for what is sealed and encoded."""
        value = self._found.get(name)
        if not isinstance(value, str) or not value:
            raise BadAnswer(self._path + name)
        return value

    def text_or(self, name: str, otherwise: str) -> str:
        """A text, or `otherwise` where there is none."""
        return self.text(name) if self.has(name) else otherwise

    def choice(self, name: str, known: Mapping[str, str]) -> str:
        """What one of the known values means to us."""
        value = self.text(name)
        if value not in known:
            raise BadAnswer(self._path + name)
        return known[value]

    def fen(self, name: str) -> int:
        """An amount that is written in yuan."""
        return self._read(name, fen_of)

    def whole(self, name: str) -> int:
        """A whole number that is not negative; neither a text nor a truth value."""
        value = self._found.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**12:
            raise BadAnswer(self._path + name)
        return value

    def china_s(self, name: str) -> int:
        """A moment that is written ``2026-03-17 08:21:10``, in China's time."""
        return self._read(name, _china_s)

    def rfc3339_s(self, name: str) -> int:
        """A moment that is written ``2026-03-17T08:21:10+08:00``."""
        return self._read(name, _rfc3339_s)

    def inner(self, name: str) -> "Fields":
        """The object in this field."""
        value = self._found.get(name)
        if not isinstance(value, dict):
            raise BadAnswer(self._path + name)
        return Fields(value, f"{self._path}{name}.")

    def _read(self, name: str, reading: Callable[[str], int | None]) -> int:
        value = reading(self.text(name))
        if value is None:
            raise BadAnswer(self._path + name)
        return value


def json_object(content: bytes) -> dict[str, object]:
    """The object that a JSON text is. Raises BadAnswer for anything else."""
    try:
        found = json.loads(
            content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant
        )
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise BadAnswer("json") from None
    if not isinstance(found, dict):
        raise BadAnswer("json")
    return found


def form_fields(content: bytes) -> dict[str, str]:
    """The fields of a form, each once. Raises BadAnswer for anything else."""
    try:
        pairs = parse_qsl(
            content.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_FIELDS_MAX,
        )
        return {name: value for name, value in _once(list(pairs)).items() if isinstance(value, str)}
    except (UnicodeDecodeError, ValueError):
        raise BadAnswer("form") from None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(_: str) -> NoReturn:
    raise ValueError("no number")


def _china_s(text: str) -> int | None:
    try:
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None
    return instant(moment.replace(tzinfo=CHINA)) if text.isascii() and len(text) == 19 else None


def _rfc3339_s(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    is_whole = moment.tzinfo is not None and "T" in text and text.isascii()
    return instant(moment) if is_whole else None
