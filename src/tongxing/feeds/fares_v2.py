"""Fares v2 as written: which legs count as one, which rules a leg matches, what its products cost.

Reference: gtfs.org, fare_leg_rules.txt and its neighbours (docs/gtfs.md). With a column
`rule_priority` an empty field "does not matter" and the highest priority wins; without it an empty
field means "whatever is not listed in this column", and a rule without empty fields goes first.
Where the format leaves a choice to the rider (several products match), each is kept, and
`transfers` takes the cheapest. This module must never guess a fare that no rule names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from tongxing.feeds.model import FareProduct, Feed, LegRule, Timeframe, TransferRule


@dataclass(frozen=True, slots=True)
class Leg:
    """One ride on one route, in seconds since 1970 UTC. `passed` are its stops, ends included."""

    route: str
    origin: str
    destination: str
    depart_s: int
    arrive_s: int
    passed: tuple[str, ...] = ()
    trip: str = ""


@dataclass(frozen=True, slots=True)
class EffectiveLeg:
    """One leg, or several that the join rules of these rows make one."""

    legs: tuple[Leg, ...]
    network: str
    join_rows: tuple[int, ...] = ()

    @property
    def first(self) -> Leg:
        return self.legs[0]

    @property
    def last(self) -> Leg:
        return self.legs[-1]


@dataclass(frozen=True, slots=True)
class Priced:
    """A leg rule that matches, with the product row that a rider and a medium would use."""

    rule: LegRule
    product: FareProduct


@dataclass(frozen=True)
class Matcher:
    """The leg rules of a feed, sorted out so that a leg finds its rules at once."""

    feed: Feed

    @cached_property
    def _index(self) -> Mapping[tuple[str, str, str], tuple[LegRule, ...]]:
        found: dict[tuple[str, str, str], list[LegRule]] = {}
        for rule in self.feed.leg_rules:
            found.setdefault((rule.network, rule.from_area, rule.to_area), []).append(rule)
        return {key: tuple(rules) for key, rules in found.items()}

    @cached_property
    def _listed(self) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        rules = self.feed.leg_rules
        return (
            frozenset(rule.network for rule in rules if rule.network),
            frozenset(rule.from_area for rule in rules if rule.from_area),
            frozenset(rule.to_area for rule in rules if rule.to_area),
        )

    def rules(self, leg: EffectiveLeg) -> tuple[LegRule, ...]:
        """The rules that set the cost of a leg, in the file's order; none where it is unknown."""
        matched = [
            rule
            for rule in self._of_places(leg)
            if self._in_time(rule.from_timeframe, leg.first.origin, leg.first.depart_s)
            and self._in_time(rule.to_timeframe, leg.last.destination, leg.last.arrive_s)
        ]
        if self.feed.has_priority:
            highest = max((rule.priority for rule in matched), default=0)
            return tuple(rule for rule in matched if rule.priority == highest)
        exact = tuple(rule for rule in matched if self._is_exact(rule))
        return exact or tuple(matched)

    @cached_property
    def _transfers(self) -> Mapping[tuple[str, str], tuple[TransferRule, ...]]:
        found: dict[tuple[str, str], list[TransferRule]] = {}
        for rule in self.feed.transfers:
            found.setdefault((rule.from_group, rule.to_group), []).append(rule)
        return {key: tuple(rules) for key, rules in found.items()}

    @cached_property
    def _transfer_ends(self) -> tuple[frozenset[str], frozenset[str]]:
        rules = self.feed.transfers
        return frozenset(r.from_group for r in rules), frozenset(r.to_group for r in rules)

    def transfers(self, from_group: str, to_group: str) -> tuple[TransferRule, ...]:
        """The transfer records for two leg groups: exact ones, else those with empty fields.

        A leg without a group takes part in no transfer. The order of the groups matters.
        """
        if not from_group or not to_group:
            return ()
        exact = self._transfers.get((from_group, to_group))
        if exact:
            return exact
        froms, tos = self._transfer_ends
        keys = [
            (one, other)
            for one in (from_group, "")
            for other in (to_group, "")
            if (one or from_group not in froms) and (other or to_group not in tos)
        ]
        return tuple(rule for key in keys for rule in self._transfers.get(key, ()))

    def _of_places(self, leg: EffectiveLeg) -> list[LegRule]:
        """The rules that match a leg's network and areas, whatever the time."""
        axes = zip(
            ((leg.network,) if leg.network else (),
             self.feed.areas_of(leg.first.origin), self.feed.areas_of(leg.last.destination)),
            self._listed, strict=True,
        )  # fmt: skip
        keys = [[*values, *self._empty(values, listed)] for values, listed in axes]
        found = [
            rule
            for network in keys[0]
            for origin in keys[1]
            for destination in keys[2]
            for rule in self._index.get((network, origin, destination), ())
        ]
        return sorted(found, key=lambda rule: rule.row)

    def _empty(self, values: Sequence[str], listed: frozenset[str]) -> tuple[str, ...]:
        """An empty field as one more value, where it matches these."""
        if self.feed.has_priority or not values or not all(one in listed for one in values):
            return ("",)
        return ()

    def _is_exact(self, rule: LegRule) -> bool:
        """Whether a rule leaves no field empty in whose column anything is listed."""
        values = (rule.network, rule.from_area, rule.to_area)
        return all(value or not listed for value, listed in zip(values, self._listed, strict=True))

    def _in_time(self, group: str, stop: str, time_s: int) -> bool:
        if not group:
            return True
        moment = datetime.fromtimestamp(time_s, self.feed.zone_of(stop))
        second = moment.hour * 3600 + moment.minute * 60 + moment.second
        return any(
            frame.start_s <= second < frame.end_s
            and self.feed.services[frame.service].runs(moment.date())
            for frame in self._frames(group)
        )

    def _frames(self, group: str) -> tuple[Timeframe, ...]:
        return self.feed.timeframes.get(group, ())


def effective_legs(feed: Feed, legs: Sequence[Leg]) -> tuple[EffectiveLeg, ...]:
    """The legs, with those that a join rule ties together made one."""
    found: list[EffectiveLeg] = []
    for leg in legs:
        network = feed.routes[leg.route].network
        row = _join_row(feed, found[-1], leg, network) if found else 0
        if row:
            before = found.pop()
            found.append(EffectiveLeg((*before.legs, leg), network, (*before.join_rows, row)))
        else:
            found.append(EffectiveLeg((leg,), network))
    return tuple(found)


def _join_row(feed: Feed, before: EffectiveLeg, leg: Leg, network: str) -> int:
    """The row of the join rule that ties a leg to the one before, 0 for none."""
    if before.network != network:
        return 0
    ends, starts = before.last.destination, leg.origin
    same = feed.station_of(ends) == feed.station_of(starts)
    for rule in feed.joins:
        if rule.network not in ("", network):
            continue
        if rule.from_stop:
            at_end = rule.from_stop in (ends, feed.station_of(ends))
            if at_end and rule.to_stop in (starts, feed.station_of(starts)):
                return rule.row
        elif same:
            return rule.row
    return 0


def product_rows(
    feed: Feed, product: str, rider: str, medium: str | None
) -> tuple[FareProduct, ...]:
    """The rows of a product open to a rider ("" none in particular) with a medium (None: any).

    A row without a rider is open to all, one without a medium to any. Cheapest first.
    """
    rows = [
        row
        for row in feed.products.get(product, ())
        if row.rider in ("", rider) and (medium is None or row.medium in ("", medium))
    ]
    return tuple(sorted(rows, key=lambda row: (row.amount_minor, row.row)))
