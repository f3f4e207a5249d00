"""Where a card's image is kept: whole or not at all, also when the power goes in the middle.

`MemoryStore` is for simulations, `FileStore` for cards that outlive the process. A store never
changes an image and never mends one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from fasteners import InterProcessLock

from tongxing.kernel.files import PART, write_whole
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.chip.image import CardImage
from tongxing.media.card.chip.image_file import from_bytes, to_bytes

_LOCK = ".lock"


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


class CardFileUnreadable(OSError):
    """The file of a card that was there is gone or spoilt; `refusal` says which."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.code)


class FileStore:
    """A card in a file, which only its owner can read. Whoever writes to it claims it first.

    A card that was read here and is gone is not written again: it would come back from the dead.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._swept = False
        self._was_there = False

    def read(self) -> CardImage | Refusal:
        """The card in the file.

        Refuses FILE_NOT_FOUND, FILE_NOT_READABLE, CARD_IMAGE_FOREIGN, CARD_IMAGE_VERSION and
        CARD_IMAGE_DAMAGED.
        """
        where = self._path.name
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return Refusal("FILE_NOT_FOUND", where)
        except OSError:
            return Refusal("FILE_NOT_READABLE", where)
        self._was_there = True
        return from_bytes(raw, where)

    @contextmanager
    def claimed(self) -> Iterator[Refusal | None]:
        """Keep other programs from claiming the card meanwhile; CARD_IMAGE_IN_USE if one has it.

        Where no file can be made beside the card nobody can change it, and it is free for all.
        """
        path = self._path.resolve()
        lock = InterProcessLock(path.with_name(path.name + _LOCK))
        try:
            is_ours = lock.acquire(blocking=False)
        except OSError:
            yield None
            return
        try:
            yield None if is_ours else Refusal("CARD_IMAGE_IN_USE", path.name)
        finally:
            if is_ours:
                lock.release()

    def load(self) -> CardImage:
        found = self.read()
        if isinstance(found, Refusal):
            raise CardFileUnreadable(found)
        return found

    def commit(self, image: CardImage) -> None:
        if self._was_there and not self._path.exists():
            raise CardFileUnreadable(Refusal("FILE_NOT_FOUND", self._path.name))
        if not self._swept:
            self._sweep()
        write_whole(self._path, to_bytes(image), private=True)
        self._was_there = True

    def _sweep(self) -> None:
        """Remove what a killed process left half written; it holds keys too."""
        head = f"{self._path.name}."
        for other in self._path.parent.iterdir():
            if other.name.startswith(head) and other.name.endswith(PART):
                other.unlink(missing_ok=True)
        self._swept = True
