"""Why nobody was reached at an address, in our words: a library tells it in English only."""

import socket
from functools import cache

import requests

from tongxing.kernel.texts import LANGUAGES, Catalogue, load_catalogue

OTHER = "other"
_SAID_MAX = 160
_NO_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)


def not_reached(error: BaseException | None) -> tuple[dict[str, str], str]:
    """Why, as the values ``why_zh`` and ``why_en`` of a refusal; and, only where we know no more,
    what the library says of it, "" else. None: for no reason that is known."""
    why = OTHER if error is None else _why(error)
    told = {f"why_{language}": _texts().text(f"away.{why}", language) for language in LANGUAGES}
    is_unknown = error is not None and why == OTHER
    return told, _first(error) if is_unknown else ""


def _why(error: BaseException) -> str:
    """The first that is known of what led to it, as a key of our texts."""
    if isinstance(error, _NO_ADDRESS):
        return "address"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "timeout"
    if isinstance(error, requests.exceptions.Timeout):
        return "silent"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return "name"
        if isinstance(cause, ConnectionRefusedError):
            return "refused"
        cause = cause.__cause__ or cause.__context__
    return OTHER


def _first(error: BaseException | None) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:_SAID_MAX]


@cache
def _texts() -> Catalogue:
    return load_catalogue("tongxing.signed_http")
