"""The network between a city's gates and its intake: it loses, doubles, delays and reorders.

The carrier only decides *when* a message arrives, if at all; it never looks inside one. A site that
is cut off gets nothing through in either direction until its outage ends.
"""

from collections.abc import Sequence
from random import Random

from tongxing.simulation.faults import FaultCounts, FaultRates, Range
from tongxing.simulation.seeds import stream

_PPM = 1_000_000
_TRAVEL_S: Range = (1, 9)


class Carrier:
    """Decides the fate of each message, in the order in which they are sent."""

    def __init__(self, seed: int, city: str, rates: FaultRates) -> None:
        self._rates = rates
        self._source = stream(seed, "carrier", city)
        self._outages: dict[str, tuple[int, int]] = {}
        self.counts = FaultCounts()

    def plan_outages(self, seed: int, sites: Sequence[str], opens_s: int, closes_s: int) -> None:
        """Cut off some of the sites for a while that begins between `opens_s` and `closes_s`.

        A site has at most one outage at a time: one that is still cut off is left alone.
        """
        rates = self._rates
        for site in sites:
            source = stream(seed, "outage", site, opens_s)
            if source.randrange(_PPM) >= rates.late_sites_ppm:
                continue
            starts_s = source.randrange(opens_s, closes_s)
            short = source.randrange(10_000) < rates.short_outage_bp
            lasts_s = _between(source, rates.short_outage_s if short else rates.outage_s)
            if self._outages.get(site, (0, 0))[1] <= opens_s:
                self._outages[site] = (starts_s, starts_s + lasts_s)
                self.counts.add("late")

    def cut_off_until(self, site: str, now_s: int) -> int:
        """When the site can be reached again, or 0 when it can be reached now."""
        starts_s, ends_s = self._outages.get(site, (0, 0))
        return ends_s if starts_s <= now_s < ends_s else 0

    def arrivals(self, site: str, now_s: int) -> list[int]:
        """The instants at which a message sent now arrives: none, one or two of them."""
        if self.cut_off_until(site, now_s):
            return []
        rates, source = self._rates, self._source
        arrives_s = now_s + _between(source, _TRAVEL_S)
        drawn = source.randrange(_PPM)
        if drawn < rates.lost_ppm:
            self.counts.add("lost")
            return []
        drawn -= rates.lost_ppm
        if drawn < rates.doubled_ppm:
            self.counts.add("doubled")
            return [arrives_s, arrives_s + _between(source, rates.doubled_gap_s)]
        drawn -= rates.doubled_ppm
        if drawn < rates.reordered_ppm:
            self.counts.add("reordered")
            return [arrives_s + _between(source, rates.reordered_delay_s)]
        return [arrives_s]

    @property
    def last_outage_ends_s(self) -> int:
        """When the last planned outage is over; 0 without any."""
        return max((ends_s for _, ends_s in self._outages.values()), default=0)


def _between(source: Random, bounds: Range) -> int:
    low, high = bounds
    return source.randrange(low, high + 1)
