"""What does this journey cost, as the feed says? Answered from names, for people, line by line.

Each part of the journey is a ride on one route, found in the timetable; a change of route is asked
for as a further stop on the way. Every line of an answer names the file and the row it rests on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from tongxing.feeds.fares_v1 import Ticket, price_tickets
from tongxing.feeds.fares_v2 import Leg, Matcher
from tongxing.feeds.itinerary import Journey, Step, price_journey
from tongxing.feeds.model import Feed
from tongxing.feeds.tables import money
from tongxing.feeds.timetable import next_ride, trips_between
from tongxing.kernel.reasons import Refusal

V1, V2 = "v1", "v2"


@dataclass(frozen=True, slots=True)
class Question:
    """A journey as a person asks for it: stops by id or name, at least two. `rider` and `medium`
    are ids or names, "" for the default rider and any medium; `version` "" takes v2 if it can."""

    stops: tuple[str, ...]
    at_s: int
    rider: str = ""
    medium: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One line of an answer: what it is (a key of `texts.toml`), the file and row it rests on, what
    it adds in minor units (None for a remark), and the values of its text."""

    kind: str
    file: str
    row: int
    adds_minor: int | None
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """The price of a journey in minor units of its currency, its rides, and the lines behind it."""

    version: str
    total_minor: int
    currency: str
    rider: str
    medium: str
    legs: tuple[Leg, ...]
    lines: tuple[PriceRow, ...]


def ask(feed: Feed, question: Question) -> Answer | Refusal:
    """The price of a journey. Refusals: GTFS_NO_STOP, GTFS_NO_ROUTE, GTFS_NO_SERVICE,
    GTFS_NO_FARES, GTFS_NO_RIDER, GTFS_NO_MEDIUM, GTFS_FARE_UNKNOWN, GTFS_NO_PRODUCT,
    GTFS_CURRENCIES."""
    version = question.version or (V2 if feed.leg_rules or not feed.fares else V1)
    if not (feed.leg_rules if version == V2 else feed.fares):
        return Refusal("GTFS_NO_FARES", "", {"version": version})
    legs = _legs(feed, question)
    if isinstance(legs, Refusal):
        return legs
    if version == V1:
        tickets = price_tickets(feed, legs)
        if isinstance(tickets, Refusal):
            return tickets
        lines = [line for ticket in tickets.tickets for line in _ticket_lines(feed, ticket)]
        return Answer(V1, tickets.total_minor, tickets.currency, "", "", legs, tuple(lines))
    rider = _rider(feed, question.rider)
    medium = _named(
        question.medium, {one.id: one.name for one in feed.media.values()}, "GTFS_NO_MEDIUM"
    )
    if isinstance(rider, Refusal):
        return rider
    if isinstance(medium, Refusal):
        return medium
    journey = price_journey(Matcher(feed), legs, rider, medium or None)
    if isinstance(journey, Refusal):
        return journey
    return _answer(feed, journey, legs)


def find_stops(feed: Feed, text: str) -> tuple[str, ...]:
    """The stops (platforms, not stations) that a person means by an id or a name."""
    wanted = text.strip()
    if wanted in feed.stops:
        named = [wanted]
    else:
        folded = wanted.casefold()
        named = [stop.id for stop in feed.stops.values() if stop.name.casefold() == folded]
    found = [
        stop.id
        for stop in feed.stops.values()
        if stop.kind == 0 and (stop.id in named or stop.parent in named)
    ]
    return tuple(found)


def _legs(feed: Feed, question: Question) -> tuple[Leg, ...] | Refusal:
    places: list[tuple[str, ...]] = []
    for text in question.stops:
        found = find_stops(feed, text)
        if not found:
            return Refusal("GTFS_NO_STOP", "stops.txt", {"stop": text})
        places.append(found)
    legs: list[Leg] = []
    after_s = question.at_s
    for (origins, destinations), names in zip(
        pairwise(places), pairwise(question.stops), strict=True
    ):
        ride = next_ride(feed, origins, destinations, after_s)
        if ride is None:
            return _no_ride(feed, origins, destinations, names, after_s)
        legs.append(
            Leg(ride.route, ride.origin, ride.destination, ride.depart_s, ride.arrive_s,
                ride.passed, ride.trip)
        )  # fmt: skip
        after_s = ride.arrive_s
    return tuple(legs)


def _no_ride(
    feed: Feed,
    origins: Sequence[str],
    destinations: Sequence[str],
    names: tuple[str, str],
    after_s: int,
) -> Refusal:
    """Why there is no ride: no route goes there, or none within a day of the instant."""
    trips = list(trips_between(feed, origins, destinations))
    values = {"origin": names[0], "destination": names[1]}
    if not trips:
        return Refusal("GTFS_NO_ROUTE", "stop_times.txt", values)
    spans = [span for trip in trips if (span := feed.services[trip.service].span())]
    days: list[date] = [day for span in spans for day in span]
    at = datetime.fromtimestamp(after_s, feed.zone).strftime("%Y-%m-%d %H:%M:%S")
    first, last = (str(min(days)), str(max(days))) if days else ("-", "-")
    return Refusal(
        "GTFS_NO_SERVICE", "calendar.txt", {**values, "at": at, "first": first, "last": last}
    )


def _rider(feed: Feed, text: str) -> str | Refusal:
    """The id of a rider category by id or name; "" asked for is the default one, if any."""
    if not text:
        return next((one.id for one in feed.riders.values() if one.default), "")
    return _named(text, {one.id: one.name for one in feed.riders.values()}, "GTFS_NO_RIDER")


def _named(text: str, names: dict[str, str], code: str) -> str | Refusal:
    if not text or text in names:
        return text
    folded = text.casefold()
    for key, name in names.items():
        if name.casefold() == folded:
            return key
    known = ", ".join(f"{key} ({name})" for key, name in names.items()) or "-"
    return Refusal(code, "", {"text": text, "known": known})


def _answer(feed: Feed, journey: Journey, legs: tuple[Leg, ...]) -> Answer:
    lines = [line for step in journey.steps for line in _step_lines(feed, step)]
    rider = feed.riders[journey.rider].name if journey.rider else ""
    medium = feed.media[journey.medium].name or journey.medium if journey.medium else ""
    return Answer(V2, journey.total_minor, journey.currency, rider, medium, legs, tuple(lines))


def _step_lines(feed: Feed, step: Step) -> list[PriceRow]:
    rule, product = step.priced.rule, step.priced.product
    stops = feed.stops
    lines = [
        PriceRow("join", "fare_leg_join_rules.txt", row, None, {"network": step.leg.network})
        for row in step.leg.join_rows
    ]
    values = {
        "origin": stops[step.leg.first.origin].name,
        "destination": stops[step.leg.last.destination].name,
        "product": product.name or product.id,
        "price": money(product.amount_minor, product.currency),
    }
    lines.append(PriceRow("leg_rule", "fare_leg_rules.txt", rule.row, None, values))
    crossing = step.crossing
    if crossing is None:
        lines.append(PriceRow("product", "fare_products.txt", product.row, step.adds_minor, values))
        return lines
    fee = crossing.product
    kind = f"transfer_{crossing.rule.kind}"
    shown = money(fee.amount_minor, fee.currency) if fee else money(0, product.currency)
    lines.append(
        PriceRow(
            kind, "fare_transfer_rules.txt", crossing.rule.row, step.adds_minor,
            {**values, "transfer": shown},
        )
    )  # fmt: skip
    return lines


def _ticket_lines(feed: Feed, ticket: Ticket) -> list[PriceRow]:
    first, last = ticket.legs[0], ticket.legs[-1]
    values = {
        "origin": feed.stops[first.origin].name,
        "destination": feed.stops[last.destination].name,
        "product": ticket.fare.id,
        "price": money(ticket.fare.amount_minor, ticket.fare.currency),
        "legs": str(len(ticket.legs)),
    }
    rows = [PriceRow("fare_rule", "fare_rules.txt", row, None, values) for row in ticket.rule_rows]
    fare = ticket.fare
    return [
        *rows, PriceRow("fare", "fare_attributes.txt", fare.row, fare.amount_minor, values)
    ]  # fmt: skip
