"""Secrets as one sealed file: useless without the passphrase, and told apart when altered.

The key comes from the passphrase by scrypt; the content is sealed by AES-256-GCM together with the
header, so nothing of it can be changed or read. What is inside, and what must not be, whoever keeps
it decides. For small deployments; a hardware module is better.
"""

import binascii
from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from msgspec import Meta

from tongxing.kernel.reasons import Refusal

FORMAT_VERSION = 1
LOG2_COST = 17
PASSPHRASE_MIN = 12
SALT_BYTES, NONCE_BYTES, KEY_BYTES = 16, 12, 32

_BLOCKS, _LANES = 8, 1

Random = Callable[[int], bytes]
Unreadable = Literal["foreign", "locked"]
"""No file of this kind; or a wrong passphrase or an altered file, which cannot be told apart."""


class _Lock(msgspec.Struct, frozen=True):
    """What may be read without the passphrase, but for the file's kind."""

    log2_cost: Annotated[int, Meta(ge=10, le=20)]
    salt: str
    nonce: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    header: dict[str, int | str]
    sealed: str


def passphrase_objection(passphrase: str) -> Refusal | None:
    """Why a passphrase may not seal a file: KEYVAULT_PASSPHRASE_SHORT, or
    KEYVAULT_PASSPHRASE_REPEATS for one character again and again."""
    if len(passphrase) < PASSPHRASE_MIN:
        return Refusal("KEYVAULT_PASSPHRASE_SHORT", values={"least": PASSPHRASE_MIN})
    if len(set(passphrase)) == 1:
        return Refusal("KEYVAULT_PASSPHRASE_REPEATS")
    return None


def seal_file(
    kind: str, content: bytes, passphrase: str, random: Random, log2_cost: int = LOG2_COST
) -> bytes:
    """The bytes of a file. `kind` names what it is for (``tongxing_vault``); `random` gives as many
    unpredictable bytes as it is asked for."""
    salt, nonce = random(SALT_BYTES), random(NONCE_BYTES)
    header = _header(kind, _Lock(log2_cost, salt.hex(), nonce.hex()))
    key = _derived(passphrase, salt, log2_cost)
    sealed = AESGCM(key).encrypt(nonce, content, msgspec.json.encode(header))
    text = binascii.b2a_base64(sealed, newline=False).decode()
    return msgspec.json.format(msgspec.json.encode(_File(header, text)), indent=1) + b"\n"


def open_file(kind: str, file: bytes, passphrase: str) -> bytes | Unreadable:
    """What a file of this kind holds."""
    try:
        found = msgspec.json.decode(file, type=_File)
        lock = msgspec.convert(found.header, _Lock)
        salt, nonce = bytes.fromhex(lock.salt), bytes.fromhex(lock.nonce)
        sealed = binascii.a2b_base64(found.sealed, strict_mode=True)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return "foreign"
    header = _header(kind, lock)
    is_ours = found.header == header and not any(
        isinstance(value, bool) for value in found.header.values()
    )
    if not is_ours or len(salt) != SALT_BYTES or len(nonce) != NONCE_BYTES:
        return "foreign"
    key = _derived(passphrase, salt, lock.log2_cost)
    try:
        return AESGCM(key).decrypt(nonce, sealed, msgspec.json.encode(header))
    except InvalidTag:
        return "locked"


def _header(kind: str, lock: _Lock) -> dict[str, int | str]:
    return {
        kind: FORMAT_VERSION,
        "log2_cost": lock.log2_cost,
        "salt": lock.salt,
        "nonce": lock.nonce,
    }


def _derived(passphrase: str, salt: bytes, log2_cost: int) -> bytes:
    scrypt = Scrypt(salt=salt, length=KEY_BYTES, n=1 << log2_cost, r=_BLOCKS, p=_LANES)
    return scrypt.derive(passphrase.encode("utf-8", "surrogatepass"))
