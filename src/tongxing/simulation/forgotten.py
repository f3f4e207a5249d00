"""What becomes of rides whose last tap is missing: passengers say so, staff help, gates stood open.

Who says what, and when, is drawn from the seed and the ride alone, so no fault of the network moves
it. Everything is said to the city's own service, and written down once more for the oracle. Nothing
here judges what was said.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from tongxing.city import OpenGates as Notice
from tongxing.kernel.clock import at, business_date
from tongxing.simulation.itineraries import Ride
from tongxing.simulation.oracle import OpenGates, Saying
from tongxing.simulation.places import CityMap
from tongxing.simulation.population import Passenger
from tongxing.simulation.scenario import HalfTrips
from tongxing.simulation.seeds import reseed, stream
from tongxing.simulation.timeline import Timeline

_BP = 10_000
_TOO_SOON_S = 60
_HALF_PAST_S = 307
"""Nobody speaks in the very second in which the intake works, which is a full ten minutes."""

STAFF = "counter"

Tell = Callable[[Saying, str, str], str]
"""Says something of a half trip to the city, with the medium and the station where the passenger
left; how it answered."""


@dataclass(slots=True)
class ForgottenFigures:
    """How the city answered those who said something: the way it resolved, or why it refused."""

    answers: dict[str, int] = field(default_factory=dict)


class Forgotten:
    """The half trips of one city's street, from the missing tap to what is said of it."""

    def __init__(
        self,
        code: str,
        seed: int,
        data: HalfTrips,
        city_map: CityMap,
        timeline: Timeline,
        until_s: int,
        tell: Tell,
        announce: Callable[[Notice], None],
    ) -> None:
        self.figures = ForgottenFigures()
        self.sayings: list[Saying] = []
        self.notices: list[OpenGates] = []
        self._code, self._seed, self._data, self._map = code, seed, data, city_map
        self._timeline, self._until_s = timeline, until_s
        self._tell, self._announce = tell, announce
        self._draw = Random(0)
        self._gates: OpenGates | None = None

    def plan_gates(self, number: int, day: date, rides: Sequence[Ride]) -> None:
        """On the day of the open gates, the `number`-th of the run, choose the station and the hour
        in which somebody of `rides` leaves it by rail, and plan the notice."""
        data = self._data.open_gates
        leaving = [ride for ride in rides if ride.mode == "rail" and ride.exits_s]
        if number != data.day or not leaving:
            return
        ride = stream(self._seed, "open gates", self._code).choice(leaving)
        from_s = ride.exits_s - data.minutes * 30
        until_s = from_s + data.minutes * 60
        said_s = until_s + data.said_after_min * 60 + _HALF_PAST_S
        if said_s >= self._until_s:
            return
        name = f"{self._code}-gates-{day.isoformat()}"
        self._gates = OpenGates(
            name, self._code, ride.destination, from_s, until_s, data.free, said_s
        )
        self._timeline.plan(said_s, self._give_notice, self._gates)

    def gates_open(self, ride: Ride, now_s: int) -> bool:
        """Whether passengers leave at the end of this ride without a tap."""
        gates = self._gates
        return (
            gates is not None
            and ride.mode == "rail"
            and ride.destination == gates.station
            and gates.from_s <= now_s <= gates.until_s
        )

    def forgot(self, passenger: Passenger, medium_no: str, known_s: int, ride: Ride) -> None:
        """A passenger with an account has left without a tap; maybe something is said of it."""
        data, draw = self._data, self._draw
        reseed(draw, self._seed, "forgotten", passenger.passenger_id, known_s)
        way = draw.randrange(_BP)
        if way < data.declares.share_bp:
            said_s = self._later(known_s, data.declares.after_days, data.declares.hours)
            station, time_s = self._remembers(known_s, ride)
            saying = Saying(
                f"{passenger.passenger_id}-{known_s}-phone",
                passenger.account,
                known_s,
                station,
                time_s,
                said_s,
            )
        elif way < data.declares.share_bp + data.counter.share_bp:
            said_s = self._later(known_s, data.counter.after_days, data.counter.hours)
            silent = draw.randrange(_BP) < data.counter.silent_bp
            station = "" if silent else ride.destination
            saying = Saying(
                f"{passenger.passenger_id}-{known_s}-{STAFF}",
                passenger.account,
                known_s,
                station,
                None,
                said_s,
                by_staff=True,
            )
        else:
            return
        if saying.said_s < self._until_s:
            self._timeline.plan(saying.said_s, self._say, saying, medium_no, ride.destination)

    def _remembers(self, known_s: int, ride: Ride) -> tuple[str, int | None]:
        """What a passenger states, true or not."""
        data, draw = self._data.declares, self._draw
        if draw.randrange(_BP) < data.implausible_bp:
            elsewhere = self._map.busy_station(draw) if ride.mode == "rail" else ride.origin
            return elsewhere, known_s + _TOO_SOON_S
        untimed = draw.randrange(_BP) < data.untimed_bp
        return ride.destination, None if untimed else ride.arrives_s

    def _later(self, known_s: int, after_days: Sequence[int], hours: Sequence[int]) -> int:
        """A moment on a later day."""
        days = self._draw.randrange(after_days[0], after_days[1] + 1)
        hour = self._draw.randrange(hours[0], hours[1])
        day = business_date(known_s) + timedelta(days=days)
        moment_s = at(day, hour) + self._draw.randrange(3_600)
        return moment_s + _HALF_PAST_S if moment_s % 600 == 0 else moment_s

    def _say(self, saying: Saying, medium_no: str, left_at: str) -> None:
        self.sayings.append(saying)
        answer = self._tell(saying, medium_no, left_at)
        self.figures.answers[answer] = self.figures.answers.get(answer, 0) + 1

    def _give_notice(self, gates: OpenGates) -> None:
        self.notices.append(gates)
        self._announce(
            Notice(
                gates.request_id,
                gates.station,
                gates.from_s,
                gates.until_s,
                gates.free,
                gates.said_s,
                STAFF,
            )
        )
