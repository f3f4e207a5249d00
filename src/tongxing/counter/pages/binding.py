"""Binding a card at the branch (卡码一体): begun on the passenger's phone or by staff, taken up at
whatever step it stands.

The card lies on the counter's reader. Staff read the texts out; the passenger's own word is the
code on their phone, or their document where they have none. They sign with their own phone.
"""

from typing import Any

from fastapi import APIRouter, Request, WebSocket
from starlette.responses import JSONResponse, Response

from tongxing.city.people.values import CodeSent, Person
from tongxing.city.store.binding import Channel
from tongxing.counter import binding_steps as steps
from tongxing.counter.pages.person import Case, case_of
from tongxing.counter.qr import qr_svg
from tongxing.counter.touching import touch
from tongxing.counter.web import (
    AtWork,
    Serving,
    Supervising,
    again,
    desks_of,
    go,
    noted,
    page,
    serving,
)
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.web.card_socket import SocketCard
from tongxing.web.face import link
from tongxing.web.forms import Posted, Sent, new_id

CHANNEL: Channel = "branch"
OWN_WORD = "upgrade"
"""The purpose of the one-time code by which the passenger says yes; bound to one binding."""

router = APIRouter()


@router.get("/person/{person_id}/bind")
def where(request: Request, who: Serving, person_id: str) -> Response:
    """The first step that is not done."""
    case = case_of(request, person_id)
    return page(request, **_shown(request, who, case))


@router.post("/person/{person_id}/bind/begin")
def begin(request: Request, who: Serving, sent: Sent, person_id: str) -> Response:
    """Begin for the passenger; one that they began themselves is taken up instead."""
    case = case_of(request, person_id, sent)
    found = desks_of(request).binding.begin(person_id, sent.request_id, CHANNEL, who.now_s)
    noted(request, who, "bind:begin", case.person.account, case.ticket, found)
    if isinstance(found, Refusal) and found.code != "BINDING_UNDER_WAY":
        return _again(request, who, case, found)
    return _on(case)


@router.post("/person/{person_id}/bind/code")
def send_code(request: Request, who: Serving, sent: Sent, person_id: str) -> Response:
    """Send the passenger the code that is their own word."""
    case = case_of(request, person_id, sent)
    phone = sent.value("phone", 20)
    theirs = _theirs(request, who, case, phone)
    binding = steps.under_way(desks_of(request), case.person)
    if binding is None:
        return _on(case)
    answer: CodeSent | Refusal | None = theirs
    if answer is None:
        answer = desks_of(request).people.request_code(
            phone, OWN_WORD, binding.binding_id, f"counter:{person_id}", who.now_s
        )
    noted(request, who, "bind:code", case.person.account, case.ticket, answer)
    if isinstance(answer, Refusal):
        return _again(request, who, case, answer, "phone", phone=phone)
    shown = _shown(request, who, case) | {"phone": phone, "was_sent": True}
    return page(request, **shown)


@router.post("/person/{person_id}/bind/agree")
def agree(request: Request, who: Serving, sent: Sent, person_id: str) -> Response:
    """Staff confirm that every text was read out, and the passenger says yes."""
    case, desks = case_of(request, person_id, sent), desks_of(request)
    at = steps.standing_of(desks, case.person, who.now_s)
    if at.binding is None or at.name != "agree":
        return _on(case)
    phone = sent.value("phone", 20)
    kept: dict[str, Any] = {"phone": phone, "was_sent": bool(phone)}
    for text in steps.wanted_texts(at.terms, who.now_s):
        if not sent.ticked(f"agree-{text.id}"):
            unread, field = Refusal("COUNTER_NOT_READ_OUT"), f"agree-{text.id}"
            return _again(request, who, case, unread, field, **kept)
    word = _own_word(request, who, case, sent, at.binding.binding_id)
    if word is not None:
        field = "code" if case.person.phone_masked else "document"
        return _again(request, who, case, word, field, **kept)
    found = steps.agree(desks, case.person, at.terms, "counter", who.now_s)
    noted(request, who, "bind:agree", case.person.account, case.ticket, found)
    return _on(case) if found is None else _again(request, who, case, found, **kept)


@router.post("/person/{person_id}/bind/sign")
def sign(request: Request, who: Serving, sent: Sent, person_id: str) -> Response:
    """Begin the signing at a partner; the passenger's phone goes on."""
    case, channel = case_of(request, person_id, sent), sent.value("channel", 20)
    if channel not in desks_of(request).money.channels():
        return _again(request, who, case, Refusal("COUNTER_CHOICE"), "channel-0")
    found = steps.sign_address(request, case.person, sent.request_id, channel, who.now_s)
    noted(request, who, f"bind:sign:{channel}", case.person.account, case.ticket, found)
    if isinstance(found, Refusal) and found.code != "MANDATE_EXISTS":
        return _again(request, who, case, found, "channel-0")
    return _on(case, channel=channel, signing=sent.request_id)


@router.get("/person/{person_id}/bind/state")
def state(request: Request, who: Serving, person_id: str) -> Response:
    """Whether the passenger has signed, for the page that waits."""
    case = case_of(request, person_id)
    return JSONResponse({"state": steps.mandate_state(desks_of(request), case.person, who.now_s)})


@router.post("/person/{person_id}/bind/stop")
def stop(request: Request, who: Serving, sent: Sent, person_id: str) -> Response:
    """The passenger gives it up, or staff turn it down: nothing has moved, the card is free."""
    case, desks = case_of(request, person_id, sent), desks_of(request)
    binding = steps.under_way(desks, case.person)
    if binding is None:
        return _on(case)
    if sent.value("how", 12) == "refused":
        act, found = (
            "bind:refuse",
            desks.binding.refuse(binding.binding_id, who.staff.staff_id, who.now_s),
        )
    else:
        act, found = "bind:abandon", desks.binding.abandon(binding.binding_id, who.now_s)
    noted(request, who, act, case.person.account, case.ticket, found)
    return _again(request, who, case, found) if isinstance(found, Refusal) else _on(case)


@router.post("/person/{person_id}/bind/release")
def release(request: Request, who: Serving, sent: Sent, person_id: str) -> Response:
    """Take the card from the account; staff say by what they knew that they may, and why."""
    case, desks = case_of(request, person_id, sent), desks_of(request)
    shown, why = sent.value("shown", 12), sent.value("why", 60)
    bound = desks.binding.bound(case.person.account)
    if bound is None:
        return _on(case)
    if shown not in ("card", "identity"):
        return _again(request, who, case, Refusal("COUNTER_CHOICE"), "shown-card")
    if not why:
        return _again(request, who, case, Refusal("COUNTER_WHY"), "why")
    found = desks.binding.release(
        bound.binding_id, sent.request_id, who.staff.staff_id,
        "card" if shown == "card" else "identity", who.now_s,
    )  # fmt: skip
    noted(request, who, f"bind:release:{shown}", case.person.account, case.ticket, found)
    if isinstance(found, Refusal):
        return _again(request, who, case, found, "why")
    if desks.publish is not None:
        desks.publish(who.now_s)
    return go(f"/person/{person_id}", done="yes", **case.query)


@router.post("/person/{person_id}/bind/settle")
def settle(request: Request, who: Supervising, sent: Sent, person_id: str) -> Response:
    """A supervisor says whether a card that has forgotten its last transfer had paid; another one
    who says the same settles it."""
    case, desks = case_of(request, person_id, sent), desks_of(request)
    binding = steps.under_way(desks, case.person)
    paid = sent.value("paid", 4)
    if binding is None:
        return _on(case)
    if paid not in ("yes", "no"):
        return _again(request, who, case, Refusal("COUNTER_CHOICE"), "paid-yes")
    found = desks.binding.settle_by_hand(
        binding.binding_id, paid == "yes", who.staff.staff_id, who.now_s
    )
    noted(request, who, f"bind:settle:{paid}", case.person.account, case.ticket, found)
    return _again(request, who, case, found) if isinstance(found, Refusal) else _on(case)


@router.websocket("/person/{person_id}/bind/{purpose}/socket")
async def card(socket: WebSocket, person_id: str, purpose: str) -> None:
    """The card proves that it is here (`prove`), or its money moves (`activate`)."""
    desks, told = desks_of(socket), socket.query_params
    back = {"purpose": told.get("purpose", "")[:40], "ticket": told.get("ticket", "")[:60]}

    def prepare(_who: AtWork) -> Person | None:
        person = desks.people.person(person_id)
        if isinstance(person, Refusal) or purpose not in ("prove", "activate"):
            return None
        return None if steps.under_way(desks, person) is None else person

    def talk(who: AtWork, person: Person, reader: SocketCard) -> str | Refusal:
        binding = steps.under_way(desks, person)
        if binding is None:
            return Refusal("BINDING_ENDED")
        if purpose == "prove":
            found = desks.binding.prove(
                binding.binding_id, reader, who.now_s, desks.clock, ours=True
            )
        else:
            found = desks.binding.activate(binding.binding_id, reader, desks.clock(), ours=True)
        noted(socket, who, f"bind:{purpose}", person.account, back["ticket"], found)
        if isinstance(found, Refusal):
            return found
        return link(f"/person/{person_id}/bind", **back)

    await touch(socket, serving, prepare, talk)


def _on(case: Case, **more: str) -> Response:
    return go(f"/person/{case.person.person_id}/bind", **case.query, **more)


def _again(
    request: Request, who: AtWork, case: Case, refusal: Refusal, field: str = "", **kept: Any
) -> Response:
    shown = _shown(request, who, case) | kept
    return again(request, refusal=refusal, field=field, **shown)


def _shown(request: Request, who: AtWork, case: Case) -> dict[str, Any]:
    desks, now_s = desks_of(request), who.now_s
    at = steps.standing_of(desks, case.person, now_s)
    if at.name == "begin" and CHANNEL not in at.terms.channels:
        at = steps.Standing("none", at.terms)
    shown = {
        "template": f"bind_{at.name}.html",
        "case": case,
        "person": case.person,
        "at": at,
        "binding": at.binding,
        "bound": at.bound,
        "terms": at.terms,
        "code": "" if at.binding is None else steps.desk_code(at.binding),
        "texts": steps.wanted_texts(at.terms, now_s),
        "phone": "",
        "was_sent": False,
        "request_id": new_id(),
        "agent": desks.agent,
    }
    if at.name == "sign":
        shown |= _signing(request, case, now_s)
    return shown


def _signing(request: Request, case: Case, now_s: int) -> dict[str, Any]:
    """The ways to sign; with the drawing of the address once one was chosen."""
    desks, told = desks_of(request), request.query_params
    channel, signing_id = told.get("channel", ""), told.get("signing", "")[:64]
    channels = desks.money.channels()
    drawing = ""
    if channel in channels and signing_id.isalnum():
        found = steps.sign_address(request, case.person, signing_id, channel, now_s)
        drawing = "" if isinstance(found, Refusal) else qr_svg(found)
    exposure = desks.money.exposure(case.person.account, now_s)
    if isinstance(exposure, Refusal):
        raise Problem(exposure.code, exposure.where, **exposure.values)
    return {"channels": channels, "channel": channel, "drawing": drawing, "exposure": exposure}


def _theirs(request: Request, who: AtWork, case: Case, phone: str) -> Refusal | None:
    """COUNTER_OTHER_PHONE for a number that is not this passenger's; the look is kept."""
    found = desks_of(request).people.find(
        who.staff.staff_id, case.purpose, case.ticket, phone=phone, now_s=who.now_s
    )
    if isinstance(found, Refusal):
        return Refusal("COUNTER_OTHER_PHONE") if found.code == "PERSON_NOT_FOUND" else found
    return None if found.person_id == case.person.person_id else Refusal("COUNTER_OTHER_PHONE")


def _own_word(
    request: Request, who: AtWork, case: Case, sent: Posted, binding_id: str
) -> Refusal | None:
    """The code on the passenger's phone, or the document of one who has none."""
    if not case.person.phone_masked:
        return None if sent.ticked("document") else Refusal("COUNTER_DOCUMENT_UNSEEN")
    return desks_of(request).people.take_code(
        sent.value("phone", 20), OWN_WORD, binding_id, sent.value("code", 12), who.now_s,
        f"counter:{case.person.person_id}",
    )  # fmt: skip
