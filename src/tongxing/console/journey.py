"""One trip's way, gathered from every house: taps, price, records, verdicts, statements, books.

The houses do not know one another's books; this page reads them side by side, as of one moment,
and adds nothing of its own. What a house has not said yet is simply absent.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tongxing.city import hub_views, views
from tongxing.city.hub_views import StatementSeen
from tongxing.city.views import RevisionSeen, TripSeen
from tongxing.console.names import city_of
from tongxing.console.reading import Cursor, Snapshot
from tongxing.fares import CityFares, explain, load_city_fares
from tongxing.hub import load_rulebook
from tongxing.hub import views as hub
from tongxing.hub.books import position_account
from tongxing.hub.cases.views import CaseLine, list_cases
from tongxing.hub.payment_views import PaymentLine
from tongxing.hub.split import Explanation
from tongxing.kernel.reasons import Refusal
from tongxing.ledger import Posting
from tongxing.ledger.store.lookup import postings_about
from tongxing.messages import HUB_SENDER, Record

PAYOUT = "payout"


@dataclass(frozen=True, slots=True)
class Reading:
    """One line of the price: what it says, and its fen."""

    text: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Presented:
    """A revision as it went to the hub, and what the hub knows of it (None without its answer)."""

    seen: RevisionSeen
    life: hub.RecordLife | None

    @property
    def share_fen(self) -> int:
        """What the operators' shares of this revision add up to."""
        verdict = self.seen.verdict
        return 0 if verdict is None else sum(share.share_fen for share in verdict.shares)


@dataclass(frozen=True, slots=True)
class StatementPlace:
    """Where the trip stands in a member's statement: its line, of how many records and fen."""

    member: str
    counterparty: str
    records: int
    fen: int
    seen: StatementSeen


@dataclass(frozen=True, slots=True)
class WindowPlace:
    """A window that holds part of the trip: `fen` is this trip's part of it."""

    window_id: str
    fen: int
    statements: tuple[StatementPlace, ...]
    payments: tuple[PaymentLine, ...]


@dataclass(frozen=True, slots=True)
class Booking:
    """A posting of a house; `shared` ones carry this trip together with others."""

    house: str
    posting: Posting
    shared: bool


@dataclass(frozen=True, slots=True)
class Journey:
    """All of it. `readings` add up to the trip's charge, and so do the records' deltas."""

    city: str
    trip: TripSeen
    readings: tuple[Reading, ...]
    presented: tuple[Presented, ...]
    windows: tuple[WindowPlace, ...]
    bookings: tuple[Booking, ...]
    cases: tuple[CaseLine, ...] = ()

    @property
    def issuer(self) -> str:
        """The member that pays for the passenger."""
        return self.trip.revisions[-1].record.issuer

    @property
    def acquirer(self) -> str:
        """The member that presents the ride."""
        return self.trip.revisions[-1].record.acquirer

    @property
    def readings_fen(self) -> int:
        return sum(reading.amount_fen for reading in self.readings)

    @property
    def deltas_fen(self) -> int:
        return sum(item.seen.record.delta_fen for item in self.presented)

    @property
    def accepted_fen(self) -> int:
        return sum(
            item.seen.record.delta_fen
            for item in self.presented
            if item.seen.verdict is not None and item.seen.verdict.status == "accepted"
        )

    @property
    def shares_fen(self) -> int:
        return sum(item.share_fen for item in self.presented)

    @property
    def split(self) -> Explanation | None:
        """Why the last record that the hub took is shared as it is."""
        found = [item.life.explanation for item in self.presented if item.life is not None]
        return next((split for split in reversed(found) if split is not None), None)

    def shares(self) -> list[tuple[str, int]]:
        """Each operator's fen over all revisions, largest first."""
        totals: dict[str, int] = {}
        for item in self.presented:
            for share in item.seen.verdict.shares if item.seen.verdict else ():
                totals[share.operator] = totals.get(share.operator, 0) + share.share_fen
        return sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))


def find_journey(snapshot: Snapshot, trip_id: str, language: str) -> Journey | None:
    """The way of a trip; None when no city knows it."""
    for code in snapshot.cities:
        trip = views.find_trip(snapshot.of_city(code), trip_id)
        if trip is not None:
            return _gather(snapshot, code, trip, language)
    return None


def _gather(snapshot: Snapshot, code: str, trip: TripSeen, language: str) -> Journey:
    presented = tuple(
        Presented(seen, _life(snapshot, seen) if seen.file is not None else None)
        for seen in trip.revisions
    )
    cases = tuple(_cases(snapshot, trip.row.trip_id))
    return Journey(
        city=code,
        trip=trip,
        readings=_readings(code, trip, language),
        presented=presented,
        windows=tuple(_windows(snapshot, code, presented)),
        bookings=tuple(_bookings(snapshot, code, trip, cases)),
        cases=cases,
    )


def _readings(code: str, trip: TripSeen, language: str) -> tuple[Reading, ...]:
    fares: CityFares = load_city_fares(code)
    return tuple(Reading(explain(line, language, fares), line.amount_fen) for line in trip.lines)


def _life(snapshot: Snapshot, seen: RevisionSeen) -> hub.RecordLife | None:
    if not snapshot.has_hub:
        return None
    found = hub.record_life(snapshot.of_hub(), seen.record.record_id, load_rulebook().fee)
    return None if isinstance(found, Refusal) else found


def _windows(
    snapshot: Snapshot, code: str, presented: Iterable[Presented]
) -> Iterable[WindowPlace]:
    amounts: dict[str, int] = {}
    payments: dict[str, dict[str, PaymentLine]] = {}
    parties = ("", "")
    for item in presented:
        file, verdict, record = item.seen.file, item.seen.verdict, item.seen.record
        parties = (record.issuer, record.acquirer)
        if file is None or file.window_id is None or verdict is None:
            continue
        if verdict.status == "accepted":
            window_id = (item.life.window_id if item.life else None) or file.window_id
            amounts[window_id] = amounts.get(window_id, 0) + record.delta_fen
            for payment in item.life.payments if item.life else ():
                payments.setdefault(window_id, {})[payment.instruction_id] = payment
    for window_id, fen in amounts.items():
        yield WindowPlace(
            window_id,
            fen,
            tuple(_statements(snapshot, window_id, *parties)),
            tuple(payments.get(window_id, {}).values()),
        )


def _statements(
    snapshot: Snapshot, window_id: str, issuer: str, acquirer: str
) -> Iterable[StatementPlace]:
    """The line of the issuer's statement that holds the trip, and that of the acquirer's."""
    for member, counterparty in ((issuer, acquirer), (acquirer, issuer)):
        if city_of(member) not in snapshot.cities:
            continue
        for seen in hub_views.statements_of(snapshot.of_city(city_of(member)), window_id):
            if seen.statement.member != member:
                continue
            for line in seen.statement.lines:
                if (line.counterparty, line.kind) == (counterparty, "trips"):
                    yield StatementPlace(member, counterparty, line.count, line.amount_fen, seen)


def _cases(snapshot: Snapshot, trip_id: str) -> list[CaseLine]:
    """The disputes about a trip, those still open first."""
    if not snapshot.has_hub:
        return []
    return list_cases(snapshot.of_hub(), 0, trip_id=trip_id, with_ended=True)


def _bookings(
    snapshot: Snapshot, code: str, trip: TripSeen, cases: Iterable[CaseLine]
) -> Iterable[Booking]:
    """The trip's own postings first, those of its disputes, then those that carry it together with
    other trips."""
    record = trip.revisions[-1].record
    home, houses = city_of(record.issuer), snapshot.cities
    files = [seen.file for seen in trip.revisions if seen.file is not None]
    windows = list(dict.fromkeys(file.window_id for file in files if file.window_id))
    yield from _about(snapshot.of_city(code), code, [trip.row.trip_id], shared=False)
    if home != code and home in houses:
        records = [seen.record.record_id for seen in trip.revisions]
        yield from _about(snapshot.of_city(home), home, records, shared=False)
    case_ids = [case.case_id for case in cases]
    for house in dict.fromkeys((home, code)):
        if house in houses:
            yield from _about(snapshot.of_city(house), house, case_ids, shared=False)
    file_ids = [file.file_id for file in files]
    yield from _about(snapshot.of_city(code), code, file_ids, shared=True)
    if snapshot.has_hub:
        for booking in _about(snapshot.of_hub(), HUB_SENDER, windows, shared=True):
            if _is_between(booking.posting, record):
                yield booking
    operators = {
        share.operator
        for seen in trip.revisions
        if seen.verdict is not None
        for share in seen.verdict.shares
    }
    for house in dict.fromkeys((home, code)):
        if house in houses:
            for booking in _about(snapshot.of_city(house), house, windows, shared=True):
                if _concerns(booking.posting, record, operators):
                    yield booking


def _is_between(posting: Posting, record: Record) -> bool:
    """Whether a posting of the hub nets the two members of a record, or settles one of them."""
    accounts = {position_account(record.issuer), position_account(record.acquirer)}
    touched = {line.account for line in posting.lines}
    return bool(accounts & touched) if posting.kind.startswith("settle") else accounts <= touched


def _concerns(posting: Posting, record: Record, operators: Collection[str]) -> bool:
    """Whether a city's posting about a window is of one of the record's members or operators."""
    entities = {line.entity for line in posting.lines}
    if posting.kind.startswith(PAYOUT):  # or its return
        return record.acquirer in entities and not entities.isdisjoint(operators)
    return not entities.isdisjoint((record.issuer, record.acquirer))


def _about(cursor: Cursor, house: str, sources: list[str], *, shared: bool) -> Iterable[Booking]:
    return [Booking(house, posting, shared) for posting in postings_about(cursor, sources)]
