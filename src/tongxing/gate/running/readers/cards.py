"""Cards on a reader: wait for one, hold it until the lane was told, wait until it is taken away.

A card that stays is presented once. How a reader is asked (PC/SC, a relay over TCP) is given as a
function that gives the card in the field, or says why there is none.
"""

from collections.abc import Callable
from typing import Protocol

from tongxing.gate.running.readers.watched import Handed, Reader
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.legacy import LegacyFace, recognise_atr
from tongxing.media.card.link import CardGone
from tongxing.media.card.readers import PoweredCard
from tongxing.media.card.readers.pcsc import PcscLink, open_pcsc
from tongxing.media.card.readers.tcp import open_tcp

LOOK_S = 0.25
_EMPTY = ("READER_NO_CARD", "CARD_REMOVED")
_UNREADABLE = ("CARD_COLLISION", "CARD_TIMEOUT")
"""A field that is empty, and one in which something lies that does not answer: neither is a broken
reader."""


class HeldCard(PoweredCard, Protocol):
    """A card that is let go in the end."""

    atr: bytes

    def close(self) -> None:
        """Let it go."""


Field = Callable[[], HeldCard | Refusal]
Noticed = Callable[[Refusal], None]


def pcsc_field(name: str) -> Field:
    """The field of a reader of this machine."""
    return lambda: open_pcsc(name, wait_s=LOOK_S)


def relay_field(host: str, port: int) -> Field:
    """The field behind a program that lends its card over TCP."""
    return lambda: open_tcp(host, port)


class CardReader(Reader):
    """Presents each card once. `noticed` hears of a card that does not answer."""

    waits = True

    def __init__(self, name: str, field: Field, noticed: Noticed) -> None:
        super().__init__(name)
        self._field, self._noticed = field, noticed

    def read(self, hand: Handed) -> Refusal | None:
        unread = ""
        while not self.stopping:
            card = self._field()
            if isinstance(card, Refusal):
                if card.code not in (*_EMPTY, *_UNREADABLE):
                    return card
                self.ready()
                if card.code in _UNREADABLE and card.code != unread:
                    self._noticed(card)
                unread = card.code if card.code in _UNREADABLE else ""
                self.pause(LOOK_S)
                continue
            self.ready()
            unread = ""
            try:
                hand(_face(card) or card)
                self._until_gone(card)
            finally:
                card.close()
        return None

    def _until_gone(self, card: HeldCard) -> None:
        """A card is there as long as it can be given power anew."""
        while self.pause(LOOK_S):
            try:
                card.reset()
            except CardGone:
                return


def _face(card: HeldCard) -> LegacyFace | None:
    """What an old card without a processor shows of itself; None for any other card."""
    if not isinstance(card, PcscLink) or card.kind != "legacy":
        return None
    try:
        uid = card.uid()
    except CardGone:
        uid = b""
    return recognise_atr(uid, card.atr)
