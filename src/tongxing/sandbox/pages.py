"""The sandbox's pages for people: pay or not, agree or not, and the messages that were sent."""

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData

from tongxing.kernel.reasons import Problem
from tongxing.sandbox import aliyun
from tongxing.sandbox.alipay_notices import return_address, tell_agreement, tell_trade
from tongxing.sandbox.book import Agreement, Trade
from tongxing.sandbox.desk import Desk
from tongxing.sandbox.wechat_notices import tell_paid
from tongxing.web.face import Face
from tongxing.web.words import Words

PACKAGE = "tongxing.sandbox"
FACE = Face(PACKAGE, words=lambda language: Words(language, PACKAGE))


def page_routes(desk: Desk) -> APIRouter:
    """The routes of the pages."""
    routes = APIRouter()

    @routes.get("/")
    def index(request: Request) -> Response:
        values = {"people": aliyun.known_people(), "rule": aliyun.identity_rule()}
        return FACE.render(request, "index.html", values)

    @routes.get("/messages")
    def messages(request: Request) -> Response:
        return FACE.render(request, "messages.html", {"messages": desk.book.messages()})

    @routes.get("/cashier/{key}")
    def cashier(request: Request, key: str) -> Response:
        back = request.query_params.get("redirect_url", "")
        return show_trade(desk, request, _trade(desk, key), _plain(back))

    @routes.post("/cashier/{key}")
    async def paid(request: Request, key: str) -> Response:
        form = await request.form()
        trade, back = _trade(desk, key), _plain(str(form.get("back", "")))
        if _choice(form):
            pay(desk, trade)
        if trade.state != "waiting":
            return show_trade(desk, request, trade, back)
        values = {"outcome": "not_paid", "amount_fen": 0, "back": back or trade.return_url}
        return FACE.render(request, "result.html", values)

    @routes.get("/agreement/{key}")
    def agreement(request: Request, key: str) -> Response:
        return show_agreement(desk, request, _agreement(desk, key))

    @routes.post("/agreement/{key}")
    async def signed(request: Request, key: str) -> Response:
        form = await request.form()
        found = _agreement(desk, key)
        if _choice(form):
            sign(desk, found)
        if found.state != "asked":
            return show_agreement(desk, request, found)
        values = {"outcome": "not_signed", "amount_fen": 0, "back": found.return_url}
        return FACE.render(request, "result.html", values)

    return routes


def pay(desk: Desk, trade: Trade) -> None:
    """The payer pays, as far as the order can be paid; only the first time tells the merchant."""
    with desk.book.lock:
        if trade.state == "waiting" and desk.clock() > trade.expires_s:
            trade.state = "closed"
        if trade.state != "waiting":
            return
        trade.state, trade.paid_s = "paid", desk.clock()
        if trade.channel == "alipay":
            tell_trade(desk, trade)
        else:
            tell_paid(desk, trade)


def sign(desk: Desk, agreement: Agreement) -> None:
    """The payer agrees; only the first time tells the merchant."""
    with desk.book.lock:
        if agreement.state != "asked":
            return
        agreement.state, agreement.signed_s = "signed", desk.clock()
        tell_agreement(desk, agreement)


def show_trade(desk: Desk, request: Request, trade: Trade, back: str) -> Response:
    """The page of a trade as it is: to be paid, or what became of it."""
    if trade.state == "waiting" and desk.clock() <= trade.expires_s:
        is_alipay = trade.channel == "alipay"
        payee = desk.alipay.seller_id if is_alipay else desk.wechat.merchant_id
        values = {"trade": trade, "payee": payee, "back": back}
        return FACE.render(request, "cashier.html", values)
    is_paid = trade.state == "paid"
    own = return_address(desk, trade) if is_paid else trade.return_url
    values = {
        "outcome": "paid" if is_paid else "closed",
        "amount_fen": trade.amount_fen if is_paid else 0,
        "back": back or own,
    }
    return FACE.render(request, "result.html", values)


def show_agreement(desk: Desk, request: Request, agreement: Agreement) -> Response:
    """The page of an agreement as it is."""
    if agreement.state == "asked":
        values = {"agreement": agreement, "payee": desk.alipay.seller_id}
        return FACE.render(request, "agreement.html", values)
    values = {"outcome": agreement.state, "amount_fen": 0, "back": agreement.return_url}
    return FACE.render(request, "result.html", values)


def _choice(form: FormData) -> bool:
    return form.get("choice") == "yes"


def _plain(url: str) -> str:
    """Only addresses that a link may carry: never a script."""
    return url if url.startswith(("http://", "https://")) else ""


def _trade(desk: Desk, key: str) -> Trade:
    found = desk.book.trade_of_key(key)
    if found is None:
        raise Problem("PAGE_UNKNOWN", "cashier")
    return found


def _agreement(desk: Desk, key: str) -> Agreement:
    found = desk.book.agreement_of_key(key)
    if found is None:
        raise Problem("PAGE_UNKNOWN", "agreement")
    return found
