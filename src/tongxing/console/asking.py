"""What an address asks for, read strictly: days, pages, choices. A bad value is a `Problem`.

Nothing is guessed: a page that shows something else than was asked for misleads.
"""

import re
from collections.abc import Collection
from datetime import date

from starlette.requests import Request

from tongxing.kernel.reasons import Problem

TEXT_MAX = 60

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile(r"[1-9][0-9]{0,5}")


def asked_text(request: Request, name: str) -> str:
    """An argument of the address, without blanks around it; "" when it is absent."""
    return request.query_params.get(name, "").strip()


def asked_day(request: Request, name: str = "day") -> date | None:
    """The day an argument names, None when absent. Raises Problem(PAGE_ARGUMENT)."""
    text = asked_text(request, name)
    if not text:
        return None
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise refused(name, text)


def asked_page(request: Request, most: int) -> int:
    """The number of a page of a list, from 1. Raises Problem(PAGE_ARGUMENT)."""
    text = asked_text(request, "page") or "1"
    if not _WHOLE.fullmatch(text) or int(text) > most:
        raise refused("page", text)
    return int(text)


def asked_choice(request: Request, name: str, choices: Collection[str]) -> str:
    """One of some choices, "" when absent. Raises Problem(PAGE_ARGUMENT)."""
    text = asked_text(request, name)
    if text and text not in choices:
        raise refused(name, text)
    return text


def refused(name: str, text: str) -> Problem:
    """The problem of a value that cannot be used."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in text[:TEXT_MAX])
    return Problem("PAGE_ARGUMENT", name, name=name, text=shown)
