"""The system's OpenSSL as far as SM2 needs it: keys and contexts, each freed exactly once.

Every call lets other threads run. What fails leaves nothing in OpenSSL's list of errors, which the
interpreter's own TLS may share. A pointer never leaves this module.
"""

import ctypes
import ctypes.util
import sys
import weakref
from ctypes import c_char_p, c_int, c_long, c_size_t, c_void_p
from typing import Any

_NAMES = {"darwin": ("crypto.3",), "win32": ("libcrypto-3-x64", "libcrypto-3")}
_SIGNATURE_MAX = 80

_PUBLIC = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
_PRIVATE = bytes.fromhex("30310201010420")
_PRIVATE_END = bytes.fromhex("a00a06082a811ccf5501822d")

_SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "d2i_PUBKEY": (c_void_p, (c_void_p, c_void_p, c_long)),
    "i2d_PUBKEY": (c_int, (c_void_p, c_void_p)),
    "d2i_AutoPrivateKey": (c_void_p, (c_void_p, c_void_p, c_long)),
    "EVP_PKEY_free": (None, (c_void_p,)),
    "EVP_PKEY_CTX_new": (c_void_p, (c_void_p, c_void_p)),
    "EVP_PKEY_CTX_free": (None, (c_void_p,)),
    "EVP_PKEY_verify_init": (c_int, (c_void_p,)),
    "EVP_PKEY_verify": (c_int, (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t)),
    "EVP_PKEY_sign_init": (c_int, (c_void_p,)),
    "EVP_PKEY_sign": (c_int, (c_void_p, c_void_p, c_void_p, c_char_p, c_size_t)),
    "ERR_clear_error": (None, ()),
}


class LibcryptoUnfit(Exception):
    """There is no such library, or it lacks a function or SM2 itself."""


class NativeKey:
    """A key inside OpenSSL, with contexts that are used again; one context per thread at a time."""

    __slots__ = ("__weakref__", "_free", "_library", "_pointer", "_start")

    def __init__(self, library: ctypes.CDLL, pointer: int, start: str) -> None:
        self._library = library
        self._pointer = pointer
        self._start = start
        self._free: list[int] = []
        weakref.finalize(self, _release, library, pointer, self._free).atexit = False

    def verify(self, digest: bytes, der: bytes) -> bool:
        """Whether a signature in DER is this key's over a digest."""
        context = self._context()
        try:
            found: int = self._library.EVP_PKEY_verify(context, der, len(der), digest, len(digest))
        finally:
            self._free.append(context)
        if found != 1:
            self._library.ERR_clear_error()
        return found == 1

    def sign(self, digest: bytes) -> bytes:
        """A signature over a digest, in DER. Raises LibcryptoUnfit if OpenSSL cannot."""
        signature = ctypes.create_string_buffer(_SIGNATURE_MAX)
        length = c_size_t(_SIGNATURE_MAX)
        context = self._context()
        try:
            found = self._library.EVP_PKEY_sign(
                context, signature, ctypes.byref(length), digest, len(digest)
            )
        finally:
            self._free.append(context)
        _need(self._library, found == 1)
        return signature.raw[: length.value]

    def point(self) -> bytes:
        """The 64 bytes of the public point. Raises LibcryptoUnfit if OpenSSL cannot."""
        written = ctypes.create_string_buffer(len(_PUBLIC) + 64)
        end = c_void_p(ctypes.addressof(written))
        length = self._library.i2d_PUBKEY(self._pointer, None)
        _need(self._library, length == len(written))
        self._library.i2d_PUBKEY(self._pointer, ctypes.byref(end))
        return written.raw[len(_PUBLIC) : length]

    def _context(self) -> int:
        try:
            return self._free.pop()
        except IndexError:
            pass
        context: int | None = self._library.EVP_PKEY_CTX_new(self._pointer, None)
        if not context or getattr(self._library, self._start)(context) != 1:
            self._library.EVP_PKEY_CTX_free(context)
            _need(self._library, False)
        return context or 0


class Libcrypto:
    """The library, found and bound. Raises LibcryptoUnfit when it is not there or too old."""

    def __init__(self) -> None:
        self._library = load()

    def public(self, point: bytes) -> NativeKey | None:
        """A key of 64 bytes (x, y); None when OpenSSL refuses it, as it does off the curve."""
        pointer = self._read(self._library.d2i_PUBKEY, _PUBLIC + point)
        return NativeKey(self._library, pointer, "EVP_PKEY_verify_init") if pointer else None

    def private(self, secret: bytes) -> NativeKey | None:
        """A key of 32 bytes; None when OpenSSL refuses it."""
        raw = _PRIVATE + secret + _PRIVATE_END
        pointer = self._read(self._library.d2i_AutoPrivateKey, raw)
        return NativeKey(self._library, pointer, "EVP_PKEY_sign_init") if pointer else None

    def _read(self, function: Any, raw: bytes) -> int | None:
        start = c_char_p(raw)
        pointer: int | None = function(None, ctypes.byref(start), len(raw))
        if not pointer:
            self._library.ERR_clear_error()
        return pointer


def load() -> ctypes.CDLL:
    """Find the library by the names it has on this system and bind its functions.

    On macOS only a versioned one is tried: loading the system's unversioned stub ends the process.
    """
    names = _NAMES.get(sys.platform, ("crypto",))
    path = next((found for name in names if (found := ctypes.util.find_library(name))), None)
    if path is None:
        raise LibcryptoUnfit
    try:
        library = ctypes.CDLL(path)
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise LibcryptoUnfit from error
    return library


def _release(library: ctypes.CDLL, pointer: int, contexts: list[int]) -> None:
    for context in contexts:
        library.EVP_PKEY_CTX_free(context)
    library.EVP_PKEY_free(pointer)


def _need(library: ctypes.CDLL, fine: bool) -> None:
    if not fine:
        library.ERR_clear_error()
        raise LibcryptoUnfit
