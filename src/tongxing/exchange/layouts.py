"""What stands where in a file of JT/T 978.4: fields, offsets and how sure we are, read from data.

**Nothing here was compared with the standard.** Where sources contradict one another, or leave a
width open, a layout has variants; the record length in a file's header decides among them, or
whoever reads names one. A member that has bought the standard brings corrected files of its own.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec

from tongxing.kernel.reasons import Problem

CODES = ("LD", "CL", "FB", "BP", "ED", "AD", "UC", "DC", "BN", "UPLOAD")
Kind = Literal[
    "digits", "amount", "decimal", "date", "time", "datetime", "code", "flag", "gbk", "reserved"
]
Certainty = Literal["H", "M", "L"]


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field: `offset` and `length` in bytes. `certainty` is that of its name and length,
    `placed` that of its offset: H two independent witnesses, M one good one, L a guess or a single
    weak one. `blank` allows spaces for "nothing"; `fill` is what the reserved is filled with."""

    name: str
    zh: str
    en: str
    offset: int
    length: int
    kind: Kind
    certainty: Certainty
    placed: Certainty
    blank: bool = False
    fill: str = " "
    values: tuple[str, ...] = ()
    note_zh: str = ""
    note_en: str = ""

    @property
    def end(self) -> int:
        return self.offset + self.length


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One form of a record: its length without evidence, and the fields (offset, length) that
    differ from the layout's."""

    name: str
    record_length: int
    zh: str
    en: str
    fields: dict[str, tuple[int, int]] = {}


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of file, as of a day. `evidence_bytes_max` is 0 where records carry no evidence;
    `template` marks a layout that was made here because nobody has seen the real one."""

    code: str
    from_day: date
    zh: str
    en: str
    way_zh: str
    way_en: str
    section: str
    certainty: Certainty
    field: tuple[Field, ...]
    variant: tuple[Variant, ...]
    evidence_bytes_max: int = 0
    template: bool = False


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The two lines before the records."""

    version: str
    length: int
    certainty: Certainty
    field: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A layout in one of its variants: the fields with the places they have there."""

    layout: Layout
    variant: Variant
    fields: tuple[Field, ...]

    @property
    def code(self) -> str:
        return self.layout.code

    @property
    def record_length(self) -> int:
        return self.variant.record_length

    @property
    def line_bytes_max(self) -> int:
        return self.record_length + self.layout.evidence_bytes_max

    def field(self, name: str) -> Field:
        """A field by name. Raises KeyError."""
        return {field.name: field for field in self.fields}[name]


@dataclass(frozen=True, slots=True)
class LayoutBook:
    """The header and all layouts, the layouts of one code by their day."""

    header: Header
    layouts: tuple[Layout, ...]

    def shapes(self, code: str, day: date) -> tuple[Shape, ...]:
        """The forms a file of this code and day can have; () for a code that is not known. Before
        the first layout of a code, that one holds."""
        dated = [layout for layout in self.layouts if layout.code == code]
        begun = [layout for layout in dated if layout.from_day <= day] or dated[:1]
        return tuple(_shape(begun[-1], variant) for variant in begun[-1].variant) if begun else ()


@cache
def load_layouts() -> LayoutBook:
    """The layouts that come with the project."""
    folder = files("tongxing.exchange").joinpath("data")
    named = {entry.name: entry.read_bytes() for entry in folder.iterdir()}
    return parse_layouts({name: text for name, text in named.items() if name.endswith(".toml")})


def load_folder(folder: Path) -> LayoutBook:
    """Layouts from a folder of one's own, of the same form. Raises Problem(EXCHANGE_LAYOUTS)."""
    return parse_layouts({path.name: path.read_bytes() for path in folder.glob("*.toml")})


def parse_layouts(named: dict[str, bytes]) -> LayoutBook:
    """The layouts of some files, `header.toml` among them.

    Raises Problem(EXCHANGE_LAYOUTS) naming the file and the first thing wrong: fields must follow
    each other without gap or overlap, in each variant, up to its record length.
    """
    header: Header | None = None
    layouts: list[Layout] = []
    for name, text in sorted(named.items()):
        try:
            raw = tomllib.loads(text.decode("utf-8"))
            if name == "header.toml":
                header = msgspec.convert(raw, Header)
                _expect_gapless(header.field, header.length)
                continue
            layout = msgspec.convert(raw, Layout)
            for variant in layout.variant:
                _expect_gapless(_shape(layout, variant).fields, variant.record_length)
            _expect_told_apart(layout)
        except (ValueError, msgspec.ValidationError) as error:
            raise Problem("EXCHANGE_LAYOUTS", name, detail=str(error)) from error
        layouts.append(layout)
    if header is None or not layouts:
        raise Problem("EXCHANGE_LAYOUTS", "header.toml", detail="header or layouts are missing")
    return LayoutBook(header, tuple(sorted(layouts, key=lambda one: (one.code, one.from_day))))


def _shape(layout: Layout, variant: Variant) -> Shape:
    unknown = set(variant.fields) - {field.name for field in layout.field}
    if unknown:
        raise ValueError(f"variant {variant.name}: no field {sorted(unknown)}")
    placed = [
        msgspec.structs.replace(
            field,
            offset=variant.fields.get(field.name, (field.offset, field.length))[0],
            length=variant.fields.get(field.name, (field.offset, field.length))[1],
        )
        for field in layout.field
    ]
    return Shape(layout, variant, tuple(placed))


def _expect_gapless(fields: tuple[Field, ...], length: int) -> None:
    at = 0
    for field in fields:
        if field.offset != at or field.length < 1:
            raise ValueError(f"{field.name} begins at {field.offset}, expected {at}")
        at = field.end
    if at != length:
        raise ValueError(f"the fields make up {at} bytes, not {length}")


def _expect_told_apart(layout: Layout) -> None:
    lengths = [variant.record_length for variant in layout.variant]
    if not lengths or len(set(lengths)) != len(lengths):
        raise ValueError("variants need record lengths that tell them apart")
