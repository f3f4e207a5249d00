"""Secure messaging: commands that carry a code under the maintenance key (DAMK).

The code covers the whole command and the card's last challenge, so it is good once. Three wrong
ones in a row lock the key, and with it everything in here.
"""

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msgspec.structs import replace

from tongxing.media.card.apdu import Answer
from tongxing.media.card.chip.cryptograms import suite_for
from tongxing.media.card.chip.image import BLOCKED, BLOCKED_FOR_EVER, IN_USE, CardKey
from tongxing.media.card.chip.status import (
    AUTHENTICATION_BLOCKED,
    BAD_DATA,
    KEY_NOT_FOUND,
    MAC_MISSING,
    MAC_WRONG,
    NO_CHALLENGE,
    NOT_IN_THIS_STATE,
)
from tongxing.media.card.chip.turn import Turn, done, say
from tongxing.media.crypto.suites import CODE_BYTES, SM4, pad, same_code

_FOR_EVER = 0x01
_BLOCKS = {SM4: 16}
_BLOCK = 8


def block_application(turn: Turn) -> Answer:
    """APPLICATION BLOCK, for a time or (P2 01) for ever."""
    body = opened(turn)
    if isinstance(body, int):
        return say(body)
    state = BLOCKED_FOR_EVER if turn.command.p2 == _FOR_EVER else BLOCKED
    turn.keep(replace(turn.application, state=state))
    return done()


def unblock_application(turn: Turn) -> Answer:
    """APPLICATION UNBLOCK of one that is blocked for a time."""
    if turn.application.state == IN_USE:
        return say(NOT_IN_THIS_STATE)
    body = opened(turn)
    if isinstance(body, int):
        return say(body)
    turn.keep(replace(turn.application, state=IN_USE))
    return done()


def block_card(turn: Turn) -> Answer:
    """CARD BLOCK: every application, for ever."""
    body = opened(turn)
    if isinstance(body, int):
        return say(body)
    turn.image = replace(turn.image, blocked=True)
    return done()


def opened(turn: Turn, *, enciphered: bool = False) -> bytes | int:
    """The data of a protected command without its code, or the status word that refuses it."""
    command = turn.command
    body, code = command.data[:-CODE_BYTES], command.data[-CODE_BYTES:]
    if len(code) < CODE_BYTES:
        return MAC_MISSING
    key = turn.application.maintenance_key()
    if key is None:
        return KEY_NOT_FOUND
    if key.locked:
        return AUTHENTICATION_BLOCKED
    challenge = turn.power.take_challenge()
    if not challenge:
        return NO_CHALLENGE
    head = bytes((command.cla, command.ins, command.p1, command.p2, len(command.data)))
    right = same_code(suite_for(key).command_mac(key.value, challenge, head + body), code)
    turn.judge(key, right)
    if not right:
        return MAC_WRONG
    if not enciphered:
        return body
    plain = _deciphered(key, body)
    return BAD_DATA if plain is None else plain


def _deciphered(key: CardKey, data: bytes) -> bytes | None:
    """What was enciphered with its length before it; None for bytes that are no such thing."""
    block = _BLOCKS.get(key.algorithm, _BLOCK)
    if not data or len(data) % block:
        return None
    cipher = algorithms.SM4(key.value) if block != _BLOCK else TripleDES(key.value + key.value[:8])
    whole = Cipher(cipher, modes.ECB()).decryptor().update(data)
    plain = whole[: 1 + whole[0]]
    return plain[1:] if pad(plain, block) == whole else None
