"""Helping somebody: their phone says yes by a code; either side ends it with one tap.

A helper registers ways to ride and sees neither trips nor money.
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city.people.terms import people_terms
from tongxing.kernel.reasons import Refusal
from tongxing.rider import web
from tongxing.rider.web import Passenger, Sent, Signed, again, desks_of, go, page

FIELDS = {
    "PHONE_INVALID": "phone",
    "NAME_INVALID": "name",
    "TEXT_FORBIDDEN_CHAR": "name",
    "ID_NUMBER_INVALID": "id_number",
    "IDENTITY_NOT_CONFIRMED": "id_number",
    "IDENTITY_TAKEN": "id_number",
    "IDENTITY_OTHER": "id_number",
    "HELP_RELATION": "relation-0",
    "OTP_WRONG": "code",
    "OTP_EXPIRED": "code",
    "OTP_LOCKED": "code",
}

router = APIRouter()


@router.get("/me/helping")
def helping(request: Request, passenger: Signed) -> Response:
    """Whom I help, and who helps me."""
    people = desks_of(request).people
    return page(
        request,
        "helping.html",
        tab="me",
        helped=people.helped_by(passenger.person_id),
        helpers=people.helpers_of(passenger.person_id),
        most=people_terms(desks_of(request).city, passenger.now_s).helped_max,
        request_id=web.new_id(),
        done=request.query_params.get("done", ""),
    )


@router.post("/me/helping/end")
def end(request: Request, passenger: Signed, sent: Sent) -> Response:
    """One tap ends it."""
    refusal = desks_of(request).people.end_help(
        passenger.person_id, sent.value("help", 64), passenger.now_s
    )
    if refusal is not None:
        return web.FACE.failure(request, refusal)
    return go("/me/helping", done="ended")


@router.get("/me/helping/new")
def ask_phone(request: Request, passenger: Signed) -> Response:
    """Whose phone gets the code."""
    return page(request, "helping_phone.html", tab="me", phone="")


@router.post("/me/helping/new")
def send_code(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Send it to them, then ask who they are."""
    phone = sent.value("phone", 40)
    refusal = _send(request, passenger, phone)
    if refusal is not None:
        return again(request, "helping_phone.html", refusal, "phone", tab="me", phone=phone)
    return page(request, "helping_data.html", **_data(request, passenger, sent))


@router.post("/me/helping")
def add(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Help them from now on."""
    if sent.value("do") == "again":
        refusal = _send(request, passenger, sent.value("phone", 40))
        shown = _data(request, passenger, sent)
        if refusal is not None:
            return again(request, "helping_data.html", refusal, "code", **shown)
        return page(request, "helping_data.html", **shown)
    device = request.cookies.get(web.DEVICE_COOKIE) or web.new_id()
    found = desks_of(request).people.add_helped(
        passenger.person_id,
        sent.value("phone", 40),
        sent.value("code", 12),
        sent.raw("name", 100).strip(),
        sent.value("id_number", 40),
        sent.value("relation", 20),
        device,
        passenger.now_s,
    )
    if isinstance(found, Refusal):
        shown = _data(request, passenger, sent)
        return again(request, "helping_data.html", found, FIELDS.get(found.code, ""), **shown)
    response = go("/me/helping", done="added")
    web.keep(response, request, web.DEVICE_COOKIE, device, web.DEVICE_AGE_S)
    return response


def _send(request: Request, passenger: Passenger, phone: str) -> Refusal | None:
    found = desks_of(request).people.request_code(
        phone, "help", passenger.person_id, web.client_of(request), passenger.now_s
    )
    return found if isinstance(found, Refusal) else None


def _data(request: Request, passenger: Passenger, sent: web.Posted) -> dict[str, Any]:
    desks = desks_of(request)
    return {
        "tab": "me",
        "phone": sent.value("phone", 40),
        "name": sent.raw("name", 100).strip(),
        "relation": sent.value("relation", 20),
        "relations": people_terms(desks.city, passenger.now_s).relations,
        "inbox": desks.sandbox.get("sms", ""),
    }
