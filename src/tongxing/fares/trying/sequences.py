"""Sequences of taps: what a passenger does, what it costs, and whether it still serves the plan.

A sequence is a tuple of steps in order of time. `Bills` prices it with the real pricing, medium by
medium, and prices again only what differs from a known sequence. `serves` is the judge that every
finding must pass; it knows nothing of how the sequence was made.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tongxing.fares.model import FareState, Quote, RideFacts, Rider
from tongxing.fares.trying.plans import Plan
from tongxing.fares.trying.world import World

SECOND = "-2"
"""What the name of a passenger's second medium of a kind ends with."""
_EMPTY = FareState()


@dataclass(frozen=True, slots=True)
class Step:
    """One ride as tapped. `serves` is the number of the planned trip it is (part of), -1 for a
    ride nobody planned. `start` and `end` are where it really runs, whatever was tapped."""

    ride: RideFacts
    medium: str
    serves: int
    start: str
    end: str
    leaves_s: int
    arrives_s: int


Steps = tuple[Step, ...]


def medium_kind(medium: str) -> str:
    """The kind of a medium by its name: "card-2" is a card."""
    return medium.removesuffix(SECOND)


def honest_steps(plan: Plan) -> Steps:
    """The plan, tapped as meant."""
    return tuple(
        Step(
            ride=trip.course.ride(trip.entered_s, trip.exited_s),
            medium=plan.medium_kind,
            serves=number,
            start=trip.course.origin,
            end=trip.course.destination,
            leaves_s=trip.entered_s,
            arrives_s=trip.exited_s,
        )
        for number, trip in enumerate(plan.trips)
    )


def serves(plan: Plan, steps: Steps, delay_s: int) -> bool:
    """Whether the steps bring the passenger through every planned trip, in order, between the
    same places, none arriving more than `delay_s` late, and never in two rides at once."""
    before_s, due = 0, 0
    place = ""
    last_s: dict[int, int] = {}
    for step in steps:
        last_s[step.serves] = max(step.leaves_s, last_s.get(step.serves, step.leaves_s))
    for step in steps:
        if step.leaves_s < before_s or step.arrives_s < step.leaves_s:
            return False
        before_s = step.arrives_s
        if step.serves < 0:
            continue
        if step.serves != due or due >= len(plan.trips):
            return False
        trip = plan.trips[due]
        if step.start != (place or trip.course.origin):
            return False
        place = step.end
        goes_on = last_s[step.serves] > step.leaves_s
        if place == trip.course.destination and not goes_on:
            if step.arrives_s > trip.exited_s + delay_s:
                return False
            due, place = due + 1, ""
    return due == len(plan.trips) and not place


@dataclass(slots=True)
class _Known:
    """A priced sequence: the states before each step, what each step cost, and what is left."""

    steps: Steps
    before: list[tuple[dict[str, FareState], FareState]]
    charges: list[int]
    rest_fen: list[int]


@dataclass(slots=True)
class Bills:
    """Prices sequences of one plan. `priced` counts them: the measure of the search's effort."""

    world: World
    plan: Plan
    priced: int = 0
    _riders: dict[str, Rider] = field(default_factory=dict)
    _known: _Known | None = None

    def rest_on(self, steps: Steps) -> int:
        """Price a sequence wholly and keep it as the one that others are compared with."""
        states: dict[str, FareState] = {}
        account = _EMPTY
        before, charges = [], []
        for step in steps:
            before.append((dict(states), account))
            quote, states[step.medium], account = self._price(step, states, account)
            charges.append(quote.charge_fen)
        before.append((dict(states), account))
        rest_fen = [0]
        for charge_fen in reversed(charges):
            rest_fen.append(rest_fen[-1] + charge_fen)
        self._known = _Known(steps, before, charges, rest_fen[::-1])
        self.priced += 1
        return rest_fen[-1]

    def total_fen(self, steps: Steps) -> int:
        """What a sequence costs in all; only what differs from the kept one is priced."""
        known = self._known
        if known is None:
            return self.rest_on(steps)
        self.priced += 1
        first = _same_ahead(known.steps, steps)
        last = _same_behind(known.steps, steps, first)
        found, account = known.before[first]
        states, shift = dict(found), len(known.steps) - len(steps)
        total_fen = known.rest_fen[0] - known.rest_fen[first]
        for index in range(first, len(steps)):
            if index >= last and known.before[index + shift] == (states, account):
                return total_fen + known.rest_fen[index + shift]
            step = steps[index]
            quote, states[step.medium], account = self._price(step, states, account)
            total_fen += quote.charge_fen
        return total_fen

    def quotes(self, steps: Steps) -> list[Quote]:
        """The quote of each step, for the bill that people read."""
        states: dict[str, FareState] = {}
        account = _EMPTY
        found = []
        for step in steps:
            quote, states[step.medium], account = self._price(step, states, account)
            found.append(quote)
        return found

    def _price(
        self, step: Step, states: dict[str, FareState], account: FareState
    ) -> tuple[Quote, FareState, FareState]:
        rider = self._riders.get(step.medium)
        if rider is None:
            kind = medium_kind(step.medium)
            rider = self._riders[step.medium] = rider_of(self.world, self.plan, kind)
        return self.world.price(step.ride, rider, states.get(step.medium, _EMPTY), account)


def rider_of(world: World, plan: Plan, kind: str) -> Rider:
    """The passenger of a plan with a medium of a kind."""
    city = world.tariff.city
    return Rider(medium_kind=kind, product=plan.product, scheme=f"local:{city}", issuer=city)


def _same_ahead(known: Sequence[Step], steps: Sequence[Step]) -> int:
    for index, (one, other) in enumerate(zip(known, steps, strict=False)):
        if one is not other:
            return index
    return min(len(known), len(steps))


def _same_behind(known: Sequence[Step], steps: Sequence[Step], first: int) -> int:
    """The index in `steps` from which both end alike."""
    index, other = len(steps), len(known)
    while index > first and other > first and steps[index - 1] is known[other - 1]:
        index, other = index - 1, other - 1
    return index
