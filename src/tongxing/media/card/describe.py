"""One file or record of a card as one object for people and programs, every byte accounted for.

Values stand beside the hex signs they were read from; codes carry their names in both languages.
What is not readable is None, what nobody has explained is listed with its offset. Nothing is
hidden either: whoever shows the object decides who may see a card number.
"""

from collections.abc import Callable
from datetime import date
from functools import cache

from tongxing.kernel.texts import LANGUAGES, Catalogue, load_catalogue
from tongxing.media.card.files.coding import day_of, digits_of, moment_of
from tongxing.media.card.files.holder import text_of
from tongxing.media.card.files.layout import Field, Layout
from tongxing.media.card.files.public import PUBLIC
from tongxing.media.card.local import field_value
from tongxing.network import Region, city_union_city, load_registry, region_of

Described = dict[str, object]
"""A value of JSON: numbers, text, lists and objects, nothing else."""


@cache
def words() -> Catalogue:
    """The names of files, fields and codes."""
    return load_catalogue("tongxing.media.card.files")


def describe(layout: Layout, raw: bytes) -> Described:
    """The object of one file or record. Bytes may be missing at the end or be too many.

    `length` and `expected_length` tell both; `missing` names the fields that are not whole.
    """
    found: Described = {
        "file": layout.name,
        **names("file", f"file.{layout.name}"),
        "file_id": None if layout.sfi is None else f"{layout.sfi:02X}",
        "length": len(raw),
        "expected_length": layout.size,
        "empty": not raw.strip(b"\x00") or not raw.strip(b"\xff"),
        "raw": hexed(raw),
    }
    raw_fields: dict[str, str] = {}
    unknown: list[Described] = []
    missing: list[str] = []
    for field in layout.fields:
        part = raw[field.offset : field.end]
        if len(part) < field.length:
            missing.append(field.name)
        if field.form == "unknown":
            unknown += [stretch(field.offset, part)] if part else []
            continue
        value = value_of(field, part) if len(part) == field.length else None
        raw_fields[field.name] = hexed(part)
        found[field.name] = value
        if field.codes:
            found.update(_code_names(field, value))
    if layout is PUBLIC:
        found.update(_printed_number(found["number"]))
    unknown += [stretch(at, raw[at:end]) for at, end in layout.gaps() if raw[at:end]]
    unknown.sort(key=_offset)
    extra = [stretch(layout.size, raw[layout.size :])] if len(raw) > layout.size else []
    return {**found, "raw_fields": raw_fields, "unknown": unknown, "missing": missing,
            "extra": extra}  # fmt: skip


def value_of(field: Field, part: bytes) -> str | int | None:
    """What a whole field says, in a form that JSON has."""
    if field.form in ("whole", "fen"):
        return int.from_bytes(part, "big")
    if field.form == "sum10":
        found = field_value("sum10", part)
        return None if isinstance(found, date) else found
    if field.form in ("gbk", "ascii"):
        return text_of(part, field.form)
    return _TEXT[field.form](part)


def _day(part: bytes) -> str | None:
    day = day_of(part)
    return day.isoformat() if day else None


def _moment(part: bytes) -> str | None:
    text = moment_of(part)
    if text is None:
        return None
    day, clock = f"{text[:4]}-{text[4:6]}-{text[6:8]}", f"{text[8:10]}:{text[10:12]}:{text[12:]}"
    return f"{day}T{clock}"


def hexed(raw: bytes) -> str:
    """Bytes as hex signs, as this room always writes them."""
    return raw.hex().upper()


_TEXT: dict[str, Callable[[bytes], str | None]] = {
    "hex": hexed,
    "digits": digits_of,
    "date": _day,
    "moment": _moment,
}


def stretch(offset: int, raw: bytes) -> Described:
    """Bytes that are kept as they are, and where they stand."""
    return {"offset": offset, "length": len(raw), "hex": hexed(raw)}


def _offset(part: Described) -> int:
    return int(str(part["offset"]))


def names(prefix: str, key: str) -> Described:
    """``<prefix>_zh`` and ``<prefix>_en`` of a text; both None when the catalogue has none."""
    known = key in words().entries
    return {
        f"{prefix}_{language}": words().text(key, language) if known else None
        for language in LANGUAGES
    }


def place_names(prefix: str, region: Region | None) -> Described:
    """``<prefix>_zh`` and ``<prefix>_en`` of a place; both None when it is not known."""
    return {
        f"{prefix}_{language}": region.name(language) if region else None for language in LANGUAGES
    }


def _code_names(field: Field, value: str | int | None) -> Described:
    code = value if isinstance(value, str) else ""
    if field.codes == "region":
        return place_names(field.name, region_of(code))
    if field.codes == "city_union_city":
        return place_names(field.name, city_union_city(code))
    if field.codes == "institution":
        return place_names(f"{field.name}_city", region_of(code[4:8]))
    if field.codes == "record":
        return names(field.name, f"code.industry.{code[2:]}" if code[:2] == "27" else "")
    return names(field.name, f"code.{field.codes}.{code}")


def _printed_number(packed: object) -> Described:
    """The 19 digits of a T-Union number, and whom they name; a zero stands before them."""
    number = packed[1:] if isinstance(packed, str) and packed[0] == "0" else None
    found: Described = {"number": number}
    matches = load_registry().identify(number) if number else ()
    if isinstance(matches, tuple) and matches:
        best = matches[0]
        place = {
            f"number_issuer_{language}": load_registry().place_name(best.issuer, language) or None
            for language in LANGUAGES
        }
        return {**found, "number_check_ok": best.check_ok, "brand": best.brand or None, **place}
    return found
