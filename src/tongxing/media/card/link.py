"""The one way to a card or a security module, whatever lies between: bytes there, bytes back.

A software card, a reader over PC/SC and a relay over TCP all look like this, so that whoever talks
to a card cannot tell which it is.
"""

from typing import Literal, Protocol

Gone = Literal["CARD_REMOVED", "CARD_TIMEOUT", "CARD_COLLISION"]
"""Codes of the reason list."""


class CardGone(Exception):
    """The card left the field or gave no answer: nobody knows what it did with the last command."""

    def __init__(self, code: Gone = "CARD_REMOVED") -> None:
        self.code = code
        super().__init__(code)


class CardLink(Protocol):
    """A connection to one card, from the moment it enters the field until it leaves."""

    def transmit(self, command: bytes) -> bytes:
        """Send a command, get the answer with its status word. Raises CardGone."""
