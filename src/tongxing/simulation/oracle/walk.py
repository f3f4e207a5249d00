"""The single pass over the truth list: who was inside, which taps make a ride, when it falls due.

The pass prices each ride the moment it is complete, so that the counters of a medium are always
what they were then. It must see every event once, in the order of time, and never look back.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter

from tongxing.kernel.clock import business_date, business_day_end
from tongxing.simulation.oracle import beijing, chongqing
from tongxing.simulation.oracle.geography import City, CityFacts
from tongxing.simulation.oracle.journeys import Journey, Memory, Priced
from tongxing.simulation.oracle.loader import load_facts
from tongxing.simulation.oracle.truth import (
    Expected,
    ExpectedRide,
    How,
    OpeningCounters,
    TruthEvent,
)

Pricer = Callable[[Journey, Memory, City], Priced]

PRICERS: Mapping[str, Pricer] = {chongqing.CODE: chongqing.price, beijing.CODE: beijing.price}


def expected_charges(
    events: Sequence[TruthEvent],
    closed_until_s: int,
    opening: Mapping[str, OpeningCounters] | None = None,
    *,
    placeholders: Mapping[str, int] | None = None,
    cities: Mapping[str, CityFacts] | None = None,
) -> Expected:
    """What every passenger should have paid for what the gates let through.

    `closed_until_s` is the last business-day end whose close has run: half trips of account media
    are charged up to it. `opening` holds month counters by medium number. `placeholders` are fares
    in fen, by line id or by fare system, that no source names (the cableway's and the county
    buses' above all). `cities` gives the network facts by division code; without it they are read
    from the package.

    Raises ValueError for an event the texts cannot price or nobody pays for, and for a purse that
    left without having entered, since no gate may open to one.
    """
    walk = _Walk(opening or {}, placeholders or {}, cities)
    for event in sorted(events, key=attrgetter("time_s")):
        walk.see(event)
    walk.close_business_days(closed_until_s)
    return walk.answer()


class _Walk:
    """Who is inside, what each medium remembers, and the rides found so far."""

    def __init__(
        self,
        opening: Mapping[str, OpeningCounters],
        placeholders: Mapping[str, int],
        cities: Mapping[str, CityFacts] | None,
    ) -> None:
        self._opening = opening
        self._placeholders = placeholders
        self._facts = cities
        self._cities: dict[str, City] = {}
        self._inside: dict[str, TruthEvent] = {}
        self._memories: dict[tuple[str, str], Memory] = {}
        self._rides: list[ExpectedRide] = []
        self._sums_fen: dict[str, int] = {}

    def see(self, event: TruthEvent) -> None:
        payer = event.payer
        if not payer:
            raise ValueError(f"nobody pays for the tap of {event.medium_no!r} at {event.time_s}")
        entry = self._inside.get(payer)
        if entry is not None and entry.funding == "account" and event.time_s >= _day_end(entry):
            self._leave_unpaired(payer, _day_end(entry))
            entry = None
        if event.kind == "exit":
            self._exit(payer, entry, event)
            return
        # A purse settles its half trip at any next tap, an account only at a second entry.
        if entry is not None and (event.kind == "entry" or entry.funding == "purse"):
            if entry.city == event.city:
                self._leave_unpaired(payer, event.time_s)
            elif event.kind == "entry":
                raise ValueError(
                    f"a gate of {event.city} let {payer} in at {event.time_s}, "
                    f"whose ride in {entry.city} is still open"
                )
        if event.kind == "entry":
            self._inside[payer] = event
        elif event.kind == "ride":
            self._charge("single_tap", event, event, event.time_s)
        else:
            raise ValueError(f"no event is of kind {event.kind!r}")

    def close_business_days(self, closed_until_s: int) -> None:
        """Charge the account half trips whose business day has been closed, in order of time."""
        due: Iterable[tuple[int, str]] = sorted(
            (_day_end(entry), payer)
            for payer, entry in self._inside.items()
            if entry.funding == "account" and _day_end(entry) <= closed_until_s
        )
        for end_s, payer in due:
            self._leave_unpaired(payer, end_s)

    def answer(self) -> Expected:
        rides = sorted(self._rides, key=attrgetter("first_tap_s", "medium_no"))
        return Expected(tuple(rides), self._sums_fen)

    def _exit(self, payer: str, entry: TruthEvent | None, event: TruthEvent) -> None:
        if entry is not None and _belong_together(entry, event):
            del self._inside[payer]
            same_medium = entry.medium_no == event.medium_no
            how: How = "both_taps" if same_medium else "paired_by_account"
            self._charge(how, entry, event, event.time_s)
        elif event.funding == "account":
            self._charge("missing_entry", event, event, event.time_s)
        else:
            raise ValueError(
                f"a gate opened to purse {event.medium_no} at {event.time_s} "
                f"leaving {event.city}/{event.station}, where it had never entered"
            )

    def _leave_unpaired(self, payer: str, charged_s: int) -> None:
        entry = self._inside.pop(payer)
        self._charge("missing_exit", entry, entry, charged_s)

    def _charge(self, how: How, first: TruthEvent, last: TruthEvent, charged_s: int) -> None:
        memory = self._memory(last.medium_no, last.city)
        journey = Journey(how, first, last, charged_s)
        pricer = PRICERS.get(last.city)
        if pricer is None:
            raise ValueError(f"the oracle knows no tariff text of city {last.city!r}")
        priced = pricer(journey, memory, self._city(last.city))
        self._rides.append(
            ExpectedRide(
                last.medium_no,
                last.account,
                first.time_s,
                how,
                priced.fare_fen,
                priced.charge_fen,
                priced.why,
                last.city,
                charged_s,
            )
        )
        payer = last.payer
        self._sums_fen[payer] = self._sums_fen.get(payer, 0) + priced.charge_fen

    def _memory(self, medium_no: str, city: str) -> Memory:
        memory = self._memories.get((medium_no, city))
        if memory is None:
            opening = self._opening.get(medium_no)
            memory = Memory()
            if opening is not None:
                memory.month = opening.month
                memory.rail_spend_fen = opening.rail_spend_fen.get(city, 0)
                memory.rail_rides = opening.rail_rides.get(city, 0)
            self._memories[medium_no, city] = memory
        return memory

    def _city(self, code: str) -> City:
        city = self._cities.get(code)
        if city is None:
            facts = load_facts(code) if self._facts is None else self._facts[code]
            city = self._cities[code] = City(facts, self._placeholders)
        return city


def _day_end(entry: TruthEvent) -> int:
    return business_day_end(business_date(entry.time_s))


def _belong_together(entry: TruthEvent, event: TruthEvent) -> bool:
    """Rail pairs anywhere in a city; on a bus both taps are at the readers of one vehicle."""
    if entry.city != event.city or entry.mode != event.mode:
        return False
    return event.mode != "bus" or (entry.line, entry.vehicle) == (event.line, event.vehicle)
