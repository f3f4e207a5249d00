"""Ways to a card that is not in this program: PC/SC, TCP, a child program; and ways to lend one.

Every way is a `CardLink`, so that whoever talks to the card cannot tell which one it is. Broken
input or output becomes `CardGone`; a reader that is not there becomes a `Refusal`. Nothing here
understands a command: bytes in, bytes out.
"""

from typing import Protocol

from tongxing.media.card.link import CardLink

COMMAND_MAX = 261
"""The longest short command: header, length, 255 bytes, expected length."""


class PoweredCard(CardLink, Protocol):
    """A card whose power can be switched: what it had begun and not finished is forgotten."""

    def reset(self) -> None:
        """Take its power and give it back. Raises CardGone when the card is no longer there."""
