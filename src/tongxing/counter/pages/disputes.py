"""Disputed bindings: raised by a person whose identity is known or by whoever holds the card, seen
with every step and the day until which they are decided.

A supervisor proposes, another one decides. Whoever proposed and tries to approve is refused by the
desk, and the reason is shown on the case.
"""

from typing import Any

from fastapi import APIRouter, Request, WebSocket
from starlette.responses import Response

from tongxing.city.binding.terms import binding_terms
from tongxing.city.losing.values import ByPerson, Dispute
from tongxing.counter.card_proof import proven_card
from tongxing.counter.pages.person import Case, case_of
from tongxing.counter.touching import touch
from tongxing.counter.web import (
    AtWork,
    Serving,
    Supervising,
    again,
    desks_of,
    go,
    noted,
    page,
    serving,
)
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.network.numbers import clean_number
from tongxing.web.card_socket import SocketCard
from tongxing.web.forms import Sent, new_id

NOTE_MOST = 500
STATES = ("open", "proposed", "back", "released")

router = APIRouter()


@router.get("/disputes")
def every(request: Request, who: Serving) -> Response:
    """All of them, those that wait for somebody first."""
    chosen = request.query_params.get("state", "")
    found = desks_of(request).losing.disputes()
    found = [one for one in found if chosen not in STATES or one.state == chosen]
    found.sort(key=lambda one: (one.ended_s is not None, one.deadline_s))
    return page(request, "disputes.html", disputes=found, states=STATES, chosen=chosen)


@router.get("/disputes/card")
def by_card(request: Request, who: Serving) -> Response:
    """Whoever holds the card says that somebody else bound it: the card itself is the proof."""
    desks = desks_of(request)
    return page(
        request, "dispute_card.html", offered=desks.vault is not None, request_id=new_id(),
        act="raise", case_id="", agent=desks.agent,
    )  # fmt: skip


@router.get("/disputes/{case_id}")
def one(request: Request, who: Serving, case_id: str) -> Response:
    """One case with every step."""
    return page(request, "dispute.html", **_shown(request, _case(request, case_id)))


@router.get("/person/{person_id}/dispute")
def ask(request: Request, who: Serving, person_id: str) -> Response:
    """The passenger says that a card somebody else bound is theirs."""
    case = case_of(request, person_id)
    return page(request, "dispute_raise.html", **_raising(request, case))


@router.post("/person/{person_id}/dispute")
def raise_it(request: Request, who: Serving, sent: Sent, person_id: str) -> Response:
    """Begin it: the money that the binding moved is frozen at once."""
    case = case_of(request, person_id, sent)
    typed, note = sent.value("number", 40), sent.raw("note", NOTE_MOST).strip()
    number = clean_number(typed)
    found: Dispute | Refusal
    if isinstance(number, Refusal):
        found = number
    else:
        found = desks_of(request).losing.dispute(
            number, ByPerson(person_id), sent.request_id, who.now_s, note
        )
    noted(request, who, "dispute:raise", case.person.account, case.ticket, found)
    if isinstance(found, Refusal):
        shown = _raising(request, case) | {"number": typed, "note": note}
        return again(request, "dispute_raise.html", found, "number", **shown)
    return go(f"/disputes/{found.case_id}")


@router.post("/person/{person_id}/dispute/withdraw")
def withdraw(request: Request, who: Serving, sent: Sent, person_id: str) -> Response:
    """The passenger who raised it takes it back."""
    case, case_id = case_of(request, person_id, sent), sent.value("case_id", 64)
    found = desks_of(request).losing.withdraw(
        case_id, ByPerson(person_id), sent.request_id, who.now_s
    )
    noted(request, who, "dispute:withdraw", case_id, case.ticket, found)
    if isinstance(found, Refusal):
        shown = _raising(request, case)
        return again(request, "dispute_raise.html", found, "case_id", **shown)
    return go(f"/disputes/{found.case_id}", done="yes")


@router.post("/disputes/{case_id}/evidence")
def evidence(request: Request, who: Serving, sent: Sent, case_id: str) -> Response:
    """Keep what somebody said or showed."""
    found = desks_of(request).losing.add_evidence(
        case_id, who.staff.staff_id, sent.raw("note", NOTE_MOST + 1).strip(), sent.request_id,
        who.now_s,
    )  # fmt: skip
    noted(request, who, "dispute:evidence", case_id, "", found)
    return _after(request, case_id, found, "note")


@router.post("/disputes/{case_id}/propose")
def propose(request: Request, who: Supervising, sent: Sent, case_id: str) -> Response:
    """A supervisor says how it should end."""
    outcome = sent.value("outcome", 12)
    found: Dispute | Refusal = Refusal("COUNTER_CHOICE")
    if outcome in ("back", "released"):
        found = desks_of(request).losing.propose(
            case_id, who.staff.staff_id, "back" if outcome == "back" else "released",
            sent.request_id, who.now_s, sent.raw("reasons", NOTE_MOST).strip(),
        )  # fmt: skip
    noted(request, who, f"dispute:propose:{outcome}", case_id, "", found)
    return _after(request, case_id, found, "outcome-back")


@router.post("/disputes/{case_id}/decide")
def decide(request: Request, who: Supervising, sent: Sent, case_id: str) -> Response:
    """Another supervisor approves it, or sends it back."""
    choice = sent.value("choice", 12)
    found: Dispute | Refusal = Refusal("COUNTER_CHOICE")
    if choice in ("approve", "send_back"):
        found = desks_of(request).losing.decide(
            case_id, who.staff.staff_id, choice == "approve", sent.request_id, who.now_s,
            sent.raw("reasons", NOTE_MOST).strip(),
        )  # fmt: skip
    noted(request, who, f"dispute:{choice or 'decide'}", case_id, "", found)
    return _after(request, case_id, found, "decide")


@router.websocket("/disputes/card/socket")
async def card(socket: WebSocket) -> None:
    """The card on the reader raises a dispute about its binding, or takes its own back."""
    desks, told = desks_of(socket), socket.query_params
    act, case_id = told.get("act", ""), told.get("case", "")[:64]
    request_id = told.get("request_id", "")[:64]

    def prepare(_who: AtWork) -> str | None:
        known = act in ("raise", "withdraw") and request_id.isalnum() and desks.vault is not None
        return request_id if known else None

    def talk(who: AtWork, request_id: str, reader: SocketCard) -> str | Refusal:
        assert desks.vault is not None, "the socket is closed without one"
        terminal = binding_terms(desks.city, who.now_s).terminal
        claim = proven_card(reader, desks.vault, desks.city, terminal, desks.draw, desks.clock)
        found: Dispute | Refusal
        if isinstance(claim, Refusal):
            found = claim
        elif act == "raise":
            found = desks.losing.dispute(claim.medium_no, claim, request_id, desks.clock())
        else:
            found = desks.losing.withdraw(case_id, claim, request_id, desks.clock())
        noted(socket, who, f"dispute:{act}:card", case_id, "", found)
        return found if isinstance(found, Refusal) else f"/disputes/{found.case_id}"

    await touch(socket, serving, prepare, talk)


@router.get("/disputes/{case_id}/card")
def withdraw_by_card(request: Request, who: Serving, case_id: str) -> Response:
    """Whoever raised it with the card takes it back with the card."""
    desks = desks_of(request)
    return page(
        request, "dispute_card.html", offered=desks.vault is not None, request_id=new_id(),
        act="withdraw", case_id=_case(request, case_id).case_id, agent=desks.agent,
    )  # fmt: skip


def _raising(request: Request, case: Case) -> dict[str, Any]:
    found = desks_of(request).losing.disputes()
    raised = [one for one in found if one.ended_s is None and not one.by_card]
    ids = {"request_id": new_id(), "withdraw_id": new_id()}
    return {"case": case, "number": "", "note": "", "raised": raised, **ids}


def _after(request: Request, case_id: str, found: Dispute | Refusal, field: str = "") -> Response:
    if isinstance(found, Refusal):
        if found.code == "DISPUTE_UNKNOWN":
            raise Problem(found.code, found.where)
        return again(
            request, "dispute.html", found, field, **_shown(request, _case(request, case_id))
        )
    return go(f"/disputes/{case_id}", done="yes")


def _case(request: Request, case_id: str) -> Dispute:
    found = desks_of(request).losing.disputes()
    for case in found:
        if case.case_id == case_id:
            return case
    raise Problem("DISPUTE_UNKNOWN", "dispute")


def _shown(request: Request, dispute: Dispute) -> dict[str, Any]:
    return {
        "dispute": dispute,
        "done": request.query_params.get("done") == "yes",
        "ids": [new_id() for _ in range(3)],
    }
