"""Me: who I am here, what I agreed to, where I am signed in, what I was told and want to say."""

import json
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city.people.consent_texts import consent_texts
from tongxing.city.people.values import Level
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.rider import web
from tongxing.rider.proving import CLOSE, EXPORT, is_fresh, to_proof
from tongxing.rider.web import Passenger, Sent, Signed, Visitor, again, desks_of, expect, go, page

ABOUTS = ("code", "card", "trip", "money", "account", "staff", "other")
TEXT_MOST = 1_000

router = APIRouter()


@router.get("/me")
def me(request: Request, passenger: Signed) -> Response:
    """Everything that is mine here, by name."""
    desks = desks_of(request)
    return page(
        request,
        "me.html",
        tab="me",
        person=web.person_of(request, passenger),
        helped=desks.people.helped_by(passenger.person_id),
        helpers=desks.people.helpers_of(passenger.person_id),
        bound=desks.binding.bound(passenger.account),
        done=request.query_params.get("done", ""),
    )


@router.get("/me/identity")
def ask_identity(request: Request, passenger: Signed) -> Response:
    """Name and identity number, checked once."""
    return page(request, "identity.html", **_identity(request, passenger))


@router.post("/me/identity")
def verify(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Have them checked."""
    people, name = desks_of(request).people, sent.raw("name", 100).strip()
    shown = _identity(request, passenger) | {"name": name, "then": sent.value("next", 500)}
    if not sent.ticked("agree"):
        return again(request, "identity.html", Refusal("TICK_MISSING"), "agree", **shown)
    text = consent_texts(passenger.now_s)["identity"]
    refusal = people.give_consent(
        passenger.person_id, text.id, text.version, "web", passenger.now_s
    )
    if refusal is not None:
        return again(request, "identity.html", refusal, **shown)
    found = people.verify_identity(
        passenger.person_id, name, sent.value("id_number", 40), passenger.now_s
    )
    if isinstance(found, Refusal):
        field = "name" if found.code in ("NAME_INVALID", "TEXT_FORBIDDEN_CHAR") else "id_number"
        return again(request, "identity.html", found, field, **shown)
    then = web.own_path(sent.value("next", 500))
    return go(then if then != "/" else "/me", done="verified")


@router.get("/me/consents")
def consents(request: Request, passenger: Signed) -> Response:
    """What I agreed to, when, and how to take it back."""
    return page(request, "consents.html", **_consents(request, passenger))


@router.post("/me/consents")
def withdraw(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Take one back."""
    people, text_id = desks_of(request).people, sent.value("text", 40)
    refusal = people.withdraw_consent(passenger.person_id, text_id, passenger.now_s)
    if refusal is not None:
        shown = _consents(request, passenger)
        return again(request, "consents.html", refusal, f"consent-{text_id}", **shown)
    upgrading = desks_of(request).upgrading
    if text_id == "upgrade" and upgrading is not None:
        upgrading.end_links(passenger.person_id, passenger.now_s)
    return go("/me/consents", done="withdrawn")


@router.get("/texts/{text_id}")
def text(request: Request, text_id: str, _passenger: Visitor) -> Response:
    """One text in the wording that is in force."""
    found = consent_texts(desks_of(request).clock()).get(text_id)
    if found is None:
        raise Problem("CONSENT_TEXT_UNKNOWN", "text")
    return page(request, "text.html", tab="me", text=found)


@router.get("/me/notices")
def notices(request: Request, passenger: Signed) -> Response:
    """What I was told; opening the page reads it."""
    people = desks_of(request).people
    found = people.notices(passenger.person_id)
    for one in found:
        if one.read_s is None:
            people.read_notice(passenger.person_id, one.notice_id, passenger.now_s)
    return page(request, "notices.html", tab="me", notices=found, unread=0)


@router.get("/me/sessions")
def sessions(request: Request, passenger: Signed) -> Response:
    """Where I am signed in."""
    found = desks_of(request).people.sessions(passenger.person_id)
    done = request.query_params.get("done", "")
    return page(request, "sessions.html", tab="me", sessions=found, done=done)


@router.post("/me/sessions")
def end_session(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Sign out somewhere else."""
    number = sent.value("session", 20)
    if number.isascii() and number.isdigit():
        desks_of(request).people.end_session(passenger.person_id, int(number))
    return go("/me/sessions", done="ended")


@router.get("/me/export")
def export(request: Request, passenger: Signed) -> Response:
    """What is kept of me, and the way to take it along."""
    fresh = is_fresh(request, passenger, EXPORT)
    return page(request, "export.html", tab="me", is_fresh=fresh)


@router.post("/me/export")
def take_along(request: Request, passenger: Signed, _sent: Sent) -> Response:
    """All of it as a file; the phone proves itself first."""
    if not is_fresh(request, passenger, EXPORT):
        return to_proof(EXPORT, "/me/export")
    found = expect(desks_of(request).people.export(passenger.person_id, passenger.now_s))
    content = json.dumps(found, ensure_ascii=False, indent=1, default=str)
    headers = {
        "Content-Disposition": 'attachment; filename="tongxing-data.json"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type="application/json", headers=headers)


@router.get("/me/close")
def ask_close(request: Request, passenger: Signed) -> Response:
    """What is open, what is lost, and the way out."""
    return page(request, "close.html", **_closing(request, passenger))


@router.post("/me/close")
def close(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Close the account for good; the phone proves itself first."""
    if not sent.ticked("agree"):
        shown = _closing(request, passenger)
        return again(request, "close.html", Refusal("TICK_MISSING"), "agree", **shown)
    if not is_fresh(request, passenger, CLOSE):
        return to_proof(CLOSE, "/me/close")
    found = desks_of(request).people.close_account(
        passenger.person_id, sent.request_id, passenger.now_s
    )
    if isinstance(found, Refusal):
        return again(request, "close.html", found, **_closing(request, passenger))
    response = go("/closed")
    web.forget(response, web.SESSION_COOKIE)
    return response


@router.get("/closed")
def closed(request: Request) -> Response:
    """The last page of an account."""
    return page(request, "closed.html")


@router.get("/me/feedback")
def ask_feedback(request: Request, passenger: Signed) -> Response:
    """What went wrong, or right."""
    about = request.query_params.get("about", "")
    return page(request, "feedback.html", **_feedback(about if about in ABOUTS else "", ""))


@router.post("/me/feedback")
def feedback(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Keep it for the staff."""
    about, text = sent.value("about", 20), sent.raw("text", TEXT_MOST + 1)
    found = desks_of(request).people.feedback(passenger.person_id, text, about, passenger.now_s)
    if isinstance(found, Refusal):
        field = "about-0" if found.code == "FEEDBACK_ABOUT" else "text"
        return again(request, "feedback.html", found, field, **_feedback(about, text))
    return go("/me/feedback/thanks", number=found[:8])


@router.get("/me/feedback/thanks")
def thanks(request: Request, passenger: Signed) -> Response:
    """It has arrived."""
    number = request.query_params.get("number", "")[:8]
    return page(request, "feedback_done.html", tab="me", number=number)


def _identity(request: Request, passenger: Passenger) -> dict[str, Any]:
    return {
        "tab": "me",
        "person": web.person_of(request, passenger),
        "is_verified": passenger.level >= Level.IDENTITY,
        "text": consent_texts(passenger.now_s)["identity"],
        "name": "",
        "then": request.query_params.get("next", ""),
    }


def _consents(request: Request, passenger: Passenger) -> dict[str, Any]:
    known = consent_texts(passenger.now_s)
    found = desks_of(request).people.consents(passenger.person_id)
    newest = {one.text_id: one for one in found}
    rows = [(known[key], one) for key, one in newest.items() if key in known]
    done = request.query_params.get("done", "")
    return {"tab": "me", "rows": rows, "done": done}


def _closing(request: Request, passenger: Passenger) -> dict[str, Any]:
    desks = desks_of(request)
    return {
        "tab": "me",
        "items": desks.people.open_items(passenger.person_id),
        "balance": expect(desks.money.balance(passenger.account, passenger.now_s)),
        "is_fresh": is_fresh(request, passenger, CLOSE),
        "request_id": web.new_id(),
    }


def _feedback(about: str, text: str) -> dict[str, Any]:
    return {"tab": "me", "about": about, "text": text, "abouts": ABOUTS, "most": TEXT_MOST}
