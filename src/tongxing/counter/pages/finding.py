"""Who stands at the counter: found by what they show, with a purpose and a ticket, never unseen.

From here on every page is about one person; the purpose and the ticket go with it, so that
whatever is done is kept under them.
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city.people.terms import people_terms
from tongxing.counter.pages.person import case_of
from tongxing.counter.web import Serving, again, desks_of, go, noted, page
from tongxing.kernel.reasons import Refusal
from tongxing.web.forms import Sent

router = APIRouter()

BY = ("phone", "id_number", "account")


@router.get("/")
def ask(request: Request, who: Serving) -> Response:
    """Whom to serve."""
    closed = request.query_params.get("done") == "closed"
    return page(request, "find.html", closed=closed, **_asked(request, {}))


@router.post("/find")
def find(request: Request, who: Serving, sent: Sent) -> Response:
    """Look a person up."""
    by, text = sent.value("by"), sent.value("text", 40)
    asked = _asked(request, {name: sent.value(name, 60) for name in ("by", "purpose", "ticket")})
    if by not in BY:
        return again(request, "find.html", Refusal("COUNTER_CHOICE"), "by-phone", **asked)
    found = desks_of(request).people.find(
        who.staff.staff_id,
        sent.value("purpose", 40),
        sent.value("ticket", 60),
        now_s=who.now_s,
        **{by: text},
    )
    if isinstance(found, Refusal):
        field = {"LOOKUP_TICKET": "ticket", "LOOKUP_PURPOSE": "purpose"}.get(found.code, "text")
        return again(request, "find.html", found, field, **asked)
    return go(
        f"/person/{found.person_id}",
        purpose=sent.value("purpose", 40),
        ticket=sent.value("ticket", 60),
    )


@router.get("/acts")
def acts(request: Request, who: Serving) -> Response:
    """What was done at the counters last."""
    return page(request, "acts.html", acts=desks_of(request).staff.acts())


@router.post("/person/{person_id}/reveal")
def reveal(request: Request, who: Serving, sent: Sent, person_id: str) -> Response:
    """Show one field of personal data; the person is told."""
    case, field = case_of(request, person_id, sent), sent.value("field", 20)
    found = desks_of(request).people.reveal(
        who.staff.staff_id, person_id, field, case.purpose, case.ticket, who.now_s
    )
    noted(request, who, f"reveal:{field}", case.person.account, case.ticket, found)
    shown: dict[str, Any] = {"field": field, "text": "", "back": sent, "person_id": person_id}
    if isinstance(found, Refusal):
        return page(request, "revealed.html", 422, refusal=found, **shown)
    return page(request, "revealed.html", refusal=None, **shown | {"text": found})


def _asked(request: Request, kept: dict[str, str]) -> dict[str, Any]:
    terms = people_terms(desks_of(request).city, desks_of(request).clock())
    return {
        "purposes": terms.lookup_purposes,
        "by": kept.get("by") or BY[0],
        "purpose": kept.get("purpose") or terms.lookup_purposes[0],
        "ticket": kept.get("ticket", ""),
    }
