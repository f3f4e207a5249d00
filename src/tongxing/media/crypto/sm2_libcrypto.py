"""SM2 by the system's OpenSSL: checks in about 0.3 ms, and the only one here fit to sign.

Its arithmetic with private keys takes a constant time, so real keys may be given to it. The curve
is checked here as well, so that all computers refuse the same keys.
"""

from tongxing.media.crypto.curve import decode_point, number, number_bytes
from tongxing.media.crypto.der import from_der, to_der
from tongxing.media.crypto.libcrypto import Libcrypto, LibcryptoUnfit, NativeKey
from tongxing.media.crypto.recent import Recent
from tongxing.media.crypto.sm2 import PublicKey, private_number, scalars_of
from tongxing.media.crypto.sm3 import DIGEST_BYTES

_SIGNING_KEYS_MAX = 16


class LibcryptoKey(PublicKey):
    """A public key together with OpenSSL's own object of it."""

    __slots__ = ("native",)

    def __init__(self, x: int, y: int, native: NativeKey) -> None:
        super().__init__(x, y)
        self.native = native


class LibcryptoSm2:
    """The computer over OpenSSL. For any number of threads; raises LibcryptoUnfit at once."""

    name = "libcrypto"

    def __init__(self) -> None:
        self._library = Libcrypto()
        self._signing: Recent[bytes, tuple[NativeKey, PublicKey]] = Recent(
            self._signing_key, _SIGNING_KEYS_MAX
        )

    def key(self, public: bytes, *, tabled: bool = False) -> LibcryptoKey | None:
        point = decode_point(public)
        return self._key(*point) if point else None

    def verify(self, key: PublicKey, message: bytes, signature: bytes) -> bool:
        return self.verify_digest(key, key.digest(message), signature)

    def verify_digest(self, key: PublicKey, digest: bytes, signature: bytes) -> bool:
        if scalars_of(signature) is None or len(digest) != DIGEST_BYTES:
            return False
        known = key if isinstance(key, LibcryptoKey) else self._key(key.x, key.y)
        return known.native.verify(digest, to_der(signature))

    def sign(self, private: bytes, message: bytes) -> bytes:
        private_number(private)
        native, public = self._signing.made(private)
        signature = from_der(native.sign(public.digest(message)))
        if signature is None:
            raise LibcryptoUnfit
        return signature

    def public_of(self, private: bytes) -> bytes:
        private_number(private)
        return self._signing.made(private)[1].compressed

    def refuses(self, point: bytes) -> bool:
        """Whether OpenSSL itself refuses a point of 64 bytes."""
        return self._library.public(point) is None

    def _key(self, x: int, y: int) -> LibcryptoKey:
        native = self._library.public(number_bytes(x) + number_bytes(y))
        if native is None:
            raise LibcryptoUnfit
        return LibcryptoKey(x, y, native)

    def _signing_key(self, private: bytes) -> tuple[NativeKey, PublicKey]:
        native = self._library.private(private)
        if native is None:
            raise LibcryptoUnfit
        point = native.point()
        return native, PublicKey(number(point[:32]), number(point[32:]))
