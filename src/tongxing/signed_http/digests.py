"""Content-Digest and Repr-Digest (RFC 9530) with SHA-256, which is the only one asked for here."""

import re
from base64 import b64decode, b64encode
from binascii import Error as NoBase64

_MEMBER = re.compile(r"(?:^|,)[ \t]*sha-256=:([A-Za-z0-9+/]{43}=):[ \t]*(?=$|,)")


def content_digest(sha256: bytes) -> str:
    """The field's value for a content with this SHA-256."""
    return f"sha-256=:{b64encode(sha256).decode()}:"


def sha256_of_digest(value: str) -> bytes | None:
    """The SHA-256 that a field's value names; None when it names none, or two."""
    found = _MEMBER.findall(value)
    try:
        return b64decode(found[0], validate=True) if len(found) == 1 else None
    except NoBase64:
        return None
