"""Topping up: choose how much and by which way, go to the partner, come back, wait for the money.

The money is there when the partner has told the city, not when a browser comes back: until then the
page says so plainly and asks again by itself.
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from tongxing.city.money import Order
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.rider import web
from tongxing.rider.pages.money import balance_of
from tongxing.rider.web import Passenger, Sent, Signed, again, desks_of, go, page, wants_json
from tongxing.web.amounts import read_amount

AMOUNTS = (2_000, 5_000, 10_000, 20_000, 30_000)

router = APIRouter()


@router.get("/money/top-up")
def ask_amount(request: Request, passenger: Signed) -> Response:
    """How much, and by which way."""
    wanted = request.query_params.get("fen", "")
    chosen = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 8 else 5_000
    return page(request, "top_up.html", **_asking(request, passenger, chosen))


@router.post("/money/top-up")
def top_up(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Open an order and show the way to the partner."""
    desks = desks_of(request)
    amount, channel = _amount(sent), sent.value("channel")
    chosen = amount if isinstance(amount, int) else 0
    asking = _asking(request, passenger, chosen) | {"other": sent.value("other")}
    if isinstance(amount, Refusal):
        field = "other" if sent.value("amount") == "other" else "amount-0"
        return again(request, "top_up.html", amount, field, **asking)
    if not desks.channels:
        raise Problem("NO_WAY_TO_PAY")
    back = f"{home_of(request)}/back"
    found = desks.money.top_up(
        passenger.account, sent.request_id, amount, channel, back, passenger.now_s
    )
    if isinstance(found, Refusal):
        field = "channel-0" if found.code == "CHANNEL_UNKNOWN" else "other"
        return again(request, "top_up.html", found, field, **asking)
    return go(f"/money/orders/{found.order_id}")


@router.get("/money/orders/{order_id}")
def order(request: Request, passenger: Signed, order_id: str) -> Response:
    """One order: the way to the partner while it is unpaid, then what became of it."""
    found = own_order(request, passenger, order_id)
    if wants_json(request):
        return JSONResponse({"state": found.state}, headers={"Cache-Control": "no-store"})
    balance = balance_of(request, passenger)
    return page(request, "order.html", tab="money", order=found, balance=balance)


@router.get("/back")
def back(request: Request) -> Response:
    """Where a partner sends people: from here our own page is opened with the session's cookie,
    which a browser keeps to itself on the way in from another site."""
    passenger = web.maybe_signed_in(request)
    where = "/money/orders" if passenger is None else _newest(request, passenger)
    return page(request, "back.html", where=web.ROOT + where)


@router.get("/back/auto")
def back_from_signing(request: Request) -> Response:
    """The same after an agreement was signed, on the way the passenger was on."""
    return page(request, "back.html", where=f"{web.ROOT}/money/auto/back")


@router.get("/back/bind")
def back_to_binding(request: Request) -> Response:
    """The same in the midst of binding a card."""
    return page(request, "back.html", where=f"{web.ROOT}/bind")


def own_order(request: Request, passenger: Passenger, order_id: str) -> Order:
    """An order of this account. Raises Problem(ORDER_UNKNOWN) for anybody else's as well."""
    found = desks_of(request).money.order(order_id[:64], passenger.now_s)
    if isinstance(found, Refusal) or found.account != passenger.account:
        raise Problem("ORDER_UNKNOWN", "order")
    return found


def home_of(request: Request) -> str:
    """The address under which partners send people back."""
    return desks_of(request).home or f"{request.url.scheme}://{request.url.netloc}{web.ROOT}"


def _newest(request: Request, passenger: Passenger) -> str:
    found = [one for one in desks_of(request).money.orders(passenger.account)
             if one.kind == "top_up"]  # fmt: skip
    return f"/money/orders/{found[0].order_id}" if found else "/money"


def _amount(sent: web.Posted) -> int | Refusal:
    chosen = sent.value("amount")
    if chosen in map(str, AMOUNTS):
        return int(chosen)
    if chosen == "other":
        return read_amount(sent.value("other", 20))
    return Refusal("CHOICE_MISSING", "amount")


def _asking(request: Request, passenger: Passenger, chosen: int) -> dict[str, Any]:
    desks = desks_of(request)
    return {
        "tab": "money",
        "amounts": AMOUNTS,
        "chosen": chosen,
        "other": "" if chosen in AMOUNTS or not chosen else f"{chosen / 100:.2f}",
        "channels": desks.channels,
        "balance": balance_of(request, passenger),
        "terms": desks.money.terms(passenger.now_s),
        "request_id": web.new_id(),
    }
