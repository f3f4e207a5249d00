"""An account for somebody who cannot open one alone: an elder without a phone, a child.

Staff have seen the document; a child has a guardian whose identity is verified.
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city.people.consent_texts import consent_texts
from tongxing.city.people.terms import people_terms
from tongxing.city.people.values import Person
from tongxing.counter.web import AtWork, Serving, again, desks_of, go, noted, page
from tongxing.kernel.reasons import Refusal
from tongxing.web.forms import Posted, Sent, new_id

TEXTS = ("terms", "privacy", "identity")
_FIELDS = {
    "NAME_INVALID": "name",
    "TEXT_FORBIDDEN_CHAR": "name",
    "PHONE_INVALID": "phone",
    "PHONE_TAKEN": "phone",
    "GUARDIAN_NEEDED": "guardian",
    "GUARDIAN_NOT_VERIFIED": "guardian",
    "PERSON_NOT_FOUND": "guardian",
    "LOOKUP_TICKET": "ticket",
    "COUNTER_NOT_READ_OUT": "agree",
    "COUNTER_DOCUMENT_UNSEEN": "document",
}

router = APIRouter()


@router.get("/open")
def ask(request: Request, who: Serving) -> Response:
    """Whose account it is to be."""
    return page(request, "open.html", **_asking(request, who, {}))


@router.post("/open")
def open_it(request: Request, who: Serving, sent: Sent) -> Response:
    """Open it, once per form."""
    found = _opened(request, who, sent)
    ticket = sent.value("ticket", 60)
    subject = "" if isinstance(found, Refusal) else found.account
    noted(request, who, "open", subject, ticket, found)
    if isinstance(found, Refusal):
        kept = {name: sent.value(name, 60) for name in ("ticket", "relation", "guardian")}
        kept |= {"name": sent.raw("name", 60).strip(), "request_id": sent.request_id}
        field = _FIELDS.get(found.code, "id_number")
        return again(request, "open.html", found, field, **_asking(request, who, kept))
    return go(f"/person/{found.person_id}", purpose="counter", ticket=ticket, done="yes")


def _opened(request: Request, who: AtWork, sent: Posted) -> Person | Refusal:
    desks, staff, ticket = desks_of(request), who.staff.staff_id, sent.value("ticket", 60)
    if not ticket:
        return Refusal("LOOKUP_TICKET")
    if not sent.ticked("document"):
        return Refusal("COUNTER_DOCUMENT_UNSEEN")
    if not sent.ticked("agree"):
        return Refusal("COUNTER_NOT_READ_OUT")
    guardian_id, account = "", sent.value("guardian", 20)
    if account:
        guardian = desks.people.find(staff, "counter", ticket, account=account, now_s=who.now_s)
        if isinstance(guardian, Refusal):
            return guardian
        guardian_id = guardian.person_id
    found = desks.people.open_for(
        staff, sent.raw("name", 60), sent.value("id_number", 40), sent.value("phone", 20),
        sent.value("relation", 20), guardian_id, who.now_s, sent.request_id,
    )  # fmt: skip
    if isinstance(found, Refusal):
        return found
    desks.money.enrol(found.account, who.now_s)
    known = consent_texts(who.now_s)
    for text in (known[name] for name in TEXTS):
        refusal = desks.people.give_consent(
            found.person_id, text.id, text.version, "counter", who.now_s
        )
        if refusal is not None:
            return refusal
    return found


def _asking(request: Request, who: AtWork, kept: dict[str, str]) -> dict[str, Any]:
    terms = people_terms(desks_of(request).city, who.now_s)
    known = consent_texts(who.now_s)
    return {
        "relations": terms.relations,
        "texts": [known[name] for name in TEXTS],
        "name": "",
        "ticket": "",
        "relation": "other",
        "guardian": "",
        "request_id": new_id(),
    } | kept
