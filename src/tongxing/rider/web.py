"""What every page of a passenger needs: who asks, what they sent, and how the answer is shown.

A session's token lives in a cookie that no script can read and no other site makes a browser send.
Whoever has none is asked to sign in and comes back to where they were going. Nothing here decides
anything about an account; a refusal of a desk is shown beside the field it is about.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from tongxing.city.people.values import Person
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.rider.desks import RiderDesks
from tongxing.rider.statuses import ERROR_STATUS, FORM_STATUS
from tongxing.rider.words import PACKAGE, Words
from tongxing.web.clients import client_key
from tongxing.web.face import Face, link, wants_json
from tongxing.web.forms import FieldError, Posted, Sent, field_errors, new_id
from tongxing.web.language import language_of
from tongxing.web.surrounding import HEADERS, LOOPBACK

__all__ = [
    "FACE",
    "ROOT",
    "FieldError",
    "Passenger",
    "Posted",
    "Sent",
    "SignInNeeded",
    "Signed",
    "again",
    "desks_of",
    "go",
    "link",
    "new_id",
    "page",
    "signed_in",
    "wants_json",
]  # fmt: skip

ROOT = "/rider"
SESSION_COOKIE, VISIT_COOKIE, DEVICE_COOKIE = "rider", "rider_visit", "rider_device"
SESSION_AGE_S, VISIT_AGE_S, DEVICE_AGE_S = 30 * 86_400, 3_600, 365 * 86_400

_HERE = " ".join(f"http://{name}:*" for name in LOOPBACK[:2])
AGENT_HEADERS: Mapping[str, str] = {
    **HEADERS,
    "Content-Security-Policy": HEADERS["Content-Security-Policy"].replace(
        "default-src 'self';",
        f"default-src 'self'; img-src 'self' data:; connect-src 'self' {_HERE};"
        " worker-src 'self'; manifest-src 'self';",
    ),
}
"""The headers of a page from which a card reader on this same machine may be asked."""


@dataclass(frozen=True, slots=True)
class Passenger:
    """Whoever is signed in, at this moment: account, id and level, and nothing personal."""

    account: str
    person_id: str
    level: int
    token: str = field(repr=False)
    now_s: int


class SignInNeeded(Exception):
    """Raised where a page needs to know whose it is; answered by a way to the sign-in page."""


def desks_of(request: HTTPConnection) -> RiderDesks:
    """The desks that this request's city has."""
    found = request.app.state.desks
    assert isinstance(found, RiderDesks)
    return found


def _shared(request: Request) -> Mapping[str, Any]:
    passenger = getattr(request.state, "passenger", None)
    desks = desks_of(request)
    return {
        "passenger": passenger,
        "unread": 0 if passenger is None else desks.people.unread(passenger.person_id),
        "tab": "",
        "errors": (),
        "city": desks.city,
        "has_upgrades": desks.upgrading is not None,
        "now_s": desks.clock(),
    }


FACE = Face(
    PACKAGE,
    Words,
    root=ROOT,
    own_filters=("balance", "share", "day", "month", "hour", "moment", "systems", "refused",
                 "next_step", "of"),
    own_globals=("price_line", "ride", "notice", "open_item", "upgrade_word"),
    shared=_shared,
    error_status=ERROR_STATUS,
)  # fmt: skip


def page(
    request: Request, template: str, tab: str = "", status: int = 200, **values: Any
) -> Response:
    """A template as a page. `tab` is the part of the house it belongs to."""
    return FACE.render(request, template, {"tab": tab, **values}, status)


def again(
    request: Request,
    template: str,
    refusal: Refusal | Sequence[Refusal],
    field: str = "",
    tab: str = "",
    **values: Any,
) -> Response:
    """The same page once more, with what was wrong in a summary that leads to the field.

    `field` is the field it is about; "" for the request as a whole.
    """
    first = refusal if isinstance(refusal, Refusal) else refusal[0]
    errors = field_errors(refusal, field, language_of(request))
    status = FORM_STATUS.get(first.code, 422)
    response = page(request, template, tab, status, errors=errors, **values)
    retry_s = first.values.get("wait_s")
    if status == 429:
        response.headers["Retry-After"] = str(retry_s or 60)
    return response


def expect(found: Any) -> Any:
    """What a desk gave; a refusal becomes a page of its own. Raises Problem."""
    if isinstance(found, Refusal):
        raise Problem(found.code, found.where, **found.values)
    return found


def words_of(request: Request) -> Words:
    """The words of the request's language, for what code has to name."""
    return Words(language_of(request))


def go(path: str, **arguments: object) -> RedirectResponse:
    """The way to another page of ours after something was done (303: never again POST)."""
    return RedirectResponse(link(ROOT + path, **arguments), 303)


def token_of(request: HTTPConnection) -> str:
    """The token of a request's session, "" for none."""
    return request.cookies.get(SESSION_COOKIE, "")


def signed_in(request: HTTPConnection) -> Passenger:
    """Whoever is signed in. Raises SignInNeeded."""
    desks = desks_of(request)
    token, now_s = token_of(request), desks.clock()
    found = desks.people.session_standing(token, now_s) if token else None
    if found is None:
        raise SignInNeeded
    passenger = Passenger(found.account, found.person_id, found.level, token, now_s)
    request.state.passenger = passenger
    return passenger


@contextmanager
def one_moment(request: HTTPConnection) -> Iterator[Passenger]:
    """Whoever is signed in; all that the desks are asked inside is of one moment. Raises
    SignInNeeded."""
    office = desks_of(request).office
    passenger = signed_in(request)
    with office.moment():
        known = {"account": passenger.account, "person_id": passenger.person_id}
        office.foresee(request.scope["route"].path, {**known, "now_s": passenger.now_s})
        yield passenger


def maybe_signed_in(request: HTTPConnection) -> Passenger | None:
    """Whoever is signed in, or None: for pages that everybody may read."""
    try:
        return signed_in(request)
    except SignInNeeded:
        return None


def person_of(request: HTTPConnection, passenger: Passenger) -> Person:
    """What a passenger may see of themselves: masked phone, name and number. Raises Problem."""
    found = expect(desks_of(request).people.person(passenger.person_id))
    assert isinstance(found, Person)
    return found


Signed = Annotated[Passenger, Depends(signed_in)]
Visitor = Annotated[Passenger | None, Depends(maybe_signed_in)]


def to_sign_in(request: Request) -> Response:
    """The answer to whoever has no session: JSON for a script, else the sign-in page and back."""
    if wants_json(request):
        return FACE.failure(request, Refusal("SIGN_IN_NEEDED"), 401)
    wanted = request.url.path if request.method == "GET" else ""
    if request.url.query and wanted:
        wanted = f"{wanted}?{request.url.query}"
    return go("/sign-in", next=wanted)


def own_path(text: str) -> str:
    """A way inside these pages out of a `next` argument; the first page for anything else."""
    fits = text.startswith(ROOT + "/") and "\\" not in text and "//" not in text
    return text.removeprefix(ROOT) if fits and text.isprintable() else "/"


def client_of(request: Request) -> str:
    """Who asks, for limits: the address it comes from, or its household's network."""
    return "" if request.client is None else client_key(request.client.host)


def device_of(request: Request) -> str:
    """A device as its owner knows it again in a list: browser and system in two words."""
    agent = request.headers.get("user-agent", "")[:400]
    systems = ("HarmonyOS", "Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")
    browsers = ("MicroMessenger", "AlipayClient", "Edg", "Firefox", "Chrome", "Safari")
    found = [next((name for name in names if name in agent), "") for names in (browsers, systems)]
    return " · ".join(name for name in found if name) or "-"


def keep(response: Response, request: Request, name: str, value: str, age_s: int) -> None:
    """Set a cookie that stays with these pages."""
    response.set_cookie(
        name, value, max_age=age_s, path=ROOT, httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip


def forget(response: Response, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(name, path=ROOT)


def query(**arguments: object) -> str:
    """Arguments of an address, those that are empty left out."""
    return urlencode({name: value for name, value in arguments.items() if value not in ("", None)})
