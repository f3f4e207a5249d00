"""Alibaba Cloud: short messages (Dysmsapi SendSms) and identities (Cloudauth Id2MetaVerify).

Both are calls of its RPC kind, signed by ACS3-HMAC-SHA256. What they ask about (phones, names,
identity numbers) travels in the body and never in an address, and no answer's message is passed
on: it may repeat what was asked. A call is made once; a message that may have been sent is never
sent again here.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

from tongxing.kernel.reasons import Refusal
from tongxing.partners.aliyun_signing import acs3_authorization
from tongxing.partners.calling import Clock, Reply, bad_answer, call, wall_clock
from tongxing.partners.settings import AliyunSettings
from tongxing.partners.strict import BadAnswer, Fields, json_object

NAME = "aliyun"
_FORM = "application/x-www-form-urlencoded"
_LIMITED = frozenset(
    {"isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL"}
)
_NUMBERS = frozenset({"isv.MOBILE_NUMBER_ILLEGAL", "isv.BLACK_KEY_CONTROL_LIMIT"})
_DOWN = ("ServiceUnavailable", "InternalError", "isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR")
_IDENTITY = {"1": "same", "2": "different", "3": "unknown"}
_IDENTITY_CODES = {
    "402": "PARTNER_NO_ANSWER",
    "403": "PARTNER_BUSY",
    "410": "PARTNER_NOT_ALLOWED",
    "411": "PARTNER_NOT_ALLOWED",
    "412": "PARTNER_NOT_ALLOWED",
    "500": "PARTNER_NO_ANSWER",
}

Nonce = Callable[[], str]


def _nonce() -> str:
    return secrets.token_hex(16)


class AliyunSms:
    """An `SmsSender`. A template's code is looked up in the settings."""

    def __init__(
        self, settings: AliyunSettings, clock: Clock = wall_clock, nonce: Nonce = _nonce
    ) -> None:
        self._settings, self._clock, self._nonce = settings, clock, nonce

    def send(
        self, phone: str, template: str, values: Mapping[str, str], out_id: str
    ) -> Refusal | None:
        """Refuses SMS_NUMBER_REFUSED, SMS_LIMITED, PARTNER_SETTING_MISSING (no code for the
        template) and what a call may refuse."""
        code = self._settings.templates.get(template, "")
        if not code and self._settings.template_prefix:
            code = self._settings.template_prefix + template.upper()
        if not code:
            return Refusal("PARTNER_SETTING_MISSING", NAME, {"name": f"templates.{template}"})
        asked = {
            "PhoneNumbers": phone,
            "SignName": self._settings.sign_name,
            "TemplateCode": code,
            "TemplateParam": json.dumps(dict(values), ensure_ascii=False),
            "OutId": out_id,
        }
        base, now_s = self._settings.sms_base, self._clock()
        reply = _call(self._settings, base, "SendSms", "2017-05-25", asked, now_s, self._nonce())
        if isinstance(reply, Refusal):
            return reply
        try:
            answer = Fields(json_object(reply.body))
            said = answer.text("Code")
            if said == "OK":
                answer.text("BizId")
                return None
            return _refused(reply.status, said)
        except BadAnswer as bad:
            return bad_answer(NAME, bad.field)


class AliyunIdentity:
    """An `IdentityChecker`, by name and number alone (two factors)."""

    def __init__(
        self, settings: AliyunSettings, clock: Clock = wall_clock, nonce: Nonce = _nonce
    ) -> None:
        self._settings, self._clock, self._nonce = settings, clock, nonce

    def check(self, name: str, id_number: str, out_id: str) -> bool | Refusal:
        """Refuses what a call may refuse, and PARTNER_ANSWER_BAD for a verdict that is not
        documented."""
        asked = {"ParamType": "normal", "IdentifyNum": id_number, "UserName": name}
        base, now_s = self._settings.identity_base, self._clock()
        reply = _call(
            self._settings, base, "Id2MetaVerify", "2019-03-07", asked, now_s, self._nonce()
        )
        if isinstance(reply, Refusal):
            return reply
        try:
            answer = Fields(json_object(reply.body))
            said = answer.text("Code")
            if said == "200":
                return answer.inner("ResultObject").choice("BizCode", _IDENTITY) == "same"
            if said == "401":
                return False
            if said in _IDENTITY_CODES:
                return Refusal(_IDENTITY_CODES[said], NAME, {"partner": NAME, "reason": said})
            return _refused(reply.status, said)
        except BadAnswer as bad:
            return bad_answer(NAME, bad.field)


def _call(
    settings: AliyunSettings,
    base: str,
    action: str,
    version: str,
    asked: Mapping[str, str],
    now_s: int,
    nonce: str,
) -> Reply | Refusal:
    """One signed call; `asked` goes as a form in the body."""
    body = urlencode(asked).encode()
    body_hash = hashlib.sha256(body).hexdigest()
    parts = urlsplit(base)
    headers = {
        "host": parts.netloc,
        "content-type": _FORM,
        "x-acs-action": action,
        "x-acs-version": version,
        "x-acs-date": datetime.fromtimestamp(now_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-content-sha256": body_hash,
    }
    path = parts.path or "/"
    headers["authorization"] = acs3_authorization(
        settings.access_key_id,
        settings.access_key_secret,
        "POST",
        path,
        {},
        headers,
        body_hash,
    )
    url = f"{parts.scheme}://{parts.netloc}{path}"
    return call(NAME, "POST", url, headers, body, settings.patience)


def _refused(status: int, said: str) -> Refusal:
    reason = said if said.isascii() and len(said) <= 64 else "?"
    values = {"partner": NAME, "reason": reason}
    if said in _LIMITED:
        return Refusal("SMS_LIMITED", NAME, values)
    if said in _NUMBERS:
        return Refusal("SMS_NUMBER_REFUSED", NAME, values)
    if said.startswith("Throttling") or said == "SignatureNonceUsed":
        return Refusal("PARTNER_BUSY", NAME, values)
    if said.startswith(_DOWN):
        return Refusal("PARTNER_NO_ANSWER", NAME, values)
    return Refusal("PARTNER_NOT_ALLOWED", NAME, values)
