"""The phone proves itself once more: before money leaves, all that is kept of a person goes out,
the number changes or the account closes.

The code is bound to this session and this purpose; it is asked on a page of its own, and the way
goes on where it was.
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from tongxing.kernel.reasons import Refusal
from tongxing.rider import web
from tongxing.rider.web import Passenger, Sent, Signed, again, desks_of, go, page

PAY_OUT, CLOSE, EXPORT, CHANGE_PHONE = "pay_out", "close", "export", "change_phone"
PURPOSES = (PAY_OUT, CLOSE, EXPORT, CHANGE_PHONE)

router = APIRouter()


def is_fresh(request: Request, passenger: Passenger, purpose: str) -> bool:
    """Whether this session proved its phone for this purpose a moment ago."""
    return desks_of(request).people.fresh(passenger.token, purpose, passenger.now_s)


def to_proof(purpose: str, then: str) -> RedirectResponse:
    """The way to the proof, and back to `then` (a path of these pages)."""
    return go("/prove", purpose=purpose, next=web.ROOT + then)


@router.get("/prove")
def ask(request: Request, passenger: Signed) -> Response:
    """Offer to send the code."""
    return page(request, "prove.html", **_asking(request, passenger))


@router.post("/prove/send")
def send(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Send it."""
    purpose, then = _purpose(sent.value("purpose")), sent.value("next", 500)
    answer = desks_of(request).people.request_fresh_code(
        passenger.token, purpose, web.client_of(request), passenger.now_s
    )
    if isinstance(answer, Refusal):
        asking = _asking(request, passenger) | {"purpose": purpose, "then": then, "was_sent": True}
        return again(request, "prove.html", answer, "code", **asking)
    wait_s = max(0, answer.resend_s - passenger.now_s)
    return go("/prove", purpose=purpose, next=then, sent=wait_s)


@router.post("/prove")
def take(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Take it, and go on."""
    purpose, then = _purpose(sent.value("purpose")), sent.value("next", 500)
    refusal = desks_of(request).people.confirm(
        passenger.token, purpose, sent.value("code", 12), passenger.now_s
    )
    if refusal is not None:
        asking = _asking(request, passenger) | {"purpose": purpose, "then": then, "was_sent": True}
        return again(request, "prove.html", refusal, "code", **asking)
    return go(web.own_path(then))


def _purpose(text: str) -> str:
    return text if text in PURPOSES else PAY_OUT


def _asking(request: Request, passenger: Passenger) -> dict[str, Any]:
    wait = request.query_params.get("sent", "")
    return {
        "tab": "me",
        "purpose": _purpose(request.query_params.get("purpose", "")),
        "then": request.query_params.get("next", ""),
        "was_sent": bool(wait),
        "resend_s": int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 5 else 0,
        "phone": web.person_of(request, passenger).phone_masked,
        "inbox": desks_of(request).sandbox.get("sms", ""),
    }
