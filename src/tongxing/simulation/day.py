"""The clock of a run: days of travel, the close of each, and the days until all is settled.

One timeline orders what happens between houses; before anything there happens, every street has
lived until that instant, all of them side by side. So the order is the same however fast a machine
is, and whoever runs in which process.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from tongxing.kernel.clock import BUSINESS_DAY_CUT_S, at, business_day_end, month_key
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.network.transport import load_network
from tongxing.simulation.clearing import Clearing
from tongxing.simulation.hosting import Pending
from tongxing.simulation.house import House
from tongxing.simulation.houses import Houses
from tongxing.simulation.opening import rider_openings
from tongxing.simulation.oracle import Close, Expected
from tongxing.simulation.scenario import Scenario
from tongxing.simulation.street import Street, StreetFigures
from tongxing.simulation.timeline import Timeline

_OPENING_AT_S = 3_600


Tell = Callable[[str, object], None]
"""Called with a stage's name and what is new in it."""


@dataclass(slots=True)
class DayClock:
    """Drives the houses of a run through its days."""

    scenario: Scenario
    houses: Houses
    clearing: Clearing
    timeline: Timeline
    first_day: date
    days: int
    tell: Tell
    figures: dict[str, StreetFigures] = field(default_factory=dict)
    half_trips_closed: int = 0
    paid_in_fen: dict[str, int] = field(default_factory=dict)
    closes: list[Close] = field(default_factory=list)
    expected: dict[str, Pending[Expected]] = field(default_factory=dict)

    def open_houses(self) -> None:
        """The night before: passengers come into being, and issuers take over their money."""
        opened_s = at(self.first_day) + _OPENING_AT_S
        self._pass_until(opened_s)
        settled = self.houses.ask_streets(Street.settle_in, opened_s)
        visitors = [person for code in sorted(settled) for person in settled[code].visitors]
        cities = {city.code: city for city in self.scenario.cities}
        floats_fen, month = dict.fromkeys(self.houses.codes, 0), month_key(opened_s)
        for code, found in settled.items():
            floats_fen[code] += found.float_fen
        waiting = []
        for code in self.houses.codes:
            openings = rider_openings(visitors, code, cities, month)
            floats_fen[code] += sum(item.balance_fen for item in openings)
            waiting.append(self.houses.ask(code, House.open_riders, openings, opened_s))
        for answer in waiting:
            answer.result()
        self.clearing.enrol(self._operators(), floats_fen)

    def run(self) -> bool:
        """Live through the days of travel and those that settle them; whether all was settled."""
        for number in range(self.days):
            day = self.first_day + timedelta(days=number)
            self._pass_until(at(day) + BUSINESS_DAY_CUT_S)
            planned = self.houses.ask_streets(Street.begin_day, day)
            self.tell("day", (day.isoformat(), sum(planned.values())))
            self._live_through(day)
        for number in range(self.scenario.defaults.settle_days_max):
            day = self.first_day + timedelta(days=self.days + number)
            self.tell("settling", day.isoformat())
            self._live_through(day)
            if self._all_settled():
                self._ask_oracle()
                return True
        self._ask_oracle()
        return False

    def _live_through(self, day: date) -> None:
        """One business day: close the one before, present its records, go on to the next night."""
        rhythm, cut_s = self.scenario.rhythm, at(day) + BUSINESS_DAY_CUT_S
        before = day - timedelta(days=1)
        if self.first_day <= before < self.first_day + timedelta(days=self.days):
            self.timeline.plan(cut_s + rhythm.close_after_cut_s, self._close_day, before)
        for after_s in rhythm.record_files_after_cut_s:
            self.timeline.plan(cut_s + after_s, self._present_records)
        self._pass_until(business_day_end(day))

    def _pass_until(self, until_s: int) -> None:
        """Let streets and houses live until `until_s`."""
        while True:
            next_s = self.timeline.next_s
            here_s = until_s if next_s is None else min(until_s, next_s)
            self._streets_live_until(here_s)
            if next_s is None or next_s >= until_s:
                self.timeline.run_until(until_s)
                return
            self.timeline.run_until(next_s + 1)

    def _streets_live_until(self, until_s: int) -> None:
        """Let all streets live on, and take what passengers topped up to their issuer's bank."""
        self.figures = self.houses.ask_streets(Street.run_until, until_s)
        for code, found in self.figures.items():
            topped_up_fen = found.travel.topped_up_fen
            self.clearing.pay_in(code, topped_up_fen - self.paid_in_fen.get(code, 0))
            self.paid_in_fen[code] = topped_up_fen

    def _close_day(self, day: date) -> None:
        now_s = self.timeline.now_s
        for code, half_trips in self.houses.ask_all(House.close_day, day, now_s).items():
            if isinstance(half_trips, Refusal):
                raise Problem(half_trips.code, code)
            self.half_trips_closed += half_trips
        self.closes.append(Close(now_s, business_day_end(day)))
        if self.days == 1:
            self._ask_oracle()

    def _ask_oracle(self) -> None:
        """Let the oracle think: after one day, while the hub works, since nothing was decided that
        rests on when taps came in; after several, when all have come in."""
        if not self.expected:
            for code, street in self.houses.streets.items():
                self.expected[code] = street.send(Street.expected, tuple(self.closes))

    def _present_records(self) -> None:
        for code in self.houses.codes:
            if code in self.houses.streets:
                self.clearing.collect_records(code)

    def _all_settled(self) -> bool:
        quiet = all(figures.quiet for figures in self.figures.values())
        if not quiet or not self.clearing.settled:
            return False
        return not any(self.houses.ask_all(House.has_unpresented).values())

    def _operators(self) -> list[str]:
        return sorted(
            operator for code in self.houses.streets for operator in load_network(code).operators
        )
