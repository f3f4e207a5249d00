"""Fares v1 as written: which fare may cover which stretch of a journey, and the cheapest cover.

A fare without rules holds everywhere. With rules, each leg of the stretch needs a rule whose route
is the leg's or empty, whose origin and destination zones are the stretch's or empty, and whose
`contains_id` zones (all rows of one fare, route, origin and destination together) are exactly the
zones passed. The format says "all must be matched"; read as "exactly", as trip planners do, because
otherwise a one-zone fare would cover every journey that touches the zone. `transfer_duration` runs
from the first departure to the last arrival.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tongxing.feeds.fares_v2 import Leg
from tongxing.feeds.model import FareAttribute, FareRule, Feed
from tongxing.kernel.reasons import Refusal


@dataclass(frozen=True, slots=True)
class Ticket:
    """A fare bought for consecutive legs, with the rows of the rules that allow it there."""

    fare: FareAttribute
    legs: tuple[Leg, ...]
    rule_rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tickets:
    """The cheapest cover of a journey, in minor units of its currency."""

    total_minor: int
    currency: str
    tickets: tuple[Ticket, ...]


_Key = tuple[str, str, str]


def price_tickets(feed: Feed, legs: Sequence[Leg]) -> Tickets | Refusal:
    """The least that a journey costs. Refusals: GTFS_FARE_UNKNOWN, GTFS_CURRENCIES."""
    groups = _grouped(feed)
    best: list[tuple[int, tuple[Ticket, ...]] | None] = [(0, ()), *(None for _ in legs)]
    for end in range(1, len(legs) + 1):
        for start in range(end):
            before = best[start]
            if before is None:
                continue
            for fare in feed.fares.values():
                rows = _covers(feed, fare, groups.get(fare.id), legs[start:end])
                if rows is None:
                    continue
                total = before[0] + fare.amount_minor
                known = best[end]
                if known is None or total < known[0]:
                    best[end] = total, (*before[1], Ticket(fare, tuple(legs[start:end]), rows))
    found = best[-1]
    if found is None:
        return _unknown(feed, legs, best)
    currencies = {ticket.fare.currency for ticket in found[1]}
    if len(currencies) > 1:
        return Refusal("GTFS_CURRENCIES", "fare_attributes.txt")
    return Tickets(found[0], currencies.pop(), found[1])


def _unknown(feed: Feed, legs: Sequence[Leg], best: Sequence[object]) -> Refusal:
    leg = legs[best.index(None) - 1]
    values = {
        "origin": feed.stops[leg.origin].name,
        "destination": feed.stops[leg.destination].name,
        "network": feed.routes[leg.route].name,
        "from_areas": feed.stops[leg.origin].zone or "-",
        "to_areas": feed.stops[leg.destination].zone or "-",
    }
    return Refusal("GTFS_FARE_UNKNOWN", "fare_rules.txt", values)


def _grouped(feed: Feed) -> dict[str, dict[_Key, list[FareRule]]]:
    found: dict[str, dict[_Key, list[FareRule]]] = {}
    for rule in feed.fare_rules:
        key = (rule.route, rule.origin, rule.destination)
        found.setdefault(rule.fare, {}).setdefault(key, []).append(rule)
    return found


def _covers(
    feed: Feed,
    fare: FareAttribute,
    groups: Mapping[_Key, Sequence[FareRule]] | None,
    legs: Sequence[Leg],
) -> tuple[int, ...] | None:
    """The rows of the rules by which a fare covers these legs; None where it does not."""
    if fare.transfers is not None and len(legs) - 1 > fare.transfers:
        return None
    ridden_s = legs[-1].arrive_s - legs[0].depart_s
    if fare.duration_s is not None and len(legs) > 1 and ridden_s > fare.duration_s:
        return None
    if fare.agency and any(feed.routes[leg.route].agency != fare.agency for leg in legs):
        return None
    if groups is None:
        return ()
    origin, destination = feed.stops[legs[0].origin].zone, feed.stops[legs[-1].destination].zone
    passed = {feed.stops[stop].zone for leg in legs for stop in leg.passed}
    rows: list[int] = []
    for leg in legs:
        found = _allowing(groups, leg.route, origin, destination, passed)
        if found is None:
            return None
        rows += [row for row in found if row not in rows]
    return tuple(rows)


def _allowing(
    groups: Mapping[_Key, Sequence[FareRule]],
    route: str,
    origin: str,
    destination: str,
    passed: set[str],
) -> tuple[int, ...] | None:
    for (on_route, from_zone, to_zone), rules in groups.items():
        contains = {rule.contains for rule in rules if rule.contains}
        if (
            on_route in ("", route)
            and from_zone in ("", origin)
            and to_zone in ("", destination)
            and (not contains or contains == passed)
        ):
            return tuple(rule.row for rule in rules)
    return None
