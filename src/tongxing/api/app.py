"""The interface over HTTP: its addresses below ``/v1``, each a sealed message and its answer."""

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable

import psycopg
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tongxing.api.answers import answered, on_failure, on_http_error
from tongxing.api.interface import LISTS, Act, Asked, Interface
from tongxing.api.limits import whole_body
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.web.clients import client_key

SCHEME = "Tongxing "
Route = Callable[[Request], Awaitable[Response]]


def create_device_app(interface: Interface) -> FastAPI:
    """The application; it may be mounted below any address."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    limits = interface.limits

    async def body(request: Request) -> bytes | Refusal:
        return await whole_body(request, limits)

    async def header(request: Request) -> bytes | Refusal:
        return _signed_header(request, limits.header_bytes)

    for path, act in interface.posts.items():
        app.add_route(path, _route(act, body), methods=["POST"])
    app.add_route(LISTS + "{name}", _route(interface.listed, header), methods=["GET"])
    app.add_exception_handler(HTTPException, on_http_error)
    for kind in (Problem, psycopg.OperationalError, Exception):
        app.add_exception_handler(kind, on_failure)
    return app


def _route(act: Act, message: Callable[[Request], Awaitable[bytes | Refusal]]) -> Route:
    """What answers a request; `message` finds the sealed message in it."""

    async def route(request: Request) -> Response:
        path = request.url.path.removeprefix(request.scope.get("root_path", ""))
        asked = Asked(path, request.url.query, _client(request), lambda: message(request))
        return answered(await act(asked))

    return route


def _signed_header(request: Request, most: int) -> bytes | Refusal:
    """The sealed message in the header that says who asks."""
    given = request.headers.get("authorization", "")
    if not given.startswith(SCHEME) or len(given) > most:
        return Refusal("API_UNSIGNED")
    text = given.removeprefix(SCHEME)
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return Refusal("API_UNSIGNED")


def _client(request: Request) -> str:
    return client_key(request.client.host if request.client else "")
