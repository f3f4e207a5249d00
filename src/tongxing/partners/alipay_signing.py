"""Alipay's RSA2: our requests signed, its answers and notices verified.

Requests and notices go through the library (python-alipay-sdk). Answers do not: their signature is
over the bytes of one member of the answer as it was sent, so those bytes are cut out here, by the
rules of JSON, and verified before anything in them is believed.
"""

import binascii
import json
from base64 import b64decode, b64encode
from functools import lru_cache

from alipay import AliPay
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tongxing.kernel.clock import stamp
from tongxing.partners.settings import AlipaySettings
from tongxing.partners.strict import BadAnswer, json_object

SIGN_TYPE = "RSA2"


class AlipaySigner:
    """Signs for one application and verifies what Alipay signed for it."""

    def __init__(self, settings: AlipaySettings) -> None:
        keys = (settings.private_key, settings.alipay_public_key)
        self._library = _library(settings.app_id, *keys)
        found = load_pem_public_key(settings.alipay_public_key.encode())
        assert isinstance(found, RSAPublicKey), "settings are checked where they are read"
        self._public_key = found

    def signed(self, method: str, content: dict[str, object], now_s: int, **addresses: str) -> str:
        """The signed, form-encoded request; `addresses` are notify_url and return_url."""
        body = self._library.build_body(
            method, dict(content), format="JSON", timestamp=stamp(now_s), **addresses
        )
        return str(self._library.sign_data(body))

    def answered(self, method: str, content: bytes) -> tuple[dict[str, object], bool]:
        """The answer to `method`, and whether Alipay signed it.

        Only an ``error_response`` (Alipay could not tell who asked) may be unsigned. Raises
        BadAnswer for everything that is not such an answer, a wrong signature among it.
        """
        whole = json_object(content)
        name = method.replace(".", "_") + "_response"
        name = name if name in whole else "error_response"
        inner = whole.get(name)
        if not isinstance(inner, dict):
            raise BadAnswer(method)
        sign = whole.get("sign")
        if sign is None and name == "error_response":
            return inner, False
        if not isinstance(sign, str) or not self._is_ours(member(content, name), sign):
            raise BadAnswer("sign")
        return inner, True

    def is_notice(self, fields: dict[str, str]) -> bool:
        """Whether Alipay signed the fields of this notice."""
        rest = dict(fields)
        sign = rest.pop("sign", "")
        if rest.get("sign_type") != SIGN_TYPE or not _is_base64(sign):
            return False
        try:
            return bool(self._library.verify(rest, sign))
        except (ValueError, binascii.Error):
            return False

    def _is_ours(self, content: bytes, sign: str) -> bool:
        try:
            raw = b64decode(sign, validate=True)
            self._public_key.verify(raw, content, PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True


@lru_cache(maxsize=8)
def _library(app_id: str, private_key: str, public_key: str) -> AliPay:
    """The library for one application; kept, for checking a key takes it a tenth of a second."""
    return AliPay(
        appid=app_id,
        app_private_key_string=private_key,
        alipay_public_key_string=public_key,
        sign_type=SIGN_TYPE,
    )


def member(content: bytes, name: str) -> bytes:
    """The bytes of the value of one member of a JSON object, as they were sent."""
    text = content.decode("utf-8")
    decoder = json.JSONDecoder()
    place = _skip(text, 0) + 1
    while True:
        place = _skip(text, place)
        if text[place : place + 1] != '"':
            raise BadAnswer(name)
        key, place = decoder.raw_decode(text, place)
        start = _skip(text, _skip(text, place) + 1)
        _, place = decoder.raw_decode(text, start)
        if key == name:
            return text[start:place].encode("utf-8")
        place = _skip(text, place) + 1


def _is_base64(text: str) -> bool:
    """Whether a text is Base64 in its one form: the library passes over what does not belong."""
    try:
        return b64encode(b64decode(text, validate=True)).decode() == text
    except ValueError:
        return False


def _skip(text: str, place: int) -> int:
    while text[place : place + 1] in (" ", "\t", "\r", "\n"):
        place += 1
    return place
