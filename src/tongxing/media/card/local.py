"""Cards of one city, read as the table `data/local_cards.toml` says; no code here names a city.

What such a card says of itself is shown and nothing more: its keys are the city's own.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from tongxing.media.card.applications import scheme_of
from tongxing.media.card.files.coding import day_of, digits_of
from tongxing.media.card.files.layout import Field, Layout

Where = Literal["application", "mf"]


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of a local card; `tells` are the bytes at `tells_at` by which the card is known."""

    layout: Layout
    where: Where
    tells: bytes
    tells_at: int

    def is_told_by(self, raw: bytes) -> bool:
        """Whether these bytes can be this file of this card."""
        return raw[self.tells_at : self.tells_at + len(self.tells)] == self.tells


@dataclass(frozen=True, slots=True)
class LocalCard:
    """How one city's card is read. The balance in fen is what is stored × `unit` + `shift`."""

    scheme: str
    aid: bytes
    file_id: bytes
    purse: bytes
    files: tuple[LocalFile, ...]
    unit: int
    shift: int

    def file(self, sfi: int) -> LocalFile | None:
        """The described file of a short id."""
        return next((one for one in self.files if one.layout.sfi == sfi), None)

    def balance_fen(self, stored: int) -> int:
        """What a stored balance means."""
        return stored * self.unit + self.shift


@cache
def local_cards() -> Mapping[str, LocalCard]:
    """Every described local card by the name of its scheme."""
    path = files("tongxing.media.card").joinpath("data/local_cards.toml")
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["card"]
    return {row["scheme"]: _card(row) for row in rows}


def local_by_data(aid: bytes, data: bytes) -> LocalCard | None:
    """The local card that answers under this AID and whose file 15 begins as its table says.

    Under a scheme's own AID only a telling beginning makes a card a local one.
    """
    for card in local_cards().values():
        file = card.file(0x15)
        is_named = bool(card.aid) and aid.startswith(card.aid)
        if is_named and file and file.is_told_by(data) and (file.tells or not scheme_of(aid)):
            return card
    return None


def field_value(form: str, raw: bytes) -> str | date | None:
    """What a field of a local card says; None when it is not readable."""
    if form == "sum10":
        return _with_check_digit(int.from_bytes(raw, "little")) if raw else None
    if form == "date":
        return day_of(raw)
    return digits_of(raw) or None


def _with_check_digit(number: int) -> str:
    """The number with the digit behind it that makes the digit sum a multiple of ten."""
    digits = str(number)
    return digits + str(-sum(map(int, digits)) % 10)


def _card(row: Mapping[str, Any]) -> LocalCard:
    return LocalCard(
        scheme=row["scheme"],
        aid=bytes.fromhex(row.get("aid", "")),
        file_id=bytes.fromhex(row.get("file_id", "")),
        purse=bytes.fromhex(row.get("purse", "")),
        files=tuple(_file(one) for one in row["file"]),
        unit=row.get("unit", 1),
        shift=row.get("shift", 0),
    )


def _file(row: Mapping[str, Any]) -> LocalFile:
    fields = tuple(Field(**one) for one in row["fields"])
    layout = Layout("local_card", row["sfi"], row["size"], row["size"], fields)
    tells = bytes.fromhex(row.get("tells", ""))
    return LocalFile(layout, row["in"], tells, row.get("tells_at", 0))
