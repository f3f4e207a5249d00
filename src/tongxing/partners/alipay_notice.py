"""What Alipay says by itself: a form, signed over all its fields but sign and sign_type.

Read only after the signature holds. The amount of a refund's notice is what has gone back of that
order altogether, as Alipay counts it; what one refund was worth is asked for by its own number.
"""

from tongxing.kernel.reasons import Refusal
from tongxing.partners.alipay_signing import AlipaySigner
from tongxing.partners.payment import NoticeKind, PartnerNotice
from tongxing.partners.settings import AlipaySettings
from tongxing.partners.strict import BadAnswer, Fields, form_fields

_STATUS = {
    "WAIT_BUYER_PAY": "other",
    "TRADE_CLOSED": "closed",
    "TRADE_SUCCESS": "paid",
    "TRADE_FINISHED": "paid",
}
_MANDATES: dict[str, NoticeKind] = {
    "dut_user_sign": "mandate_signed",
    "dut_user_unsign": "mandate_ended",
}


def read_alipay_notice(
    signer: AlipaySigner, settings: AlipaySettings, body: bytes
) -> PartnerNotice | Refusal:
    """The notice in a body. One for another application names that as its merchant, so that the
    comparison with ours fails. Refuses CALLBACK_SIGNATURE and CALLBACK_MALFORMED."""
    try:
        found = form_fields(body)
    except BadAnswer:
        return Refusal("CALLBACK_SIGNATURE", "alipay")
    if not signer.is_notice(found):
        return Refusal("CALLBACK_SIGNATURE", "alipay")
    fields = Fields(found)
    try:
        app_id, kind = fields.text("app_id"), fields.text("notify_type")
        if kind in _MANDATES:
            owner = settings.seller_id if app_id == settings.app_id else f"app {app_id}"
            return _mandate(fields, _MANDATES[kind], owner)
        if kind != "trade_status_sync":
            return PartnerNotice("other", fields.text_or("out_trade_no", ""))
        seller = fields.text("seller_id")
        return _trade(fields, seller if app_id == settings.app_id else f"app {app_id}")
    except BadAnswer as bad:
        return Refusal("CALLBACK_MALFORMED", "alipay", {"field": bad.field})


def _mandate(fields: Fields, kind: NoticeKind, merchant: str) -> PartnerNotice:
    at = "sign_time" if kind == "mandate_signed" else "unsign_time"
    fields.choice("status", {"NORMAL": "", "STOP": "", "UNSIGN": ""})
    return PartnerNotice(
        kind,
        fields.text("external_agreement_no"),
        merchant=merchant,
        at_s=fields.china_s(at if fields.has(at) else "notify_time"),
        mandate_ref=fields.text("agreement_no"),
        account_ref=fields.text_or("external_logon_id", ""),
    )


def _trade(fields: Fields, merchant: str) -> PartnerNotice:
    order_id, number = fields.text("out_trade_no"), fields.text("trade_no")
    status = fields.choice("trade_status", _STATUS)
    if fields.has("gmt_refund") or fields.has("refund_fee"):
        if not fields.has("out_biz_no"):
            return PartnerNotice("other", order_id, number, merchant=merchant)
        return PartnerNotice(
            "refunded",
            order_id,
            number,
            fields.fen("refund_fee"),
            merchant,
            _refunded_s(fields),
            refund_id=fields.text("out_biz_no"),
        )
    if status == "paid":
        paid_s = fields.china_s("gmt_payment")
        amount_fen = fields.fen("total_amount")
        return PartnerNotice("paid", order_id, number, amount_fen, merchant, paid_s)
    kind: NoticeKind = "closed" if status == "closed" else "other"
    return PartnerNotice(kind, order_id, number, merchant=merchant)


def _refunded_s(fields: Fields) -> int:
    """Alipay writes ``2026-03-17 08:21:10.123`` here."""
    text = fields.text("gmt_refund")
    return Fields({"gmt_refund": text[:19]}).china_s("gmt_refund")
