"""How long a price takes: a fixed mix of rides, timed with a clock that the caller brings.

The reference in the same run is writing the quote as JSON and reading it back, which any system
that keeps quotes must do as well; the ratio of the two means something on any machine.
"""

from collections.abc import Callable
from statistics import median

import msgspec
from msgspec import Struct

from tongxing.fares.city import CityFares, price
from tongxing.fares.model import FareState, Quote, RideFacts, Rider

_STATE_EVERY = 40
_SECONDS_APART = 1_400


class PricingFigures(Struct, frozen=True):
    """Medians per ride in nanoseconds, over so many rides with all paths known."""

    rides: int
    price_ns: int
    json_ns: int

    @property
    def ratio_percent(self) -> int:
        """Pricing against writing and reading the quote, in per cent."""
        return self.price_ns * 100 // max(1, self.json_ns)


def bench_rides(fares: CityFares, count: int, first_s: int) -> list[RideFacts]:
    """A fixed mix: two rail rides and one on another line, one after the other, all day and night.

    Stations are picked by counting through the network, so that the mix never changes.
    """
    lines = list(fares.network.lines.values())
    rail = [one for one in lines if one.fare_system == fares.network.fare_systems[0]]
    others = [one for one in lines if one.mode != "rail"]
    rides: list[RideFacts] = []
    for index in range(count):
        entered_s = first_s + index * _SECONDS_APART
        line = others[index % len(others)] if index % 3 == 2 else rail[index % len(rail)]
        end = line if index % 3 == 2 else rail[(index * 7 + 3) % len(rail)]
        rides.append(
            RideFacts(
                mode=line.mode,
                line="" if line.mode == "rail" else line.id,
                place=line.place,
                origin=line.stations[index % len(line.stations)],
                destination=end.stations[(index * 5 + 1) % len(end.stations)],
                entered_s=entered_s,
                exited_s=0 if line.single_tap else entered_s + 1_200,
            )
        )
    return rides


def time_pricing(
    fares: CityFares, first_s: int, clock_ns: Callable[[], int], count: int = 6_000
) -> PricingFigures:
    """Price the mix twice and time the second pass, when every path is known."""
    rides = bench_rides(fares, count, first_s)
    rider = Rider()
    _pass_over(fares, rides, rider, None)
    quotes: list[Quote] = []
    spent = _pass_over(fares, rides, rider, clock_ns, quotes)
    encode, decoder = msgspec.json.Encoder().encode, msgspec.json.Decoder(Quote)
    written: list[int] = []
    for quote in quotes:
        start = clock_ns()
        decoder.decode(encode(quote))
        written.append(clock_ns() - start)
    return PricingFigures(count, int(median(spent)), int(median(written)))


def _pass_over(
    fares: CityFares,
    rides: list[RideFacts],
    rider: Rider,
    clock_ns: Callable[[], int] | None,
    quotes: list[Quote] | None = None,
) -> list[int]:
    spent: list[int] = []
    state = FareState()
    for index, ride in enumerate(rides):
        if index % _STATE_EVERY == 0:
            state = FareState()
        start = clock_ns() if clock_ns else 0
        quote = price(fares, ride, rider, state)
        if clock_ns:
            spent.append(clock_ns() - start)
        state = quote.state
        if quotes is not None:
            quotes.append(quote)
    return spent
