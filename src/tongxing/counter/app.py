"""The pages of staff as a web application, mounted at `/counter`: counter, supervisor and machine.

Pages ask the desks and show what they say; what they change is noted with who did it.
"""

from collections.abc import Collection

from fastapi import FastAPI, Request
from starlette.responses import Response

from tongxing.counter import web
from tongxing.counter.desks import CounterDesks
from tongxing.counter.pages import (
    binding,
    closing,
    disputes,
    finding,
    halves,
    machine,
    opening,
    person,
    signing,
    tickets,
    top_ups,
    upgrading,
    watching,
)
from tongxing.web.surrounding import LOOPBACK

PAGES = (
    signing, finding, person, binding, halves, opening, upgrading, tickets, top_ups, disputes,
    closing, watching, machine,
)  # fmt: skip


def create_counter_app(desks: CounterDesks, hosts: Collection[str] = LOOPBACK) -> FastAPI:
    """The pages of one city's staff. `hosts` are the names they answer to."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desks = desks
    app.state.hosts = tuple(hosts)
    for page in PAGES:
        app.include_router(page.router)
    app.add_exception_handler(web.SignInNeeded, _sign_in)
    web.FACE.dress(app, hosts, web.READER_HEADERS)
    return app


async def _sign_in(request: Request, _error: Exception) -> Response:
    return web.go("/sign-in")
