"""Keys of the sandbox: made once in a program's life, for they take long; never written down."""

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509 import CertificateBuilder, Name, NameAttribute, random_serial_number
from cryptography.x509.oid import NameOID

MERCHANT = "merchant"
"""Whose key the sandbox's one customer signs with."""
_DAYS = 365


@cache
def key_pair(owner: str) -> rsa.RSAPrivateKey:
    """The 2048-bit RSA key of an owner, such as ``alipay`` or ``merchant``."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(owner: str) -> str:
    """The owner's private key as PEM (PKCS #8)."""
    made = key_pair(owner).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.decode()


def public_pem(owner: str) -> str:
    """The owner's public key as PEM."""
    key = key_pair(owner).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signature(owner: str, content: bytes) -> bytes:
    """RSA with SHA-256 (PKCS #1 v1.5) over the content."""
    return key_pair(owner).sign(content, PKCS1v15(), SHA256())


@cache
def certificate(owner: str) -> tuple[str, str]:
    """Serial (hex in capitals) and PEM of a certificate that the owner made for itself."""
    name = Name([NameAttribute(NameOID.COMMON_NAME, f"Tongxing sandbox {owner}")])
    begins, key = datetime.now(UTC) - timedelta(days=1), key_pair(owner)
    made = (
        CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=_DAYS))
        .sign(key, SHA256())
    )
    return f"{made.serial_number:X}", made.public_bytes(Encoding.PEM).decode()
