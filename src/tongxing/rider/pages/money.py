"""The balance: what is there, what is held and why, what is owed and how to pay it."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city.money import Balance
from tongxing.rider.web import Passenger, Signed, desks_of, expect, one_moment, page
from tongxing.web.quick import quick

router = APIRouter()


@router.get("/money")
@quick
def money(request: Request) -> Response:
    """Everything about the account's money on one page."""
    with one_moment(request) as passenger:
        desks, account = desks_of(request), passenger.account
        debt = expect(desks.money.debt(account, passenger.now_s))
        refunds = [one for one in desks.money.refunds(account) if one.state == "under_way"]
        return page(
            request,
            "money.html",
            tab="money",
            balance=balance_of(request, passenger),
            standing=desks.passenger.standing(account, passenger.now_s),
            debt=debt,
            frozen=desks.money.frozen(account, passenger.now_s),
            mandate=desks.money.mandate(account),
            refunds=refunds,
            denied=debt.denied,
            asked=request.query_params.get("done", ""),
        )


@router.get("/money/orders")
def orders(request: Request, passenger: Signed) -> Response:
    """Top-ups, debits and refunds, newest first."""
    desks = desks_of(request)
    return page(
        request,
        "orders.html",
        tab="money",
        orders=desks.money.orders(passenger.account),
        refunds=desks.money.refunds(passenger.account),
    )


def balance_of(request: Request, passenger: Passenger) -> Balance:
    """The account's money now. Raises Problem."""
    found = expect(desks_of(request).money.balance(passenger.account, passenger.now_s))
    assert isinstance(found, Balance)
    return found
