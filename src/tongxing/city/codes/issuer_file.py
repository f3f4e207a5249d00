"""An issuer as one sealed file: its private key and certificate, useless without the passphrase.

The key comes from the passphrase by scrypt; the content is sealed by AES-256-GCM together with the
header, as key vaults are. For small deployments; a hardware module behind a `Signer` is better.
"""

import binascii
from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from msgspec import Meta

from tongxing.city.codes.issuer import CodeIssuer
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.issue import signer
from tongxing.media.code.layout import CERTIFICATE_BYTES, read_certificate
from tongxing.media.crypto.curve import number
from tongxing.media.crypto.providers import sm2
from tongxing.media.crypto.sm2 import is_private
from tongxing.media.crypto.standard import standard
from tongxing.media.keys.vault import Environment
from tongxing.media.keys.vault_file import (
    LOG2_COST,
    NONCE_BYTES,
    SALT_BYTES,
    passphrase_objection,
)

_BLOCKS, _LANES, _KEY_BYTES = 8, 1, 32
_GUESSABLE_BELOW = 1 << 128
"""Keys that are small numbers are those of examples and tests."""


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tongxing_code_issuer: Literal[1]
    log2_cost: Annotated[int, Meta(ge=10, le=20)]
    salt: str
    nonce: str


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    header: _Header
    sealed: str


class _Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    environment: Environment
    private: str
    certificate: str
    platform_id: Annotated[str, Meta(pattern="^[0-9]{8}$")]

    def __repr__(self) -> str:
        return f"_Content({self.environment}, platform {self.platform_id})"


def seal_issuer(
    private: bytes,
    certificate: bytes,
    platform_id: str,
    environment: Environment,
    passphrase: str,
    draw: Callable[[int], bytes],
    log2_cost: int = LOG2_COST,
) -> bytes | Refusal:
    """The content of an issuer's file. `draw` gives as many unpredictable bytes as asked for.

    Refuses what `passphrase_objection` names and what `unseal_issuer` would refuse of the content.
    """
    content = _Content(environment, private.hex(), certificate.hex(), platform_id)
    issuer = passphrase_objection(passphrase) or _issuer(content)
    if isinstance(issuer, Refusal):
        return issuer
    salt, nonce = draw(SALT_BYTES), draw(NONCE_BYTES)
    header = _Header(1, log2_cost, salt.hex(), nonce.hex())
    key = _derived(passphrase, salt, log2_cost)
    sealed = AESGCM(key).encrypt(nonce, msgspec.json.encode(content), msgspec.json.encode(header))
    text = binascii.b2a_base64(sealed, newline=False).decode()
    return msgspec.json.format(msgspec.json.encode(_Sealed(header, text)), indent=1) + b"\n"


def unseal_issuer(content: bytes, passphrase: str) -> CodeIssuer | Refusal:
    """The issuer in a file's content.

    Refuses CODE_ISSUER_FILE for what is none, KEYVAULT_PASSPHRASE for a wrong passphrase or an
    altered file (the two cannot be told apart), CODE_ISSUER_TEST_KEY for a key that everybody knows
    in a file for "prod", CODE_ISSUER_KEY for a certificate of another key, SM2_NO_SIGNER where
    nothing on this machine may hold a real key.
    """
    try:
        found = msgspec.json.decode(content, type=_Sealed)
        salt, nonce = bytes.fromhex(found.header.salt), bytes.fromhex(found.header.nonce)
        sealed = binascii.a2b_base64(found.sealed, strict_mode=True)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return Refusal("CODE_ISSUER_FILE")
    if len(salt) != SALT_BYTES or len(nonce) != NONCE_BYTES:
        return Refusal("CODE_ISSUER_FILE")
    key = _derived(passphrase, salt, found.header.log2_cost)
    try:
        opened = AESGCM(key).decrypt(nonce, sealed, msgspec.json.encode(found.header))
        return _issuer(msgspec.json.decode(opened, type=_Content))
    except InvalidTag:
        return Refusal("KEYVAULT_PASSPHRASE")
    except (msgspec.DecodeError, ValueError):
        return Refusal("CODE_ISSUER_FILE")


def _issuer(content: _Content) -> CodeIssuer | Refusal:
    private, certificate = bytes.fromhex(content.private), bytes.fromhex(content.certificate)
    if not is_private(private) or len(certificate) != CERTIFICATE_BYTES:
        return Refusal("CODE_ISSUER_FILE")
    if content.environment == "prod" and is_known(private):
        return Refusal("CODE_ISSUER_TEST_KEY")
    computer = sm2()
    public = computer.public_of(private)
    if isinstance(public, Refusal):
        return public
    if public != read_certificate(certificate).public_key:
        return Refusal("CODE_ISSUER_KEY")
    is_test = content.environment != "prod"
    return CodeIssuer(signer(computer, private), certificate, content.platform_id, is_test)


def is_known(private: bytes) -> bool:
    """Whether this is a private key that everybody can know: a printed example, a small number."""
    return private == standard().sm2_private or number(private) < _GUESSABLE_BELOW


def _derived(passphrase: str, salt: bytes, log2_cost: int) -> bytes:
    scrypt = Scrypt(salt=salt, length=_KEY_BYTES, n=1 << log2_cost, r=_BLOCKS, p=_LANES)
    return scrypt.derive(passphrase.encode("utf-8", "surrogatepass"))
