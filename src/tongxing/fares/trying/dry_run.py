"""A tariff on rides that took place: what they cost before, what they would cost, who pays more.

Every ride is priced twice with the real pricing, medium by medium in the order of charging: with
the tariffs of their days and with one version of the new one, as if it had been in force. Rides
before the period fill the counters and count for nothing else. A ride that one side cannot price is
left out of both, and told. Nobody rides otherwise because of a price here: that is for people to
judge.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from tongxing.fares.city import CityFares, price
from tongxing.fares.counters import parted, with_account
from tongxing.fares.explain import explain
from tongxing.fares.model import FareState, PriceLine, Quote
from tongxing.fares.refusals import pricing_refusal
from tongxing.fares.trying.figures import GroupRow, Spread, Sums, distance_band, spread
from tongxing.fares.trying.ridden import RiddenRide
from tongxing.kernel.clock import local, stamp
from tongxing.kernel.ids import masked
from tongxing.kernel.money import split_largest_remainder
from tongxing.kernel.texts import LANGUAGES

GROUPS = ("system", "operator", "mode", "product", "medium", "distance", "hour")
_IN_KEY_ORDER = ("distance", "hour")
_AFFECTED = 10
_TOLD_EVERY = 1_000
_EMPTY = FareState()


class Affected(Struct, frozen=True):
    """A passenger whose bill changes much: the whole bill, and the one ride that changes most.

    `number` is that of the ride's medium, masked. `rule` is the one whose part of the bill changes
    most. `before` and `after` are that ride's price lines in words, by language.
    """

    number: str
    rides: int
    before_fen: int
    after_fen: int
    rule: str
    when: str
    ride_before_fen: int
    ride_after_fen: int
    before: dict[str, tuple[str, ...]]
    after: dict[str, tuple[str, ...]]

    @property
    def change_fen(self) -> int:
        return self.after_fen - self.before_fen


class Unpriced(Struct, frozen=True):
    """Rides left out: which side could not price them ("before", "after"), why, how many."""

    side: str
    reason: str
    rides: int


class DryRun(Struct, frozen=True):
    """The result: totals, groups by name, the spread over passengers, the most affected."""

    city: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    first: str
    last: str
    total: GroupRow
    groups: dict[str, tuple[GroupRow, ...]]
    spread: Spread
    more: tuple[Affected, ...]
    less: tuple[Affected, ...]
    unpriced: tuple[Unpriced, ...]
    warm_rides: int


@dataclass(frozen=True, slots=True)
class Opening:
    """What media and accounts remembered before the first ride, by medium and by passenger."""

    media: Mapping[str, FareState] = field(default_factory=dict)
    accounts: Mapping[str, FareState] = field(default_factory=dict)


@dataclass(slots=True)
class _Passenger:
    """One passenger's bills so far, and which of their rides changed most."""

    numbers: list[int] = field(default_factory=list)
    before_fen: int = 0
    after_fen: int = 0

    @property
    def change_fen(self) -> int:
        return self.after_fen - self.before_fen


@dataclass(slots=True)
class _Side:
    """One tariff pricing rides in order: the fares, and what media and accounts remember."""

    fares: CityFares
    states: dict[str, FareState] = field(default_factory=dict)
    accounts: dict[str, FareState] = field(default_factory=dict)
    tariffs: dict[str, None] = field(default_factory=dict)

    def refusal(self, one: RiddenRide) -> str:
        """Why this side has no price for a ride; "" when it has one."""
        found = pricing_refusal(self.fares, one.ride, one.rider)
        return "" if found is None else found.code

    def quote(self, one: RiddenRide) -> Quote:
        """Price a ride and remember it."""
        state = self.states.get(one.medium, _EMPTY)
        account = self.accounts.get(one.passenger, _EMPTY)
        quote = price(self.fares, one.ride, one.rider, with_account(state, account))
        self.states[one.medium], self.accounts[one.passenger] = parted(quote.state)
        self.tariffs[quote.tariff] = None
        return quote


def dry_run(
    rides: Sequence[RiddenRide],
    before: CityFares,
    after: CityFares,
    counts_from_s: int = 0,
    counts_until_s: int | None = None,
    opening: Opening | None = None,
    advance: Callable[[int], None] = lambda amount: None,
) -> DryRun:
    """Price rides, in the order of charging, with both fares.

    Rides that begin before `counts_from_s` only fill the counters; those from `counts_until_s` on
    are left alone. `opening` is what was remembered before the first ride, on both sides. `advance`
    hears of every thousand rides done.
    """
    counting = _Counting(before.network.code, opening or Opening())
    sides = counting.side(before), counting.side(after)
    for number, one in enumerate(rides):
        began_s = one.ride.entered_s or one.ride.exited_s
        if counts_until_s is None or began_s < counts_until_s:
            _price_one(counting, sides, number, one, began_s >= counts_from_s)
        if number % _TOLD_EVERY == _TOLD_EVERY - 1:
            advance(_TOLD_EVERY)
    return counting.result(rides, sides)


def _price_one(
    counting: "_Counting", sides: tuple[_Side, _Side], number: int, one: RiddenRide, counts: bool
) -> None:
    for name, side in zip(("before", "after"), sides, strict=True):
        refused = side.refusal(one)
        if refused:
            if counts:
                counting.leave_out(name, refused)
            return
    was, now = sides[0].quote(one), sides[1].quote(one)
    if counts:
        counting.add(sides[0].fares, number, one, was, now)
    else:
        counting.warm_rides += 1


@dataclass(slots=True)
class _Counting:
    """All sums of a dry run while it runs."""

    city: str
    opening: Opening
    warm_rides: int = 0
    first_s: int = 0
    last_s: int = 0
    total: Sums = field(default_factory=Sums)
    groups: dict[str, Sums] = field(default_factory=lambda: {name: Sums() for name in GROUPS})
    passengers: dict[str, _Passenger] = field(default_factory=dict)
    left_out: dict[tuple[str, str], int] = field(default_factory=dict)
    operators: dict[tuple[str, str, str], tuple[tuple[str, int], ...]] = field(default_factory=dict)

    def side(self, fares: CityFares) -> _Side:
        """A side that begins with what was remembered before the first ride."""
        return _Side(fares, dict(self.opening.media), dict(self.opening.accounts))

    def leave_out(self, side: str, reason: str) -> None:
        """Count a ride that a side cannot price."""
        self.left_out[side, reason] = self.left_out.get((side, reason), 0) + 1

    def add(self, fares: CityFares, number: int, one: RiddenRide, was: Quote, now: Quote) -> None:
        """Count a ride in every group that it belongs to."""
        fen = was.charge_fen, now.charge_fen
        ride = one.ride
        began_s = ride.entered_s or ride.exited_s
        self.first_s = min(self.first_s or began_s, began_s)
        self.last_s = max(self.last_s, began_s)
        self.total.add("", *fen)
        metres = [_whole(line.values.get("metres", -1)) for line in _bases(was)]
        whole_m = -1 if ride.missing or min(metres, default=-1) < 0 else sum(metres)
        self.groups["mode"].add(ride.mode, *fen)
        self.groups["product"].add(one.rider.product, *fen)
        self.groups["medium"].add(one.rider.medium_kind, *fen)
        self.groups["distance"].add(distance_band(whole_m), *fen)
        self.groups["hour"].add(f"{local(began_s).hour:02d}", *fen)
        systems = [(str(line.values.get("system", "")), line.amount_fen) for line in _bases(was)]
        _add_shares(self.groups["system"], systems, *fen)
        _add_shares(self.groups["operator"], self._operators(fares, one), *fen)
        passenger = self.passengers.setdefault(one.passenger, _Passenger())
        passenger.numbers.append(number)
        passenger.before_fen += was.charge_fen
        passenger.after_fen += now.charge_fen

    def result(self, rides: Sequence[RiddenRide], sides: tuple[_Side, _Side]) -> DryRun:
        """Everything counted, with the most affected passengers priced once more for the words."""
        ranked = sorted(self.passengers.items(), key=lambda item: (item[1].change_fen, item[0]))
        less = [item for item in ranked[:_AFFECTED] if item[1].change_fen < 0]
        more = [item for item in ranked[: -_AFFECTED - 1 : -1] if item[1].change_fen > 0]
        of_whom = _rides_of(rides, {name for name, _ in (*less, *more)})
        rows = self.total.rows()
        return DryRun(
            city=self.city,
            before=tuple(sides[0].tariffs),
            after=tuple(sides[1].tariffs),
            first=stamp(self.first_s) if self.first_s else "",
            last=stamp(self.last_s) if self.last_s else "",
            total=rows[0] if rows else GroupRow("", 0, 0, 0),
            groups={
                name: sums.rows(by_key=name in _IN_KEY_ORDER) for name, sums in self.groups.items()
            },
            spread=spread(one.change_fen for one in self.passengers.values()),
            more=tuple(self._affected(one, of_whom[name], sides) for name, one in more),
            less=tuple(self._affected(one, of_whom[name], sides) for name, one in less),
            unpriced=tuple(
                Unpriced(side, reason, count)
                for (side, reason), count in sorted(self.left_out.items())
            ),
            warm_rides=self.warm_rides,
        )

    def _affected(
        self,
        passenger: _Passenger,
        rides: Sequence[tuple[int, RiddenRide]],
        sides: tuple[_Side, _Side],
    ) -> Affected:
        """Price one passenger's rides again from the beginning, with a side each."""
        again = self.side(sides[0].fares), self.side(sides[1].fares)
        return _affected(passenger, rides, again)

    def _operators(self, fares: CityFares, one: RiddenRide) -> tuple[tuple[str, int], ...]:
        """Who ran a ride, by metres; a half trip is nobody's that is known."""
        ride, network = one.ride, fares.network
        line = network.lines.get(ride.line)
        if ride.mode != "rail" and line is not None:
            return ((line.operator, 1),)
        key = (ride.origin, ride.destination, "")
        if ride.mode != "rail" or ride.missing or ride.origin == ride.destination:
            return ((one.operator, 1),)
        if key not in self.operators:
            path = fares.path(ride.origin, ride.destination, ride.entered_s)
            portions = () if path is None else path.portions
            self.operators[key] = tuple((part.operator, part.metres) for part in portions)
        return self.operators[key] or ((one.operator, 1),)


def _whole(value: int | str) -> int:
    return value if isinstance(value, int) else -1


def _bases(quote: Quote) -> list[PriceLine]:
    return [line for line in quote.lines if line.kind in ("base", "highest")]


def _add_shares(
    sums: Sums, weighted: Sequence[tuple[str, int]], before_fen: int, after_fen: int
) -> None:
    """Give each key its share of a ride's money by weight; the ride itself counts for the first."""
    weights: dict[str, int] = {}
    for key, weight in weighted:
        weights[key] = weights.get(key, 0) + weight
    if not weights:
        weights = {"": 1}
    if not any(weights.values()):
        weights = dict.fromkeys(weights, 1)
    parts = (
        split_largest_remainder(before_fen, list(weights.values())),
        split_largest_remainder(after_fen, list(weights.values())),
    )
    for index, key in enumerate(weights):
        sums.add(key, parts[0][index], parts[1][index], rides=0 if index else 1)


def _rides_of(
    rides: Sequence[RiddenRide], names: set[str]
) -> dict[str, list[tuple[int, RiddenRide]]]:
    found: dict[str, list[tuple[int, RiddenRide]]] = {name: [] for name in names}
    for number, one in enumerate(rides):
        if one.passenger in names:
            found[one.passenger].append((number, one))
    return found


def _affected(
    passenger: _Passenger,
    rides: Sequence[tuple[int, RiddenRide]],
    sides: tuple[_Side, _Side],
) -> Affected:
    """Price one passenger's rides again, for the rule and the ride that change the bill most."""
    counted = set(passenger.numbers)
    changes: dict[str, int] = {}
    pairs: list[tuple[RiddenRide, Quote, Quote]] = []
    for number, one in rides:
        if any(side.refusal(one) for side in sides):
            continue
        was, now = sides[0].quote(one), sides[1].quote(one)
        if number in counted:
            pairs.append((one, was, now))
            for sign, quote in ((-1, was), (1, now)):
                for line in quote.lines:
                    changes[line.rule] = changes.get(line.rule, 0) + sign * line.amount_fen
    sign = 1 if passenger.change_fen > 0 else -1
    ride, was, now = max(pairs, key=lambda pair: sign * (pair[2].charge_fen - pair[1].charge_fen))
    return Affected(
        number=masked(ride.medium),
        rides=len(passenger.numbers),
        before_fen=passenger.before_fen,
        after_fen=passenger.after_fen,
        rule=max(changes, key=lambda rule: (sign * changes[rule], rule)),
        when=stamp(ride.ride.entered_s or ride.ride.exited_s),
        ride_before_fen=was.charge_fen,
        ride_after_fen=now.charge_fen,
        before=_words(was, sides[0].fares),
        after=_words(now, sides[1].fares),
    )


def _words(quote: Quote, fares: CityFares) -> dict[str, tuple[str, ...]]:
    lines = [line for line in quote.lines if line.amount_fen or line.kind == "base"]
    return {
        language: tuple(explain(line, language, fares) for line in lines) for language in LANGUAGES
    }
