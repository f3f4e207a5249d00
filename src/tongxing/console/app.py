"""The console as a web application: its routes, and what surrounds every answer.

It shows and never acts: every route is a GET over a read-only snapshot. It is given the database
and finds the houses in it; it keeps no state of its own but the newest proofs.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from fastapi import FastAPI

from tongxing.console import web
from tongxing.console.pages import (
    about,
    cases,
    network,
    overview,
    passengers,
    proofs,
    settlement,
    signed,
    statement,
    trip,
    trips,
)
from tongxing.console.proving import ProofDesk
from tongxing.console.reading import Books
from tongxing.storage import Database
from tongxing.web.surrounding import LOOPBACK


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
    for page in (
        overview,
        trips,
        trip,
        settlement,
        cases,
        statement,
        signed,
        passengers,
        proofs,
        network,
        about,
    ):
        app.include_router(page.router)
    web.FACE.dress(app, hosts)
    return app
