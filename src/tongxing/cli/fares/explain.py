"""`tongxing fares explain`: why a trip cost what it did, for the passenger and for an auditor.

Finds the trip in the books by its id, the beginning of it, a record's id or one of its taps, and
reads them only. What is told stands in `explanation`.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import click

from tongxing.city.explaining import (
    Repriced,
    TripFound,
    changes_of,
    compare_facts,
    compare_lines,
    reprice,
    tap_outcome,
    trips_beginning,
    trips_of_tap,
    waiting_beginning,
)
from tongxing.city.views import TripSeen, find_trip
from tongxing.cli.books import books_at
from tongxing.cli.common import emit_json, settings
from tongxing.cli.fares.explanation import Audit, Explained, as_json, print_explained
from tongxing.cli.shell import command as make_command
from tongxing.console.reading import Books, Snapshot
from tongxing.fares import load_city_fares, receipt
from tongxing.fares.ask import fare_cities
from tongxing.kernel.clock import stamp
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Problem
from tongxing.messages import TapRef

LISTED_MAX = 5

_ID = re.compile(r"([0-9a-f]{4,32})(?:\.[0-9]{1,6})?")


@make_command()
@click.argument("trip")
@click.option("--audit", "audit", is_flag=True)
def command(trip: str, audit: bool) -> int:
    with _books() as snapshot:
        city, trip_id = _find(snapshot, trip.strip())
        found = _explained(snapshot, city, trip_id, audit)
    if settings().json:
        emit_json(as_json(found))
    else:
        print_explained(found)
    return 0 if found.audit is None or found.audit.result == "same" else 1


@contextmanager
def _books() -> Iterator[Snapshot]:
    """One moment of the cities' books. Raises Problem when nobody keeps any here."""
    dsn, home = settings().dsn, settings().home
    if not dsn and not (home / "postgres").exists():
        raise Problem("NOTHING_TO_PROVE", str(home))
    with books_at(dsn, home) as database:
        books = Books(database)
        try:
            with books.snapshot() as snapshot:
                if not snapshot.cities:
                    raise Problem("NOTHING_TO_PROVE", "TONGXING_DSN" if dsn else str(home))
                yield snapshot
        finally:
            books.close()


def _find(snapshot: Snapshot, asked: str) -> tuple[str, str]:
    """The city and id of the trip that is meant. Raises Problem when it is none or not one."""
    if ref := TapRef.named(asked):
        found = [
            (code, trip)
            for code in snapshot.cities
            for trip in trips_of_tap(snapshot.of_city(code), ref, LISTED_MAX + 1)
        ]
        if not found:
            raise _tap_problem(snapshot, ref)
    elif by_id := _ID.fullmatch(asked.lower()):
        found = [
            (code, trip)
            for code in snapshot.cities
            for trip in trips_beginning(snapshot.of_city(code), by_id[1], LISTED_MAX + 1)
        ]
    else:
        raise Problem("TRIP_NAME", "TRIP", trip=asked[:60])
    if not found:
        raise _trip_problem(snapshot, asked.lower())
    if len(found) > 1:
        listed = _listed(trip for _, trip in found)
        raise Problem("TRIP_AMBIGUOUS", "TRIP", trip=asked, found=listed)
    return found[0][0], found[0][1].trip_id


def _listed(trips: Iterable[TripFound]) -> str:
    told = [f"{one.trip_id} ({stamp(one.entered_s)}, ¥{yuan(one.charge_fen)})" for one in trips]
    return "; ".join([*told[:LISTED_MAX], "…"] if len(told) > LISTED_MAX else told)


def _trip_problem(snapshot: Snapshot, asked: str) -> Problem:
    beginning = asked.partition(".")[0]
    waits = any(waiting_beginning(snapshot.of_city(code), beginning) for code in snapshot.cities)
    return Problem("TRIP_WAITS" if waits else "TRIP_UNKNOWN", "TRIP", trip=asked)


def _tap_problem(snapshot: Snapshot, ref: TapRef) -> Problem:
    for code in snapshot.cities:
        outcome = tap_outcome(snapshot.of_city(code), ref)
        if outcome is not None:
            return Problem("TAP_WITHOUT_TRIP", "TRIP", tap=ref, reason=outcome[1])
    return Problem("TAP_UNKNOWN", "TRIP", tap=ref)


def _explained(snapshot: Snapshot, city: str, trip_id: str, audit: bool) -> Explained:
    if city not in fare_cities():
        raise Problem("FARES_NO_CITY", "TRIP", city=city, known=", ".join(fare_cities()))
    fares = load_city_fares(city)
    trip = find_trip(snapshot.of_city(city), trip_id)
    assert trip is not None, "found a moment ago, in the same transaction"
    name, then = trip.row.tariff, fares.book.at(trip.row.entered_s or trip.row.exited_s)
    held = not name or any(name in (one.name, one.id) for one in fares.book.versions)
    again = reprice(snapshot.of_city(city), fares, trip_id) if audit else None
    return Explained(
        city=city,
        trip=trip,
        lines=receipt(trip.lines, fares),
        changes=changes_of(trip),
        held=held,
        in_force="" if then is None else then.name,
        audit=None if again is None else _audit(trip, again, held),
    )


def _audit(trip: TripSeen, again: Repriced, held: bool) -> Audit:
    lines = compare_lines(trip.lines, () if again.trip is None else again.trip.lines)
    facts = compare_facts(trip, again.trip)
    found = {check.result for check in lines} | {check.result for check in facts}
    result = "different" if "different" in found else "same"
    return Audit(result if held else "not_held", again, lines, facts)
