"""Whose request or answer it is, or why it is not believed. Nothing of it is read before."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature as NotThisKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    VerifyResult,
    algorithms,
)

from tongxing.kernel.reasons import Refusal
from tongxing.kernel.texts import LANGUAGES, Catalogue, load_catalogue
from tongxing.signed_http.messages import (
    IF_PRESENT,
    OF_ANSWERS,
    OF_REQUESTS,
    TAG,
    Answer,
    Request,
)

TOLERANCE_S = 300
"""How far the clock of the one who signed may be off."""

PublicOf = Callable[[str], Ed25519PublicKey | None]
_NONCE = re.compile(r"[A-Za-z0-9+/=_-]{16,64}", re.ASCII)
_LABEL = re.compile(r"[a-z*][a-z0-9_.*-]{0,31}", re.ASCII)
_SAID_MAX = 160


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that holds: by which key, when, which nonce, under which label."""

    key_id: str
    created_s: int
    nonce: str
    label: str


class _Keys(HTTPSignatureKeyResolver):
    """Looks a key up, and remembers when there was none."""

    def __init__(self, public_of: PublicOf) -> None:
        self._public_of = public_of
        self.unknown = ""

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        """The key by its name."""
        found = self._public_of(key_id)
        if found is None:
            self.unknown = key_id
        return found


class _Verifier(HTTPMessageVerifier):
    """Leaves the times to whoever gives the clock; only a whole `created` is asked for."""

    def validate_created_and_expires(
        self, sig_input: Any, max_age: timedelta | None = None
    ) -> None:
        """Whether there is one: it is looked at afterwards."""
        if type(sig_input.params.get("created")) is not int:
            raise InvalidSignature("created")


def check_request(
    request: Request, public_of: PublicOf, now_s: int, tolerance_s: int = TOLERANCE_S
) -> Signed | Refusal:
    """Who signed a request. Its body is covered by the digest, which is for the caller to compare.

    Refuses HTTP_UNSIGNED, HTTP_KEY (`public_of` knows none), HTTP_SIGNATURE (it does not hold, or
    covers too little), HTTP_CLOCK.
    """
    if "signature" not in request.headers or "signature-input" not in request.headers:
        return Refusal("HTTP_UNSIGNED")
    found = _checked(request, public_of, [*OF_REQUESTS, *_present(request)])
    if isinstance(found, Refusal):
        return found
    nonce = found.nonce or ""
    if not _NONCE.fullmatch(nonce):
        return _unbelieved("nonce")
    if refusal := _out_of_time(found, now_s, tolerance_s):
        return refusal
    if not _LABEL.fullmatch(found.label):
        return _unbelieved("label")
    return Signed(_text(found, "keyid"), _created(found), nonce, found.label)


def check_answer(
    answer: Answer,
    key_id: str,
    public: Ed25519PublicKey,
    label: str,
    now_s: int,
    tolerance_s: int = TOLERANCE_S,
) -> Refusal | None:
    """Why an answer is not that of the holder of this key to this very request; None when it is.

    `label` is that of the request's signature, "" when the answer need not be to one that was
    believed. Refuses as `check_request` does.
    """
    if "signature" not in answer.headers or "signature-input" not in answer.headers:
        return Refusal("HTTP_UNSIGNED")
    needed = [*OF_ANSWERS, *(name for name in _present(answer) if name not in OF_ANSWERS)]
    if label:
        needed.append(f'"signature";req;key="{label}"')
    found = _checked(answer, lambda name: public if name == key_id else None, needed)
    return found if isinstance(found, Refusal) else _out_of_time(found, now_s, tolerance_s)


def _checked(
    message: Request | Answer, public_of: PublicOf, needed: Sequence[str]
) -> VerifyResult | Refusal:
    keys = _Keys(public_of)
    verifier = _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=keys)
    try:
        found = verifier.verify(message, max_age=None, expect_tag=TAG, require_components=needed)
    except (HTTPMessageSignaturesException, ValueError, TypeError) as error:
        if keys.unknown:
            return Refusal("HTTP_KEY", values={"key": keys.unknown[:80]})
        return _unbelieved(_why(error, verifier, message), str(error))
    if len(found) != 1:
        return _unbelieved("several")
    return found[0]


def _why(error: Exception, verifier: _Verifier, message: Request | Answer) -> str:
    """What is wrong, as a key of our texts. The library tells it in English only."""
    if isinstance(error.__cause__, NotThisKey):
        return "wrong"
    try:
        verifier.verify(message, max_age=None, expect_tag=TAG)
    except (HTTPMessageSignaturesException, ValueError, TypeError):
        return "form"
    return "covers"


def _unbelieved(why: str, said: str = "") -> Refusal:
    """`said` is what the library says: a detail beside the sentence, never in it."""
    texts = _texts()
    values = {f"why_{language}": texts.text(why, language) for language in LANGUAGES}
    return Refusal("HTTP_SIGNATURE", said[:_SAID_MAX], values)


@cache
def _texts() -> Catalogue:
    return load_catalogue("tongxing.signed_http")


def _present(message: Request | Answer) -> list[str]:
    return [name for name in IF_PRESENT if name in message.headers]


def _out_of_time(found: VerifyResult, now_s: int, tolerance_s: int) -> Refusal | None:
    off_s = _created(found) - now_s
    if abs(off_s) <= tolerance_s:
        return None
    return Refusal("HTTP_CLOCK", values={"seconds": off_s, "most": tolerance_s})


def _created(found: VerifyResult) -> int:
    return int(found.parameters["created"])


def _text(found: VerifyResult, name: str) -> str:
    return str(found.parameters[name])
