"""An issuer turns a purse into the key to an account: one write under its maintenance key.

The mark stands in the public file (0x15), where every gate reads it before anything else. The write
carries a code under the card's maintenance key (DAMK) over the card's own challenge, so it is good
once, and nobody but the issuer can make it. A card that left in the middle either took the write
whole or not at all; asked again, it says which. No money moves here.
"""

from collections.abc import Callable

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import Command
from tongxing.media.card.applications import CITY_UNION_AID, T_UNION_AID
from tongxing.media.card.files.city_union import ACCOUNT_SUB_TYPE
from tongxing.media.card.files.public import ACCOUNT_MARK
from tongxing.media.card.link import CardLink
from tongxing.media.card.terminal.model import CardIds
from tongxing.media.card.terminal.reading import PUBLIC_BYTES, city_factor, ids_of, select
from tongxing.media.card.terminal.talking import ask
from tongxing.media.crypto.suites import CODE_BYTES, suite_of
from tongxing.media.keys.vault import KeyVault

CHALLENGE_BYTES = 4
_PUBLIC_SFI, _PROTECTED, _UPDATE = 0x95, 0x04, 0xD6
_GET_CHALLENGE = Command(0x00, 0x84, 0x00, 0x00, expected=CHALLENGE_BYTES)
_READ_PUBLIC = Command(0x00, 0xB0, _PUBLIC_SFI, 0x00, expected=PUBLIC_BYTES)


class PurseApplication(msgspec.Struct, frozen=True):
    """An application with a purse that can be sealed: its name, where the mark of a key to an
    account stands in file 0x15, and what that mark is."""

    aid: bytes
    mark_at: int
    mark: bytes

    def is_marked(self, public: bytes) -> bool:
        """Whether the 30 bytes of the public file carry the mark."""
        return public[self.mark_at : self.mark_at + len(self.mark)] == self.mark


T_UNION_PURSE = PurseApplication(T_UNION_AID, 28, ACCOUNT_MARK)
CITY_UNION_PURSE = PurseApplication(CITY_UNION_AID, 29, bytes((ACCOUNT_SUB_TYPE,)))


class CardKeys(msgspec.Struct, frozen=True):
    """Which of an issuer's master keys a card works with, as it says when a purchase begins."""

    algorithm: int
    version: int


class Sealed(msgspec.Struct, frozen=True):
    """A card that carries the mark now; `already` says that it did before this visit."""

    already: bool


def seal_purse(
    card: CardLink, vault: KeyVault, application: PurseApplication, ids: CardIds, keys: CardKeys
) -> Sealed | Refusal:
    """Mark the card in the field as the key to an account. Asked again it changes nothing.

    Refuses RECOVERY_OTHER_CARD for another card than `ids`, CARD_MAC when the card does not take
    the code, what the vault refuses, and what the card refuses (`talking`): after those nobody
    knows whether it took the write, and the next visit finds out.
    """
    public = _public_of(card, application, ids)
    if isinstance(public, Refusal):
        return public
    if application.is_marked(public):
        return Sealed(already=True)
    suite = suite_of(keys.algorithm)
    if suite is None:
        values = {"algorithm": f"{keys.algorithm:02X}"}
        return Refusal("KEY_ALGORITHM_UNSUPPORTED", "algorithm", values)
    factors = (ids.issuer8, ids.card8)
    key = vault.card_key("DAMK", keys.algorithm, keys.version, factors)
    if isinstance(key, Refusal):
        return key
    challenge = ask(card, _GET_CHALLENGE, CHALLENGE_BYTES)
    if isinstance(challenge, Refusal):
        return challenge
    return _written(card, application, lambda head: suite.command_mac(key, challenge, head))


def _public_of(card: CardLink, application: PurseApplication, ids: CardIds) -> bytes | Refusal:
    selected = select(card, application.aid)
    if isinstance(selected, Refusal):
        return selected
    public = ask(card, _READ_PUBLIC, PUBLIC_BYTES)
    if isinstance(public, Refusal):
        return public
    return public if public[10:20] == ids.number10 else Refusal("RECOVERY_OTHER_CARD")


def _written(
    card: CardLink, application: PurseApplication, code_of: Callable[[bytes], bytes]
) -> Sealed | Refusal:
    """UPDATE BINARY of the mark, its code after it."""
    mark = application.mark
    head = bytes((_PROTECTED, _UPDATE, _PUBLIC_SFI, application.mark_at, len(mark) + CODE_BYTES))
    data = mark + code_of(head + mark)
    done = ask(card, Command(_PROTECTED, _UPDATE, _PUBLIC_SFI, application.mark_at, data), 0)
    return done if isinstance(done, Refusal) else Sealed(already=False)


def names_of(application: PurseApplication, public: bytes) -> CardIds:
    """The names of a card in its application, from the 30 bytes of the public file."""
    if application is T_UNION_PURSE:
        return ids_of(public)
    return CardIds(public[10:20], city_factor(public[2:4]), public[12:20])
