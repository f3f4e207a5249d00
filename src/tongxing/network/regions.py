"""The two city-code systems that cards carry: region codes of T-Union, postal codes of City Union.

A region code (four digits, GB/T 13497) stands in T-Union files and ride codes, a postal city code
in City Union files. 4000 is Chongqing in one and nothing of the kind in the other, so no function
here takes a code without saying of which system. Codes without a division of today keep their name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from tongxing.network.loading import RegionRow, load_regions
from tongxing.network.registry import load_registry


@dataclass(frozen=True, slots=True)
class Region:
    """A city as a card names it. `division` is its division code of today, "" when it has none.

    `name_zh` is the name the code list gives; `name_en` is empty where none is recorded.
    """

    code: str
    name_zh: str
    name_en: str = ""
    division: str = ""

    def name(self, language: str) -> str:
        """The name in `zh` or `en`; the Chinese one where no English one is recorded."""
        return self.name_zh if language == "zh" else self.name_en or self.name_zh


@dataclass(frozen=True, slots=True)
class RegionTable:
    """Region codes in both directions. Raises ValueError when a division has two to be written."""

    by_code: Mapping[str, RegionRow]
    by_division: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_division", _written(self.by_code.values()))


def _written(rows: Iterable[RegionRow]) -> dict[str, str]:
    """The code to write for each division: the only one, or the one marked so."""
    found: dict[str, list[RegionRow]] = {}
    for row in rows:
        if row.division:
            found.setdefault(row.division, []).append(row)
    written = {}
    for division, several in found.items():
        chosen = several if len(several) == 1 else [row for row in several if row.written]
        if len(chosen) != 1:
            raise ValueError(f"region codes of {division}: none or several to be written")
        written[division] = chosen[0].code
    return written


@cache
def _table() -> RegionTable:
    return RegionTable(load_regions())


def region_of(code: str) -> Region | None:
    """The place of a T-Union region code of four digits, None when nobody knows it."""
    row = _table().by_code.get(code)
    if row is None:
        return None
    place = load_registry().place(row.division)
    return Region(code, row.name_zh, place.name_en if place else "", row.division)


def region_code_of(division: str) -> str | None:
    """The region code that a T-Union card of this division carries, None when it has none."""
    return _table().by_division.get(division)


def city_union_city(code: str) -> Region | None:
    """The city of a City Union code (the beginning of a postal code), None when it is not listed.

    A few codes belong to no city (a science park, an association of sights): their division is "".
    """
    registry = load_registry()
    prefix = next((one for one in registry.city_union_codes if one.prefix == code.upper()), None)
    if prefix is None:
        return None
    place = registry.place(prefix.issuer)
    name = (place.name_zh if place else "") or prefix.brand
    return Region(prefix.prefix, name, place.name_en if place else "", prefix.issuer)
