"""Money back to where it came from: how much can go, why the rest cannot, and a page to be sure.

What can be refunded is the ledger's and the partners' word. The code sent to the phone is asked for
once more before money leaves.
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city.money import Refundable
from tongxing.kernel.reasons import Refusal
from tongxing.rider import web
from tongxing.rider.pages.money import balance_of
from tongxing.rider.proving import PAY_OUT, is_fresh, to_proof
from tongxing.rider.web import Passenger, Sent, Signed, again, desks_of, expect, go, page
from tongxing.web.amounts import read_amount

router = APIRouter()


@router.get("/money/refund")
def ask(request: Request, passenger: Signed) -> Response:
    """What can go back, and how much of it shall."""
    return page(request, "refund.html", **_asking(request, passenger))


@router.post("/money/refund")
def check(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Read the amount, then ask whether it is right."""
    asking = _asking(request, passenger) | {"amount": sent.value("amount", 20)}
    amount = read_amount(sent.value("amount", 20))
    if isinstance(amount, Refusal):
        return again(request, "refund.html", amount, "amount", **asking)
    found = asking["refundable"]
    assert isinstance(found, Refundable)
    if amount > found.fen:
        limit = f"{found.fen / 100:.2f}"
        refusal = Refusal("REFUND_EXCEEDS_BALANCE", "amount", {"limit": limit})
        return again(request, "refund.html", refusal, "amount", **asking)
    return go("/money/refund/check", fen=amount)


@router.get("/money/refund/check")
def confirm(request: Request, passenger: Signed) -> Response:
    """Check the answers before money leaves; the phone proves itself first."""
    fen = _fen(request.query_params.get("fen", ""))
    if not fen:
        return go("/money/refund")
    if not is_fresh(request, passenger, PAY_OUT):
        return to_proof(PAY_OUT, f"/money/refund/check?fen={fen}")
    return page(request, "refund_check.html", fen=fen, **_asking(request, passenger))


@router.post("/money/refund/check")
def refund(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Set the money aside and ask the partners to send it."""
    fen = _fen(sent.value("fen"))
    if not is_fresh(request, passenger, PAY_OUT):
        return to_proof(PAY_OUT, f"/money/refund/check?fen={fen}")
    found = desks_of(request).money.refund(passenger.account, sent.request_id, fen, passenger.now_s)
    if isinstance(found, Refusal):
        asking = _asking(request, passenger) | {"amount": f"{fen / 100:.2f}"}
        return again(request, "refund.html", found, "amount", **asking)
    return go(f"/money/refunds/{found.refund_id}")


@router.get("/money/refunds/{refund_id}")
def one(request: Request, passenger: Signed, refund_id: str) -> Response:
    """What became of one refund."""
    refunds = desks_of(request).money.refunds(passenger.account)
    found = next((each for each in refunds if each.refund_id == refund_id), None)
    refund = expect(found or Refusal("REFUND_UNKNOWN", "refund"))
    return page(request, "refund_done.html", tab="money", refund=refund)


def _asking(request: Request, passenger: Passenger) -> dict[str, Any]:
    found = expect(desks_of(request).money.refundable(passenger.account, passenger.now_s))
    return {
        "tab": "money",
        "refundable": found,
        "balance": balance_of(request, passenger),
        "amount": f"{found.fen / 100:.2f}" if found.fen else "",
        "request_id": web.new_id(),
    }


def _fen(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
