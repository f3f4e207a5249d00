"""Changing the phone number: first the old one proves itself, then the new one.

The new number waits in a cookie of this one errand, never in an address. No code goes to any number
before the old one has proved itself in this session.
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city.people.values import CodeSent
from tongxing.kernel.reasons import Refusal
from tongxing.rider import web
from tongxing.rider.proving import CHANGE_PHONE, is_fresh, to_proof
from tongxing.rider.web import Passenger, Sent, Signed, again, desks_of, go, page

NEW_PHONE_COOKIE, RESEND_COOKIE = "rider_new_phone", "rider_new_resend"
OF_THE_NUMBER = ("PHONE_INVALID", "PHONE_TAKEN")
"""What another number mends, not another code."""

router = APIRouter()


@router.get("/me/phone")
def ask_phone(request: Request, passenger: Signed) -> Response:
    """Which number it shall be, once the present one has proved itself."""
    if not is_fresh(request, passenger, CHANGE_PHONE):
        return to_proof(CHANGE_PHONE, "/me/phone")
    phone = request.cookies.get(NEW_PHONE_COOKIE, "")
    return page(request, "phone.html", tab="me", phone=phone)


@router.post("/me/phone")
def send_code(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Send a code to the new number."""
    if not is_fresh(request, passenger, CHANGE_PHONE):
        return to_proof(CHANGE_PHONE, "/me/phone")
    phone = sent.value("phone", 40)
    answer = _request(request, passenger, phone)
    if isinstance(answer, Refusal):
        return again(request, "phone.html", answer, "phone", tab="me", phone=phone)
    response = go("/me/phone/code")
    web.keep(response, request, NEW_PHONE_COOKIE, phone, web.VISIT_AGE_S)
    web.keep(response, request, RESEND_COOKIE, str(answer.resend_s), web.VISIT_AGE_S)
    return response


@router.get("/me/phone/code")
def ask_code(request: Request, passenger: Signed) -> Response:
    """The six digits that came to the new number."""
    if not request.cookies.get(NEW_PHONE_COOKIE):
        return go("/me/phone")
    return page(request, "phone_code.html", **_waiting(request, passenger))


@router.post("/me/phone/again")
def send_again(request: Request, passenger: Signed) -> Response:
    """Another code to the new number."""
    phone = request.cookies.get(NEW_PHONE_COOKIE, "")
    if not phone or not is_fresh(request, passenger, CHANGE_PHONE):
        return to_proof(CHANGE_PHONE, "/me/phone")
    answer = _request(request, passenger, phone)
    if isinstance(answer, Refusal):
        shown = _waiting(request, passenger)
        return again(request, "phone_code.html", answer, "code", **shown)
    response = go("/me/phone/code")
    web.keep(response, request, RESEND_COOKIE, str(answer.resend_s), web.VISIT_AGE_S)
    return response


@router.post("/me/phone/code")
def change(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Change the number; where the proof of the old one is too old, it is asked for again."""
    phone = request.cookies.get(NEW_PHONE_COOKIE, "")
    if not phone:
        return go("/me/phone")
    found = desks_of(request).people.change_phone(
        passenger.token, phone, sent.value("code", 12), passenger.person_id, passenger.now_s
    )
    if isinstance(found, Refusal):
        if found.code == "STEP_UP_NEEDED":
            return to_proof(CHANGE_PHONE, "/me/phone/code")
        if found.code in OF_THE_NUMBER:
            return again(request, "phone.html", found, "phone", tab="me", phone=phone)
        return again(request, "phone_code.html", found, "code", **_waiting(request, passenger))
    response = go("/me", done="phone")
    for name in (NEW_PHONE_COOKIE, RESEND_COOKIE):
        web.forget(response, name)
    return response


def _request(request: Request, passenger: Passenger, phone: str) -> CodeSent | Refusal:
    return desks_of(request).people.request_code(
        phone, CHANGE_PHONE, passenger.person_id, web.client_of(request), passenger.now_s
    )


def _waiting(request: Request, passenger: Passenger) -> dict[str, Any]:
    phone = request.cookies.get(NEW_PHONE_COOKIE, "")
    resend = request.cookies.get(RESEND_COOKIE, "0")
    left_s = int(resend) - passenger.now_s if resend.isascii() and resend.isdigit() else 0
    return {
        "tab": "me",
        "new_masked": f"{phone[:3]}****{phone[-4:]}" if len(phone) == 11 else "",
        "resend_s": max(0, left_s),
        "inbox": desks_of(request).sandbox.get("sms", ""),
    }
