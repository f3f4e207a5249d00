"""How a page is made and sent: templates by language, security headers, friendly failures.

Every answer, a failure too, carries the headers that keep the page to itself: nothing from another
host, no inline script or style, no framing. A failure shows its reason code and the next step and
never a stack trace.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from tongxing.console.language import OWN_NAMES, TAGS, language_of
from tongxing.console.proving import ProofDesk
from tongxing.console.reading import Books
from tongxing.console.words import PACKAGE, Words
from tongxing.kernel.ids import masked, sha256_hex
from tongxing.kernel.reasons import Problem, Refusal, reason
from tongxing.kernel.texts import LANGUAGES

ClockNote = Literal["", "simulated"]

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
        " object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_STATUS_OF_EXIT = {2: 400, 4: 404, 5: 409, 6: 503}
_STATUS_OF_CODE = {"PAGE_HOST": 421, "PAGE_METHOD": 405}
_RETRY_AFTER_S = 5
_log = logging.getLogger("tongxing.console")


@dataclass(frozen=True, slots=True)
class Console:
    """What every page needs: where to read, the latest proofs, and which clock the data is on."""

    books: Books
    proofs: ProofDesk
    clock_note: ClockNote


def console_of(request: Request) -> Console:
    """The console that this request is for."""
    found = request.app.state.console
    assert isinstance(found, Console)
    return found


def render(
    request: Request, template: str, values: Mapping[str, Any], status: int = 200
) -> HTMLResponse:
    """A template as a page in the request's language."""
    language = language_of(request)
    console = console_of(request)
    content = (
        environment(language)
        .get_template(template)
        .render(
            {
                "choice": None,
                "section": template.partition(".")[0],
                "languages": _language_links(request),
                "clock_note": console.clock_note,
                **values,
            }
        )
    )
    headers = {"Content-Language": TAGS[language], "Cache-Control": "no-store"}
    return HTMLResponse(content, status, headers)


def failure(request: Request, refusal: Refusal, status: int = 0) -> Response:
    """A refusal as a page, or as JSON for whoever asked for that."""
    status = status or _STATUS_OF_CODE.get(refusal.code, 0)
    status = status or _STATUS_OF_EXIT.get(reason(refusal.code).exit_code, 500)
    if "application/json" in request.headers.get("accept", ""):
        response: Response = JSONResponse(refusal.as_json(), status)
    else:
        language = language_of(request)
        values = {
            "code": refusal.code,
            "status": status,
            "message": refusal.message(language),
            "next_step": refusal.next_step(language),
        }
        response = render(request, "failure.html", values, status)
    if status == 503:
        response.headers["Retry-After"] = str(_RETRY_AFTER_S)
    return response


async def on_problem(request: Request, error: Exception) -> Response:
    """The handler of `Problem`."""
    assert isinstance(error, Problem)
    return failure(request, error.refusal)


async def on_http_error(request: Request, error: Exception) -> Response:
    """The handler of what the router refuses: unknown pages, other methods."""
    assert isinstance(error, HTTPException)
    code = "PAGE_METHOD" if error.status_code == 405 else "PAGE_UNKNOWN"
    return failure(request, Refusal(code, request.url.path))


async def on_bug(request: Request, error: Exception) -> Response:
    """The handler of everything else: told to the log, not to the reader."""
    _log.exception("page %s failed", request.url.path, exc_info=error)
    response = failure(request, Refusal("PAGE_FAILED", request.url.path), 500)
    response.headers.update(HEADERS)
    return response


@cache
def environment(language: str) -> Environment:
    """The templates in one language."""
    words = Words(language)
    made = Environment(
        loader=PackageLoader(PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        t=words.text,
        names=words.names,
        language=language,
        lang_tag=TAGS[language],
        asset=asset,
        link=link,
    )
    for name in ("money", "change", "owed", "number", "when", "clock", "listed", "shortened"):
        made.filters[name] = getattr(words, name)
    made.filters["masked"] = masked
    made.globals["figure"] = words.figure
    return made


def link(path: str, /, **arguments: object) -> str:
    """A path with its arguments, those that are empty left out."""
    kept = {name: value for name, value in arguments.items() if value not in ("", None)}
    return f"{path}?{urlencode(kept)}" if kept else path


@cache
def asset(name: str) -> str:
    """The address of a static file; it changes with the content, so it can be kept for ever."""
    content = files(PACKAGE).joinpath("static").joinpath(name).read_bytes()
    return f"/static/{name}?v={sha256_hex(content)[:12]}"


def _language_links(request: Request) -> list[dict[str, str]]:
    """This same page in each language."""
    others = [(k, v) for k, v in request.query_params.multi_items() if k != "lang"]
    return [
        {
            "code": code,
            "tag": TAGS[code],
            "name": OWN_NAMES[code],
            "href": f"{request.url.path}?{urlencode([*others, ('lang', code)])}",
        }
        for code in LANGUAGES
    ]
