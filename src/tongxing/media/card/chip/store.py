"""Where a card's image is kept: whole or not at all, also when the power goes in the middle.

`MemoryStore` is for simulations, `FileStore` for cards that outlive the process. A store never
changes an image and never mends one.
"""

from typing import Protocol

from tongxing.media.card.chip.image import CardImage


class CardStore(Protocol):
    """What a card is kept in."""

    def load(self) -> CardImage:
        """The image last committed. Raises OSError when it cannot be read."""

    def commit(self, image: CardImage) -> None:
        """Take a new image; it is there whole when this returns, else the old one is.

        Raises OSError when it could not be written.
        """


class MemoryStore:
    """A card in this process's memory: a commit changes one reference."""

    def __init__(self, image: CardImage) -> None:
        self._image = image

    def load(self) -> CardImage:
        return self._image

    def commit(self, image: CardImage) -> None:
        self._image = image
