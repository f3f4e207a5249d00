"""Signed notes: a text and the signatures under it, in the form of https://c2sp.org/signed-note.

Anybody's tools for transparency logs read them, and so does a person. What stands in the text is
for others to say. The key is the hub's own, which signs messages too: those begin with
``tongxing/``, so that no note can pass for one as long as its first line does not.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, SigningKey

NOTE_BYTES_MAX = 1 << 20

_ED25519 = b"\x01"
_SIGNATURE = re.compile("— ([^ +]+) ([A-Za-z0-9+/=]+)")
_VERIFIER = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")
_KEY_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class Verifier:
    """A signer's name and its public key of 32 bytes: what others check a note with."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:_KEY_ID_BYTES]

    def key_of(self, window_id: str) -> "Verifier":
        """Itself: a key that was never changed signs every window."""
        return self

    @property
    def text(self) -> str:
        """The key as it is published: ``name+id+key``."""
        return f"{self.name}+{self.key_id.hex()}+{in_base64(_ED25519 + self.public)}"


class Keys(Protocol):
    """One key, or several of which each window has its own (`succession`)."""

    def key_of(self, window_id: str) -> Verifier:
        """The key that signs a window."""
        ...


def verifier_of(key: SigningKey) -> Verifier:
    """What others check this key's notes with."""
    return Verifier(key.sender, key.public_bytes())


def read_verifier(text: str) -> Verifier | Refusal:
    """The key of a published line. Refuses with VERIFIER_MALFORMED."""
    match = _VERIFIER.fullmatch(text.strip())
    if match is not None:
        kind_and_key = from_base64(match[3])
        if kind_and_key is not None and len(kind_and_key) == 33 and kind_and_key[:1] == _ED25519:
            found = Verifier(match[1], kind_and_key[1:])
            if found.key_id.hex() == match[2]:
                return found
    return Refusal("VERIFIER_MALFORMED")


def sign_note(text: str, key: SigningKey) -> bytes:
    """The signed note of a text that ends with a line's end."""
    signature = key.private.sign(text.encode())
    signed = in_base64(verifier_of(key).key_id + signature)
    return f"{text}\n— {key.sender} {signed}\n".encode()


def open_note(note: bytes, verifier: Verifier) -> str | Refusal:
    """The text of a note that this key signed, whoever else did.

    Refuses with NOTE_MALFORMED, NOTE_FOREIGN (not signed by this key at all) or SIGNATURE_INVALID.
    """
    parts = _parts(note)
    if parts is None:
        return Refusal("NOTE_MALFORMED")
    text, lines = parts
    ring = KeyRing({verifier.name: verifier.public})
    others = []
    for line in lines:
        match = _SIGNATURE.fullmatch(line)
        content = from_base64(match[2]) if match is not None else None
        if match is None or content is None or len(content) <= _KEY_ID_BYTES:
            return Refusal("NOTE_MALFORMED")
        if (match[1], content[:_KEY_ID_BYTES]) != (verifier.name, verifier.key_id):
            others.append(f"{match[1]}+{content[:_KEY_ID_BYTES].hex()}")
        elif ring.verify(verifier.name, content[_KEY_ID_BYTES:], text.encode()):
            return text
        else:
            return Refusal("SIGNATURE_INVALID", values={"sender": verifier.name})
    expected = f"{verifier.name}+{verifier.key_id.hex()}"
    return Refusal("NOTE_FOREIGN", values={"expected": expected, "found": ", ".join(others)})


def in_base64(content: bytes) -> str:
    """Bytes as text."""
    return b64encode(content).decode()


def from_base64(text: str) -> bytes | None:
    """The bytes of a text, None for one that is not the only text of its bytes."""
    try:
        content = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return None
    return content if in_base64(content) == text else None


def _parts(note: bytes) -> tuple[str, list[str]] | None:
    """Text and signature lines; None for what is no note."""
    try:
        decoded = note.decode() if len(note) <= NOTE_BYTES_MAX else ""
    except UnicodeDecodeError:
        return None
    text, gap, signatures = decoded.rpartition("\n\n")
    if not gap or not text or not signatures.endswith("\n"):
        return None
    if any(ord(sign) < 0x20 and sign != "\n" for sign in decoded):
        return None
    return text + "\n", signatures[:-1].split("\n")
