"""One passenger at the counter: what the books say of the account, and what can be done.

Names and numbers stay masked. Each thing done is kept under the ticket it was done for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city.losing.values import LossReport
from tongxing.city.money.refunding import Refund
from tongxing.city.people.forms import is_ticket
from tongxing.city.people.terms import people_terms
from tongxing.city.people.values import Person
from tongxing.city.replacing import NewCard, Replaced, Replacing
from tongxing.city.store.passenger import OwnMedium, media_of
from tongxing.city.store.replacing import Why
from tongxing.counter.web import AtWork, Serving, again, desks_of, go, noted, page
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.web.amounts import read_amount
from tongxing.web.forms import Posted, Sent, new_id

router = APIRouter()

_WHY: Mapping[str, Why] = {"lost": "lost", "damaged": "damaged", "expired": "expired"}


@dataclass(frozen=True, slots=True)
class Case:
    """Whom the counter serves, and what for."""

    person: Person
    purpose: str
    ticket: str

    @property
    def query(self) -> dict[str, str]:
        """What every link of the case carries."""
        return {"purpose": self.purpose, "ticket": self.ticket}


@router.get("/person/{person_id}")
def show(request: Request, who: Serving, person_id: str) -> Response:
    """The passenger's account at a glance; the look is kept."""
    case = case_of(request, person_id)
    noted(request, who, "look", case.person.account, case.ticket, case.person)
    return page(request, "person.html", **_shown(request, who, case))


@router.post("/person/{person_id}/loss")
def loss(request: Request, who: Serving, sent: Sent, person_id: str) -> Response:
    """Report a medium of the account lost."""
    case, desks = case_of(request, person_id, sent), desks_of(request)
    found = desks.losing.report(
        case.person.account, sent.value("medium_no", 40), sent.request_id, who.now_s, desks.publish
    )
    noted(request, who, "loss", case.person.account, case.ticket, found)
    return _after(request, who, case, found, "loss")


@router.post("/person/{person_id}/found")
def found_again(request: Request, who: Serving, sent: Sent, person_id: str) -> Response:
    """A lost medium turned up."""
    case, desks = case_of(request, person_id, sent), desks_of(request)
    found = desks.losing.found_again(
        case.person.account,
        sent.value("report_id", 64),
        sent.request_id,
        who.now_s,
        desks.publish,
        by_staff=True,
    )
    noted(request, who, "found_again", case.person.account, case.ticket, found)
    return _after(request, who, case, found, "loss")


@router.post("/person/{person_id}/pay-out")
def pay_out(request: Request, who: Serving, sent: Sent, person_id: str) -> Response:
    """Hand out money that has no other way back."""
    case = case_of(request, person_id, sent)
    amount_fen = read_amount(sent.value("amount", 20))
    found: Refund | Refusal
    if not sent.ticked("document"):
        found = Refusal("COUNTER_DOCUMENT_UNSEEN", "document")
    elif isinstance(amount_fen, Refusal):
        found = amount_fen
    else:
        found = desks_of(request).money.pay_out(
            case.person.account, sent.request_id, amount_fen, who.staff.staff_id, who.now_s
        )
    noted(request, who, "pay_out", case.person.account, case.ticket, found)
    return _after(request, who, case, found, _field(found, "amount"))


@router.post("/person/{person_id}/replace")
def replace(request: Request, who: Serving, sent: Sent, person_id: str) -> Response:
    """Give the passenger another card in the place of a lost, damaged or expired one."""
    case = case_of(request, person_id, sent)
    why = _WHY.get(sent.value("why", 12))
    old_no, found = sent.value("medium_no", 40), _may_replace(request, case, sent, why)
    if found is None and why is not None:
        asked = Replacing(
            sent.request_id,
            who.staff.staff_id,
            old_no,
            NewCard(sent.value("new_no", 40), sent.value("scheme", 40)),
            why,
        )
        found = desks_of(request).losing.replace(asked, who.now_s)
    noted(request, who, f"replace:{why}", case.person.account, case.ticket, found)
    return _after(request, who, case, found, _field(found, "new_no"))


def _may_replace(
    request: Request, case: Case, sent: Posted, why: Why | None
) -> Refusal | Replaced | None:
    """Why a card is not replaced before the desk is asked: it must be the passenger's own, and the
    passenger be the one of the document."""
    if why is None:
        return Refusal("COUNTER_CHOICE", "why")
    if sent.value("medium_no", 40) not in {one.medium_no for one in own_media(request, case)}:
        return Refusal("COUNTER_NOT_THEIRS", "medium_no")
    if not sent.ticked("replace-document"):
        return Refusal("COUNTER_DOCUMENT_UNSEEN", "replace-document")
    return None


def _field(found: object, usual: str) -> str:
    """The field that a refusal of this page is about."""
    own = ("document", "replace-document", "why")
    return found.where if isinstance(found, Refusal) and found.where in own else usual


def own_media(request: Request, case: Case) -> list[OwnMedium]:
    """The media of the passenger's own account."""
    with desks_of(request).office.reading() as cursor:
        return media_of(cursor, case.person.account)


def case_of(request: Request, person_id: str, sent: Posted | None = None) -> Case:
    """The person and what they are served for. Raises Problem: PERSON_NOT_FOUND, LOOKUP_PURPOSE and
    LOOKUP_TICKET: nobody is looked at for nothing."""
    person = desks_of(request).people.person(person_id)
    if isinstance(person, Refusal) or person.closed_s is not None:
        raise Problem("PERSON_NOT_FOUND", "person")
    told = request.query_params if sent is None else sent.fields
    purpose, ticket = told.get("purpose", "")[:40], told.get("ticket", "")[:60]
    desks = desks_of(request)
    if purpose not in people_terms(desks.city, desks.clock()).lookup_purposes:
        raise Problem("LOOKUP_PURPOSE", "purpose")
    if not is_ticket(ticket):
        raise Problem("LOOKUP_TICKET", "ticket")
    return Case(person, purpose, ticket)


def _after(request: Request, who: AtWork, case: Case, found: object, field: str) -> Response:
    if isinstance(found, Refusal):
        return again(request, "person.html", found, field, **_shown(request, who, case))
    return go(f"/person/{case.person.person_id}", done="yes", **case.query)


def _shown(request: Request, who: AtWork, case: Case) -> dict[str, Any]:
    desks, account, now_s = desks_of(request), case.person.account, who.now_s
    media = own_media(request, case)
    reports: list[LossReport] = desks.losing.reports(account)
    return {
        "case": case,
        "person": case.person,
        "balance": desks.money.balance(account, now_s),
        "refundable": desks.money.refundable(account, now_s),
        "mandate": desks.money.mandate(account),
        "media": media,
        "reports": reports,
        "bound": desks.binding.bound(account),
        "current": desks.binding.current(case.person.person_id),
        "done": request.query_params.get("done") == "yes",
        "ids": [new_id() for _ in range(4 + len(media) + len(reports))],
    }
