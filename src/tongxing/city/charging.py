"""From trips to money: what is new against the books, its posting, and its record for the hub.

A trip's charge is never edited. Each change is a revision that posts and presents the difference;
a trip that no longer exists (its taps now belong to another) is brought to zero by a void one.
Pure: the books as they stand come in as values, the additions go out as values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import msgspec

from tongxing.city.members import acquirer_member, issuer_member
from tongxing.city.trip import Trip
from tongxing.kernel.ids import digest
from tongxing.ledger import Posting, credit, debit
from tongxing.messages import Record

IN_TRANSIT = "in_transit"
PRESENTED = "presented"
UNSPLIT = "unsplit"

_RECORDS = msgspec.json.Encoder(order="deterministic")
_LINES = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class BookedTrip:
    """What the books already say of a trip."""

    trip_id: str
    revision: int
    charge_fen: int
    fingerprint: str
    lines: str
    remark: str
    record: str


@dataclass(frozen=True, slots=True)
class Revision:
    """One addition to a trip's history: the trip as it now is (None when void), and its record."""

    trip: Trip | None
    record: Record

    @property
    def encoded(self) -> str:
        """The record as it is presented: one line of a record file."""
        return _RECORDS.encode(self.record).decode()


def revisions(trips: Iterable[Trip], booked: Mapping[str, BookedTrip], city: str) -> list[Revision]:
    """What must be added so that the books say `trips` instead of `booked`, voids first."""
    now = {trip.trip_id: trip for trip in trips}
    found = [
        _void(known)
        for trip_id, known in booked.items()
        if trip_id not in now and not _is_void(known)
    ]
    for trip in now.values():
        before = booked.get(trip.trip_id)
        if before is None or before.fingerprint != trip.fingerprint():
            found.append(_revision(trip, before, city))
    return found


def retold(trips: Iterable[Trip], booked: Mapping[str, BookedTrip]) -> list[Trip]:
    """Trips whose money is as booked but not what is told of it: an earlier ride came in late and
    moved a counter, or explains now what a gate took. No revision is due, only other words."""
    return [
        trip
        for trip in trips
        if (before := booked.get(trip.trip_id)) is not None
        and before.fingerprint == trip.fingerprint()
        and (before.lines, before.remark) != (encoded_lines(trip), trip.remark)
    ]


def encoded_lines(trip: Trip) -> str:
    """The price lines of a trip as they are stored."""
    return _LINES.encode(trip.lines).decode()


def posting_of(revision: Revision, city: str, liability: str | None, booked_on: date) -> Posting:
    """The books' entry of a revision.

    The acquirer notes what it will present to the hub. When the passenger is our own
    (`liability` is the ledger account of their money), the issuer takes it from them now.
    """
    record, amount_fen = revision.record, revision.record.delta_fen
    acquirer, lines = acquirer_member(city), []
    if liability is not None:
        issuer = issuer_member(city)
        lines += [debit(issuer, liability, amount_fen), credit(issuer, IN_TRANSIT, amount_fen)]
    lines += [debit(acquirer, PRESENTED, amount_fen), credit(acquirer, UNSPLIT, amount_fen)]
    return Posting(
        posting_id=digest("charge", city, record.record_id),
        kind="charge" if record.revision == 1 else "charge_revised",
        occurred_s=record.exited_s,
        booked_on=booked_on,
        source=record.trip_id,
        lines=tuple(lines),
    )


def _is_void(known: BookedTrip) -> bool:
    return known.fingerprint == "void"


def _revision(trip: Trip, before: BookedTrip | None, city: str) -> Revision:
    number = 1 if before is None else before.revision + 1
    tap = trip.last
    return Revision(
        trip,
        Record(
            record_id=f"{trip.trip_id}.{number}",
            trip_id=trip.trip_id,
            revision=number,
            acquirer=acquirer_member(city),
            issuer=issuer_member(tap.issuer),
            medium_no=tap.medium_no,
            medium_kind=tap.medium_kind,
            scheme=tap.scheme,
            funding=tap.funding,
            city=city,
            place=tap.place,
            mode=tap.mode,
            operator=tap.operator,
            line=tap.line,
            origin=trip.origin,
            destination=trip.destination,
            entered_s=trip.entered_s,
            exited_s=trip.exited_s,
            how=trip.how,
            fare_fen=trip.fare_fen,
            charge_fen=trip.charge_fen,
            delta_fen=trip.charge_fen - (0 if before is None else before.charge_fen),
            tariff=trip.tariff,
            deny_list_version=tap.deny_list_version,
            taps=list(trip.taps),
            proofs=list(trip.proofs),
            codes=list(trip.codes),
        ),
    )


def _void(known: BookedTrip) -> Revision:
    last = msgspec.json.decode(known.record, type=Record)
    number = known.revision + 1
    return Revision(
        None,
        msgspec.structs.replace(
            last,
            record_id=f"{known.trip_id}.{number}",
            revision=number,
            how="void",
            fare_fen=0,
            charge_fen=0,
            delta_fen=-known.charge_fen,
        ),
    )
