"""A journey as the tariff texts see it, and what a medium remembers between journeys."""

from dataclasses import dataclass, field

from tongxing.kernel.clock import CHINA_OFFSET_S, DAY_S
from tongxing.simulation.oracle.truth import How, TruthEvent

SAME_STATION_FREE_S = 20 * 60


@dataclass(frozen=True, slots=True)
class Journey:
    """One ride with its known ends: `last` is `first` where only one tap is known.

    The ride belongs to the medium of `last`; `charged_s` is when its money falls due. `amount_fen`
    is the price of a half trip that is ended at a median, -1 for all others.
    """

    how: How
    first: TruthEvent
    last: TruthEvent
    charged_s: int
    amount_fen: int = -1

    @property
    def entered_s(self) -> int:
        """Entry or boarding; of a ride that only shows its exit, the exit."""
        return self.first.time_s

    @property
    def stay_s(self) -> int:
        return self.last.time_s - self.first.time_s

    @property
    def is_half(self) -> bool:
        return self.how in ("missing_exit", "missing_entry", "median")

    @property
    def turned_round(self) -> bool:
        """In and out of the same station within twenty minutes, the limit included."""
        return (
            not self.is_half
            and self.first.station == self.last.station
            and self.stay_s <= SAME_STATION_FREE_S
        )


@dataclass(frozen=True, slots=True)
class Priced:
    """Fare before relief, charge after it, and the rules that led there."""

    fare_fen: int
    charge_fen: int
    why: str


@dataclass(frozen=True, slots=True)
class TransferWindow:
    """A paid first leg that a second leg may still be relieved against, from `since_s` on."""

    boarded_s: int
    since_s: int
    nominal_fen: int
    mode: str
    line: str
    vehicle: str


@dataclass(slots=True)
class Memory:
    """What one medium carries from ride to ride in one city."""

    month: int = 0
    rail_spend_fen: int = 0
    rail_rides: int = 0
    window: TransferWindow | None = None
    other_months: dict[int, tuple[int, int]] = field(default_factory=dict)

    def turn_to(self, month: int) -> None:
        """Take up the counters of a month: each begins at nothing, and none is wiped by another,
        for a half trip may be ended in a month that is over. An open transfer window outlives
        midnight."""
        if month != self.month:
            self.other_months[self.month] = (self.rail_spend_fen, self.rail_rides)
            self.month = month
            self.rail_spend_fen, self.rail_rides = self.other_months.get(month, (0, 0))


def second_of_day(time_s: int) -> int:
    """Seconds since midnight on the wall clock in China."""
    return (time_s + CHINA_OFFSET_S) % DAY_S


def product_here(event: TruthEvent) -> str:
    """The holder class that counts: a city honours its own, any visitor travels as ordinary."""
    return event.product if event.issuer == event.city else "ordinary"
