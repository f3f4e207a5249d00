"""Places: China's divisions by their six-digit code, and which place lies within which.

A registry row for a prefecture speaks for its counties (R-215); the *chain* of a place, from itself
outwards, is how a row is found. Where the national standard gives no code (a management committee,
a division of the Xinjiang corps) a place has an id of ours: a code, a hyphen and a word. This
module knows nothing of schemes and must never guess a code from a name's sound.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Level = Literal["province", "prefecture", "county"]

_CODE = re.compile(r"[1-9][0-9]{5}")
_ID = re.compile(r"[1-9][0-9]{5}-[a-z0-9]{2,20}")


@dataclass(frozen=True, slots=True)
class Place:
    """A division. `also` are other names in use; coordinates are micro-degrees, None if unknown.

    `name_en` is empty for most counties: their Chinese name then stands in English texts too.
    """

    code: str
    name_zh: str
    name_en: str = ""
    also: tuple[str, ...] = ()
    pinyin: str = ""
    lon_e6: int | None = None
    lat_e6: int | None = None

    @property
    def level(self) -> Level:
        """Of the code alone: 310000 is a province, 320500 a prefecture, 320583 a county."""
        if self.code[2:] == "0000":
            return "province"
        return "prefecture" if self.code[4:] == "00" else "county"

    def name(self, language: str) -> str:
        """The name in `zh` or `en`; the Chinese one where no English one is recorded."""
        return self.name_zh if language == "zh" else self.name_en or self.name_zh


@dataclass(frozen=True, slots=True)
class Divisions:
    """Every place by its code."""

    by_code: Mapping[str, Place]

    def get(self, code: str) -> Place | None:
        """The place of a code or id, None when it is not on the list."""
        return self.by_code.get(code)

    def name(self, code: str, language: str) -> str:
        """The name of a place; the code itself (cut short) when it is not on the list."""
        place = self.by_code.get(code)
        return place.name(language) if place else code[:24]

    def chain(self, code: str) -> tuple[str, ...]:
        """The place and what encloses it, from the inside out; empty when no part of it is known.

        A county code that is no longer in use still lies in its prefecture, so a validator with an
        old code keeps working. A made-up code in no known province gives an empty chain.
        """
        own: tuple[str, ...] = ()
        if _ID.fullmatch(code):
            if code not in self.by_code:
                return ()
            own, code = (code,), code[:6]
        elif not _CODE.fullmatch(code):
            return ()
        outwards = dict.fromkeys((code, code[:4] + "00", code[:2] + "0000"))
        links = tuple(link for link in outwards if link in self.by_code)
        return (*own, *links) if links else ()

    def province(self, code: str) -> str:
        """The code of the province-level division a place lies in."""
        return code[:2] + "0000"


def part_of_town(code: str) -> Literal["central_urban", "county_town"]:
    """Whether a place is a prefecture's urban part or one of its counties, by its code alone.

    The last two digits of a code are 01-20 for urban districts and 21 or more for counties and
    county-level cities; a code that names only the prefecture is read as its urban part.
    """
    last = code[4:6]
    return "county_town" if last.isascii() and last.isdigit() and last > "20" else "central_urban"
