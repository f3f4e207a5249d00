"""A vault as one sealed file: useless without its passphrase, and told apart when altered.

The key comes from the passphrase by scrypt; the content is sealed by AES-256-GCM together with the
header, so nothing of it can be changed or read. For small deployments; a hardware module is better.
"""

import binascii
from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from msgspec import Meta

from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto.suites import KEY_BYTES
from tongxing.media.keys.software import SoftwareVault
from tongxing.media.keys.vault import Environment, KeyUse, MasterName

FORMAT_VERSION: Literal[1] = 1
LOG2_COST = 17
PASSPHRASE_MIN = 12
SALT_BYTES, NONCE_BYTES = 16, 12

_BLOCKS, _LANES = 8, 1


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be read without the passphrase."""

    tongxing_vault: Literal[1]
    log2_cost: Annotated[int, Meta(ge=10, le=20)]
    salt: str
    nonce: str


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    header: _Header
    sealed: str


class _Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    use: KeyUse
    algorithm: Literal[0, 4]
    version: Annotated[int, Meta(ge=0, le=255)]
    key: str

    def __repr__(self) -> str:
        return f"_Key({self.use}, {self.algorithm}, {self.version})"


class _Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    environment: Environment
    keys: tuple[_Key, ...]


def passphrase_objection(passphrase: str) -> Refusal | None:
    """Why a passphrase may not seal a vault: KEYVAULT_PASSPHRASE_SHORT, or
    KEYVAULT_PASSPHRASE_REPEATS for one character again and again."""
    if len(passphrase) < PASSPHRASE_MIN:
        return Refusal("KEYVAULT_PASSPHRASE_SHORT", values={"least": PASSPHRASE_MIN})
    if len(set(passphrase)) == 1:
        return Refusal("KEYVAULT_PASSPHRASE_REPEATS")
    return None


def seal(
    masters: Mapping[MasterName, bytes],
    environment: Environment,
    passphrase: str,
    random: Callable[[int], bytes],
    log2_cost: int = LOG2_COST,
) -> bytes | Refusal:
    """The content of a vault file. `random` gives as many unpredictable bytes as it is asked for.

    Refuses what `passphrase_objection` names, and TEST_KEY_IN_PROD for a test key in a vault for
    "prod".
    """
    objection = passphrase_objection(passphrase)
    if objection is not None:
        return objection
    refused = SoftwareVault(masters, environment).refused() if environment == "prod" else ()
    if refused:
        return refused[0]
    salt, nonce = random(SALT_BYTES), random(NONCE_BYTES)
    header = _Header(FORMAT_VERSION, log2_cost, salt.hex(), nonce.hex())
    keys = tuple(
        _Key(name.use, 4 if name.algorithm else 0, name.version, key.hex())
        for name, key in sorted(masters.items())
    )
    content = msgspec.json.encode(_Content(environment, keys))
    sealed = AESGCM(_derived(passphrase, salt, log2_cost)).encrypt(nonce, content, _bound(header))
    written = msgspec.json.encode(
        _Sealed(header, binascii.b2a_base64(sealed, newline=False).decode())
    )
    return msgspec.json.format(written, indent=1) + b"\n"


def unseal(content: bytes, passphrase: str) -> SoftwareVault | Refusal:
    """The vault in a file's content.

    Refuses KEYVAULT_FILE for what is no vault file, KEYVAULT_PASSPHRASE for a wrong passphrase or
    a file that was altered (the two cannot be told apart), TEST_KEY_IN_PROD for one that should
    never have been made.
    """
    try:
        found = msgspec.json.decode(content, type=_Sealed)
        salt, nonce = bytes.fromhex(found.header.salt), bytes.fromhex(found.header.nonce)
        sealed = binascii.a2b_base64(found.sealed, strict_mode=True)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return Refusal("KEYVAULT_FILE")
    if len(salt) != SALT_BYTES or len(nonce) != NONCE_BYTES:
        return Refusal("KEYVAULT_FILE")
    key = _derived(passphrase, salt, found.header.log2_cost)
    try:
        opened = AESGCM(key).decrypt(nonce, sealed, _bound(found.header))
        vault = _vault(msgspec.json.decode(opened, type=_Content))
    except InvalidTag:
        return Refusal("KEYVAULT_PASSPHRASE")
    except (msgspec.DecodeError, ValueError):
        return Refusal("KEYVAULT_FILE")
    refused = vault.refused() if vault.environment == "prod" else ()
    return refused[0] if refused else vault


def drawn_masters(
    names: tuple[MasterName, ...], random: Callable[[int], bytes]
) -> dict[MasterName, bytes]:
    """New master keys at random. Raises ValueError when `random` repeats itself."""
    drawn = {name: random(KEY_BYTES) for name in names}
    if len(set(drawn.values())) != len(names):
        raise ValueError("the source of random bytes gave the same key twice")
    return drawn


def _vault(content: _Content) -> SoftwareVault:
    masters = {
        MasterName(key.use, key.algorithm, key.version): bytes.fromhex(key.key)
        for key in content.keys
    }
    if len(masters) != len(content.keys):
        raise ValueError("a master key stands in the file twice")
    return SoftwareVault(masters, content.environment)


def _bound(header: _Header) -> bytes:
    return msgspec.json.encode(header)


def _derived(passphrase: str, salt: bytes, log2_cost: int) -> bytes:
    scrypt = Scrypt(salt=salt, length=32, n=1 << log2_cost, r=_BLOCKS, p=_LANES)
    return scrypt.derive(passphrase.encode("utf-8", "surrogatepass"))
