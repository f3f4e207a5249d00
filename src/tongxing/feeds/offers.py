"""What each kind of rider pays for one portion of a ride, asked of our own pricing.

An offer is the amounts of one base fare in one fare system, by rider and medium, for a medium
without history: no ride before it in this month, nothing to transfer from. The amounts come from
`tongxing.fares` itself, so an exported feed can never disagree with it by a rule read twice.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cached_property
from itertools import pairwise

from msgspec.structs import replace

from tongxing.fares import (
    Anchor,
    BaseFare,
    FarePortion,
    FareState,
    Quote,
    RideFacts,
    Rider,
    Tariff,
)
from tongxing.fares.pricing import settle
from tongxing.fares.rules import Rule, TimeRelief, TransferRelief, VisitorSetting
from tongxing.fares.visitors import CITY_UNION, open_to_visitors, visitor_rows
from tongxing.kernel.clock import DAY_S, at
from tongxing.kernel.workdays import is_workday

CARD, CODE, CASH = "card", "code", "cash"
ORDINARY = "ordinary"
_VISITOR = "visitor-"
_LOOK_DAYS = 400

Amounts = tuple[tuple[str, str, int], ...]
"""Rider, medium, fen; in the order of the riders and media."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Seconds of the day (end excluded) on workdays or on days of rest."""

    workday: bool
    start_s: int
    end_s: int


@dataclass(frozen=True, slots=True)
class Place:
    """What of an entry station prices may depend on: its division, and which early-hours rules
    name it. `station` is one such station."""

    division: str
    early: tuple[str, ...]
    station: str


@dataclass(frozen=True)
class Offers:
    """The riders, media and hours that a tariff tells apart, and what they pay."""

    tariff: Tariff
    day: date

    @cached_property
    def riders(self) -> Mapping[str, Rider]:
        """Riders by the name they have in a feed, ordinary ones first, visitors last."""
        city = self.tariff.city
        names = dict.fromkeys((ORDINARY, *(p for rule in self.tariff.rules for p in rule.products)))
        found = {name: Rider(product=name, scheme=f"local:{city}", issuer=city) for name in names}
        schemes = [rule.scheme for rule in self.tariff.rules if isinstance(rule, VisitorSetting)]
        if visitor_rows(city, self.day):
            schemes.append(CITY_UNION)
        for scheme in dict.fromkeys(schemes):
            found[_VISITOR + scheme] = Rider(scheme=scheme, issuer="", issuer_is_local=False)
        return found

    @cached_property
    def early_rules(self) -> tuple[TimeRelief, ...]:
        return tuple(rule for rule in self.tariff.rules if isinstance(rule, TimeRelief))

    def place(self, station: str, division: str) -> Place:
        """What prices may depend on at a station."""
        named = (rule.id for rule in self.early_rules if station in rule.stations)
        return Place(division, tuple(named), station)

    @cached_property
    def hours(self) -> tuple[Hours, ...]:
        """The stretches of the day that early-hours rules cut; the first is the one to compare
        with: the longest on workdays."""
        edges = {0, DAY_S}
        for rule in self.early_rules:
            edges |= {_second(rule.entry_from), _second(rule.entry_until) + rule.until_included}
        cuts = sorted(edges)
        found = [
            Hours(workday, start, end) for workday in (True, False) for start, end in pairwise(cuts)
        ]
        longest = max(found, key=lambda one: (one.end_s - one.start_s, one.workday))
        return (longest, *(one for one in found if one != longest))

    def amounts(self, portion: "Portion") -> Amounts:
        """What each rider pays with each medium for a ride, alone."""
        return tuple(
            (name, medium, self._quote(portion, rider).charge_fen)
            for name, medium, rider in self.buyers(portion.mode)
        )

    def buyers(self, mode: str) -> Iterator[tuple[str, str, Rider]]:
        """Riders and media that may pay a mode, with the rider as pricing knows it."""
        for name, rider in self.riders.items():
            visits = not rider.issuer_is_local
            if visits and not open_to_visitors(rider.scheme, self.tariff.city, mode):
                continue
            for medium in (CARD, CODE, CASH) if name == ORDINARY else (CARD, CODE):
                yield name, medium, _with_medium(rider, medium)

    def transfer_amounts(
        self, relief: TransferRelief, first: "Portion", second: "Portion"
    ) -> Amounts:
        """What each rider pays for the second leg when it follows the first within the window."""
        firsts = {(name, medium) for name, medium, _ in self.buyers(first.mode)}
        found: list[tuple[str, str, int]] = []
        for name, medium, rider in self.buyers(second.mode):
            anchor = None
            if (name, medium) in firsts:
                anchor = self._quote(first, rider).state.anchor
            quote = self._quote(second, rider, anchor, relief.min_gap_s)
            found.append((name, medium, quote.charge_fen))
        return tuple(found)

    def _quote(
        self, portion: "Portion", rider: Rider, anchor: Anchor | None = None, gap_s: int = 0
    ) -> Quote:
        """The ride at the start of its hours; a leg before it ended `gap_s` earlier, on another
        line, whatever hours it belongs to."""
        begins_s = at(self._sample_day(portion.hours.workday)) + portion.hours.start_s
        line, state = "first", FareState()
        if anchor is not None:
            line, before_s = "second", begins_s - gap_s
            state = FareState(anchor=replace(anchor, entered_s=before_s, exited_s=before_s))
        base = BaseFare(
            (FarePortion(portion.system, portion.rule, portion.fare_fen, -1),), (), portion.fare_fen
        )
        ride = RideFacts(
            mode=portion.mode, line=line, place=portion.place.division,
            origin=portion.place.station, entered_s=begins_s, exited_s=begins_s,
        )  # fmt: skip
        return settle(self.tariff, base, ride, rider, state)

    def _sample_day(self, workday: bool) -> date:
        days = (self.day + timedelta(days=n) for n in range(_LOOK_DAYS))
        return next(day for day in days if is_workday(day) == workday)


@dataclass(frozen=True, slots=True)
class Portion:
    """A ride of one base fare at one place and hour, as `Offers` asks for it."""

    system: str
    mode: str
    rule: str
    fare_fen: int
    place: Place
    hours: Hours


def in_scope(rule: Rule, system: str) -> bool:
    """Whether a rule may touch a fare system at all."""
    return not rule.systems or system in rule.systems


def _with_medium(rider: Rider, medium: str) -> Rider:
    return replace(rider, medium_kind=medium)


def _second(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second
