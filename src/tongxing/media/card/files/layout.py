"""One table per file says where each field stands; reading and writing both go through it.

A layout never decides whether a card is good: it only says which bytes belong to which field.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files.coding import day_of, digits_of, moment_of

Form = Literal[
    "hex", "digits", "whole", "fen", "date", "moment", "gbk", "ascii", "unknown", "sum10"
]
"""hex = bytes as they are; digits = packed decimal; whole and fen = big-endian numbers; date =
YYYYMMDD, moment = YYYYMMDDhhmmss, both packed decimal; gbk and ascii = text; unknown = bytes that
nobody has explained, kept as they are; sum10 = a local form, see data/local_cards.toml."""

FILE_MAX = 255
"""The most bytes that one short answer carries for one file or record."""


@dataclass(frozen=True, slots=True)
class Field:
    """Where a field stands, how it is written, and the names of its codes ("" if it has none)."""

    name: str
    offset: int
    length: int
    form: Form = "hex"
    codes: str = ""

    @property
    def end(self) -> int:
        """The offset behind the field."""
        return self.offset + self.length


@dataclass(frozen=True, slots=True)
class Layout:
    """A file or record: `size` bytes when whole; under `least` it cannot be used at all.

    `sfi` is the short file identifier, None for what lies in no numbered file. `cyclic` says that
    the file holds many such records, the newest first.
    """

    name: str
    sfi: int | None
    size: int
    least: int
    fields: tuple[Field, ...]
    cyclic: bool = False
    by_name: Mapping[str, Field] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {one.name: one for one in self.fields})

    def gaps(self) -> tuple[tuple[int, int], ...]:
        """Where no field stands: from and to, each within the size."""
        found, at = [], 0
        for one in (*sorted(self.fields, key=lambda one: one.offset), Field("", self.size, 0)):
            if one.offset > at:
                found.append((at, one.offset))
            at = max(at, one.end)
        return tuple(found)

    def refusal(self, raw: bytes) -> Refusal | None:
        """CARD_FILE_LENGTH for bytes that cannot be this file; longer ones are only told about."""
        if self.least <= len(raw) <= FILE_MAX:
            return None
        values = {"file": self.name, "length": len(raw), "expected": min(self.size, FILE_MAX)}
        return Refusal("CARD_FILE_LENGTH", self.name, values)

    def assemble(self, values: Mapping[str, bytes]) -> bytes:
        """A whole file of `size` bytes with these fields; the others are zero.

        Raises KeyError for a field that does not exist, ValueError for one of a wrong length.
        """
        raw = bytearray(self.size)
        for name, value in values.items():
            place = self.by_name[name]
            if len(value) != place.length:
                raise ValueError(f"{self.name}.{name} takes {place.length} bytes")
            raw[place.offset : place.end] = value
        return bytes(raw)


class Fields:
    """The fields of one file's bytes, by name. A field past the end of the bytes is empty."""

    def __init__(self, layout: Layout, raw: bytes) -> None:
        self._layout, self._raw = layout, raw

    def raw(self, name: str) -> bytes:
        """The field's bytes as they are."""
        place = self._layout.by_name[name]
        return self._raw[place.offset : place.end]

    def whole(self, name: str) -> int:
        """The field as a big-endian number (fen, counters, flags)."""
        return int.from_bytes(self.raw(name), "big")

    def digits(self, name: str) -> str | None:
        """The field's packed decimal digits."""
        return digits_of(self.raw(name)) or None

    def day(self, name: str) -> date | None:
        """The field's day."""
        return day_of(self.raw(name))

    def moment(self, name: str) -> str | None:
        """The field's moment YYYYMMDDhhmmss."""
        return moment_of(self.raw(name))
