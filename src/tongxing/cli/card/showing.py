"""Decoded bytes of a card as a table for people: one line for each field.

The object that is shown is the one that ``--json`` prints; nothing is decided here.
"""

from collections.abc import Iterator

from tongxing.cli.common import Words, print_table, say, settings
from tongxing.media.card.describe import Described, words

WORDS = Words("card")
_YUAN = 100


def print_object(found: Described) -> None:
    """One table for each file or record in a decoded object, the outer one first."""
    title = str(found.get(f"file_{settings().language}") or found.get("file") or "")
    rows = list(_rows(found))
    if rows:
        columns = [WORDS(f"column.{name}") for name in ("field", "value", "hex")]
        print_table(title, columns, rows)
    for inner in _inner(found):
        print_object(inner)


def _inner(found: Described) -> Iterator[Described]:
    for key in ("public", "records", "applications"):
        value = found.get(key)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield one


def _rows(found: Described) -> Iterator[tuple[str, str, str]]:
    hexes = found.get("raw_fields")
    raw_fields = hexes if isinstance(hexes, dict) else {}
    for name, value in found.items():
        if name in raw_fields or (name in _PLAIN and value not in (None, "", [])):
            yield field_name(name), _value(found, name, value), str(raw_fields.get(name, ""))
    for key in ("unknown", "extra"):
        parts = found.get(key)
        for part in parts if isinstance(parts, list) else []:
            told = WORDS("show.bytes", at=part["offset"], length=part["length"])
            if part["hex"].strip("0") and part["hex"].strip("F"):
                yield WORDS(f"show.{key}"), told, part["hex"]


_PLAIN = ("aid", "scheme", "label", "preferred_name", "priority", "balance_fen", "brand")


def field_name(name: str) -> str:
    """What people call a field."""
    own = WORDS.find(f"field.{name}")
    return own or words().text(f"field.{name}", settings().language)


def yuan(fen: int) -> str:
    """Money as people read it; the digits behind the point are the fen."""
    whole, rest = divmod(abs(fen), _YUAN)
    return f"{'-' if fen < 0 else ''}{whole}.{rest:02d}"


def _value(found: Described, name: str, value: object) -> str:
    if value is None:
        return "-"
    if name.endswith("_fen") and isinstance(value, int):
        return yuan(value)
    told = found.get(f"{name}_{settings().language}") or found.get(
        f"{name}_city_{settings().language}"
    )
    return f"{value}  {told}" if told else str(value)


def print_face(shown: Described) -> None:
    """A whole card: a table for each purse, its trips, and what else was read."""
    if shown["kind"] == "legacy":
        say(WORDS("read.legacy", chip=shown["chip"], uid=shown["uid"] or "-"))
        return
    language = settings().language
    purses = shown["purses"]
    for purse in purses if isinstance(purses, list) else []:
        title = str(purse[f"scheme_{language}"] or purse["scheme"])
        rows = [(field_name(name), _purse_value(purse, name)) for name in _PURSE_FIELDS]
        print_table(title, [WORDS("column.field"), WORDS("column.value")], rows)
        if purse["account"]:
            say(WORDS("read.account"))
        if purse["locked"]:
            say(WORDS("read.locked"))
        for part, code in purse["unreadable"].items():
            say(WORDS("read.unreadable", part=part, code=code))
        for found in purse["files"].values():
            if found.get("empty") is not True:
                print_object(found)
    if shown["shared_purse"]:
        say(WORDS("read.shared"))


_PURSE_FIELDS = ("aid", "number", "balance_fen", "starts", "expires")


def _purse_value(purse: Described, name: str) -> str:
    value = purse[name]
    if value is None:
        return "-"
    return yuan(value) if name == "balance_fen" and isinstance(value, int) else str(value)
