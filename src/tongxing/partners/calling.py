"""One HTTP call to one partner: bounded in time and size, to its address only, never repeated.

No redirect is followed and no proxy, netrc or cookie of the surroundings is used: the signature,
the amounts and the names in a call are for the partner alone. What goes wrong is a refusal that
says whether the partner may have acted: PARTNER_UNREACHABLE when nothing was sent,
PARTNER_NO_ANSWER when it was sent and nothing usable came back.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import requests
import urllib3

from tongxing.kernel.reasons import Refusal

ANSWER_BYTES_MAX = 1 << 20
_PIECE = 1 << 16

Clock = Callable[[], int]


def wall_clock() -> int:
    """Seconds since 1970 UTC, now: partners date and refuse what they get by it."""
    return int(time.time())


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a partner may take, in seconds: to be reached, and altogether."""

    connect_s: float = 3.0
    answer_s: float = 8.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, not yet believed. Header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def call(
    partner: str,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    patience: Patience,
    kept: requests.Session | None = None,
) -> Reply | Refusal:
    """Send one request and take its answer, whatever its status below 500 may be.

    `kept` is a session whose connection stays open for the next call; else each call has its own.
    Refuses PARTNER_UNREACHABLE, PARTNER_NO_ANSWER and PARTNER_BUSY (429), naming the partner only.
    """
    until = time.monotonic() + patience.answer_s
    try:
        with nullcontext(kept) if kept else requests.Session() as session:
            session.trust_env = False
            with session.request(
                method,
                url,
                headers={"Accept-Encoding": "identity", **headers},
                data=body or None,
                timeout=(patience.connect_s, patience.answer_s),
                allow_redirects=False,
                stream=True,
            ) as answer:
                content = _content(answer.raw, until)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        return Refusal(_code(error), partner, {"partner": partner})
    if content is None or answer.status_code >= 500:
        return Refusal("PARTNER_NO_ANSWER", partner, {"partner": partner})
    if answer.status_code == 429:
        return Refusal("PARTNER_BUSY", partner, {"partner": partner})
    if 300 <= answer.status_code < 400:
        return bad_answer(partner, "redirect")
    told = {name.lower(): value for name, value in answer.headers.items()}
    return Reply(answer.status_code, told, content)


def bad_answer(partner: str, field: str) -> Refusal:
    """The refusal for an answer that is not as documented; `field` says where."""
    return Refusal("PARTNER_ANSWER_BAD", partner, {"partner": partner, "field": field})


def _content(raw: urllib3.response.BaseHTTPResponse, until: float) -> bytes | None:
    """The body, or None when it takes too long or is too large."""
    found = b""
    while piece := raw.read1(_PIECE):
        found += piece
        if len(found) > ANSWER_BYTES_MAX or time.monotonic() > until:
            return None
    return found


def _code(error: Exception) -> str:
    """Whether the request may have reached the partner."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    unsent = isinstance(
        error, requests.ConnectTimeout | requests.exceptions.SSLError
    ) or isinstance(reason, urllib3.exceptions.NewConnectionError)
    return "PARTNER_UNREACHABLE" if unsent else "PARTNER_NO_ANSWER"
