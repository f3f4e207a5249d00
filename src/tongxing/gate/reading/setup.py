"""What a site needs to take real media: its security modules, whom it trusts, its own codes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tongxing.media.card.link import CardLink
from tongxing.media.card.terminal import IssuerList
from tongxing.media.code.caching import CodeCaches
from tongxing.media.code.verify import Trust
from tongxing.media.crypto.sm2 import Sm2
from tongxing.network.transport import CityNetwork

DES_KEYS, SM4_KEYS = 0x01, 0x41
"""Which of a card's keys a terminal works with."""


class PlaceCodes:
    """How this operator numbers its lines and stations on cards: by their order of name, from 1."""

    def __init__(self, network: CityNetwork) -> None:
        self._network = network

    def line(self, name: str) -> int:
        """The number of a line, 0 for none."""
        return self._lines.get(name, 0)

    def station(self, name: str) -> int:
        """The number of a station, 0 for one that is not of this city."""
        return self._stations.get(name, 0)

    def line_of(self, number: int, likely: str) -> str:
        """The line whose number ends in these 8 bits: the likely one, else the first; "" for none.

        The common record has one byte for a line, so that a city of many lines repeats itself.
        """
        fits = [name for name, of in self._lines.items() if number and of & 0xFF == number]
        return likely if likely in fits else (fits or [""])[0]

    def station_of(self, number: int) -> str:
        """The station of a number, "" for none."""
        return self._names.get(number, "")

    def place_of(self, line: str) -> str:
        """The division code of a line's place, "" for an unknown line."""
        found = self._network.lines.get(line)
        return "" if found is None else found.place

    @cached_property
    def _names(self) -> Mapping[int, str]:
        return {number: name for name, number in self._stations.items()}

    @cached_property
    def _lines(self) -> Mapping[str, int]:
        return {name: number for number, name in enumerate(sorted(self._network.lines), start=1)}

    @cached_property
    def _stations(self) -> Mapping[str, int]:
        return {name: number for number, name in enumerate(sorted(self._network.stations), start=1)}


@dataclass(frozen=True, slots=True)
class RecoveryRules:
    """What happens to a card that was torn from the field.

    A passenger who comes back within `window_s` for the same thing walks through without another
    charge. A purchase nobody came back for is reported unconfirmed after `report_after_s`, and kept
    for its card until `forget_after_s`; of more than `most` that wait the oldest go first.
    """

    window_s: int = 120
    report_after_s: int = 86_400
    forget_after_s: int = 60 * 86_400
    most: int = 500


@dataclass(frozen=True, slots=True)
class MediaSetup:
    """How a site reads media.

    `sam_of` gives the security module of a terminal by its id. `region` (four digits) and
    `institution` (8 bytes) are how cards name this city and its acquirer, `places` how this
    operator numbers its lines and stations. `issuers` says of each issuer of ride codes, by the 8
    digits of its id, its scheme and its division code. `home` are the 4-byte codes of the issuers
    whose denied cards are locked on the spot; `card_issuers` is the white list of issuers of
    T-Union cards, without which every issuer of a known place is welcome. `signs_code`: the City
    Union cards of this place have terminals sign their 9-byte code too.
    """

    sam_of: Callable[[str], CardLink]
    trust: Trust
    region: str
    institution: bytes
    places: PlaceCodes
    issuers: Mapping[str, tuple[str, str]]
    home: frozenset[bytes] = frozenset()
    card_issuers: IssuerList | None = None
    signs_code: bool = False
    key_index: int = DES_KEYS
    caches: CodeCaches = field(default_factory=CodeCaches)
    sm2: Sm2 | None = None
    recovery: RecoveryRules = field(default_factory=RecoveryRules)
