"""The cities that the oracle knows: facts and tariff text of each, found by the ride's city.

It only picks the text; what a ride costs stands in the city's own module.
"""

from collections.abc import Callable, Mapping

from tongxing.simulation.oracle import beijing, chongqing
from tongxing.simulation.oracle.geography import City, CityFacts
from tongxing.simulation.oracle.journeys import Journey, Memory, Priced
from tongxing.simulation.oracle.loader import load_facts
from tongxing.simulation.oracle.truth import TruthEvent

Pricer = Callable[[Journey, Memory, City], Priced]

PRICERS: Mapping[str, Pricer] = {chongqing.CODE: chongqing.price, beijing.CODE: beijing.price}


class Atlas:
    """The cities by code, each read when the first ride in it is priced."""

    def __init__(
        self, placeholders: Mapping[str, int], facts: Mapping[str, CityFacts] | None
    ) -> None:
        self._placeholders = placeholders
        self._facts = facts
        self._cities: dict[str, City] = {}

    def city(self, code: str) -> City:
        city = self._cities.get(code)
        if city is None:
            facts = load_facts(code) if self._facts is None else self._facts[code]
            city = self._cities[code] = City(facts, self._placeholders)
        return city

    def price(self, journey: Journey, memory: Memory) -> Priced:
        """Raises ValueError for a city without a tariff text, and what its texts cannot price."""
        pricer = PRICERS.get(journey.last.city)
        if pricer is None:
            raise ValueError(f"the oracle knows no tariff text of city {journey.last.city!r}")
        return pricer(journey, memory, self.city(journey.last.city))

    def highest_fen(self, known: TruthEvent) -> int:
        """What a half trip costs at the most: the fare that is held for it, whoever rides."""
        return self.price(Journey("missing_exit", known, known, known.time_s), Memory()).fare_fen
