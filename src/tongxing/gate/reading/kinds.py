"""Card kinds and products: what a byte on a medium means to a tariff, as data."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

from msgspec import Struct, convert

MediumSort = Literal["card", "code"]
ORDINARY = "ordinary"
TEST = "test"
_EVERYONE = ""


class _Kinds(Struct, frozen=True, forbid_unknown_fields=True):
    of: str
    source: str
    card: dict[str, str]
    code: dict[str, str]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    kinds: list[_Kinds]


def product_of(issuer: str, sort: MediumSort, kind: int) -> str:
    """The product that a kind byte stands for with this issuer (division code)."""
    named = _tables()
    key = f"{kind:02X}"
    for of in (issuer, _EVERYONE):
        found = named.get((of, sort), {}).get(key)
        if found is not None:
            return found
    return ORDINARY


def kind_of(issuer: str, sort: MediumSort, product: str) -> int:
    """The kind byte under which an issuer puts a product on a medium. Raises KeyError for a
    product that no table names: such a medium cannot be made."""
    for of in (_EVERYONE, issuer):
        for key, named in _tables().get((of, sort), {}).items():
            if named == product:
                return int(key, 16)
    raise KeyError(product)


@cache
def _tables() -> Mapping[tuple[str, MediumSort], Mapping[str, str]]:
    text = files("tongxing.gate.reading.data").joinpath("card_kinds.toml").read_text("utf-8")
    found: dict[tuple[str, MediumSort], Mapping[str, str]] = {}
    for entry in convert(tomllib.loads(text), _File).kinds:
        found[entry.of, "card"] = entry.card
        found[entry.of, "code"] = entry.code
    return found
