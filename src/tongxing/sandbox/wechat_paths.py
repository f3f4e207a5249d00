"""What WeChat Pay's APIv3 does for each path. All is called with the book's lock held."""

import re
from collections.abc import Callable

from tongxing.partners.strict import Fields
from tongxing.sandbox.book import Refund, Trade
from tongxing.sandbox.desk import Desk
from tongxing.sandbox.wechat_notices import moment, tell_refunded

Answer = tuple[int, dict[str, object]]
_NO_EXPIRY_S = 7 * 86_400
_ORDERS = "/v3/pay/transactions"
_REFUNDS = "/v3/refund/domestic/refunds"


class Declined(Exception):
    """WeChat Pay says no. `code` is its own."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


def act(desk: Desk, method: str, path: str, content: Fields) -> Answer:
    """Status and content of the answer to a call that was verified. Raises Declined."""
    for way, pattern, action in _PATHS:
        found = pattern.fullmatch(path)
        if found is not None and way == method:
            return action(desk, found[1], content)
    raise Declined(404, "NOT_FOUND")


def _order(desk: Desk, way: str, content: Fields) -> Answer:
    ours = (desk.wechat.app_id, desk.wechat.merchant_id)
    if (content.text("appid"), content.text("mchid")) != ours:
        raise Declined(400, "APPID_MCHID_NOT_MATCH")
    order_id, notify_url = content.text("out_trade_no"), content.text("notify_url")
    amount = content.inner("amount")
    amount_fen = amount.whole("total")
    if amount_fen < 1 or amount.text_or("currency", "CNY") != "CNY":
        raise Declined(400, "PARAM_ERROR")
    if not desk.notifier.may_call(notify_url):
        raise Declined(400, "PARAM_ERROR")
    if way == "h5":
        payer = content.inner("scene_info")
        payer.text("payer_client_ip")
        payer.inner("h5_info").text("type")
    trade = desk.book.trades.get(("wechat", order_id))
    if trade is None:
        now_s = desk.clock()
        ends_s = content.rfc3339_s("time_expire") if content.has("time_expire") else 0
        subject = content.text("description")
        number = desk.book.number(now_s)
        ends_s = ends_s or now_s + _NO_EXPIRY_S
        trade = Trade(
            "wechat", order_id, number, amount_fen, subject, notify_url, "", ends_s, now_s
        )
        desk.book.trades["wechat", order_id] = trade
    if trade.amount_fen != amount_fen:
        raise Declined(400, "INVALID_REQUEST")
    if trade.state != "waiting":
        raise Declined(400, "ORDERPAID" if trade.state == "paid" else "ORDER_CLOSED")
    page = f"{desk.address}/cashier/{trade.key}"
    return 200, {"h5_url" if way == "h5" else "code_url": page}


def _query(desk: Desk, order_id: str, content: Fields) -> Answer:
    trade = _trade(desk, order_id)
    state = {"waiting": "NOTPAY", "paid": "SUCCESS", "closed": "CLOSED"}[trade.state]
    found: dict[str, object] = {
        "appid": desk.wechat.app_id,
        "mchid": desk.wechat.merchant_id,
        "out_trade_no": trade.order_id,
        "trade_state": "REFUND" if trade.refunds else state,
    }
    if trade.state == "paid":
        found["transaction_id"] = trade.number
        found["success_time"] = moment(trade.paid_s)
        found["amount"] = {
            "total": trade.amount_fen,
            "payer_total": trade.amount_fen,
            "currency": "CNY",
        }
    return 200, found


def _close(desk: Desk, order_id: str, content: Fields) -> Answer:
    trade = _trade(desk, order_id)
    if content.text("mchid") != desk.wechat.merchant_id:
        raise Declined(400, "MCH_NOT_EXISTS")
    if trade.state == "paid":
        raise Declined(400, "ORDERPAID")
    trade.state = "closed"
    return 204, {}


def _refund(desk: Desk, _: str, content: Fields) -> Answer:
    refund_id, amount = content.text("out_refund_no"), content.inner("amount")
    back_fen, total_fen = amount.whole("refund"), amount.whole("total")
    url = content.text_or("notify_url", "")
    if url and not desk.notifier.may_call(url):
        raise Declined(400, "PARAM_ERROR")
    trade = desk.book.trades.get(("wechat", content.text("out_trade_no")))
    if trade is None or trade.state != "paid":
        raise Declined(404, "RESOURCE_NOT_EXISTS")
    known = trade.refunds.get(refund_id)
    if total_fen != trade.amount_fen or (known is not None and known.amount_fen != back_fen):
        raise Declined(400, "INVALID_REQUEST")
    if known is None:
        if back_fen < 1 or trade.refunded_fen + back_fen > trade.amount_fen:
            raise Declined(400, "INVALID_REQUEST")
        now_s = desk.clock()
        known = Refund(refund_id, desk.book.number(now_s), back_fen, now_s)
        trade.refunds[refund_id] = known
        tell_refunded(desk, trade, refund_id, url or trade.notify_url)
        return 200, _refund_fields(trade, known, "PROCESSING")
    return 200, _refund_fields(trade, known, "SUCCESS")


def _query_refund(desk: Desk, refund_id: str, content: Fields) -> Answer:
    for trade in desk.book.trades.values():
        refund = trade.refunds.get(refund_id)
        if trade.channel == "wechat" and refund is not None:
            return 200, _refund_fields(trade, refund, "SUCCESS")
    raise Declined(404, "RESOURCE_NOT_EXISTS")


def _refund_fields(trade: Trade, refund: Refund, status: str) -> dict[str, object]:
    found: dict[str, object] = {
        "refund_id": refund.number,
        "out_refund_no": refund.refund_id,
        "transaction_id": trade.number,
        "out_trade_no": trade.order_id,
        "channel": "ORIGINAL",
        "create_time": moment(refund.at_s),
        "status": status,
        "amount": {"total": trade.amount_fen, "refund": refund.amount_fen, "currency": "CNY"},
    }
    if status == "SUCCESS":
        found["success_time"] = moment(refund.at_s)
    return found


def _trade(desk: Desk, order_id: str) -> Trade:
    found = desk.book.trades.get(("wechat", order_id))
    if found is None:
        raise Declined(404, "ORDER_NOT_EXIST")
    if found.state == "waiting" and desk.clock() > found.expires_s:
        found.state = "closed"
    return found


_PATHS: list[tuple[str, re.Pattern[str], Callable[[Desk, str, Fields], Answer]]] = [
    ("POST", re.compile(_ORDERS + "/(h5|native)"), _order),
    ("GET", re.compile(_ORDERS + "/out-trade-no/([^/]+)"), _query),
    ("POST", re.compile(_ORDERS + "/out-trade-no/([^/]+)/close"), _close),
    ("POST", re.compile(f"({_REFUNDS})"), _refund),
    ("GET", re.compile(_REFUNDS + "/([^/]+)"), _query_refund),
]
