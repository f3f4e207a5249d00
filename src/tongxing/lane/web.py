"""What every page of a lane needs: the gate behind it, its headers, and how a view is told to it.

A screen hangs where everybody sees it: it shows no name, no account, and of a medium's number the
last four characters at most. The browser may use its camera here and nothing else.
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import HTTPConnection, Request

from tongxing.gate.running.board import View
from tongxing.gate.running.runner import Runner
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Problem
from tongxing.kernel.texts import LANGUAGES
from tongxing.lane.words import PACKAGE, Words
from tongxing.web.face import Face
from tongxing.web.surrounding import HEADERS

LANE_HEADERS: Mapping[str, str] = {
    **HEADERS,
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=()",
}
_STATUS = {"LANE_CAMERA_ELSEWHERE": 403, "LANE_STAFF_ELSEWHERE": 403, "LANE_PICTURE": 422}
_WORDS = {language: Words(language) for language in LANGUAGES}
_LOOPBACK = ("127.0.0.1", "::1")


def _shared(request: Request) -> Mapping[str, Any]:
    site = runner_of(request).plan.config.site
    return {"site": site.name, "city": site.city, "said": said}


FACE = Face(PACKAGE, Words, shared=_shared, error_status=_STATUS)


def runner_of(request: HTTPConnection) -> Runner:
    """The gate that this application shows."""
    found = request.app.state.runner
    assert isinstance(found, Runner)
    return found


def known(request: HTTPConnection, terminal: str) -> Runner:
    """The gate, when this is one of its terminals. Raises Problem(LANE_UNKNOWN)."""
    runner = runner_of(request)
    if terminal not in runner.board.terminals:
        raise Problem("LANE_UNKNOWN", terminal[:60])
    return runner


def is_here(request: HTTPConnection) -> bool:
    """Whether who asks is this very machine."""
    return request.client is not None and request.client.host in _LOOPBACK


def is_staffs(request: HTTPConnection) -> bool:
    """Whether who asks is this very machine, or a screen that the configuration names for staff."""
    screen = runner_of(request).plan.config.screen
    named = () if screen is None else screen.staff
    return is_here(request) or (request.client is not None and request.client.host in named)


def said(key: str, **values: object) -> dict[str, str]:
    """A text in both languages."""
    return {language: words.text(key, **values) for language, words in _WORDS.items()}


def told(view: View) -> dict[str, Any]:
    """A view as a page's script reads it: all words and amounts are made here."""
    amounts = {
        "fare": view.fare_fen,
        "taken": view.taken_fen if view.taken_fen else None,
        "balance": view.balance_fen,
    }
    return {
        "terminal": view.terminal,
        "number": view.number,
        "sign": view.sign,
        "reason": view.reason,
        "said": {
            name: {"text": one.text, "next": one.next, "voice": one.voice, "more": one.more}
            for name, one in view.said.items()
        },
        "amounts": {name: f"¥{yuan(fen)}" for name, fen in amounts.items() if fen is not None},
        "medium": f"•••• {view.medium}" if view.medium else "",
        "troubles": [one["code"] for one in view.troubles],
        "offline": view.offline,
        "called": view.called,
        "order": view.order,
        "kind": view.kind,
        "left_ms": view.left_ms,
    }


def told_to_staff(view: View) -> dict[str, Any]:
    """The same for the page of whoever looks after the lanes, with what they are asked to do."""
    return told(view) | {"staff": view.staff}
