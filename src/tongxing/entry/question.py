"""What a gate asks an attester, and what comes back: byte by byte in `docs/entry.md`.

A question names a city and a holder, who is a keyed hash, and nothing else of anybody. Its answer
is bound to these very bytes, so that no older answer can stand in its place.
"""

import re
from hashlib import sha256

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from tongxing.entry.attestation import CLOCK_SKEW_S
from tongxing.entry.signing import Keys, is_genuine, read_signed, sign
from tongxing.kernel.reasons import Refusal

PATH = "/entry/1/questions"
QUESTION_BYTES_MAX, ANSWER_BYTES_MAX = 512, 1024
NONCE_BYTES = 16
_QUESTION, _ANSWER = b"tongxing/entry/question/1\0", b"tongxing/entry/answer/1\0"
_HOLDER = re.compile(r"[0-9a-f]{32}", re.ASCII)


class Question(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Who is asked about, when (Unix seconds), and 16 random bytes that make it the only one."""

    city: str
    holder: str
    asked_s: int
    nonce: bytes


class HolderWord(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The answer: the SHA-256 of the question's bytes, whether the medium is linked with anybody,
    and the attestation, which is empty exactly where it is not."""

    question: bytes
    linked: bool
    attestation: bytes


def sign_question(question: Question, asker: str, key: Ed25519PrivateKey) -> bytes:
    """A question as it travels."""
    return sign(_QUESTION, asker, key, msgspec.msgpack.encode(question))


def read_question(raw: bytes, askers: Keys, city: str, now_s: int) -> Question | Refusal:
    """What an attester may answer.

    Refuses ENTRY_QUESTION_MALFORMED, ENTRY_QUESTION_FORGED (also from an asker that is not known),
    and ENTRY_QUESTION_OTHER for another city's, or one of more than 90 seconds ago or ahead.
    """
    signed = read_signed(raw, QUESTION_BYTES_MAX)
    if signed is None:
        return Refusal("ENTRY_QUESTION_MALFORMED")
    if not is_genuine(signed, _QUESTION, askers):
        return Refusal("ENTRY_QUESTION_FORGED")
    try:
        found = msgspec.msgpack.decode(signed.body, type=Question)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Refusal("ENTRY_QUESTION_MALFORMED")
    if len(found.nonce) != NONCE_BYTES or not _HOLDER.fullmatch(found.holder):
        return Refusal("ENTRY_QUESTION_MALFORMED")
    in_time = abs(found.asked_s - now_s) <= CLOCK_SKEW_S
    return found if found.city == city and in_time else Refusal("ENTRY_QUESTION_OTHER")


def sign_answer(
    question: bytes, attestation: bytes | None, attester: str, key: Ed25519PrivateKey
) -> bytes:
    """The answer to a question, as it travels; None: the medium is linked with nobody."""
    word = HolderWord(sha256(question).digest(), attestation is not None, attestation or b"")
    return sign(_ANSWER, attester, key, msgspec.msgpack.encode(word))


def read_answer(raw: bytes, question: bytes, attesters: Keys) -> bytes | Refusal | None:
    """The attestation in an answer, which has to be read itself; None: linked with nobody.

    Refuses ENTRY_ANSWER_MALFORMED, ENTRY_ANSWER_FORGED, and ENTRY_ANSWER_OTHER for an answer to
    another question, however genuine.
    """
    signed = read_signed(raw, ANSWER_BYTES_MAX)
    if signed is None:
        return Refusal("ENTRY_ANSWER_MALFORMED")
    if not is_genuine(signed, _ANSWER, attesters):
        return Refusal("ENTRY_ANSWER_FORGED")
    try:
        word = msgspec.msgpack.decode(signed.body, type=HolderWord)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Refusal("ENTRY_ANSWER_MALFORMED")
    if word.linked != bool(word.attestation):
        return Refusal("ENTRY_ANSWER_MALFORMED")
    if word.question != sha256(question).digest():
        return Refusal("ENTRY_ANSWER_OTHER")
    return word.attestation if word.linked else None
