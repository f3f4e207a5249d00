"""How a key is recognised without being shown: its check value, and the list of known test keys.

A mark is what the key makes of a block of zeros (the usual key check value is its first 3 bytes),
so a hardware module can tell it too. Halves that differ only in parity bits have one mark. The list
of test keys is data; a key on it protects nothing and has no place where real money moves.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto.suites import DES, KEY_BYTES, SM4
from tongxing.media.keys.vault import KEY_USES, MasterName

MARK_BYTES = 8
CHECK_VALUE_BYTES = 3
MARKED_BLOCK = bytes(16)
"""What a key enciphers (ECB) to make its mark: the first 8 bytes of the result."""

_FAMILIES = (DES, SM4)


def enciphered(key: bytes, algorithm: int, blocks: bytes) -> bytes:
    """Whole blocks under a 16-byte key, ECB; `algorithm` is 00 (3DES) or 04 (SM4)."""
    cipher = TripleDES(key + key[:8]) if algorithm == DES else algorithms.SM4(key)
    return Cipher(cipher, modes.ECB()).encryptor().update(blocks)


def mark_of(key: bytes, algorithm: int) -> bytes:
    """The 8 bytes by which a key is recognised."""
    return enciphered(key, algorithm, MARKED_BLOCK)[:MARK_BYTES]


def check_value(mark: bytes) -> str:
    """The key check value (KCV) that people compare: 6 hex digits."""
    return mark[:CHECK_VALUE_BYTES].hex().upper()


def is_test_key(mark: bytes) -> bool:
    """Whether this is the mark of a key that everybody knows."""
    return mark in _test_marks()


def test_key_refusal(name: MasterName) -> Refusal:
    """The refusal for a test key where real money moves; never the key itself."""
    values = {"use": name.use, "algorithm": f"{name.algorithm:02X}", "version": name.version}
    return Refusal("TEST_KEY_IN_PROD", name.use, values)


@cache
def simulated_masters() -> Mapping[MasterName, bytes]:
    """The master keys of the simulation, the demo and the worked vectors, in both families.

    They are published; a vault with `environment` "prod" refuses every one of them.
    """
    keys = _table()["masters"]
    return MappingProxyType(
        {
            MasterName(use, algorithm, 1): bytes.fromhex(keys[use])
            for use in KEY_USES
            for algorithm in _FAMILIES
        }
    )


@cache
def _test_marks() -> frozenset[bytes]:
    table = _table()
    keys = [bytes.fromhex(key) for key in (*table["masters"].values(), *table["others"].values())]
    repeated = [bytes((byte,)) * KEY_BYTES for byte in range(256)]
    return frozenset(mark_of(key, family) for key in (*keys, *repeated) for family in _FAMILIES)


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    text = files(__package__).joinpath("data/test_keys.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
