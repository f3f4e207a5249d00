"""Closing a passenger's account at the counter, after everything that is open was dealt with."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.counter.pages.person import Case, case_of
from tongxing.counter.web import AtWork, Serving, again, desks_of, go, noted, page
from tongxing.kernel.reasons import Refusal
from tongxing.web.forms import Sent, new_id

router = APIRouter()


@router.get("/person/{person_id}/close")
def ask(request: Request, who: Serving, person_id: str) -> Response:
    """What is still open, and where it is dealt with."""
    return page(request, "close.html", **_shown(request, who, case_of(request, person_id)))


@router.post("/person/{person_id}/close")
def close(request: Request, who: Serving, sent: Sent, person_id: str) -> Response:
    """Close it for good."""
    case = case_of(request, person_id, sent)
    found: object = Refusal("COUNTER_DOCUMENT_UNSEEN")
    if sent.ticked("document"):
        found = desks_of(request).people.close_account(person_id, sent.request_id, who.now_s)
    noted(request, who, "close", case.person.account, case.ticket, found)
    if isinstance(found, Refusal):
        return again(request, "close.html", found, "document", **_shown(request, who, case))
    return go("/", done="closed")


def _shown(request: Request, who: AtWork, case: Case) -> dict[str, Any]:
    desks = desks_of(request)
    return {
        "case": case,
        "person": case.person,
        "items": desks.people.open_items(case.person.person_id),
        "refundable": desks.money.refundable(case.person.account, who.now_s),
        "request_id": new_id(),
    }
