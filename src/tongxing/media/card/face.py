"""What was read from a card: each purse on it, and what could not be read, by name.

A face is shown and judged by others. It holds a full card number, so its repr does not.
"""

from collections.abc import Mapping
from datetime import date

import msgspec

from tongxing.media.card.applications import Fci, Offer
from tongxing.media.card.files.city_union import CityUnionInfo, Composite
from tongxing.media.card.files.journey import Journey
from tongxing.media.card.files.management import Management
from tongxing.media.card.files.public import PublicInfo
from tongxing.media.card.files.transaction import Transaction
from tongxing.media.card.files.transit import Transit


class PurseFace(msgspec.Struct, frozen=True):
    """One purse. `scheme` is "t_union", "city_union" or a local one ("local:440300").

    `balance_fen` and `number` are None when they could not be read; a balance below zero is
    overdraft in use. `unreadable` names each part that answered nonsense with its reason code;
    a part that the card does not have is simply empty. `raw` keeps the bytes of every part by its
    file: "fci", "15", "17", "1A:1" (record 1 of file 1A), "balance".
    """

    scheme: str
    aid: bytes
    locked: bool = False
    fci: Fci | None = None
    public: PublicInfo | None = None
    city_union: CityUnionInfo | None = None
    management: Management | None = None
    number: str | None = None
    starts: date | None = None
    expires: date | None = None
    balance_fen: int | None = None
    transit: tuple[Transit, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    journeys: tuple[Journey, ...] = ()
    composites: tuple[Composite, ...] = ()
    locals: tuple[bytes, ...] = ()
    unreadable: Mapping[str, str] = msgspec.field(default_factory=dict)
    raw: Mapping[str, bytes] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        return f"PurseFace({self.scheme}, unreadable={sorted(self.unreadable)})"


class CardFace(msgspec.Struct, frozen=True):
    """A card: its purses, the one that a terminal takes first; `offers` is its own directory."""

    purses: tuple[PurseFace, ...]
    offers: tuple[Offer, ...] = ()

    def __repr__(self) -> str:
        return f"CardFace({', '.join(purse.scheme for purse in self.purses)})"

    @property
    def main(self) -> PurseFace:
        """The purse that a terminal takes."""
        return self.purses[0]

    @property
    def scheme(self) -> str:
        """The scheme of the main purse."""
        return self.main.scheme

    @property
    def aid(self) -> bytes:
        """The application of the main purse."""
        return self.main.aid

    @property
    def number(self) -> str | None:
        """The number of the main purse."""
        return self.main.number

    @property
    def public(self) -> PublicInfo | None:
        """File 0x15 of a T-Union purse."""
        return self.main.public

    @property
    def management(self) -> Management | None:
        """File 0x17 of a T-Union purse."""
        return self.main.management

    @property
    def balance_fen(self) -> int | None:
        """What is in the main purse."""
        return self.main.balance_fen

    @property
    def transit(self) -> tuple[Transit, ...]:
        """The trip records of the main purse."""
        return self.main.transit

    @property
    def is_dual(self) -> bool:
        """Whether several schemes have a purse on this card."""
        return len({purse.scheme for purse in self.purses}) > 1
