"""What a phone signs to prove that it holds the key for which it asks an authorisation.

The words begin with a letter and a ride code with a byte from 80h on: neither signature can ever
pass for the other. They name everything that is asked for, so nothing of it can be exchanged.
"""

import re
from dataclasses import dataclass

from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto.sm2 import SIGNATURE_BYTES, Sm2

ACCOUNT_FORM = re.compile(r"[0-9]{16}")
DEVICE_FORM = re.compile(r"[0-9a-f]{32}")
NONCE_BYTES = 32
NONCE_FORM = re.compile(r"[0-9a-f]{64}")
_FIRST_LINE = "TONGXING RIDE CODE 1"
_KEY_BYTES = 33


@dataclass(frozen=True, slots=True)
class Asked:
    """What a phone asks for: an account's authorisation for a kind of code and its own key."""

    account: str
    device_id: str
    code_type: str
    user_key: bytes
    nonce: str

    @property
    def words(self) -> bytes:
        """The message that the phone signs: six lines of ASCII, without an end of line at last."""
        lines = (_FIRST_LINE, self.account, self.device_id, self.code_type, self.user_key.hex(),
                 self.nonce)  # fmt: skip
        return "\n".join(lines).encode()


def proof_objection(sm2: Sm2, asked: Asked, signature: bytes) -> Refusal | None:
    """Why this is no proof, or None when it is one.

    CODE_INPUT names the field whose form is wrong; CODE_USER_KEY is for bytes that are no point of
    the curve, CODE_PROOF for a signature that is not the key's over these words.
    """
    forms = (
        ("account", ACCOUNT_FORM.fullmatch(asked.account)),
        ("device_id", DEVICE_FORM.fullmatch(asked.device_id)),
        ("nonce", NONCE_FORM.fullmatch(asked.nonce)),
        ("code_type", asked.code_type.isascii() and asked.code_type.isidentifier()),
        ("signature", len(signature) == SIGNATURE_BYTES),
    )
    for name, fits in forms:
        if not fits:
            return Refusal("CODE_INPUT", name, {"field": name})
    key = sm2.key(asked.user_key) if len(asked.user_key) == _KEY_BYTES else None
    if key is None or key.compressed != asked.user_key:
        return Refusal("CODE_USER_KEY", "user_key")
    return None if sm2.verify(key, asked.words, signature) else Refusal("CODE_PROOF", "signature")
