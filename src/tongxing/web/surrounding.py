"""What surrounds every answer of a face: who may ask, and the headers that keep a page to itself.

A page of a stranger's site can neither read ours through the reader's own browser (the name it asks
by must be one of ours) nor act in their name: what changes something must come from our own pages
(Sec-Fetch-Site, and Origin where a browser sends none).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tongxing.kernel.reasons import Refusal
from tongxing.kernel.texts import LANGUAGES
from tongxing.web import language

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""The names under which a face answers unless told otherwise."""

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

Failure = Callable[[Request, Refusal], Response]

_KEEP_STATIC = b"public, max-age=31536000, immutable"
_VARY = (b"vary", b"Accept-Language, Cookie, HX-Request")
_SAFE = ("GET", "HEAD", "OPTIONS")
_OWN_SITES = ("same-origin", "none")


class Surrounding:
    """An application with what happens to every request before and after its page.

    `failure` makes the answer to who may not ask; `hosts` are the names that `app` answers to.
    `open_to_others` are path beginnings that other programs may post to: callbacks of partners,
    which carry a signature of their own.
    """

    def __init__(
        self,
        app: ASGIApp,
        failure: Failure,
        hosts: Collection[str] = LOOPBACK,
        headers: Mapping[str, str] = HEADERS,
        open_to_others: Collection[str] = (),
    ) -> None:
        self._app, self._failure = app, failure
        self._hosts, self._open = frozenset(hosts), tuple(open_to_others)
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)

        async def surrounded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*self._around(request, message["headers"])]
            await send(message)

        refused = self._refused(request)
        answer = self._app if refused is None else self._failure(request, refused)
        await answer(scope, receive, surrounded)

    def _refused(self, request: Request) -> Refusal | None:
        host = request.headers.get("host", "")
        if _without_port(host) not in self._hosts:
            return Refusal("PAGE_HOST", values={"text": host[:60]})
        if _is_ours(request) or request.url.path.startswith(self._open):
            return None
        return Refusal("PAGE_FOREIGN")

    def _around(
        self, request: Request, given: Iterable[tuple[bytes, bytes]]
    ) -> Iterator[tuple[bytes, bytes]]:
        """The headers of an answer with ours; what a page says itself goes before."""
        path, query = request.url.path, request.query_params
        is_kept = "/static/" in path and bool(query.get("v"))
        said = set()
        for name, value in given:
            said.add(name)
            if not (is_kept and name == b"cache-control"):
                yield name, value
        for name, value in self._headers:
            if name not in said:
                yield name, value
        yield _VARY
        if is_kept:
            yield b"cache-control", _KEEP_STATIC
        if query.get("lang") in LANGUAGES:
            yield _language_kept(query["lang"])


def _is_ours(request: Request) -> bool:
    """Whether a request that changes something comes from a page of ours."""
    if request.method in _SAFE:
        return True
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in _OWN_SITES
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host", "")


def _language_kept(chosen: str) -> tuple[bytes, bytes]:
    """The header that keeps a chosen language."""
    response = Response()
    response.set_cookie(
        language.COOKIE, chosen, max_age=language.COOKIE_AGE_S, httponly=True, samesite="lax"
    )
    return b"set-cookie", response.headers["set-cookie"].encode()


def _without_port(host: str) -> str:
    """``[::1]:8000`` is ``[::1]``, ``localhost:80`` is ``localhost``."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
