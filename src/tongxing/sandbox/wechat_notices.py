"""What WeChat Pay's side signs and seals: the head of every answer, and its notices.

Computed here from the documentation, not with the library that the adapter uses.
"""

import json
import secrets
from base64 import b64encode
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tongxing.kernel.clock import local
from tongxing.sandbox.book import Trade
from tongxing.sandbox.desk import STRANGER, Desk
from tongxing.sandbox.keys import certificate, signature
from tongxing.sandbox.notifying import Made, Notice

SCHEME = "WECHATPAY2-SHA256-RSA2048"


def signed_headers(desk: Desk, body: bytes, signer: str) -> dict[str, str]:
    """The headers by which WeChat Pay signs an answer or a notice."""
    now, nonce = str(desk.clock()), secrets.token_hex(16)
    signed = signature(signer, f"{now}\n{nonce}\n".encode() + body + b"\n")
    return {
        "Content-Type": "application/json",
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": certificate("wechat")[0],
        "Wechatpay-Signature": b64encode(signed).decode(),
        "Wechatpay-Signature-Type": SCHEME,
        "Wechatpay-Timestamp": now,
    }


def tell_paid(desk: Desk, trade: Trade) -> None:
    """Send the notice that an order was paid."""
    total = max(0, trade.amount_fen + desk.faults.wrong_amount_fen)
    resource = {
        "appid": desk.wechat.app_id,
        "mchid": desk.faults.wrong_merchant or desk.wechat.merchant_id,
        "out_trade_no": trade.order_id,
        "transaction_id": trade.number,
        "trade_type": "MWEB",
        "trade_state": "SUCCESS",
        "success_time": moment(trade.paid_s),
        "amount": {"total": total, "payer_total": total, "currency": "CNY"},
    }
    _tell(desk, "TRANSACTION.SUCCESS", trade, trade.notify_url, resource)


def tell_refunded(desk: Desk, trade: Trade, refund_id: str, url: str) -> None:
    """Send the notice that a refund is done."""
    refund = trade.refunds[refund_id]
    back = max(0, refund.amount_fen + desk.faults.wrong_amount_fen)
    resource = {
        "mchid": desk.faults.wrong_merchant or desk.wechat.merchant_id,
        "out_trade_no": trade.order_id,
        "transaction_id": trade.number,
        "out_refund_no": refund_id,
        "refund_id": refund.number,
        "refund_status": "SUCCESS",
        "success_time": moment(refund.at_s),
        "amount": {
            "total": trade.amount_fen,
            "refund": back,
            "payer_total": trade.amount_fen,
            "payer_refund": back,
        },
    }
    _tell(desk, "REFUND.SUCCESS", trade, url, resource)


def moment(time_s: int) -> str:
    """``2026-03-17T08:21:10+08:00``."""
    return local(time_s).isoformat(timespec="seconds")


def sealed(desk: Desk, content: bytes, kind: str) -> dict[str, str]:
    """A resource sealed with the merchant's APIv3 key."""
    nonce = secrets.token_hex(6)
    cipher = AESGCM(desk.wechat.api_v3_key.encode())
    found = cipher.encrypt(nonce.encode(), content, kind.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "associated_data": kind,
        "ciphertext": b64encode(found).decode(),
        "nonce": nonce,
    }


def _tell(desk: Desk, event: str, trade: Trade, url: str, resource: Mapping[str, object]) -> None:
    kind = "refund" if event.startswith("REFUND") else "transaction"
    content = json.dumps(resource, ensure_ascii=False).encode()
    whole = {
        "id": secrets.token_hex(16),
        "create_time": moment(desk.clock()),
        "event_type": event,
        "resource_type": "encrypt-resource",
        "resource": {"original_type": kind, **sealed(desk, content, kind)},
        "summary": event,
    }
    body = json.dumps(whole).encode()
    signer = STRANGER if desk.faults.wrong_signature else "wechat"

    def make() -> Made:
        return signed_headers(desk, body, signer), body

    desk.notifier.tell(Notice("wechat", kind, trade.order_id, url, make))
