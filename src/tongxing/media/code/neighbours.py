"""What else people hold before a gate's scanner, named, so that they learn what to show instead.

The table is data (`neighbours.toml`). A name is a help for people; nothing is ever opened, followed
or charged because of it, and a code that is not on the list is simply not a ride code.
"""

import re
import tomllib
from functools import cache
from importlib.resources import files

from msgspec import Struct, convert


class Neighbour(Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of foreign code: its name in both languages and how it is known."""

    key: str
    zh: str
    en: str
    starts: tuple[str, ...] = ()
    starts_text: tuple[str, ...] = ()
    pattern: str = ""
    least: int = 1
    binary: bool = False


def neighbour_of(scanned: bytes) -> Neighbour | None:
    """Which known kind of foreign code this is; None for a code that no entry fits."""
    text = _text_of(scanned)
    for known in neighbours():
        if _fits(known, scanned, text):
            return known
    return None


@cache
def neighbours() -> tuple[Neighbour, ...]:
    """The table, most telling entries first."""
    raw = tomllib.loads(files(__package__).joinpath("neighbours.toml").read_text(encoding="utf-8"))
    return tuple(convert(entry, Neighbour) for entry in raw["neighbour"])


def _fits(known: Neighbour, scanned: bytes, text: str | None) -> bool:
    if len(scanned) < known.least or (known.binary and text is not None):
        return False
    if known.starts:
        return scanned.startswith(tuple(map(bytes.fromhex, known.starts)))
    if text is None:
        return False
    if known.starts_text:
        longest = max(map(len, known.starts_text))
        return text[:longest].lower().startswith(tuple(s.lower() for s in known.starts_text))
    return re.fullmatch(known.pattern, text) is not None


def _text_of(scanned: bytes) -> str | None:
    """The content as text, None when it has bytes that no text has."""
    try:
        text = scanned.decode("utf-8").strip()
    except UnicodeDecodeError:
        return None
    return None if any(char < " " and char not in "\t\r\n" for char in text) else text
