"""What things are called on a page: cities, stations, lines, operators, reasons, codes of lists.

Everything that has an id has a name from the registry, the networks or the catalogue; where none is
known the id itself is shown, never an error. Names are looked up here and nowhere else.
"""

import re
from collections.abc import Mapping
from functools import cache

from tongxing.kernel.reasons import all_reasons
from tongxing.kernel.texts import Catalogue
from tongxing.network.registry import load_registry
from tongxing.network.transport import CityNetwork, Operator, city_codes, load_network

_VALUE = re.compile(r"\{([a-z_]+)\}")


class Names:
    """Names in one language. `words` has the names of closed lists (``product.student``)."""

    def __init__(self, language: str, words: Catalogue) -> None:
        self._language = language
        self._words = words

    def city(self, code: str) -> str:
        """A city by its division code."""
        network = _network(code)
        if network is not None:
            return self._of(network.name_zh, network.name_en)
        name = load_registry().place_name(code, self._language)
        return name.removesuffix("市") if self._language == "zh" else name

    def place(self, code: str) -> str:
        """A division of any level, by its full name."""
        return load_registry().place_name(code, self._language)

    def station(self, city: str, station: str) -> str:
        """A station or stop of a city; "" for the unknown end of a half trip."""
        network = _network(city)
        known = None if network is None else network.stations.get(station)
        return station if known is None else self._of(known.name_zh, known.name_en)

    def line(self, city: str, line: str) -> str:
        """A line of a city."""
        network = _network(city)
        known = None if network is None else network.lines.get(line)
        return line if known is None else self._of(known.name_zh, known.name_en)

    def operator(self, operator: str) -> str:
        """An operator of any city."""
        known = _operators().get(operator)
        return operator if known is None else self._of(known.name_zh, known.name_en)

    def mode(self, mode: str) -> str:
        """A way of travelling: bus, rail, cableway …"""
        return load_registry().mode_name(mode, self._language)

    def scheme(self, scheme: str) -> str:
        """A card scheme."""
        known = load_registry().schemes.get(scheme)
        return scheme if known is None else known.title(self._language)

    def reason(self, code: str) -> str:
        """The text of a code of the reason list; the code when it is not on it."""
        known = all_reasons().get(code)
        return code if known is None else self._for_many(known.text(self._language, {}))

    def next_step(self, code: str) -> str:
        """What to do after a refusal; "" for a code that is not on the list."""
        known = all_reasons().get(code)
        return "" if known is None else self._for_many(known.next_step(self._language, {}))

    def _for_many(self, text: str) -> str:
        """A reason told of many refusals: a word stands in place of each one's value."""

        def word(found: re.Match[str]) -> str:
            key = f"anybody.{found[1].removesuffix('_zh').removesuffix('_en')}"
            entry = self._words.entries.get(key)
            return "…" if entry is None else entry[self._language]

        return _VALUE.sub(word, text)

    def coded(self, group: str, code: str) -> str:
        """The text of a code of a closed list (``product.student``); the code when it has none."""
        key = f"{group}.{code}"
        return self._words.text(key, self._language) if key in self._words.entries else code

    def _of(self, zh: str, en: str) -> str:
        return zh if self._language == "zh" else en


@cache
def _network(city: str) -> CityNetwork | None:
    return load_network(city) if city in city_codes() else None


@cache
def _operators() -> Mapping[str, Operator]:
    return {
        operator.id: operator
        for code in city_codes()
        for operator in load_network(code).operators.values()
    }
