"""The station machine: one passenger stands before it and binds their card by themselves.

Language first, then the card, the phone, the texts, the signing on their own phone, the card again.
The passenger's session lives in a cookie of this page alone and ends with `reset`, which the page
asks for by itself when nobody touches it: nothing personal stays on the screen.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, WebSocket
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from tongxing.city.binding.card import read_purse
from tongxing.city.people.consent_texts import consent_texts
from tongxing.city.people.values import Person
from tongxing.city.store.binding import Channel
from tongxing.counter import binding_steps as steps
from tongxing.counter.qr import qr_svg
from tongxing.counter.touching import touch
from tongxing.counter.web import (
    ROOT,
    AtWork,
    Standing,
    again,
    desks_of,
    go,
    keep,
    noted,
    page,
    standing,
)
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.web.card_socket import SocketCard
from tongxing.web.forms import Sent, new_id

CHANNEL: Channel = "machine"
COOKIE, PATH = "machine", f"{ROOT}/machine"
FIRST_CONSENTS = ("terms", "privacy")

router = APIRouter()


def here(request: HTTPConnection) -> AtWork:
    """A signed-in machine of a station that has one (R-021). Raises SignInNeeded and Problem:
    STAFF_NOT_ALLOWED, BINDING_NOT_OFFERED."""
    who = standing(request)
    if who.staff.place not in _stations(request, who):
        raise Problem("BINDING_NOT_OFFERED", "machine")
    return who


Here = Annotated[AtWork, Depends(here)]


@router.get("/machine")
def home(request: Request, who: Standing) -> Response:
    """The language first; where the station has no such machine, where the next ones are."""
    here = _stations(request, who)
    template = "machine_home.html" if who.staff.place in here else "machine_none.html"
    return page(request, template, stations=here)


@router.get("/machine/card")
def ask_card(request: Request, who: Here) -> Response:
    """The card goes onto the reader."""
    return page(request, "machine_card.html", **_tapping(request, "read", 1))


@router.get("/machine/phone")
def ask_phone(request: Request, who: Here) -> Response:
    """The number of the passenger's own phone."""
    return page(request, "machine_phone.html", phone="")


@router.post("/machine/phone")
def send_code(request: Request, who: Here, sent: Sent) -> Response:
    """Send the code there."""
    phone, visit = sent.value("phone", 20), sent.value("visit", 64) or new_id()
    if not sent.ticked("agree"):
        return again(request, "machine_phone.html", Refusal("TICK_MISSING"), "agree", phone=phone)
    found = desks_of(request).people.request_code(
        phone, "sign_in", visit, f"machine:{who.staff.staff_id}", who.now_s
    )
    if isinstance(found, Refusal):
        return again(request, "machine_phone.html", found, "phone", phone=phone)
    return page(request, "machine_code.html", phone=phone, visit=visit)


@router.post("/machine/code")
def take_code(request: Request, who: Here, sent: Sent) -> Response:
    """The code is right: this is the passenger, and the binding begins or goes on."""
    desks, phone, visit = desks_of(request), sent.value("phone", 20), sent.value("visit", 64)
    found = desks.people.sign_in(
        phone, sent.value("code", 12), visit, CHANNEL, who.now_s,
        f"machine:{who.staff.staff_id}",
    )  # fmt: skip
    if isinstance(found, Refusal):
        return again(request, "machine_code.html", found, "code", phone=phone, visit=visit)
    person = found.person
    if found.is_new:
        desks.money.enrol(person.account, who.now_s)
        known = consent_texts(who.now_s)
        for text in (known[name] for name in FIRST_CONSENTS):
            desks.people.give_consent(person.person_id, text.id, text.version, CHANNEL, who.now_s)
    if steps.standing_of(desks, person, who.now_s).name == "begin":
        begun = desks.binding.begin(person.person_id, new_id(), CHANNEL, who.now_s)
        noted(request, who, "machine:begin", person.account, who.staff.place, begun)
        if isinstance(begun, Refusal):
            desks.people.sign_out(found.token)
            return page(request, "machine_refused.html", 409, refusal=begun)
    response = go("/machine/bind")
    keep(response, request, COOKIE, found.token, PATH)
    return response


@router.get("/machine/bind")
def where(request: Request, who: Here) -> Response:
    """The first step that is not done."""
    person = _passenger(request, who)
    if person is None or _at(request, who, person).name == "begin":
        return go("/machine")
    return page(request, **_shown(request, who, person))


@router.post("/machine/agree")
def agree(request: Request, who: Here, sent: Sent) -> Response:
    """The passenger agrees to every text."""
    person = _passenger(request, who)
    if person is None:
        return go("/machine")
    desks = desks_of(request)
    at = steps.standing_of(desks, person, who.now_s)
    for text in steps.wanted_texts(at.terms, who.now_s):
        if not sent.ticked(f"agree-{text.id}"):
            missing, field = Refusal("TICK_MISSING"), f"agree-{text.id}"
            shown = _shown(request, who, person)
            return again(request, refusal=missing, field=field, **shown)
    found = steps.agree(desks, person, at.terms, CHANNEL, who.now_s)
    noted(request, who, "machine:agree", person.account, who.staff.place, found)
    if isinstance(found, Refusal):
        return again(request, refusal=found, **_shown(request, who, person))
    return go("/machine/bind")


@router.post("/machine/sign")
def sign(request: Request, who: Here, sent: Sent) -> Response:
    """Choose a partner, and sign there with one's own phone."""
    person = _passenger(request, who)
    if person is None:
        return go("/machine")
    channel = sent.value("channel", 20)
    found = steps.sign_address(request, person, sent.request_id, channel, who.now_s)
    noted(request, who, f"machine:sign:{channel}", person.account, who.staff.place, found)
    if isinstance(found, Refusal):
        if found.code == "MANDATE_EXISTS":
            return go("/machine/bind")
        return again(request, refusal=found, **_shown(request, who, person))
    return page(request, **_shown(request, who, person) | {"drawing": qr_svg(found)})


@router.get("/machine/state")
def state(request: Request, who: Here) -> Response:
    """Whether the passenger has signed, for the page that waits."""
    person = _passenger(request, who)
    found = "none" if person is None else steps.mandate_state(desks_of(request), person, who.now_s)
    return JSONResponse({"state": found})


@router.post("/machine/reset")
def reset(request: Request, who: Here) -> Response:
    """The passenger is gone: their session ends, and the first screen comes back."""
    token = request.cookies.get(COOKIE, "")
    if token:
        desks_of(request).people.sign_out(token)
    response = go("/machine")
    response.delete_cookie(COOKIE, path=PATH)
    return response


@router.websocket("/machine/{purpose}/socket")
async def card(socket: WebSocket, purpose: str) -> None:
    """The card is looked at (`read`), proves that it is here, or has its money moved."""
    desks = desks_of(socket)

    def prepare(who: AtWork) -> tuple[Person | None] | None:
        person = _passenger(socket, who)
        if purpose == "read":
            return (None,)
        known = person is not None and purpose in ("prove", "activate")
        return (person,) if known else None

    def talk(who: AtWork, found: tuple[Person | None], reader: SocketCard) -> str | Refusal:
        person = found[0]
        if person is None:
            seen = read_purse(reader)
            return seen if isinstance(seen, Refusal) else "/machine/phone"
        binding = steps.under_way(desks, person)
        if binding is None:
            return Refusal("BINDING_ENDED")
        if purpose == "prove":
            done = desks.binding.prove(
                binding.binding_id, reader, who.now_s, desks.clock, ours=True
            )
        else:
            done = desks.binding.activate(binding.binding_id, reader, desks.clock(), ours=True)
        noted(socket, who, f"machine:{purpose}", person.account, who.staff.place, done)
        return done if isinstance(done, Refusal) else "/machine/bind"

    await touch(socket, here, prepare, talk)


def _stations(request: HTTPConnection, who: AtWork) -> list[str]:
    desks = desks_of(request)
    found = desks.binding.machines(desks.city, calendar_date(who.now_s))
    return [one.station for one in found]


def _passenger(request: Request | WebSocket, who: AtWork) -> Person | None:
    """Who stands here, by the session that their code began."""
    token = request.cookies.get(COOKIE, "")
    return desks_of(request).people.person_of(token, who.now_s) if token else None


def _at(request: Request, who: AtWork, person: Person) -> steps.Standing:
    return steps.standing_of(desks_of(request), person, who.now_s)


def _tapping(request: Request, purpose: str, step: int) -> dict[str, Any]:
    return {"purpose": purpose, "step": step, "agent": desks_of(request).agent}


def _shown(request: Request, who: AtWork, person: Person) -> dict[str, Any]:
    """The page of the step at which the passenger stands."""
    desks, now_s = desks_of(request), who.now_s
    at = steps.standing_of(desks, person, now_s)
    templates = {"agree": "agree", "sign": "sign", "done": "done", "none": "none"}
    purpose, step = ("prove", 3) if at.name == "card" else ("activate", 6)
    shown: dict[str, Any] = {
        "template": f"machine_{templates.get(at.name, 'card')}.html",
        "at": at,
        "texts": steps.wanted_texts(at.terms, now_s),
        "channels": desks.money.channels(),
        "drawing": "",
        "stations": _stations(request, who),
        "request_id": new_id(),
    }
    if at.name == "sign":
        exposure = desks.money.exposure(person.account, now_s)
        shown["max_loss_fen"] = 0 if isinstance(exposure, Refusal) else exposure.max_loss_fen
    return shown | _tapping(request, purpose, step)
