"""What Alipay's gateway does for each method: the same id acts once, and no more than was paid goes
back. Every function is called with the book's lock held."""

from collections.abc import Callable

from tongxing.kernel.clock import stamp
from tongxing.partners.amounts import yuan_of
from tongxing.partners.strict import Fields
from tongxing.sandbox.alipay_notices import status_of, tell_agreement, tell_trade
from tongxing.sandbox.book import Agreement, Refund, Trade
from tongxing.sandbox.desk import Desk

Answer = dict[str, str]
_NO_EXPIRY_S = 15 * 86_400


class Declined(Exception):
    """Alipay says no. `code` and `sub_code` are its own."""

    def __init__(self, code: str, sub_code: str) -> None:
        super().__init__(sub_code)
        self.code, self.sub_code = code, sub_code


def open_trade(desk: Desk, content: Fields) -> Trade:
    """The trade that a payment page is about, made when the page is opened first."""
    order_id, amount_fen = content.text("out_trade_no"), content.fen("total_amount")
    _same_seller(desk, content)
    if amount_fen <= 0:
        raise Declined("40004", "ACQ.INVALID_PARAMETER")
    known = desk.book.trades.get(("alipay", order_id))
    if known is not None:
        if known.amount_fen != amount_fen:
            raise Declined("40004", "ACQ.CONTEXT_INCONSISTENT")
        return known
    now_s = desk.clock()
    made = Trade(
        "alipay",
        order_id,
        desk.book.number(now_s),
        amount_fen,
        content.text("subject"),
        content.text_or("notify_url", ""),
        content.text_or("return_url", ""),
        content.china_s("time_expire") if content.has("time_expire") else now_s + _NO_EXPIRY_S,
        now_s,
    )
    desk.book.trades["alipay", order_id] = made
    return made


def open_agreement(desk: Desk, content: Fields) -> Agreement:
    """The agreement that a signing page is about, made when the page is opened first."""
    _same_scene(desk, content)
    content.inner("access_params").text("channel")
    mandate_id = content.text("external_agreement_no")
    known = desk.book.agreements.get(mandate_id)
    if known is not None:
        return known
    made = Agreement(
        mandate_id,
        desk.book.number(desk.clock()),
        content.text_or("external_logon_id", ""),
        content.text_or("notify_url", ""),
        content.text_or("return_url", ""),
    )
    desk.book.agreements[mandate_id] = made
    return made


def _query(desk: Desk, content: Fields) -> Answer:
    trade = _trade(desk, content)
    found = {
        "out_trade_no": trade.order_id,
        "trade_no": trade.number,
        "trade_status": status_of(trade),
        "total_amount": yuan_of(trade.amount_fen),
    }
    return found | ({"send_pay_date": stamp(trade.paid_s)} if trade.paid_s else {})


def _close(desk: Desk, content: Fields) -> Answer:
    trade = _trade(desk, content)
    if trade.state != "waiting":
        raise Declined("40004", "ACQ.REASON_TRADE_STATUS_INVALID")
    trade.state = "closed"
    return {"out_trade_no": trade.order_id, "trade_no": trade.number}


def _refund(desk: Desk, content: Fields) -> Answer:
    trade = _trade(desk, content)
    refund_id, amount_fen = content.text("out_request_no"), content.fen("refund_amount")
    known = trade.refunds.get(refund_id)
    if known is not None and known.amount_fen != amount_fen:
        raise Declined("40004", "ACQ.DISCORDANT_REPEAT_REQUEST")
    if known is None:
        if trade.state != "paid":
            raise Declined("40004", "ACQ.TRADE_STATUS_ERROR")
        if amount_fen <= 0 or trade.refunded_fen + amount_fen > trade.amount_fen:
            raise Declined("40004", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
        now_s = desk.clock()
        number = desk.book.number(now_s)
        trade.refunds[refund_id] = Refund(refund_id, number, amount_fen, now_s)
        tell_trade(desk, trade, refund_id)
    return {
        "out_trade_no": trade.order_id,
        "trade_no": trade.number,
        "fund_change": "N" if known else "Y",
        "refund_fee": yuan_of(trade.refunded_fen),
    }


def _query_refund(desk: Desk, content: Fields) -> Answer:
    trade = _trade(desk, content)
    found = {"out_trade_no": trade.order_id, "trade_no": trade.number}
    refund = trade.refunds.get(content.text("out_request_no"))
    if refund is None:
        return found
    return {
        **found,
        "out_request_no": refund.refund_id,
        "refund_status": "REFUND_SUCCESS",
        "refund_amount": yuan_of(refund.amount_fen),
        "total_amount": yuan_of(trade.amount_fen),
        "gmt_refund_pay": stamp(refund.at_s),
    }


def _debit(desk: Desk, content: Fields) -> Answer:
    if content.text("product_code") != "GENERAL_WITHHOLDING":
        raise Declined("40004", "ACQ.INVALID_PARAMETER")
    _same_seller(desk, content)
    number = content.inner("agreement_params").text("agreement_no")
    order_id, amount_fen = content.text("out_trade_no"), content.fen("total_amount")
    known = desk.book.trades.get(("alipay", order_id))
    if known is not None:
        if known.amount_fen != amount_fen:
            raise Declined("40004", "ACQ.CONTEXT_INCONSISTENT")
        closed = known.state == "closed"
        raise Declined("40004", "ACQ.TRADE_HAS_CLOSE" if closed else "ACQ.TRADE_HAS_SUCCESS")
    signed = [one for one in desk.book.agreements.values() if one.number == number]
    if not signed or signed[0].state != "signed":
        raise Declined("40004", "ACQ.AGREEMENT_NOT_EXIST")
    if desk.faults.no_money or amount_fen <= 0:
        raise Declined("40004", "ACQ.BUYER_BALANCE_NOT_ENOUGH")
    trade = open_trade(desk, content)
    trade.state, trade.paid_s = "paid", desk.clock()
    tell_trade(desk, trade)
    return {
        "out_trade_no": order_id,
        "trade_no": trade.number,
        "total_amount": yuan_of(amount_fen),
        "gmt_payment": stamp(trade.paid_s),
    }


def _agreement(desk: Desk, content: Fields) -> Answer:
    _same_scene(desk, content)
    found = desk.book.agreements.get(content.text("external_agreement_no"))
    if found is None or found.state != "signed":
        raise Declined("40004", "USER_AGREEMENT_NOT_EXIST")
    return {
        "agreement_no": found.number,
        "external_agreement_no": found.mandate_id,
        "external_logon_id": found.account_ref,
        "personal_product_code": desk.alipay.personal_product_code,
        "sign_scene": desk.alipay.sign_scene,
        "sign_time": stamp(found.signed_s),
        "status": "NORMAL",
    }


def _unsign(desk: Desk, content: Fields) -> Answer:
    number = content.text_or("agreement_no", "")
    named = content.text_or("external_agreement_no", "")
    found = [
        one
        for one in desk.book.agreements.values()
        if one.state == "signed" and (one.number == number or one.mandate_id == named)
    ]
    if not found:
        raise Declined("40004", "USER_AGREEMENT_NOT_EXIST")
    found[0].state = "ended"
    tell_agreement(desk, found[0], content.text_or("notify_url", ""))
    return {}


def _trade(desk: Desk, content: Fields) -> Trade:
    found = desk.book.trades.get(("alipay", content.text("out_trade_no")))
    if found is None:
        raise Declined("40004", "ACQ.TRADE_NOT_EXIST")
    if found.state == "waiting" and desk.clock() > found.expires_s:
        found.state = "closed"
    return found


def _same_seller(desk: Desk, content: Fields) -> None:
    if content.text_or("seller_id", desk.alipay.seller_id) != desk.alipay.seller_id:
        raise Declined("40004", "ACQ.INVALID_PARAMETER")


def _same_scene(desk: Desk, content: Fields) -> None:
    ours = (desk.alipay.personal_product_code, desk.alipay.sign_scene)
    if (content.text("personal_product_code"), content.text("sign_scene")) != ours:
        raise Declined("40004", "INVALID_PARAMETER")


METHODS: dict[str, Callable[[Desk, Fields], Answer]] = {
    "alipay.trade.query": _query,
    "alipay.trade.close": _close,
    "alipay.trade.refund": _refund,
    "alipay.trade.fastpay.refund.query": _query_refund,
    "alipay.trade.pay": _debit,
    "alipay.user.agreement.query": _agreement,
    "alipay.user.agreement.unsign": _unsign,
}
