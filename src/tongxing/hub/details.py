"""A verdict's detail in the reader's language; the books keep it in the check's English."""

import re
from collections.abc import Mapping
from functools import cache

from tongxing.kernel.texts import load_catalogue

_APART: Mapping[str, str] = {"zh": "；", "en": "; "}


def told_detail(detail: str, language: str) -> str:
    """A detail for people; a part that no entry of ``details.toml`` tells stays as it stands."""
    return _APART[language].join(_told(part, language) for part in detail.split("; "))


def is_told(detail: str) -> bool:
    """Whether a detail of one part stands in the catalogue."""
    return f"named.{detail}" in _texts() or any(
        found.fullmatch(detail) for found, _ in _sentences()
    )


def _told(part: str, language: str) -> str:
    if named := _texts().get(f"named.{part}"):
        return named[language]
    if language == "en":
        return part
    for pattern, chinese in _sentences():
        if match := pattern.fullmatch(part):
            put_in = {key: _told(value, language) for key, value in match.groupdict().items()}
            return chinese.format(**put_in).replace(" or ", " 或 ")
    return part


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    return load_catalogue("tongxing.hub", "details.toml").entries


@cache
def _sentences() -> tuple[tuple[re.Pattern[str], str], ...]:
    """English sentences as patterns, each with the Chinese one, in the catalogue's order."""
    return tuple(
        (re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(entry["en"]))), entry["zh"])
        for key, entry in _texts().items()
        if not key.startswith("named.")
    )
