"""Signing in with a phone number and a code: one question on a page, the same answer for everybody.

The number waits in a cookie of this one errand, never in an address; the code is bound to the
visit that asked for it.
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city.people.consent_texts import consent_texts
from tongxing.city.people.values import CodeSent
from tongxing.kernel.reasons import Refusal
from tongxing.rider import web
from tongxing.rider.web import Sent, Visitor, again, desks_of, go, page

PHONE_COOKIE, NEXT_COOKIE, RESEND_COOKIE = "rider_phone", "rider_next", "rider_resend"
CONSENTS = ("terms", "privacy")

router = APIRouter()


@router.get("/sign-in")
def ask_phone(request: Request, person: Visitor) -> Response:
    """The first question: which phone number."""
    if person is not None:
        return go("/")
    response = page(request, "sign_in.html", phone=request.cookies.get(PHONE_COOKIE, ""))
    if wanted := request.query_params.get("next", ""):
        web.keep(response, request, NEXT_COOKIE, wanted[:500], web.VISIT_AGE_S)
    if not request.cookies.get(web.VISIT_COOKIE):
        web.keep(response, request, web.VISIT_COOKIE, web.new_id(), web.VISIT_AGE_S)
    return response


@router.post("/sign-in")
def send_code(request: Request, sent: Sent) -> Response:
    """Send a code to the number, if it can be one."""
    phone = sent.value("phone", 40)
    visit = request.cookies.get(web.VISIT_COOKIE) or web.new_id()
    if not sent.ticked("agree"):
        return again(request, "sign_in.html", Refusal("TICK_MISSING"), "agree", phone=phone)
    answer = _request(request, phone, visit)
    if isinstance(answer, Refusal):
        return again(request, "sign_in.html", answer, "phone", phone=phone)
    response = go("/sign-in/code")
    web.keep(response, request, web.VISIT_COOKIE, visit, web.VISIT_AGE_S)
    web.keep(response, request, PHONE_COOKIE, phone, web.VISIT_AGE_S)
    web.keep(response, request, RESEND_COOKIE, str(answer.resend_s), web.VISIT_AGE_S)
    return response


@router.get("/sign-in/code")
def ask_code(request: Request) -> Response:
    """The second question: the six digits."""
    if not request.cookies.get(PHONE_COOKIE):
        return go("/sign-in")
    return page(request, "sign_in_code.html", **_waiting(request))


@router.post("/sign-in/again")
def send_again(request: Request) -> Response:
    """Another code to the same number."""
    phone = request.cookies.get(PHONE_COOKIE, "")
    answer = _request(request, phone, request.cookies.get(web.VISIT_COOKIE, ""))
    if isinstance(answer, Refusal):
        return again(request, "sign_in_code.html", answer, "code", **_waiting(request))
    response = go("/sign-in/code")
    web.keep(response, request, RESEND_COOKIE, str(answer.resend_s), web.VISIT_AGE_S)
    return response


@router.post("/sign-in/code")
def take_code(request: Request, sent: Sent) -> Response:
    """Sign in with the code; whoever is new has an account from now on."""
    desks, phone = desks_of(request), request.cookies.get(PHONE_COOKIE, "")
    visit = request.cookies.get(web.VISIT_COOKIE, "")
    if not phone or not visit:
        return go("/sign-in")
    now_s = desks.clock()
    found = desks.people.sign_in(
        phone, sent.value("code", 12), visit, web.device_of(request), now_s, web.client_of(request)
    )
    if isinstance(found, Refusal):
        return again(request, "sign_in_code.html", found, "code", **_waiting(request))
    if found.is_new:
        desks.money.enrol(found.person.account, now_s)
    for text_id in CONSENTS:
        _agree(request, found.person.person_id, text_id, now_s)
    wanted = web.own_path(request.cookies.get(NEXT_COOKIE, ""))
    response = go("/welcome" if found.is_new and wanted == "/" else wanted)
    web.keep(response, request, web.SESSION_COOKIE, found.token, web.SESSION_AGE_S)
    for name in (PHONE_COOKIE, NEXT_COOKIE, RESEND_COOKIE, web.VISIT_COOKIE):
        web.forget(response, name)
    return response


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End this session."""
    token = web.token_of(request)
    if token:
        desks_of(request).people.sign_out(token)
    response = go("/sign-in")
    web.forget(response, web.SESSION_COOKIE)
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


@router.get("/welcome")
def welcome(request: Request, _person: web.Signed) -> Response:
    """What a new account is for, and what to do first."""
    return page(request, "welcome.html", tab="code")


def _request(request: Request, phone: str, visit: str) -> CodeSent | Refusal:
    desks = desks_of(request)
    return desks.people.request_code(phone, "sign_in", visit, web.client_of(request), desks.clock())


def _waiting(request: Request) -> dict[str, Any]:
    phone, resend = request.cookies.get(PHONE_COOKIE, ""), request.cookies.get(RESEND_COOKIE, "0")
    left_s = int(resend) - desks_of(request).clock() if resend.isdigit() else 0
    masked = f"{phone[:3]}****{phone[-4:]}" if len(phone) == 11 else ""
    return {
        "phone_masked": masked,
        "resend_s": max(0, left_s),
        "inbox": desks_of(request).sandbox.get("sms", ""),
    }


def _agree(request: Request, person_id: str, text_id: str, now_s: int) -> None:
    """Keep the tick without which no code was sent; nothing is written where it stands already."""
    text = consent_texts(now_s).get(text_id)
    if text is not None:
        people = desks_of(request).people
        people.give_consent(person_id, text_id, text.version, "web", now_s)
