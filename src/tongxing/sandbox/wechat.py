"""Plays WeChat Pay's APIv3: verifies the merchant's signature, acts, signs answers and notices.

Signatures are computed here from the documentation, not with the library that the adapter uses.
A refund is answered PROCESSING and is done at once, as the notice and the next question say.
"""

import hmac
import json
import re
from base64 import b64decode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tongxing.partners.strict import BadAnswer, Fields, json_object
from tongxing.sandbox.desk import STRANGER, Desk
from tongxing.sandbox.keys import MERCHANT, certificate, key_pair
from tongxing.sandbox.wechat_notices import SCHEME, moment, sealed, signed_headers
from tongxing.sandbox.wechat_paths import Declined, act

_PART = re.compile(r'([a-z_]+)="([^"]*)"')
_AGE_MAX_S = 300

Answered = tuple[int, dict[str, str], bytes]


def answer(
    desk: Desk, method: str, path: str, query: str, authorization: str, body: bytes
) -> Answered:
    """Status, headers and body for a call; `path` begins with /v3."""
    try:
        if desk.faults.throttled:
            raise Declined(429, "FREQUENCY_LIMITED")
        target = f"{path}?{query}" if query else path
        if not _is_signed(desk, method, target, authorization, body):
            raise Declined(401, "SIGN_ERROR")
        if (method, path) == ("GET", "/v3/certificates"):
            status, found = 200, _certificates(desk)
        else:
            try:
                content = Fields(json_object(body) if body else {})
                with desk.book.lock:
                    status, found = act(desk, method, path, content)
            except BadAnswer:
                raise Declined(400, "PARAM_ERROR") from None
    except Declined as declined:
        status, found = declined.status, {"code": declined.code, "message": declined.code}
    found.pop(desk.faults.leave_out, None)
    text = b"" if status == 204 else json.dumps(found, ensure_ascii=False).encode()
    stranger = desk.faults.wrong_answer_signature
    return status, signed_headers(desk, text, STRANGER if stranger else "wechat"), text


def _is_signed(desk: Desk, method: str, target: str, authorization: str, body: bytes) -> bool:
    scheme, _, rest = authorization.partition(" ")
    parts = dict(_PART.findall(rest))
    ours, now = desk.wechat, parts.get("timestamp", "")
    known = (parts.get("mchid"), parts.get("serial_no")) == (ours.merchant_id, ours.serial_no)
    if scheme != SCHEME or not known or not (now.isascii() and now.isdigit()):
        return False
    if abs(desk.clock() - int(now)) > _AGE_MAX_S:
        return False
    signed = f"{method}\n{target}\n{now}\n{parts.get('nonce_str')}\n".encode() + body + b"\n"
    key = key_pair(MERCHANT).public_key()
    try:
        raw = b64decode(parts.get("signature", ""), validate=True)
        key.verify(raw, signed, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return hmac.compare_digest(parts["mchid"], ours.merchant_id)


def _certificates(desk: Desk) -> dict[str, object]:
    serial, pem = certificate("wechat")
    now_s = desk.clock()
    entry = {
        "serial_no": serial,
        "effective_time": moment(now_s - 86_400),
        "expire_time": moment(now_s + 300 * 86_400),
        "encrypt_certificate": sealed(desk, pem.encode(), "certificate"),
    }
    return {"data": [entry]}
