"""Why the hub was not heard, or what it said cannot be used: the refusals of the city's line.

The sentence is ours, in both languages; a code, or what a library says, stands beside it.
"""

from functools import cache

import requests

from tongxing.kernel.reasons import Refusal
from tongxing.kernel.texts import LANGUAGES, Catalogue, load_catalogue
from tongxing.signed_http.reaching import not_reached

_DOUBTED = "CERTIFICATE"
"""Stands in what OpenSSL says of a certificate that it cannot trust, and of a file without any."""
_SAID_MAX = 160


def no_line(url: str, error: requests.RequestException | None) -> Refusal:
    """Why nobody was heard: a certificate that nobody here trusts (HTTP_CERTIFICATE) stays so, all
    else (HTTP_AWAY) may pass."""
    if isinstance(error, requests.exceptions.SSLError) and _DOUBTED in str(error):
        return Refusal("HTTP_CERTIFICATE", f"{url}: {type(error).__name__}")
    told, said = not_reached(error)
    return Refusal("HTTP_AWAY", f"{url}: {said}" if said else url, told)


def no_answer(why: str, *said: str, **values: object) -> Refusal:
    """HTTP_ANSWER: `why` is a key of this room's texts, `said` where, and what others say of it."""
    texts = _texts()
    told = {f"why_{language}": texts.text(why, language, **values) for language in LANGUAGES}
    return Refusal("HTTP_ANSWER", ": ".join(one for one in said if one)[:_SAID_MAX], told)


def unread(refusal: Refusal) -> Refusal:
    """HTTP_ANSWER for a body that `read_body` refused."""
    return no_answer("form", str(refusal.values["detail"]))


@cache
def _texts() -> Catalogue:
    return load_catalogue("tongxing.city.hub_line")
