"""What every page of staff needs: who asks, what they may, what they sent, how it is shown.

A session's token lives in a cookie that no script can read and no other site makes a browser send.
Copy speaks to staff: "the passenger", never "you". Whatever changes an account is noted with who
did it and for which ticket; a refusal of a desk is shown beside the field it is about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from tongxing.city.staffing import Staff
from tongxing.counter.desks import CounterDesks
from tongxing.counter.words import PACKAGE, Words
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.web.face import Face, link
from tongxing.web.forms import field_errors
from tongxing.web.language import language_of
from tongxing.web.statuses import CODE_STATUS, UNREAD_STATUS
from tongxing.web.surrounding import HEADERS

ROOT = "/counter"
SESSION_COOKIE = "counter"
DONE = "DONE"
_STATUS: Mapping[str, int] = {
    "STAFF_SIGN_IN": 401,
    "STAFF_SIGNED_OUT": 401,
    "STAFF_NOT_ALLOWED": 403,
    "STAFF_LOCKED": 429,
    **UNREAD_STATUS,
    **CODE_STATUS,
}
_RETRY_S = 60

READER_HEADERS: Mapping[str, str] = {
    **HEADERS,
    "Content-Security-Policy": HEADERS["Content-Security-Policy"].replace(
        "default-src 'self';",
        "default-src 'self'; connect-src 'self' http://127.0.0.1:* http://localhost:*;",
    ),
}
"""The headers of a page from which the card reader of this same machine may be asked."""


@dataclass(frozen=True, slots=True)
class AtWork:
    """Whoever is signed in, at this moment."""

    staff: Staff
    token: str
    now_s: int


class SignInNeeded(Exception):
    """Raised where a page needs to know who works; answered by the sign-in page."""


def desks_of(request: HTTPConnection) -> CounterDesks:
    """The desks that this request's city has."""
    found = request.app.state.desks
    assert isinstance(found, CounterDesks)
    return found


def _shared(request: Request) -> Mapping[str, Any]:
    at_work = getattr(request.state, "at_work", None)
    desks = desks_of(request)
    return {
        "staff": None if at_work is None else at_work.staff,
        "errors": (),
        "city": desks.city,
        "now_s": desks.clock(),
        "has_upgrades": desks.upgrading is not None,
        "has_trips": desks.passenger is not None,
        "is_machine": at_work is not None and not at_work.staff.may("desk"),
    }


FACE = Face(
    PACKAGE,
    Words,
    root=ROOT,
    own_filters=("of", "refused", "advice", "act"),
    own_globals=("upgrade_word", "open_item"),
    shared=_shared,
    error_status=_STATUS,
)


def at_work(request: HTTPConnection) -> AtWork:
    """Whoever is signed in. Raises SignInNeeded."""
    desks = desks_of(request)
    token, now_s = request.cookies.get(SESSION_COOKIE, ""), desks.clock()
    staff = desks.staff.staff_of(token, now_s) if token else None
    if staff is None:
        raise SignInNeeded
    found = AtWork(staff, token, now_s)
    request.state.at_work = found
    return found


def serving(request: HTTPConnection) -> AtWork:
    """Whoever is signed in and may serve passengers. Raises SignInNeeded and, for a machine,
    Problem(STAFF_NOT_ALLOWED)."""
    return _with_role(request, "desk")


def supervising(request: HTTPConnection) -> AtWork:
    """Whoever is signed in and may decide what needs a second person."""
    return _with_role(request, "supervisor")


def standing(request: HTTPConnection) -> AtWork:
    """A signed-in station machine."""
    return _with_role(request, "machine")


def _with_role(request: HTTPConnection, role: str) -> AtWork:
    found = at_work(request)
    if not found.staff.may(role):
        raise Problem("STAFF_NOT_ALLOWED", role)
    return found


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """A template as a page."""
    return FACE.render(request, template, values, status)


def again(
    request: Request,
    template: str,
    refusal: Refusal | Sequence[Refusal],
    field: str = "",
    **values: Any,
) -> Response:
    """The same page once more, with what was wrong in a summary that leads to the field."""
    first = refusal if isinstance(refusal, Refusal) else refusal[0]
    errors = field_errors(refusal, field, language_of(request))
    status = _STATUS.get(first.code, 409 if FACE.status_of(first) == 409 else 422)
    response = page(request, template, status, errors=errors, **values)
    if status == 429:
        response.headers["Retry-After"] = str(first.values.get("wait_s") or _RETRY_S)
    return response


def go(path: str, **arguments: object) -> RedirectResponse:
    """The way to another page of ours after something was done (303: never again POST)."""
    return RedirectResponse(link(ROOT + path, **arguments), 303)


def expect(found: Any) -> Any:
    """What a desk gave; a refusal becomes a page of its own. Raises Problem."""
    if isinstance(found, Refusal):
        raise Problem(found.code, found.where, **found.values)
    return found


def keep(response: Response, request: Request, name: str, value: str, path: str = ROOT) -> None:
    """Set a cookie that stays with these pages and goes with the browser."""
    response.set_cookie(
        name, value, path=path, httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip


def rider_home(request: Request) -> str:
    """The address of the passenger's pages, under which a partner sends them back."""
    own = f"{request.url.scheme}://{request.url.netloc}/rider"
    return desks_of(request).rider_home or own


def noted(
    request: HTTPConnection, who: AtWork, act: str, subject: str, why: str, found: object
) -> object:
    """What a desk gave, after it was noted who asked for it and for which ticket."""
    result = found.code if isinstance(found, Refusal) else DONE
    desks_of(request).staff.note(who.staff.staff_id, act, subject, why, result, who.now_s)
    return found


Serving = Annotated[AtWork, Depends(serving)]
Supervising = Annotated[AtWork, Depends(supervising)]
Standing = Annotated[AtWork, Depends(standing)]
