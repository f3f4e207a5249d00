"""Password-free payment: what it is, what it can cost at most, how it is signed and ended."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city.people.consent_texts import consent_texts
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.rider import web
from tongxing.rider.pages.paying import home_of
from tongxing.rider.web import Passenger, Sent, Signed, again, desks_of, expect, go, page

TEXT = "password_free"

router = APIRouter()


@router.get("/money/auto")
def auto(request: Request, passenger: Signed) -> Response:
    """On or off, and the loss that it bounds."""
    return page(request, "auto.html", **asking(request, passenger))


@router.get("/money/auto/back")
def back(request: Request, passenger: Signed) -> Response:
    """After the partner's page: ask it what became of the signing."""
    mandate = desks_of(request).money.check_mandate(passenger.account, passenger.now_s)
    if mandate is not None and mandate.state == "signed":
        return go("/money/auto", done="signed")
    return go("/money/auto", done="waiting")


@router.post("/money/auto")
def sign(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Agree, and go to the partner to sign."""
    found = begin_signing(request, passenger, sent, f"{home_of(request)}/back/auto")
    if isinstance(found, Refusal):
        field = "agree" if found.code == "TICK_MISSING" else "channel-0"
        return again(request, "auto.html", found, field, **asking(request, passenger))
    return page(request, "auto_go.html", tab="money", url=found, then="/money/auto/back")


@router.post("/money/auto/end")
def end(request: Request, passenger: Signed, _sent: Sent) -> Response:
    """End the agreement: nothing is debited from now on."""
    expect(desks_of(request).money.end_mandate(passenger.account, passenger.now_s))
    return go("/money/auto", done="ended")


def begin_signing(
    request: Request, passenger: Passenger, sent: web.Posted, return_url: str
) -> str | Refusal:
    """Keep the consent and begin a mandate; where it is signed. Refuses TICK_MISSING and what the
    money desk does."""
    desks, now_s = desks_of(request), passenger.now_s
    if not desks.channels:
        raise Problem("NO_WAY_TO_PAY")
    if not sent.ticked("agree"):
        return Refusal("TICK_MISSING", "agree")
    text = consent_texts(now_s)[TEXT]
    refusal = desks.people.give_consent(passenger.person_id, TEXT, text.version, "web", now_s)
    if refusal is not None:
        return refusal
    asked = desks.money.ask_mandate(
        passenger.account, sent.request_id, sent.value("channel"), return_url, now_s
    )
    return asked if isinstance(asked, Refusal) else asked.sign_url


def asking(request: Request, passenger: Passenger) -> dict[str, Any]:
    """What the page shows: the agreement as it stands, the formula with its numbers."""
    desks = desks_of(request)
    return {
        "tab": "money",
        "mandate": desks.money.mandate(passenger.account),
        "exposure": expect(desks.money.exposure(passenger.account, passenger.now_s)),
        "channels": desks.channels,
        "text": consent_texts(passenger.now_s)[TEXT],
        "done": request.query_params.get("done", ""),
        "request_id": web.new_id(),
    }
