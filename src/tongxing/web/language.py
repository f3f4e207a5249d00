"""Which language a page is in: what was asked for, else what was chosen before, else the browser's.

A choice by `?lang=` is remembered in a cookie. English when nobody says anything we speak.
"""

from starlette.requests import Request

from tongxing.kernel.texts import LANGUAGES

COOKIE = "lang"
COOKIE_AGE_S = 365 * 24 * 3600
TAGS = {"zh": "zh-CN", "en": "en"}
"""The BCP 47 tags of our languages, as they stand in ``<html lang>``."""
OWN_NAMES = {"zh": "中文", "en": "English"}
"""What each language calls itself: the same on every page."""

_ACCEPT_MAX = 500


def language_of(request: Request) -> str:
    """`zh` or `en` for this request."""
    for wish in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return wish
    return accepted_language(request.headers.get("accept-language", ""))


def accepted_language(header: str) -> str:
    """Our language that an Accept-Language header weighs most; `en` when it has none of ours."""
    best, weight = "en", 0
    for part in header[:_ACCEPT_MAX].split(","):
        tag, _, parameters = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in LANGUAGES and (found := _weight(parameters)) > weight:
            best, weight = language, found
    return best


def _weight(parameters: str) -> int:
    """The q value in thousandths; 1000 when none is given, 0 for one that cannot be read."""
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1000
    whole, _, rest = value.strip().partition(".")
    digits = whole + rest[:3].ljust(3, "0")
    return min(int(digits), 1000) if digits.isascii() and digits.isdigit() else 0
