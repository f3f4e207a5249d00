"""The first page: the ride code, with the balance beside it. It also works without a network.

The page itself names nobody, for a phone keeps it: what is of one person comes by script.
"""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from tongxing.rider import web
from tongxing.rider.code_api import CodePages, page_values
from tongxing.rider.pages.money import balance_of
from tongxing.rider.web import Visitor, desks_of, one_moment, page
from tongxing.web.language import language_of
from tongxing.web.quick import quick

router = APIRouter()


@router.get("/")
def home(request: Request, passenger: Visitor) -> Response:
    """The ride code; for whoever has no session, the way in."""
    codes = request.app.state.codes
    assert isinstance(codes, CodePages)
    values = page_values(codes, language_of(request), web.ROOT)
    return page(
        request, "home.html", tab="code", unread=0, is_known=passenger is not None, **values
    )


@router.get("/code")
def code(request: Request, passenger: Visitor) -> Response:
    """The same under its own name."""
    return home(request, passenger)


@router.get("/api/balance")
@quick
def balance(request: Request) -> Response:
    """The line above the code: what is available, what is held, what waits."""
    desks, words = desks_of(request), web.words_of(request)
    with one_moment(request) as passenger:
        found = balance_of(request, passenger)
        standing = desks.passenger.standing(passenger.account, passenger.now_s)
        unread = desks.people.unread(passenger.person_id)
    owed = found.available_fen < 0
    told = {
        "label": words.text("money.payable_title" if owed else "money.available"),
        "amount": words.money(abs(found.available_fen)),
        "held": words.text("home.held", amount=words.money(found.held_fen))
        if found.held_fen
        else "",
        "open": words.text("trips.open") if standing.open else "",
        "halves": words.text("half.waiting", count=len(standing.halves)) if standing.halves else "",
        "unread": unread,
    }
    return JSONResponse(told, headers={"Cache-Control": "no-store"})
