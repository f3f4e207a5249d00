"""What surrounds every answer of a face: who may ask, and the headers that keep a page to itself.

A page of a stranger's site can neither read ours through the reader's own browser (the name it asks
by must be one of ours) nor act in their name: what changes something must come from our own pages
(Sec-Fetch-Site, and Origin where a browser sends none).
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from urllib.parse import urlsplit

from fastapi import Request, Response

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

Handler = Callable[[Request], Awaitable[Response]]
Failure = Callable[[Request, Refusal], Response]

_KEEP_STATIC = "public, max-age=31536000, immutable"
_SAFE = ("GET", "HEAD", "OPTIONS")
_OWN_SITES = ("same-origin", "none")


def surround(
    failure: Failure,
    hosts: Collection[str] = LOOPBACK,
    headers: Mapping[str, str] = HEADERS,
    open_to_others: Collection[str] = (),
) -> Callable[[Request, Handler], Awaitable[Response]]:
    """What happens to every request before and after its page.

    `hosts` are the names it answers to. `open_to_others` are path beginnings that other programs
    may post to: callbacks of partners, which carry a signature of their own.
    """
    known = frozenset(hosts)

    async def around(request: Request, page: Handler) -> Response:
        host = request.headers.get("host", "")
        path = request.url.path
        if _without_port(host) not in known:
            response = failure(request, Refusal("PAGE_HOST", values={"text": host[:60]}))
        elif not (_is_ours(request) or path.startswith(tuple(open_to_others))):
            response = failure(request, Refusal("PAGE_FOREIGN"))
        else:
            response = await page(request)
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        response.headers.append("Vary", "Accept-Language, Cookie, HX-Request")
        if "/static/" in path and request.query_params.get("v"):
            response.headers["Cache-Control"] = _KEEP_STATIC
        _keep_language(request, response)
        return response

    return around


def _is_ours(request: Request) -> bool:
    """Whether a request that changes something comes from a page of ours."""
    if request.method in _SAFE:
        return True
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in _OWN_SITES
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host", "")


def _keep_language(request: Request, response: Response) -> None:
    chosen = request.query_params.get("lang")
    if chosen in LANGUAGES:
        response.set_cookie(
            language.COOKIE,
            chosen,
            max_age=language.COOKIE_AGE_S,
            httponly=True,
            samesite="lax",
        )


def _without_port(host: str) -> str:
    """``[::1]:8000`` is ``[::1]``, ``localhost:80`` is ``localhost``."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
