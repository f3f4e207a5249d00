"""The desk of a city: where half trips are looked at, stated, corrected and decided, and cards are
replaced.

It needs no key, for nothing here is sent to anybody: what is said at a desk is booked at once, and
goes to the hub with the next record file. Each call is one transaction; times are arguments. One
writer at a time: a second one waits at the door (advisory lock).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from tongxing.city import correcting, healing, loading, media_view, replacing
from tongxing.city.correcting import Corrected, Correction
from tongxing.city.healing import Resolved
from tongxing.city.loading import Load
from tongxing.city.media_view import MediumSeen
from tongxing.city.replacing import Replaced, Replacing
from tongxing.city.store import MIGRATIONS, half_trips, riders, taps_aside
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.half_trips import OpenGates, Waiting
from tongxing.city.store.taps_aside import TapAside
from tongxing.fares import CityFares
from tongxing.kernel.reasons import Refusal
from tongxing.ledger.store import MIGRATIONS as LEDGER_MIGRATIONS
from tongxing.network.registry import load_registry
from tongxing.storage import Database, migrate
from tongxing.storage.database import Connection


def schema_of(city: str) -> str:
    """The database schema that holds a city's tables."""
    return f"city_{city}"


class Desk:
    """The half trips and the media of one city over its own store.

    `fares` is None for a city that only issues: it has no gates, and so no half trips.
    """

    def __init__(self, code: str, database: Database, fares: CityFares | None) -> None:
        self.code = code
        self._fares = fares
        self._connection: Connection = database.connect(schema_of(code))
        migrate(self._connection, "ledger", LEDGER_MIGRATIONS)
        migrate(self._connection, "city", MIGRATIONS)

    def close(self) -> None:
        """Let go of the database connection."""
        self._connection.close()

    def aside(self, limit: int, *, given_up: bool = False) -> list[TapAside]:
        """Taps that were set aside and move no money, the last to arrive first: those that wait for
        somebody, or those that people gave up."""
        with self._transaction() as cursor:
            return taps_aside.aside(cursor, limit, given_up=given_up)

    def waiting(self, medium_no: str = "") -> list[Waiting]:
        """The half trips that wait to be resolved, oldest first; of the rider of one medium when it
        is given."""
        with self._transaction() as cursor:
            if medium_no:
                rider_id = riders.riders_of_media(cursor, [medium_no])[medium_no]
                return half_trips.waiting_of(cursor, rider_id)
            return half_trips.waiting_until(cursor, date.max)

    def resolve_due(self, now_s: int) -> int:
        """Complete the half trips that open gates explain or that have waited long enough; see
        `healing.resolve_due`. Returns how many."""
        with self._transaction() as cursor:
            return healing.resolve_due(cursor, self.code, self._city_fares(), now_s)

    def declare(
        self, request_id: str, half_trip: str, station: str, time_s: int | None, now_s: int
    ) -> Resolved | Refusal:
        """The passenger states the missing end of a half trip; see `healing.declare`."""
        with self._transaction() as cursor:
            return healing.declare(
                cursor, self.code, self._city_fares(), request_id, half_trip, station, time_s, now_s
            )

    def correct(self, asked: Correction, now_s: int) -> Corrected | Refusal:
        """Staff correct a half trip by the grid; see `correcting.correct`."""
        with self._transaction() as cursor:
            return correcting.correct(cursor, self.code, self._city_fares(), asked, now_s)

    def open_gates(self, gates: OpenGates) -> int | Refusal:
        """Take a notice of open gates; see `healing.open_gates`."""
        with self._transaction() as cursor:
            return healing.open_gates(cursor, self.code, self._city_fares(), gates)

    def medium(self, medium_no: str, now_s: int) -> MediumSeen | Refusal:
        """What the issuer knows of a medium; see `media_view.medium_seen`."""
        with self._transaction() as cursor:
            return media_view.medium_seen(cursor, self.code, medium_no, now_s)

    def replace_medium(self, asked: Replacing, now_s: int) -> Replaced | Refusal:
        """Give a card's holder a new one; see `replacing.replace_medium`."""
        with self._transaction() as cursor:
            return replacing.replace_medium(cursor, self.code, load_registry(), asked, now_s)

    def start_load(self, request_id: str, medium_no: str, staff: str, now_s: int) -> Load | Refusal:
        """Fix what the counter writes to a new card's chip now; see `loading.start_load`."""
        with self._transaction() as cursor:
            return loading.start_load(cursor, self.code, request_id, medium_no, staff, now_s)

    def end_load(self, request_id: str, loaded: bool, staff: str, now_s: int) -> Load | Refusal:
        """Say what became of a load; see `loading.end_load`."""
        with self._transaction() as cursor:
            return loading.end_load(cursor, self.code, request_id, loaded, staff, now_s)

    def _city_fares(self) -> CityFares:
        assert self._fares is not None, "a city without gates has no half trips"
        return self._fares

    @contextmanager
    def _transaction(self) -> Iterator[Cursor]:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), 0))")
            yield cursor
