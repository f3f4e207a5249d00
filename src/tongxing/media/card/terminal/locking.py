"""Locking a card that may not be used, on the spot, with the maintenance key in the module.

Only cards of local issuers are locked: a card of another place is refused and reported, for its
issuer alone may decide. Nothing here looks into a list.
"""

from typing import Literal

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import Command
from tongxing.media.card.link import CardLink
from tongxing.media.card.terminal.lists import ISSUER_BYTES
from tongxing.media.card.terminal.model import CardIds
from tongxing.media.card.terminal.sam import LOCK_USAGE
from tongxing.media.card.terminal.talking import ask, ask_sam

LOCK: Literal[0x1E] = 0x1E
UNLOCK: Literal[0x18] = 0x18
_SM4_INDEXES = 0x40


class Locked(msgspec.Struct, frozen=True):
    """A card that has locked, or unlocked, its application."""

    instruction: Literal[0x1E, 0x18]


def lock_card(
    card: CardLink, sam: CardLink, ids: CardIds, home: frozenset[bytes], *, key_version: int = 1
) -> Locked | Refusal:
    """Lock the selected application of a card; `home` are the 4-byte codes of local issuers.

    `key_version` is that of the maintenance key, plus 40 (hex) for SM4. Refuses CARD_NOT_LOCAL for
    a card of another place, CARD_MAC when the card does not take the code, and what the card or the
    module refuses.
    """
    return _told(card, sam, ids, home, LOCK, key_version)


def unlock_card(
    card: CardLink, sam: CardLink, ids: CardIds, home: frozenset[bytes], *, key_version: int = 1
) -> Locked | Refusal:
    """Take the lock off again, at a counter. Refuses as `lock_card` does."""
    return _told(card, sam, ids, home, UNLOCK, key_version)


def _told(
    card: CardLink,
    sam: CardLink,
    ids: CardIds,
    home: frozenset[bytes],
    instruction: Literal[0x1E, 0x18],
    key_version: int,
) -> Locked | Refusal:
    if ids.issuer8[:ISSUER_BYTES] not in home:
        return Refusal("CARD_NOT_LOCAL")
    challenge = ask(card, Command(0x00, 0x84, 0x00, 0x00, expected=4), 4)
    if isinstance(challenge, Refusal):
        return challenge
    code = _command_code(sam, ids, challenge, instruction, key_version)
    if isinstance(code, Refusal):
        return code
    done = ask(card, Command(0x84, instruction, 0x00, 0x00, code), 0)
    return done if isinstance(done, Refusal) else Locked(instruction)


def _command_code(
    sam: CardLink, ids: CardIds, challenge: bytes, instruction: int, key_version: int
) -> bytes | Refusal:
    """The code over ``84 INS 00 00 04``, begun with the card's challenge."""
    factors = ids.card8 + ids.issuer8
    taken = ask_sam(sam, Command(0x80, 0x1A, LOCK_USAGE, key_version, factors), 0)
    if isinstance(taken, Refusal):
        return taken
    block = 16 if key_version & _SM4_INDEXES else 8
    start = challenge + bytes(block - len(challenge))
    data = start + bytes((0x84, instruction, 0x00, 0x00, 4))
    return ask_sam(sam, Command(0x80, 0xFA, 0x05, 0x00, data, 4), 4)
