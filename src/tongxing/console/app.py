"""The console as a web application: its routes, and what surrounds every answer.

It shows and never acts: every route is a GET over a read-only snapshot. It is given the database
and finds the houses in it; it keeps no state of its own but the newest proofs.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from tongxing.console import language, web
from tongxing.console.pages import (
    about,
    network,
    overview,
    proofs,
    settlement,
    statement,
    trip,
    trips,
)
from tongxing.console.proving import ProofDesk
from tongxing.console.reading import Books
from tongxing.console.words import PACKAGE
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.kernel.texts import LANGUAGES
from tongxing.storage import Database

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""The names under which the console answers unless told otherwise."""

Handler = Callable[[Request], Awaitable[Response]]

_GZIP_FROM_BYTES = 1_000
_KEEP_STATIC = "public, max-age=31536000, immutable"


def create_app(
    database: Database,
    clock_note: web.ClockNote = "",
    hosts: Collection[str] = LOOPBACK,
) -> FastAPI:
    """The console over all houses in `database`.

    `clock_note` is "simulated" when the books were filled on virtual time; every page then says so.
    `hosts` are the names it answers to: another name in a request is refused, so that a page of a
    stranger's site cannot read the books through the reader's own browser.
    """
    books = Books(database)
    console = web.Console(books, ProofDesk(books), clock_note)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        console.proofs.begin()
        yield
        console.proofs.close()
        books.close()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.console = console
    for page in (overview, trips, trip, settlement, statement, proofs, network, about):
        app.include_router(page.router)
    static = Path(str(files(PACKAGE).joinpath("static")))
    app.mount("/static", StaticFiles(directory=static), name="static")
    app.add_exception_handler(Problem, web.on_problem)
    app.add_exception_handler(HTTPException, web.on_http_error)
    app.add_exception_handler(Exception, web.on_bug)
    app.add_middleware(GZipMiddleware, minimum_size=_GZIP_FROM_BYTES)
    app.middleware("http")(_around(frozenset(hosts)))
    return app


def _around(hosts: frozenset[str]) -> Callable[[Request, Handler], Awaitable[Response]]:
    """What happens to every request before and after its page."""

    async def around(request: Request, page: Handler) -> Response:
        host = request.headers.get("host", "")
        if _without_port(host) in hosts:
            response = await page(request)
        else:
            response = web.failure(request, Refusal("PAGE_HOST", values={"text": host[:60]}))
        response.headers.update(web.HEADERS)
        response.headers.append("Vary", "Accept-Language, Cookie, HX-Request")
        if request.url.path.startswith("/static/") and request.query_params.get("v"):
            response.headers["Cache-Control"] = _KEEP_STATIC
        chosen = request.query_params.get("lang")
        if chosen in LANGUAGES:
            response.set_cookie(
                language.COOKIE,
                chosen,
                max_age=language.COOKIE_AGE_S,
                httponly=True,
                samesite="lax",
            )
        return response

    return around


def _without_port(host: str) -> str:
    """``[::1]:8000`` is ``[::1]``, ``localhost:80`` is ``localhost``."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
