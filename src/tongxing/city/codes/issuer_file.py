"""An issuer as one sealed file: its private key and certificate, sealed as key vaults are.

For small deployments; a hardware module behind a `Signer` is better.
"""

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from tongxing.city.codes.issuer import CodeIssuer
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.issue import signer
from tongxing.media.code.layout import CERTIFICATE_BYTES, read_certificate
from tongxing.media.crypto.curve import number
from tongxing.media.crypto.providers import sm2
from tongxing.media.crypto.sm2 import is_private
from tongxing.media.crypto.standard import standard
from tongxing.media.keys.sealed_file import (
    LOG2_COST,
    open_file,
    passphrase_objection,
    seal_file,
)
from tongxing.media.keys.vault import Environment

_KIND, _ROOT_KIND = "tongxing_code_issuer", "tongxing_code_root"
_GUESSABLE_BELOW = 1 << 128
"""Keys that are small numbers are those of examples and tests."""


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
    return seal_file(_KIND, msgspec.json.encode(content), passphrase, draw, log2_cost)


def unseal_issuer(content: bytes, passphrase: str) -> CodeIssuer | Refusal:
    """The issuer in a file's content.

    Refuses CODE_ISSUER_FILE for what is none, KEYVAULT_PASSPHRASE for a wrong passphrase or an
    altered file (the two cannot be told apart), CODE_ISSUER_TEST_KEY for a key that everybody knows
    in a file for "prod", CODE_ISSUER_KEY for a certificate of another key, SM2_NO_SIGNER where
    nothing on this machine may hold a real key.
    """
    opened = open_file(_KIND, content, passphrase)
    if not isinstance(opened, bytes):
        return Refusal("CODE_ISSUER_FILE" if opened == "foreign" else "KEYVAULT_PASSPHRASE")
    try:
        return _issuer(msgspec.json.decode(opened, type=_Content))
    except (msgspec.DecodeError, ValueError):
        return Refusal("CODE_ISSUER_FILE")


def seal_root(
    private: bytes, passphrase: str, draw: Callable[[int], bytes], log2_cost: int = LOG2_COST
) -> bytes | Refusal:
    """The content of a root's file: its private key. Refuses what `passphrase_objection` names."""
    objection = passphrase_objection(passphrase)
    if objection is not None:
        return objection
    return seal_file(_ROOT_KIND, private, passphrase, draw, log2_cost)


def unseal_root(content: bytes, passphrase: str) -> bytes | Refusal:
    """The private key of a root. Refuses CODE_ISSUER_FILE and KEYVAULT_PASSPHRASE as
    `unseal_issuer` does."""
    opened = open_file(_ROOT_KIND, content, passphrase)
    if not isinstance(opened, bytes):
        return Refusal("CODE_ISSUER_FILE" if opened == "foreign" else "KEYVAULT_PASSPHRASE")
    return opened if is_private(opened) else Refusal("CODE_ISSUER_FILE")


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
