"""The passenger's pages as a web application, mounted at `/rider`: its routes, and what surrounds
every answer.

Pages ask the desks and show what they say. A refusal is shown beside the field it is about, or as a
page of its own; nobody is told by a status or a text whether a number is known.
"""

from collections.abc import Collection

from fastapi import FastAPI, Request
from starlette.responses import Response

from tongxing.rider import code_api, proving, web
from tongxing.rider.code_api import CodePages
from tongxing.rider.desks import RiderDesks
from tongxing.rider.pages import (
    automatic,
    binding,
    helping,
    home,
    installing,
    loss,
    me,
    money,
    paying,
    phoning,
    refunding,
    returning,
    signing,
    touching,
    trips,
    upgrading,
    where,
)
from tongxing.web.surrounding import LOOPBACK

PAGES = (
    code_api, home, money, trips,
    signing, proving, paying, refunding, automatic, binding, touching, loss,
    upgrading, where, me, phoning, helping, returning, installing,
)  # fmt: skip
"""What everybody opens every day comes first: a request is held against one page after another."""


def create_rider_app(
    desks: RiderDesks, hosts: Collection[str] = LOOPBACK, agent_note: str = ""
) -> FastAPI:
    """The pages of one city's passengers.

    `hosts` are the names they answer to. `agent_note` is where passengers get the small program
    that lets these pages use a card reader (an address), "" where they are told at a desk.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desks = desks
    app.state.hosts = tuple(hosts)
    app.state.agent_note = agent_note
    app.state.codes = _code_pages(desks)
    for page in PAGES:
        app.include_router(page.router)
    app.add_exception_handler(web.SignInNeeded, _sign_in)
    web.FACE.dress(app, hosts, web.AGENT_HEADERS)
    return app


def _code_pages(desks: RiderDesks) -> CodePages:
    if desks.upgrading is None:
        return CodePages(desks.codes, _account_of, desks.clock)
    return CodePages(desks.codes, _account_of, desks.clock, desks.upgrading.code_opened_by)


def _account_of(request: Request) -> str | None:
    found = web.maybe_signed_in(request)
    return None if found is None else found.account


async def _sign_in(request: Request, _error: Exception) -> Response:
    return web.to_sign_in(request)
