"""Numbers for words: every text of a set of journeys gets a code, 0 for the empty one.

Codes mean nothing outside the table they were made for.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec import Struct

from tongxing.fares.model import Rider

Who = tuple[str, str, str, bool, str, str]
"""Kind of medium, product, scheme, local; of a visitor also mode and place."""


class Codes:
    """Texts and their codes, in the order in which they were first seen."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self.texts: list[str] = [""]
        self._codes: dict[str, int] = {"": 0}
        for text in texts:
            self.of(text)

    def __len__(self) -> int:
        return len(self.texts)

    def of(self, text: str) -> int:
        """The code of a text, a new one if it has none yet."""
        code = self._codes.get(text)
        if code is None:
            code = self._codes[text] = len(self.texts)
            self.texts.append(text)
        return code

    def find(self, text: str) -> int:
        """The code of a text, -1 if it has none."""
        return self._codes.get(text, -1)


def who_of(rider: Rider, mode: str, place: str) -> Who:
    """What of a rider decides about a plan; mode and place matter for visitors alone."""
    local = rider.issuer_is_local
    where = ("", "") if local else (mode, place)
    return rider.medium_kind, rider.product, rider.scheme, local, *where


class Given(Struct, frozen=True):
    """A base fare that the journey itself states: its fare system, and fen (-1: by the tariff)."""

    system: str = ""
    fare_fen: int = -1


@dataclass
class Codebook:
    """The codes of one set of journeys."""

    modes: Codes
    lines: Codes
    stations: Codes
    vehicles: Codes
    systems: Codes
    packs: Codes
    whos: list[Who]

    @classmethod
    def empty(cls) -> "Codebook":
        """A codebook in which nothing was seen yet."""
        return cls(Codes(), Codes(), Codes(), Codes(), Codes(), Codes(), [])
