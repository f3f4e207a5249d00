"""The two families of card cryptography behind one interface: international (3DES) and SM4.

Keys are 16 bytes, factors 8, authentication codes 4. The international construction is that of
PBOC 2.0, confirmed against real cards; how SM4 is used is our own definition (docs/media.md says
which step is which). Whoever holds a suite never asks which algorithm it is.
"""

import hmac
from typing import Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

KEY_BYTES = 16
FACTOR_BYTES = 8
CODE_BYTES = 4

DES, DES_NAMED, SM4 = 0x00, 0x01, 0x04
"""The algorithm byte that a card answers and a terminal hands on: 00 and 01 both mean 3DES."""


class CryptoSuite(Protocol):
    """What a card, its terminals and its issuer compute. `name` is "3DES" or "SM4"."""

    name: str

    def diversify(self, key: bytes, factor: bytes) -> bytes:
        """The key one level down: of an issuer, then of a card (16 bytes from 16 and 8)."""

    def session(self, key: bytes, seed: bytes) -> bytes:
        """The key of one transaction, from 8 bytes that occur once."""

    def mac(self, session: bytes, data: bytes) -> bytes:
        """An authentication code under a session key (4 bytes)."""

    def tac(self, key: bytes, data: bytes) -> bytes:
        """A transaction code under a card's TAC key (4 bytes)."""

    def command_mac(self, key: bytes, challenge: bytes, command: bytes) -> bytes:
        """The code that protects a command, from the card's 4-byte challenge (4 bytes)."""

    def authenticate(self, key: bytes, challenge: bytes) -> bytes:
        """The answer to an 8-byte challenge of external authentication (8 bytes)."""

    def encipher(self, key: bytes, data: bytes) -> bytes:
        """Data as a protected write carries it: its length, itself, padding, enciphered."""


class TripleDesSuite:
    """PBOC 2.0: keys of two halves, session keys of one, DES-CBC codes."""

    name = "3DES"

    def diversify(self, key: bytes, factor: bytes) -> bytes:
        return _des_ecb(key, factor + inverted(factor))

    def session(self, key: bytes, seed: bytes) -> bytes:
        return _des_ecb(key, seed)

    def mac(self, session: bytes, data: bytes) -> bytes:
        return _des_cbc(session, bytes(8), pad(data, 8))[-8:-4]

    def tac(self, key: bytes, data: bytes) -> bytes:
        return self.mac(folded(key), data)

    def command_mac(self, key: bytes, challenge: bytes, command: bytes) -> bytes:
        start = challenge + bytes(8 - len(challenge))
        block = _des_cbc(key[:8], start, pad(command, 8))[-8:]
        return _des_ecb_encrypt(key[:8], _des_ecb_decrypt(key[8:], block))[:CODE_BYTES]

    def authenticate(self, key: bytes, challenge: bytes) -> bytes:
        return _des_ecb(key, challenge + bytes(8 - len(challenge)))

    def encipher(self, key: bytes, data: bytes) -> bytes:
        return _des_ecb(key, pad(bytes((len(data),)) + data, 8))


class Sm4Suite:
    """The national algorithm: blocks and keys of 16 bytes throughout."""

    name = "SM4"

    def diversify(self, key: bytes, factor: bytes) -> bytes:
        return _sm4_ecb(key, factor + inverted(factor))

    def session(self, key: bytes, seed: bytes) -> bytes:
        return _sm4_ecb(key, seed + b"\x80" + bytes(7))

    def mac(self, session: bytes, data: bytes) -> bytes:
        return _sm4_cbc(session, bytes(16), pad(data, 16))[-16:-12]

    def tac(self, key: bytes, data: bytes) -> bytes:
        return self.mac(key, data)

    def command_mac(self, key: bytes, challenge: bytes, command: bytes) -> bytes:
        return _sm4_cbc(key, challenge + bytes(16 - len(challenge)), pad(command, 16))[-16:-12]

    def authenticate(self, key: bytes, challenge: bytes) -> bytes:
        block = _sm4_ecb(key, challenge + bytes(16 - len(challenge)))
        return bytes(a ^ b for a, b in zip(block[:8], block[8:], strict=True))

    def encipher(self, key: bytes, data: bytes) -> bytes:
        return _sm4_ecb(key, pad(bytes((len(data),)) + data, 16))


_SUITES: dict[int, CryptoSuite] = {
    DES: TripleDesSuite(),
    DES_NAMED: TripleDesSuite(),
    SM4: Sm4Suite(),
}


def suite_of(algorithm: int) -> CryptoSuite | None:
    """The suite of an algorithm byte; None for one that nobody knows."""
    return _SUITES.get(algorithm)


def same_code(left: bytes, right: bytes) -> bool:
    """Whether two codes are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(left, right)


def pad(data: bytes, block: int) -> bytes:
    """ISO/IEC 9797-1 method 2: an 80 byte, then zeros; always at least one byte."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def inverted(factor: bytes) -> bytes:
    """Every bit the other way round."""
    return bytes(0xFF ^ byte for byte in factor)


def folded(key: bytes) -> bytes:
    """A 16-byte TAC key made 8 bytes: left half XOR right half."""
    return bytes(a ^ b for a, b in zip(key[:8], key[8:], strict=True))


def _des_ecb(key: bytes, data: bytes) -> bytes:
    return Cipher(TripleDES(key + key[:8]), modes.ECB()).encryptor().update(data)


def _des_ecb_encrypt(key: bytes, block: bytes) -> bytes:
    return Cipher(TripleDES(key * 3), modes.ECB()).encryptor().update(block)


def _des_ecb_decrypt(key: bytes, block: bytes) -> bytes:
    return Cipher(TripleDES(key * 3), modes.ECB()).decryptor().update(block)


def _des_cbc(key: bytes, start: bytes, data: bytes) -> bytes:
    return Cipher(TripleDES(key * 3), modes.CBC(start)).encryptor().update(data)


def _sm4_ecb(key: bytes, data: bytes) -> bytes:
    return Cipher(algorithms.SM4(key), modes.ECB()).encryptor().update(data)


def _sm4_cbc(key: bytes, start: bytes, data: bytes) -> bytes:
    return Cipher(algorithms.SM4(key), modes.CBC(start)).encryptor().update(data)
