"""Plays Alipay's gateway: verifies the merchant's RSA2 signature, acts, and signs its answers.

Signatures are computed here from the documentation, not with the library that the adapter uses, so
that the two can disagree. Codes and fields are those of the open platform's documentation.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tongxing.partners.strict import BadAnswer, Fields, json_object
from tongxing.sandbox.alipay_methods import METHODS, Declined
from tongxing.sandbox.alipay_notices import joined
from tongxing.sandbox.desk import STRANGER, Desk
from tongxing.sandbox.keys import MERCHANT, key_pair, signature

PAGES = frozenset(
    {"alipay.trade.wap.pay", "alipay.trade.page.pay", "alipay.user.agreement.page.sign"}
)
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


def read_request(desk: Desk, fields: Mapping[str, str]) -> tuple[str, Fields]:
    """The method and the content of a signed request. Raises Declined with Alipay's codes."""
    if fields.get("app_id") != desk.alipay.app_id:
        raise Declined("40002", "isv.invalid-app-id")
    if fields.get("sign_type") != "RSA2" or fields.get("charset", "").lower() != "utf-8":
        raise Declined("40002", "isv.invalid-signature-type")
    if not _is_signed(fields):
        raise Declined("40002", "isv.invalid-signature")
    if not _STAMP.fullmatch(fields.get("timestamp", "")) or fields.get("version") != "1.0":
        raise Declined("40002", "isv.invalid-timestamp")
    method = fields.get("method", "")
    if method not in PAGES and method not in METHODS:
        raise Declined("40002", "isv.invalid-method")
    notify_url = fields.get("notify_url", "")
    if notify_url and not desk.notifier.may_call(notify_url):
        raise Declined("40004", "ACQ.INVALID_PARAMETER")
    try:
        content = json_object(fields.get("biz_content", "").encode())
    except BadAnswer:
        raise Declined("40002", "isv.invalid-parameter") from None
    return method, Fields({**content, "notify_url": notify_url, "return_url": _return_url(fields)})


def answer(desk: Desk, fields: Mapping[str, str]) -> bytes:
    """What the gateway answers to a call that is not a page."""
    method, found = fields.get("method", ""), {}
    try:
        if desk.faults.throttled:
            raise Declined("40005", "isp.call-limited")
        method, content = read_request(desk, fields)
        try:
            with desk.book.lock:
                found = METHODS[method](desk, content)
        except (BadAnswer, KeyError):
            raise Declined("40004", "ACQ.INVALID_PARAMETER") from None
        found = {"code": "10000", "msg": "Success", **found}
    except Declined as declined:
        found = {"code": declined.code, "msg": "Declined", "sub_code": declined.sub_code}
        if declined.sub_code == "isv.invalid-app-id":
            return json.dumps({"error_response": found}).encode()
    found.pop(desk.faults.leave_out, None)
    inner = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    name = method.replace(".", "_") + "_response"
    signer = STRANGER if desk.faults.wrong_answer_signature else "alipay"
    sign = b64encode(signature(signer, inner.encode())).decode()
    return f'{{"{name}":{inner},"sign":"{sign}"}}'.encode()


def _is_signed(fields: Mapping[str, str]) -> bool:
    key = key_pair(MERCHANT).public_key()
    rest = {name: text for name, text in fields.items() if text and name != "sign"}
    try:
        raw = b64decode(fields.get("sign", ""), validate=True)
        key.verify(raw, joined(rest).encode(), PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def _return_url(fields: Mapping[str, str]) -> str:
    """Only addresses that a link may carry: never a script."""
    url = fields.get("return_url", "")
    return url if url.startswith(("http://", "https://")) else ""
