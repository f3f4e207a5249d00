"""What Alipay's side signs of its own accord: notices, and the words a payer's browser brings back.

Computed here from the documentation, not with the library that the adapter uses.
"""

from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import urlencode

from tongxing.kernel.clock import stamp
from tongxing.partners.amounts import yuan_of
from tongxing.sandbox.book import Agreement, Trade
from tongxing.sandbox.desk import STRANGER, Desk
from tongxing.sandbox.keys import signature
from tongxing.sandbox.notifying import Made, Notice


def signed_form(fields: dict[str, str], signer: str) -> bytes:
    """Fields with Alipay's signature, as a form; sign_type is not signed."""
    signed = {name: text for name, text in fields.items() if text}
    shown = {**signed, "sign_type": "RSA2"}
    content = joined(signed).encode()
    return urlencode({**shown, "sign": b64encode(signature(signer, content)).decode()}).encode()


def return_address(desk: Desk, trade: Trade) -> str:
    """Where the payer's browser goes back to: the merchant's page, with Alipay's signed words."""
    if not trade.return_url:
        return ""
    fields = {
        "app_id": desk.alipay.app_id,
        "charset": "utf-8",
        "method": "alipay.trade.wap.pay.return",
        "out_trade_no": trade.order_id,
        "seller_id": desk.alipay.seller_id,
        "timestamp": stamp(desk.clock()),
        "total_amount": yuan_of(trade.amount_fen),
        "trade_no": trade.number,
        "version": "1.0",
    }
    joint = "&" if "?" in trade.return_url else "?"
    return trade.return_url + joint + signed_form(fields, "alipay").decode()


def tell_trade(desk: Desk, trade: Trade, refund_id: str = "") -> None:
    """Send the notice of a trade as it is now; of a refund, when `refund_id` names one."""
    fields = {
        "notify_type": "trade_status_sync",
        "trade_no": trade.number,
        "out_trade_no": trade.order_id,
        "seller_id": desk.faults.wrong_merchant or desk.alipay.seller_id,
        "trade_status": status_of(trade),
        "total_amount": yuan_of(max(0, trade.amount_fen + desk.faults.wrong_amount_fen)),
        "subject": trade.subject,
        "gmt_create": stamp(trade.made_s),
        "gmt_payment": stamp(trade.paid_s),
    }
    if refund_id:
        refunded_fen = max(0, trade.refunded_fen + desk.faults.wrong_amount_fen)
        fields["refund_fee"] = yuan_of(refunded_fen)
        fields["gmt_refund"] = stamp(trade.refunds[refund_id].at_s) + ".000"
        fields["out_biz_no"] = refund_id
    _tell(desk, "refund" if refund_id else "trade", trade.order_id, trade.notify_url, fields)


def tell_agreement(desk: Desk, agreement: Agreement, url: str = "") -> None:
    """Send the notice that an agreement was signed or ended."""
    is_signed = agreement.state == "signed"
    at_s = agreement.signed_s if is_signed else desk.clock()
    fields = {
        "notify_type": "dut_user_sign" if is_signed else "dut_user_unsign",
        "agreement_no": agreement.number,
        "external_agreement_no": agreement.mandate_id,
        "external_logon_id": agreement.account_ref,
        "personal_product_code": desk.alipay.personal_product_code,
        "sign_scene": desk.alipay.sign_scene,
        "status": "NORMAL" if is_signed else "UNSIGN",
        "sign_time" if is_signed else "unsign_time": stamp(at_s),
    }
    address = url or agreement.notify_url
    _tell(desk, fields["notify_type"], agreement.mandate_id, address, fields)


def status_of(trade: Trade) -> str:
    """The trade_status of a trade. What is wholly refunded is closed too."""
    if trade.state == "paid":
        whole = trade.refunded_fen >= trade.amount_fen
        return "TRADE_CLOSED" if whole else "TRADE_SUCCESS"
    return "TRADE_CLOSED" if trade.state == "closed" else "WAIT_BUYER_PAY"


def _tell(desk: Desk, kind: str, order_id: str, url: str, fields: dict[str, str]) -> None:
    app_id = desk.alipay.app_id
    whole = {
        **fields,
        "notify_id": desk.book.number(desk.clock()),
        "app_id": app_id,
        "auth_app_id": app_id,
        "charset": "utf-8",
        "version": "1.0",
    }
    signer = STRANGER if desk.faults.wrong_signature else "alipay"

    def make() -> Made:
        body = signed_form({**whole, "notify_time": stamp(desk.clock())}, signer)
        return {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}, body

    desk.notifier.tell(Notice("alipay", kind, order_id, url, make))


def joined(fields: Mapping[str, str]) -> str:
    """Names and values in the order of the names: what RSA2 signs."""
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields))
