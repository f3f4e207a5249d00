"""HTTP messages that are signed: RFC 9421 with Ed25519, and digests of RFC 9530.

What members and the hub say to one another is signed in the message itself, so that it is worth the
same whatever carried it. Which parts a signature covers stands here and in docs/exchange-api.md;
the library behind it does the canonical forms. No clock and no chance: both are arguments.
"""

from tongxing.signed_http.checking import Signed, check_answer, check_request
from tongxing.signed_http.digests import content_digest, sha256_of_digest
from tongxing.signed_http.messages import Answer, Fields, HttpKey, Request
from tongxing.signed_http.signing import sign_answer, sign_request

__all__ = [
    "Answer",
    "Fields",
    "HttpKey",
    "Request",
    "Signed",
    "check_answer",
    "check_request",
    "content_digest",
    "sha256_of_digest",
    "sign_answer",
    "sign_request",
]
