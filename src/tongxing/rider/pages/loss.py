"""A lost card or phone: reported at once, found again, its money found; and disputed bindings."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city.losing import ByPerson, Dispute
from tongxing.kernel.reasons import Problem, Refusal, reason
from tongxing.network.numbers import clean_number
from tongxing.rider import web
from tongxing.rider.web import Passenger, Sent, Signed, again, desks_of, expect, go, page

NOTE_MOST = 500

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
    """Report it."""
    desks = desks_of(request)
    found = desks.losing.report(
        passenger.account, sent.value("medium", 40), sent.request_id, passenger.now_s, desks.publish
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
    """The card or phone is there again."""
    desks = desks_of(request)
    found = desks.losing.found_again(
        passenger.account, report_id, sent.request_id, passenger.now_s, desks.publish
    )
    if isinstance(found, Refusal):
        shown = _report(request, passenger, report_id)
        return again(request, "loss_report.html", found, **shown)
    return go(f"/loss/reports/{report_id}", done="found")


@router.get("/loss/dispute")
def ask_dispute(request: Request, passenger: Signed) -> Response:
    """Somebody else bound a card that is mine."""
    return page(request, "dispute.html", **_disputing(passenger))


@router.post("/loss/dispute")
def dispute(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Say so: what was taken is frozen until staff have looked."""
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
    if isinstance(found, Refusal):
        return again(request, "dispute.html", found, "number", **shown)
    return go(f"/loss/disputes/{found.case_id}")


@router.get("/loss/disputes/{case_id}")
def case(request: Request, passenger: Signed, case_id: str) -> Response:
    """How a dispute stands. Its number is known to nobody else."""
    return page(request, "dispute_case.html", tab="me", case=_case(request, case_id))


def _case(request: Request, case_id: str) -> Dispute:
    every = desks_of(request).losing.disputes()
    found = next((each for each in every if each.case_id == case_id), None)
    if found is None:
        raise Problem("DISPUTE_UNKNOWN", "dispute")
    return found


def _own(request: Request, passenger: Passenger) -> dict[str, Any]:
    desks = desks_of(request)
    reports = desks.losing.reports(passenger.account)
    reported = {report.medium_no for report in reports if report.state == "lost"}
    media = desks.passenger.media(passenger.account)
    terms = desks.losing.terms(passenger.now_s)
    disputes = [one for one in desks.losing.disputes() if one.account == passenger.account]
    return {
        "tab": "me",
        "media": [one for one in media if one.medium_no not in reported and not one.denied],
        "reports": reports,
        "terms": terms,
        "effective_s": terms.effective_s(passenger.now_s),
        "money_s": terms.money_s(passenger.now_s),
        "disputes": disputes,
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
        "level": int(passenger.person.level),
        "number": "",
        "note": "",
        "request_id": web.new_id(),
    }
