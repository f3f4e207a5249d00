"""Alibaba Cloud's request signature, version 3 (ACS3-HMAC-SHA256), as its documents give it."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote

ALGORITHM = "ACS3-HMAC-SHA256"


def acs3_authorization(
    key_id: str,
    secret: str,
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body_hash: str,
) -> str:
    """The Authorization header of a call.

    `headers` are all that are signed (host, content-type, x-acs-*), named in small letters;
    `body_hash` is the hex SHA-256 of the body and also their x-acs-content-sha256.
    """
    names = ";".join(sorted(headers))
    canonical = "\n".join(
        [
            method,
            path,
            canonical_query(query),
            *(f"{name}:{headers[name].strip()}" for name in sorted(headers)),
            "",
            names,
            body_hash,
        ]
    )
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    signed = hmac.new(secret.encode(), f"{ALGORITHM}\n{hashed}".encode(), hashlib.sha256)
    return f"{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signed.hexdigest()}"


def canonical_query(query: Mapping[str, str]) -> str:
    """Names and values percent-encoded (RFC 3986) and in the order of the names."""
    return "&".join(
        f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query)
    )
