"""WeChat Pay's APIv3 signatures: our calls signed, its answers and notices verified and opened.

The library (wechatpayv3) makes the Authorization header and opens sealed resources. Its own caller
is not used: the address is fixed in it, and it follows redirects and raises. The partner's public
keys are known by serial; a serial that is not known makes us fetch its certificates, once a minute
at most, and believe none that our APIv3 key does not open.
"""

import binascii
import threading
from base64 import b64decode
from collections.abc import Callable, Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate
from wechatpayv3.utils import aes_decrypt, build_authorization

from tongxing.kernel.clock import local
from tongxing.partners.settings import WechatSettings
from tongxing.partners.strict import BadAnswer, Fields, json_object

SCHEME = "WECHATPAY2-SHA256-RSA2048"
AGE_MAX_S = 300
_FETCH_EVERY_S = 60
_KNOWN_MAX = 16

Fetch = Callable[[], bytes | None]


class WechatSigner:
    """Signs for one merchant and verifies what WeChat Pay signed for it."""

    def __init__(self, settings: WechatSettings) -> None:
        self._settings = settings
        self._private_key = _private_key(settings.private_key)
        self._keys = {serial: _public_key(pem) for serial, pem in settings.platform_keys.items()}
        self._lock = threading.Lock()
        self._fetched_s = 0

    def authorization(self, method: str, path: str, body: str) -> str:
        """The Authorization header of a call; `path` with its query, as it is sent."""
        return str(
            build_authorization(
                path,
                method,
                self._settings.merchant_id,
                self._settings.serial_no,
                self._private_key,
                data=body,
            )
        )

    def is_genuine(self, headers: Mapping[str, str], body: bytes, now_s: int, fetch: Fetch) -> bool:
        """Whether WeChat Pay signed these bytes within the last five minutes.

        Header names are in small letters. `fetch` gets its certificates where the serial is not
        known; what it gives back is not believed beforehand.
        """
        stamp, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
        serial = headers.get("wechatpay-serial", "")
        scheme = headers.get("wechatpay-signature-type", SCHEME)
        is_number = stamp.isascii() and stamp.isdigit() and len(stamp) <= 12
        if not is_number or scheme != SCHEME or abs(now_s - int(stamp)) > AGE_MAX_S:
            return False
        key = self._key(serial, now_s, fetch)
        signed = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
        try:
            raw = b64decode(headers.get("wechatpay-signature", ""), validate=True)
            if key is None:
                return False
            key.verify(raw, signed, PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True

    def opened(self, sealed: Fields) -> dict[str, object]:
        """The object in a sealed resource. Raises BadAnswer where our key does not open it."""
        return json_object(self._unsealed(sealed).encode())

    def _unsealed(self, sealed: Fields) -> str:
        sealed.choice("algorithm", {"AEAD_AES_256_GCM": ""})
        try:
            found = aes_decrypt(
                nonce=sealed.text("nonce"),
                ciphertext=sealed.long_text("ciphertext"),
                associated_data=sealed.text_or("associated_data", ""),
                apiv3_key=self._settings.api_v3_key,
            )
        except (ValueError, binascii.Error):
            found = None
        if not isinstance(found, str):
            raise BadAnswer("ciphertext")
        return found

    def _key(self, serial: str, now_s: int, fetch: Fetch) -> RSAPublicKey | None:
        with self._lock:
            if serial in self._keys or not serial:
                return self._keys.get(serial)
            if now_s - self._fetched_s < _FETCH_EVERY_S:
                return None
            self._fetched_s = now_s
        content = fetch()
        found = {} if content is None else self._certificates(content, now_s)
        with self._lock:
            self._keys |= found
            return self._keys.get(serial)

    def _certificates(self, content: bytes, now_s: int) -> dict[str, RSAPublicKey]:
        """The keys of the certificates that our APIv3 key opens and that are valid now."""
        found: dict[str, RSAPublicKey] = {}
        try:
            listed = json_object(content).get("data")
            for entry in listed[:_KNOWN_MAX] if isinstance(listed, list) else ():
                fields = Fields(entry if isinstance(entry, dict) else {})
                pem = self._unsealed(fields.inner("encrypt_certificate"))
                certificate = load_pem_x509_certificate(pem.encode())
                begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
                key, serial = certificate.public_key(), f"{certificate.serial_number:X}"
                is_now = begins <= local(now_s) <= ends
                if is_now and isinstance(key, RSAPublicKey) and serial == fields.text("serial_no"):
                    found[serial] = key
        except (BadAnswer, ValueError):
            return {}
        return found


@lru_cache(maxsize=8)
def _private_key(pem: str) -> PrivateKeyTypes:
    """The merchant's key; kept, for checking it takes a while."""
    return load_pem_private_key(pem.encode(), None)


def _public_key(pem: str) -> RSAPublicKey:
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, RSAPublicKey), "settings are checked where they are read"
    return key
