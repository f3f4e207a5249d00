"""What is wrong with a row or a moment in a file, as reasons of the list.

Asked only of what was refused, so it may take its time; nothing of it is used.
"""

import json
import re
from collections.abc import Mapping
from datetime import date

from tongxing.kernel.clock import DAY_S, at, calendar_date
from tongxing.kernel.reasons import Refusal

_MISSING = re.compile(r"missing required field `([^`]*)`")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_AMOUNT = re.compile(r"got `([^`]*)` - at `\$[^`]*?(\w+_fen)`")
_DETAIL_MAX = 200
_VALUE_MAX = 40
_LATEST_S = at(date(9999, 12, 31))


def row_fault(line: bytes, said: str) -> tuple[str, Mapping[str, object]]:
    """The code and values for a line that a strict reader refused, `said` being the reader's word.

    FILE_FORBIDDEN_CHAR, FILE_ENCODING, LINES_NOT_JSON, FILE_COLUMNS, FIELD_AMOUNT or LINES_ROW.
    """
    if b"\0" in line:
        return "FILE_FORBIDDEN_CHAR", {"char": "U+0000"}
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return "FILE_ENCODING", {}
    if text.startswith("\N{ZERO WIDTH NO-BREAK SPACE}"):
        return "FILE_ENCODING", {}
    row = _object(text)
    if row is None:
        return "LINES_NOT_JSON", {}
    for pattern, sign in ((_MISSING, "-"), (_UNKNOWN, "+")):
        if found := pattern.search(said):
            return "FILE_COLUMNS", {"field": plain(sign + found[1])}
    if found := _AMOUNT.search(said):
        value = json.dumps(row[found[2]])[:_VALUE_MAX] if found[2] in row else found[1]
        return "FIELD_AMOUNT", {"field": plain(found[2]), "found": plain(value)}
    return "LINES_ROW", {"detail": plain(said)}


def made_too_early(created_s: int, now_s: int, where: str) -> Refusal | None:
    """Why a file cannot have been made when it says: more than a day after now. Refuses
    DATE_FUTURE (B82)."""
    if created_s <= now_s + DAY_S:
        return None
    found = calendar_date(min(created_s, _LATEST_S))
    return Refusal("DATE_FUTURE", where, {"found": found, "today": calendar_date(now_s)})


def plain(text: str) -> str:
    """A text that quotes what somebody sent, made harmless and short."""
    return text.encode("unicode_escape").decode("ascii")[:_DETAIL_MAX]


def _object(text: str) -> dict[str, object] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
