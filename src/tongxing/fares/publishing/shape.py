"""Keys and types of a tariff file, held against the rule kinds that pricing knows.

The kinds, their keys and their types are asked from the structs themselves, so that a new kind or
key needs no word here. Money and rates are whole numbers: a float is refused with the number that
was probably meant. Nothing here judges what a number says; that is `rates` and its neighbours.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

import msgspec.inspect as shapes

from tongxing.fares.publishing.findings import Notebook, both, near
from tongxing.fares.publishing.positions import Path
from tongxing.fares.rules import FULL_BP, AnyRule, Rule
from tongxing.fares.tariff import TariffFile

RATE = "_bp"
MONEY = "_fen"
NOT_A_SHARE = ("slow_bp",)
"""Keys in basis points that are added on top and so are no share of a fare."""

_PLAIN: dict[type[shapes.Type], tuple[str, Callable[[object], bool]]] = {
    shapes.IntType: ("int", lambda found: isinstance(found, int) and not isinstance(found, bool)),
    shapes.BoolType: ("bool", lambda found: isinstance(found, bool)),
    shapes.StrType: ("str", lambda found: isinstance(found, str)),
    shapes.DateType: (
        "date",
        lambda found: isinstance(found, date) and not isinstance(found, datetime),
    ),
    shapes.TimeType: ("time", lambda found: isinstance(found, time) and found.tzinfo is None),
}


@cache
def rule_shapes() -> Mapping[str, shapes.StructType]:
    """The keys and types of each kind of rule, by the name of the kind."""
    found = shapes.type_info(AnyRule)
    kinds = found.types if isinstance(found, shapes.UnionType) else (found,)
    return {str(kind.tag): kind for kind in kinds if isinstance(kind, shapes.StructType)}


@dataclass(frozen=True, slots=True)
class Sound:
    """What of one rule can be read: its values of right type, and the keys that have none.

    `kind` is "" for a rule whose kind is missing or unknown; only its common keys are here then.
    """

    number: int
    kind: str
    values: Mapping[str, Any]
    unsound: frozenset[str]

    def knows(self, *keys: str) -> bool:
        """Whether each of these keys is right or left out for good."""
        return not self.unsound & set(keys)


def check_shape(notes: Notebook) -> list[Sound]:
    """Note every key and type that is not right; returns what is, rule by rule."""
    document = notes.document.value
    head = shapes.type_info(TariffFile)
    assert isinstance(head, shapes.StructType)
    _check_keys(notes, document, head, ())
    for one in head.fields:
        if one.encode_name in document and one.encode_name != "rule":
            _check_value(notes, document[one.encode_name], one.type, (one.encode_name,))
    rules = document.get("rule")
    if not isinstance(rules, list) or not rules:
        if "rule" in document:
            notes.error("TARIFF_TYPE", ("rule",), **_kinds("rules", rules))
        return []
    found = (_check_rule(notes, rules[number], number) for number in range(len(rules)))
    return [one for one in found if one is not None]


def _check_rule(notes: Notebook, rule: object, number: int) -> Sound | None:
    path: Path = ("rule", number)
    if not isinstance(rule, dict):
        notes.error("TARIFF_TYPE", path, **_kinds("rules", rule))
        return None
    kind = rule.get("kind")
    shape = rule_shapes().get(kind) if isinstance(kind, str) else None
    if shape is None:
        _note_kind(notes, kind, path)
        _check_missing(notes, rule, _common_fields(), path)
    else:
        _check_keys(notes, rule, shape, path)
    fields = _common_fields() if shape is None else shape.fields
    values = {}
    for one in fields:
        key = one.encode_name
        if key in rule and _check_value(notes, rule[key], one.type, (*path, key)):
            values[key] = rule[key]
    wrong = {
        one.encode_name
        for one in fields
        if one.encode_name not in values and (one.required or one.encode_name in rule)
    }
    return Sound(number, "" if shape is None else str(kind), values, frozenset(wrong))


def _note_kind(notes: Notebook, kind: object, path: Path) -> None:
    if kind is None:
        notes.error("TARIFF_KEY_MISSING", path, missing="kind")
        return
    hint = near(str(kind), rule_shapes())
    notes.error("TARIFF_KIND", (*path, "kind"), kind=str(kind), **hint)


@cache
def _common_fields() -> tuple[shapes.Field, ...]:
    """The keys of every kind, for a rule of which the kind is not known."""
    found = shapes.type_info(Rule)
    assert isinstance(found, shapes.StructType)
    return found.fields


@cache
def usual(kind: str, key: str) -> Any:
    """What an optional key of a kind stands for where it is left out, as a file would say it."""
    fields = {one.encode_name: one for one in rule_shapes()[kind].fields}
    found = fields[key].default
    return list(found) if isinstance(found, tuple) else found


def _check_keys(
    notes: Notebook, table: Mapping[str, object], shape: shapes.StructType, path: Path
) -> None:
    known = {one.encode_name for one in shape.fields}
    tag = {shape.tag_field} if shape.tag_field else set()
    for key in table:
        if key not in known | tag:
            missing = known - table.keys()
            hint = near(key, missing or known)
            notes.error_at_key("TARIFF_KEY", (*path, key), unknown=key, **hint)
    _check_missing(notes, table, shape.fields, path)


def _check_missing(
    notes: Notebook, table: Mapping[str, object], fields: Iterable[shapes.Field], path: Path
) -> None:
    for one in fields:
        if one.required and one.encode_name not in table:
            notes.error("TARIFF_KEY_MISSING", path, missing=one.encode_name)


def _check_value(notes: Notebook, found: object, wanted: shapes.Type, path: Path) -> bool:
    """Whether a value has its type; if not, that is noted at the very value or element."""
    if isinstance(wanted, shapes.VarTupleType | shapes.ListType):
        if not isinstance(found, list):
            notes.error("TARIFF_TYPE", path, **_kinds("list", found))
            return False
        checked = [
            _check_value(notes, item, wanted.item_type, (*path, i)) for i, item in enumerate(found)
        ]
        return all(checked)
    if isinstance(wanted, shapes.TupleType):
        return _check_row(notes, found, wanted, path)
    choices = tuple(_choices(wanted))
    for kind in _parts(wanted):
        plain = _PLAIN.get(type(kind))
        if plain is not None and plain[1](found):
            return True
    if isinstance(found, str) and found in choices:
        return True
    if not choices and not any(type(kind) in _PLAIN for kind in _parts(wanted)):
        return True  # a kind of value this check does not know is left to the reader of the file
    _note_type(notes, found, wanted, choices, path)
    return False


def _check_row(notes: Notebook, found: object, wanted: shapes.TupleType, path: Path) -> bool:
    if not isinstance(found, list) or len(found) != len(wanted.item_types):
        notes.error("TARIFF_TYPE", path, **_kinds("row", found))
        return False
    checked = [
        _check_value(notes, item, kind, (*path, index))
        for index, (item, kind) in enumerate(zip(found, wanted.item_types, strict=True))
    ]
    return all(checked)


def _note_type(
    notes: Notebook, found: object, wanted: shapes.Type, choices: tuple[str, ...], path: Path
) -> None:
    names = [_PLAIN[type(kind)][0] for kind in _parts(wanted) if type(kind) in _PLAIN]
    key = next(part for part in reversed(path) if isinstance(part, str))
    written = notes.document.source(path) or str(found)
    is_number = "int" in names and isinstance(found, float | str)
    if is_number and key.endswith(RATE) and key not in NOT_A_SHARE:
        advice = _advice("discount", key, _whole(written, FULL_BP))
        notes.error("TARIFF_DISCOUNT", path, found=written, **advice)
    elif is_number and not choices and (key.endswith(MONEY) or key == "rows"):
        advice = _advice("money", key, _whole(written, 100))
        notes.error("TARIFF_MONEY", path, found=written, **advice)
    elif choices and isinstance(found, str):
        notes.error("TARIFF_CHOICE", path, found=found, **near(found, choices))
    elif names[:1] == ["time"] and written.strip("\"' ").startswith("24:"):
        notes.error("TARIFF_DATES", path, found=written, **both("advice", "dates.midnight"))
    elif names[:1] == ["date"] and isinstance(found, datetime | str):
        advice = both("advice", "dates.day", name=key, day=str(found)[:10])
        notes.error("TARIFF_DATES", path, found=written, **advice)
    else:
        notes.error("TARIFF_TYPE", path, **_kinds(names[0] if names else "choice", found))


def _advice(what: str, key: str, number: int | None) -> dict[str, str]:
    if number is None or key == "rows":
        return both("advice", f"{what}.plain", name=key)
    return both("advice", f"{what}.write", name=key, number=number)


def _whole(written: str, scale: int) -> int | None:
    """What a float or a text was probably meant to be, in whole units; None if that is unclear."""
    text = written.strip("\"' ").removesuffix("元").replace("_", "")
    per = 1
    for sign, parts in (("%", 100), ("折", 10)):
        if text.endswith(sign):
            text, per = text.removesuffix(sign), parts
    try:
        exact = Decimal(text) * scale / per
    except InvalidOperation:
        return None
    most = FULL_BP if scale == FULL_BP else 10**9
    if not exact.is_finite() or not 0 < exact <= most or exact != exact.to_integral_value():
        return None
    return int(exact)


def _parts(wanted: shapes.Type) -> tuple[shapes.Type, ...]:
    return wanted.types if isinstance(wanted, shapes.UnionType) else (wanted,)


def _choices(wanted: shapes.Type) -> Iterator[str]:
    for kind in _parts(wanted):
        if isinstance(kind, shapes.LiteralType):
            yield from (str(value) for value in kind.values)


def _kinds(wanted: str, found: object) -> dict[str, str]:
    """The values `wanted` and `found` of a reason, in words."""
    names = {
        bool: "bool", int: "int", float: "float", str: "str", list: "list", dict: "table",
        datetime: "datetime", date: "date", time: "time",
    }  # fmt: skip
    name = names.get(type(found), "other")
    return both("wanted", f"type.{wanted}") | both("found", f"type.{name}")
