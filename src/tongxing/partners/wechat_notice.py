"""What WeChat Pay says by itself, once its signature holds: a sealed resource and what it means."""

from tongxing.kernel.reasons import Refusal
from tongxing.partners.payment import NoticeKind, PartnerNotice
from tongxing.partners.settings import WechatSettings
from tongxing.partners.strict import BadAnswer, Fields, json_object
from tongxing.partners.wechat_signing import WechatSigner

_REFUNDS: dict[str, NoticeKind] = {
    "SUCCESS": "refunded",
    "CLOSED": "refund_failed",
    "ABNORMAL": "other",
}


def read_wechat_notice(
    signer: WechatSigner, settings: WechatSettings, body: bytes
) -> PartnerNotice | Refusal:
    """The notice in a body that was verified. One for another application names that as its
    merchant, so that the comparison with ours fails. Refuses CALLBACK_MALFORMED."""
    try:
        whole = Fields(json_object(body))
        event = whole.text("event_type")
        whole.choice("resource_type", {"encrypt-resource": ""})
        fields = Fields(signer.opened(whole.inner("resource")))
        if event == "TRANSACTION.SUCCESS":
            return _paid(fields, settings)
        if event.startswith("REFUND."):
            return _refunded(fields)
        return PartnerNotice("other", fields.text_or("out_trade_no", ""))
    except BadAnswer as bad:
        return Refusal("CALLBACK_MALFORMED", "wechat", {"field": bad.field})


def _paid(fields: Fields, settings: WechatSettings) -> PartnerNotice:
    app_id, merchant = fields.text("appid"), fields.text("mchid")
    fields.choice("trade_state", {"SUCCESS": ""})
    return PartnerNotice(
        "paid",
        fields.text("out_trade_no"),
        fields.text("transaction_id"),
        _fen(fields, "total"),
        merchant if app_id == settings.app_id else f"app {app_id}",
        fields.rfc3339_s("success_time"),
    )


def _refunded(fields: Fields) -> PartnerNotice:
    status = fields.choice("refund_status", {key: key for key in _REFUNDS})
    is_done = status == "SUCCESS"
    return PartnerNotice(
        _REFUNDS[status],
        fields.text("out_trade_no"),
        fields.text("transaction_id"),
        _fen(fields, "refund") if is_done else 0,
        fields.text("mchid"),
        fields.rfc3339_s("success_time") if is_done else 0,
        refund_id=fields.text("out_refund_no"),
    )


def _fen(fields: Fields, name: str) -> int:
    amount = fields.inner("amount")
    if amount.has("currency"):
        amount.choice("currency", {"CNY": ""})
    return amount.whole(name)
