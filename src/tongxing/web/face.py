"""How a page is made and sent: templates by language, security headers, friendly failures.

Every answer, a failure too, carries the headers that keep the page to itself: nothing from another
host, no inline script or style, no framing. A failure shows its reason code and the next step and
never a stack trace.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles

from tongxing.kernel.ids import masked, sha256_hex
from tongxing.kernel.reasons import Problem, Refusal, reason
from tongxing.kernel.texts import LANGUAGES
from tongxing.web.language import OWN_NAMES, TAGS, language_of
from tongxing.web.surrounding import HEADERS, Surrounding
from tongxing.web.words import COMMON, Words

STATUS_OF_EXIT = {2: 400, 4: 404, 5: 409, 6: 503}
_STATUS_OF_CODE = {"PAGE_HOST": 421, "PAGE_METHOD": 405, "PAGE_FOREIGN": 403}
_RETRY_AFTER_S = 5
_GZIP_FROM_BYTES, _GZIP_LEVEL = 1_000, 5
_FILTERS = ("money", "change", "number", "when", "clock", "listed", "shortened")
_log = logging.getLogger("tongxing.web")

Shared = Callable[[Request], Mapping[str, Any]]


@dataclass(frozen=True)
class Face:
    """The pages of one package: its ``templates``, ``texts`` and ``static`` files. Templates and
    texts that every face shares (``forms.html``) lie in this room and are found like its own.

    `root` is where it is mounted ("" or a path such as ``/rider``). `words` gives its words in a
    language; `own_filters` are further methods of these that templates use as filters, and
    `own_globals` as functions. `shared` are values of every page of a request; `error_status` is
    the HTTP status of refusals that the exit code does not tell.
    """

    package: str
    words: Callable[[str], Words]
    root: str = ""
    own_filters: tuple[str, ...] = ()
    own_globals: tuple[str, ...] = ()
    shared: Shared = field(default=lambda _request: {})
    error_status: Mapping[str, int] = field(default_factory=dict)
    failure_template: str = "failure.html"

    def __hash__(self) -> int:
        return hash((self.package, self.root))

    def dress(
        self,
        app: FastAPI,
        hosts: Collection[str],
        headers: Mapping[str, str] = HEADERS,
        open_to_others: Collection[str] = (),
    ) -> None:
        """Give an application what every face has: static files, friendly failures, compression,
        and what surrounds an answer (`surrounding`)."""
        static = StaticFiles(packages=[(self.package, "static"), (COMMON, "static")])
        app.mount("/static", static, name="static")
        app.add_exception_handler(Problem, self.on_problem)
        app.add_exception_handler(HTTPException, self.on_http_error)
        app.add_exception_handler(Exception, self.on_bug)
        app.add_middleware(GZipMiddleware, minimum_size=_GZIP_FROM_BYTES, compresslevel=_GZIP_LEVEL)
        app.add_middleware(
            Surrounding,
            failure=self.failure,
            hosts=hosts,
            headers=headers,
            open_to_others=open_to_others,
        )

    def environment(self, language: str) -> Environment:
        """The templates in one language."""
        return _environment(self, language)

    def asset(self, name: str) -> str:
        """The address of a static file; it changes with the content, so it can be kept for ever."""
        return _asset(self, name)

    def render(
        self, request: Request, template: str, values: Mapping[str, Any], status: int = 200
    ) -> HTMLResponse:
        """A template as a page in the request's language."""
        language = language_of(request)
        content = (
            self.environment(language)
            .get_template(template)
            .render(
                {
                    "section": template.partition(".")[0],
                    "languages": language_links(request),
                    **self.shared(request),
                    **values,
                }
            )
        )
        headers = {"Content-Language": TAGS[language], "Cache-Control": "no-store"}
        return HTMLResponse(content, status, headers)

    def failure(self, request: Request, refusal: Refusal, status: int = 0) -> Response:
        """A refusal as a page, or as JSON for whoever asked for that."""
        status = status or self.status_of(refusal)
        if wants_json(request):
            response: Response = JSONResponse(refusal.as_json(), status)
        else:
            language = language_of(request)
            values = {
                "code": refusal.code,
                "status": status,
                "message": refusal.message(language),
                "next_step": refusal.next_step(language),
            }
            response = self.render(request, self.failure_template, values, status)
        if status == 503:
            response.headers["Retry-After"] = str(_RETRY_AFTER_S)
        return response

    def status_of(self, refusal: Refusal) -> int:
        """The HTTP status that goes with a refusal."""
        named = self.error_status.get(refusal.code) or _STATUS_OF_CODE.get(refusal.code)
        return named or STATUS_OF_EXIT.get(reason(refusal.code).exit_code, 500)

    async def on_problem(self, request: Request, error: Exception) -> Response:
        """The handler of `Problem`."""
        assert isinstance(error, Problem)
        return self.failure(request, error.refusal)

    async def on_http_error(self, request: Request, error: Exception) -> Response:
        """The handler of what the router refuses: unknown pages, other methods."""
        assert isinstance(error, HTTPException)
        code = "PAGE_METHOD" if error.status_code == 405 else "PAGE_UNKNOWN"
        return self.failure(request, Refusal(code, request.url.path))

    async def on_bug(self, request: Request, error: Exception) -> Response:
        """The handler of everything else: told to the log, not to the reader."""
        _log.exception("page %s failed", request.url.path, exc_info=error)
        response = self.failure(request, Refusal("PAGE_FAILED", request.url.path), 500)
        response.headers.update(HEADERS)
        return response


def static_file(package: str, name: str) -> bytes:
    """A static file of a face, or one that every face has. Raises FileNotFoundError."""
    own = files(package).joinpath("static").joinpath(name)
    return (own if own.is_file() else files(COMMON).joinpath("static").joinpath(name)).read_bytes()


def link(path: str, /, **arguments: object) -> str:
    """A path with its arguments, those that are empty left out."""
    kept = {name: value for name, value in arguments.items() if value not in ("", None)}
    return f"{path}?{urlencode(kept)}" if kept else path


def wants_json(request: Request) -> bool:
    """Whether whoever asks wants an answer for programs."""
    return "application/json" in request.headers.get("accept", "")


def language_links(request: Request) -> list[dict[str, str]]:
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


@cache
def _environment(face: Face, language: str) -> Environment:
    words = face.words(language)
    made = Environment(
        loader=ChoiceLoader([PackageLoader(face.package), PackageLoader(COMMON)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(
        t=words.text,
        names=words.names,
        language=language,
        lang_tag=TAGS[language],
        root=face.root,
        asset=face.asset,
        link=link,
    )
    made.globals.update({name: getattr(words, name) for name in face.own_globals})
    for name in (*_FILTERS, *face.own_filters):
        made.filters[name] = getattr(words, name)
    made.filters["masked"] = masked
    return made


@cache
def _asset(face: Face, name: str) -> str:
    return f"{face.root}/static/{name}?v={sha256_hex(static_file(face.package, name))[:12]}"
