"""A lost card or phone: reported at once, found again, its money found; and disputed bindings."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city.losing import ByPerson
from tongxing.kernel.reasons import Problem, Refusal, reason
from tongxing.network.numbers import clean_number
from tongxing.rider import web
from tongxing.rider.proving import PAY_OUT, is_fresh, to_proof
from tongxing.rider.web import Passenger, Sent, Signed, again, desks_of, expect, go, page

NOTE_MOST = 500
ABOUT_THE_ASKER = (
    "DISPUTE_NEEDS_IDENTITY", "DISPUTE_BUDGET", "DISPUTE_EVIDENCE_EMPTY", "REQUEST_REUSED",
)  # fmt: skip
"""Refusals that say nothing about the card."""

router = APIRouter()


@router.get("/loss")
def loss(request: Request, passenger: Signed) -> Response:
    """What can be reported, and what was."""
    return page(request, "loss.html", **_own(request, passenger))


@router.post("/loss")
def choose(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Which one."""
    own = _own(request, passenger)
    media = own["media"]
    assert isinstance(media, list)
    number = sent.value("medium", 40)
    index = next((n for n, one in enumerate(media) if one.medium_no == number), None)
    if index is None:
        return again(request, "loss.html", Refusal("CHOICE_MISSING"), "medium-0", **own)
    return go("/loss/check", n=index)


@router.get("/loss/check")
def check(request: Request, passenger: Signed) -> Response:
    """When it takes effect and who bears what, before it is said."""
    own = _own(request, passenger)
    media = own["media"]
    assert isinstance(media, list)
    text = request.query_params.get("n", "")
    index = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1
    if not 0 <= index < len(media):
        return go("/loss")
    return page(request, "loss_check.html", medium=media[index], **own)


@router.post("/loss/report")
def report(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Report it: at once, for a lost phone is no time to ask for a code on it."""
    desks, number = desks_of(request), sent.value("medium", 40)
    own = {one.medium_no for one in desks.passenger.media(passenger.account)}
    if number not in own:
        missing = Refusal("CHOICE_MISSING")
        return again(request, "loss.html", missing, "medium-0", **_own(request, passenger))
    found = desks.losing.report(
        passenger.account, number, sent.request_id, passenger.now_s, desks.publish
    )
    if isinstance(found, Refusal):
        return again(request, "loss.html", found, **_own(request, passenger))
    return go(f"/loss/reports/{found.report_id}", done="reported")


@router.get("/loss/reports/{report_id}")
def one(request: Request, passenger: Signed, report_id: str) -> Response:
    """One report: since when, who bears what, when the money is found."""
    return page(request, "loss_report.html", **_report(request, passenger, report_id))


@router.post("/loss/reports/{report_id}/found")
def found_again(request: Request, passenger: Signed, report_id: str, sent: Sent) -> Response:
    """The card or phone is there again: whoever says so has the phone's number now."""
    desks, shown = desks_of(request), _report(request, passenger, report_id)
    if not is_fresh(request, passenger, PAY_OUT):
        return to_proof(PAY_OUT, f"/loss/reports/{report_id}")
    found = desks.losing.found_again(
        passenger.account, report_id, sent.request_id, passenger.now_s, desks.publish
    )
    if isinstance(found, Refusal):
        return again(request, "loss_report.html", found, **shown)
    return go(f"/loss/reports/{report_id}", done="found")


@router.get("/loss/dispute")
def ask_dispute(request: Request, passenger: Signed) -> Response:
    """Somebody else bound a card that is mine."""
    return page(request, "dispute.html", **_disputing(passenger))


@router.post("/loss/dispute")
def dispute(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Say so. The answer is one and the same whatever the number is: it tells nobody whether a card
    is bound; only what is wrong with the form, or with the asker, is told."""
    typed, note = sent.value("number", 40), sent.raw("note", NOTE_MOST).strip()
    shown = _disputing(passenger) | {"number": typed, "note": note}
    number = clean_number(typed)
    if isinstance(number, Refusal):
        return again(request, "dispute.html", number, "number", **shown)
    if not sent.ticked("agree"):
        return again(request, "dispute.html", Refusal("TICK_MISSING"), "agree", **shown)
    found = desks_of(request).losing.dispute(
        number, ByPerson(passenger.person_id), sent.request_id, passenger.now_s, note
    )
    if isinstance(found, Refusal) and found.code in ABOUT_THE_ASKER:
        return again(request, "dispute.html", found, "number", **shown)
    return go("/loss/dispute/received")


@router.get("/loss/dispute/received")
def received(request: Request, passenger: Signed) -> Response:
    """It is being looked into: what everybody is told who disputed anything."""
    return page(request, "dispute_received.html", tab="me")


@router.get("/loss/disputes/{case_id}")
def case(request: Request, passenger: Signed, case_id: str) -> Response:
    """How a dispute about the passenger's own account stands; whoever raised it does not see it."""
    found = desks_of(request).losing.case(case_id)
    if isinstance(found, Refusal) or found.account != passenger.account:
        raise Problem("DISPUTE_UNKNOWN", "dispute")
    return page(request, "dispute_case.html", tab="me", case=found)


def _own(request: Request, passenger: Passenger) -> dict[str, Any]:
    desks = desks_of(request)
    reports = desks.losing.reports(passenger.account)
    reported = {report.medium_no for report in reports if report.state == "lost"}
    media = desks.passenger.media(passenger.account)
    terms = desks.losing.terms(passenger.now_s)
    return {
        "tab": "me",
        "media": [one for one in media if one.medium_no not in reported and not one.denied],
        "reports": reports,
        "terms": terms,
        "effective_s": terms.effective_s(passenger.now_s),
        "money_s": terms.money_s(passenger.now_s),
        "disputes": desks.losing.disputes_of(passenger.account),
        "claims": desks.losing.claims(passenger.person_id, passenger.now_s),
        "anonymous": reason("LOSS_REPORT_ANONYMOUS"),
        "request_id": web.new_id(),
    }


def _report(request: Request, passenger: Passenger, report_id: str) -> dict[str, Any]:
    every = desks_of(request).losing.reports(passenger.account)
    found = next((each for each in every if each.report_id == report_id), None)
    report = expect(found or Refusal("LOSS_UNKNOWN", "report"))
    kinds = {
        medium.medium_no: medium.medium_kind
        for medium in desks_of(request).passenger.media(passenger.account)
    }
    return {
        "tab": "me",
        "report": report,
        "kind": kinds.get(report.medium_no, "card"),
        "done": request.query_params.get("done", ""),
        "request_id": web.new_id(),
    }


def _disputing(passenger: Passenger) -> dict[str, Any]:
    return {
        "tab": "me",
        "level": passenger.level,
        "number": "",
        "note": "",
        "request_id": web.new_id(),
    }
