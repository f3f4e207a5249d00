"""Plays Alibaba Cloud: verifies ACS3-HMAC-SHA256, keeps short messages, knows made-up people.

The signature is computed here from the documentation, not with the adapter's code.
"""

import hashlib
import hmac
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from tongxing.partners.strict import BadAnswer, Fields, form_fields, json_object
from tongxing.sandbox.book import Message
from tongxing.sandbox.desk import Desk

TEMPLATE_PREFIX = "SMS_SANDBOX_"
_SCHEME = "ACS3-HMAC-SHA256"
_PHONE = re.compile(r"1[3-9][0-9]{9}")
_ID_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_AGE_MAX_S = 900

Answer = tuple[int, dict[str, object]]


def answer(
    desk: Desk, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    """Status and content of the answer to a call; header names are in small letters."""
    if desk.faults.throttled:
        return 400, {"Code": "Throttling.User", "Message": "Throttling.User"}
    wrong = _wrong(desk, method, path, query, headers, body)
    if wrong:
        return 400, {"Code": wrong, "Message": wrong}
    try:
        asked = Fields(form_fields(query.encode() + (b"&" if query else b"") + body))
        action = (headers.get("x-acs-action"), headers.get("x-acs-version"))
        if action == ("SendSms", "2017-05-25"):
            return _send(desk, asked)
        if action == ("Id2MetaVerify", "2019-03-07"):
            return _check(desk, asked)
    except BadAnswer as bad:
        return 400, {"Code": f"Missing{bad.field}", "Message": "MissingParameter"}
    return 404, {"Code": "InvalidAction.NotFound", "Message": "InvalidAction.NotFound"}


def _send(desk: Desk, asked: Fields) -> Answer:
    phone, template = asked.text("PhoneNumbers"), asked.text("TemplateCode")
    if asked.text("SignName") != desk.aliyun.sign_name:
        return 200, _said("isv.SMS_SIGNATURE_ILLEGAL")
    if not template.startswith(TEMPLATE_PREFIX):
        return 200, _said("isv.SMS_TEMPLATE_ILLEGAL")
    if not _PHONE.fullmatch(phone):
        return 200, _said("isv.MOBILE_NUMBER_ILLEGAL")
    try:
        values = json_object(asked.text_or("TemplateParam", "{}").encode())
    except BadAnswer:
        return 200, _said("isv.INVALID_JSON_PARAM")
    named = template.removeprefix(TEMPLATE_PREFIX).lower()
    texts = {name: str(value) for name, value in values.items()}
    out_id, now_s = asked.text_or("OutId", ""), desk.clock()
    desk.book.keep(Message(phone, named, texts, out_id, now_s))
    return 200, _said("OK") | {"BizId": desk.book.number(now_s)}


def _check(desk: Desk, asked: Fields) -> Answer:
    asked.choice("ParamType", {"normal": ""})
    name, number = asked.text("UserName"), asked.text("IdentifyNum")
    if not is_id_number(number) or any(sign.isdigit() for sign in name):
        return 200, _said("401")
    verdict = {"BizCode": verdict_of(name, number)}
    return 200, _said("200") | {"Message": "success", "ResultObject": verdict}


def verdict_of(name: str, id_number: str) -> str:
    """1 they belong together, 2 they do not, 3 nobody has the number.

    A listed number goes with its own name alone. Any other that is valid goes with every name but
    one that ends in the rule's mark; the order number of the rule is nobody's.
    """
    people, rule = _identities()
    if id_number in people:
        return "1" if people[id_number] == name else "2"
    if id_number[14:17] == rule["unknown_order"]:
        return "3"
    return "2" if name.endswith(rule["mismatch_ends"]) else "1"


def is_id_number(text: str) -> bool:
    """Whether the date and the check digit of an identity number hold (GB 11643)."""
    if not _ID_NUMBER.fullmatch(text):
        return False
    try:
        datetime.strptime(text[6:14], "%Y%m%d")
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == text[17]


def known_people() -> Mapping[str, str]:
    """The made-up people: name by identity number."""
    return _identities()[0]


def identity_rule() -> Mapping[str, str]:
    """By what rule everybody else is answered: see `verdict_of`."""
    return _identities()[1]


@cache
def _identities() -> tuple[Mapping[str, str], Mapping[str, str]]:
    text = files("tongxing.sandbox").joinpath("data/identities.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)
    return {one["id_number"]: one["name"] for one in found["person"]}, found["rule"]


def _said(code: str) -> dict[str, object]:
    return {"Code": code, "Message": code, "RequestId": "SANDBOX"}


def _wrong(
    desk: Desk, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> str:
    """The code of what is wrong with a call's signature, "" when nothing is."""
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    parts = dict(part.split("=", 1) for part in rest.split(",") if "=" in part)
    if scheme != _SCHEME or parts.get("Credential") != desk.aliyun.access_key_id:
        return "InvalidAccessKeyId.NotFound"
    names = parts.get("SignedHeaders", "").split(";")
    must = {"host"} | {name for name in headers if name.startswith("x-acs-")}
    if not must <= set(names) or names != sorted(names) or not set(names) <= headers.keys():
        return "IncompleteSignature"
    body_hash = hashlib.sha256(body).hexdigest()
    lines = [method, path, _sorted(query)]
    lines += [f"{name}:{headers[name].strip()}" for name in names]
    lines += ["", ";".join(names), body_hash]
    hashed = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    secret = desk.aliyun.access_key_secret.encode()
    signed = hmac.new(secret, f"{_SCHEME}\n{hashed}".encode(), hashlib.sha256).hexdigest()
    same = hmac.compare_digest(signed, parts.get("Signature", ""))
    if not same or headers.get("x-acs-content-sha256") != body_hash:
        return "SignatureDoesNotMatch"
    if not _is_fresh(headers.get("x-acs-date", ""), desk.clock()):
        return "InvalidTimeStamp.Expired"
    nonce = headers.get("x-acs-signature-nonce", "")
    with desk.book.lock:
        if not nonce or nonce in desk.book.nonces:
            return "SignatureNonceUsed"
        desk.book.nonces.add(nonce)
    return ""


def _is_fresh(text: str, now_s: int) -> bool:
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(moment.timestamp() - now_s) <= _AGE_MAX_S


def _sorted(query: str) -> str:
    if not query:
        return ""
    found = form_fields(query.encode())
    return "&".join(
        f"{quote(name, safe='-_.~')}={quote(found[name], safe='-_.~')}" for name in sorted(found)
    )
