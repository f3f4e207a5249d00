"""A city's card company and acquirer in the simulation: the production `City`, and a fuse.

The fuse is how a run kills the intake at a known point: before the n-th statement of its
transaction, or after the commit and before the answer. In a process of its own the house then gets
a real SIGKILL; in the simulation's process its database connection is cut and the object is gone.
Nothing else here does anything that `City` does not do.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import psycopg

from tongxing.city import (
    BankLine,
    City,
    Correction,
    OpenGates,
    RiderOpening,
    SignaturesFound,
    acquirer_member,
    issuer_member,
    schema_of,
)
from tongxing.city.aside_desk import AsideDesk
from tongxing.city.office import Office
from tongxing.city.tap_signatures import SignatureKeys
from tongxing.fares import load_city_fares
from tongxing.kernel.reasons import Refusal
from tongxing.simulation.deciding_again import GatesDecidedAgain, gates_decided_again
from tongxing.simulation.hosting import Killed, Report, kill_own_process
from tongxing.simulation.keys import HUB, key_ring, signing_key
from tongxing.simulation.real_media import RunMedia
from tongxing.simulation.runbook import hold_house_lock
from tongxing.simulation.scenario import load_scenario
from tongxing.storage import Database
from tongxing.storage.database import Connection

Death = Literal["process", "connection"]

_WHOLE = ("single_tap", "both_taps", "paired_by_account")
"""How a trip is named that is no half trip."""


@dataclass(slots=True)
class Fuse:
    """Counts statements down; at zero the house dies. Unset, it does nothing."""

    death: Death
    statements_left: int | None = None
    _connections: list[Connection] = field(default_factory=list)

    def burn(self) -> None:
        if self.statements_left is None:
            return
        if self.statements_left == 0:
            self.blow()
        self.statements_left -= 1

    def blow(self) -> None:
        """Die here and now."""
        if self.death == "process":
            kill_own_process()
        for connection in self._connections:
            connection.close()
        raise Killed

    def guard(self, connection: Connection) -> Connection:
        """Make every statement of this connection burn the fuse."""
        fuse = self

        class FusedCursor(psycopg.Cursor[tuple[Any, ...]]):
            """A cursor that may be the last thing this house sees."""

            def execute(self, *args: Any, **kwargs: Any) -> "FusedCursor":
                fuse.burn()
                super().execute(*args, **kwargs)
                return self

            def executemany(self, *args: Any, **kwargs: Any) -> None:
                fuse.burn()
                super().executemany(*args, **kwargs)

            def copy(self, *args: Any, **kwargs: Any) -> Any:
                fuse.burn()
                return super().copy(*args, **kwargs)

        connection.cursor_factory = FusedCursor
        self._connections.append(connection)
        return connection


@dataclass(frozen=True, slots=True)
class FusedDatabase(Database):
    """A database whose connections burn a fuse."""

    fuse: Fuse = field(default_factory=lambda: Fuse("connection"))

    def connect(self, schema: str) -> Connection:
        # Named outright: a slotted dataclass is a new class, and bare super() would not find it.
        connection = Database.connect(self, schema)
        hold_house_lock(connection)
        return self.fuse.guard(connection)


@dataclass(frozen=True, slots=True)
class HouseConfig:
    """What a house is made from; plain values, so that it can be made in another process."""

    code: str
    dsn: str
    seed: int
    sites: tuple[str, ...]
    death: Death


@dataclass(frozen=True, slots=True)
class ModeTotal:
    """What the books say of one mode: trips, those with one half missing, and their money."""

    mode: str
    trips: int
    half_trips: int
    fare_fen: int
    charge_fen: int


@dataclass(frozen=True, slots=True)
class VerdictTotal:
    """Records with one verdict; `delta_fen` is what they add to the money to settle."""

    status: str
    code: str
    records: int
    delta_fen: int


@dataclass(frozen=True, slots=True)
class HalfTripTotal:
    """Half trips that ended one way (`how`, or "held" for those that wait), and their money."""

    how: str
    trips: int
    fen: int


NOTHING_WAITS = "none"
"""What somebody hears who asks for a half trip that does not wait."""


class House:
    """One city over its own store. Each method is one call of `City`, named like it."""

    def __init__(self, config: HouseConfig, hear: Report) -> None:
        del hear  # a house has nothing to report: its answers say everything
        self._config = config
        self._database = Database(config.dsn)
        self._fuse = Fuse(config.death)
        self._fares = fares = load_city_fares(config.code) if config.sites else None
        media = RunMedia(config.seed, load_scenario())
        self._keys = SignatureKeys(media.vault, media.trust)
        self._city = City(
            config.code,
            FusedDatabase(config.dsn, fuse=self._fuse),
            signing_key(config.seed, acquirer_member(config.code)),
            key_ring(config.seed, (*config.sites, HUB)),
            fares,
            self._keys,
        )

    def open_riders(self, openings: Sequence[RiderOpening], opened_s: int) -> None:
        self._city.open_riders(openings, opened_s)

    def report_lost(self, medium_nos: Sequence[str]) -> list[Refusal]:
        answers = [self._city.report_lost(medium_no) for medium_no in medium_nos]
        return [answer for answer in answers if answer is not None]

    def intake(
        self, messages: Sequence[bytes], received_s: int, dies_at: int | None = None
    ) -> list[bytes | Refusal]:
        """`City.intake`; with `dies_at` the house dies before that statement, or, when there are
        fewer, after the commit and before anybody hears of it."""
        self._fuse.statements_left = dies_at
        answers = self._city.intake(messages, received_s)
        if dies_at is not None:
            self._fuse.blow()
        return answers

    def top_up(self, rider_id: str, amount_fen: int, reference: str, paid_s: int) -> Refusal | None:
        return self._city.top_up(rider_id, amount_fen, reference, paid_s)

    def low_accounts(self, below_fen: int) -> list[str]:
        """Our passengers' accounts with less than that, held money not counted, by id."""
        with self._reading() as cursor:
            rows = cursor.execute(
                "SELECT rider_id FROM rider WHERE kind = 'account' AND liability IS NOT NULL"
                " AND balance_fen - held_fen < %s ORDER BY rider_id",
                (below_fen,),
            )
            return [str(rider) for (rider,) in rows]

    def close_day(self, day: date, closed_s: int) -> int | Refusal:
        return self._city.close_day(day, closed_s)

    def declare(
        self, name: str, medium_no: str, known_s: int, station: str, time_s: int | None, now_s: int
    ) -> str:
        """A passenger looks for the half trip that began (or ended) at `known_s` and states its
        other end; the way it was resolved, the refusal's code, or `NOTHING_WAITS`."""
        half_trip = self._waiting(medium_no, known_s)
        if not half_trip:
            return NOTHING_WAITS
        answer = self._city.declare(name, half_trip, station, time_s, now_s)
        return answer.code if isinstance(answer, Refusal) else answer.kind

    def correct(
        self,
        name: str,
        staff: str,
        medium_no: str,
        known_s: int,
        station: str,
        stated: str,
        now_s: int,
    ) -> str:
        """The same with staff at a counter of `station`; `stated` is "" when nobody knows."""
        half_trip = self._waiting(medium_no, known_s)
        if not half_trip:
            return NOTHING_WAITS
        asked = Correction(name, staff, medium_no, "outside", station, stated, half_trip)
        answer = self._city.correct(asked, now_s)
        return answer.code if isinstance(answer, Refusal) else answer.kind

    def open_gates(self, notice: OpenGates) -> Refusal | None:
        answer = self._city.open_gates(notice)
        return answer if isinstance(answer, Refusal) else None

    def publish_deny_list(self, published_s: int) -> bytes:
        return self._city.publish_deny_list(published_s)

    def record_file(self, created_s: int) -> tuple[bytes, bytes] | None:
        return self._city.record_file(created_s)

    def apply_verdicts(self, message: bytes, received_s: int) -> Refusal | None:
        return self._city.apply_verdicts(message, received_s)

    def apply_issuer_detail(self, message: bytes, received_s: int) -> Refusal | None:
        return self._city.apply_issuer_detail(message, received_s)

    def apply_case_detail(self, message: bytes, received_s: int) -> Refusal | None:
        return self._city.apply_case_detail(message, received_s)

    def apply_statement(self, message: bytes, received_s: int) -> Refusal | None:
        return self._city.apply_statement(message, received_s)

    def settle(self, lines: Sequence[BankLine]) -> list[Refusal]:
        answers = [self._city.settle(line) for line in lines]
        return [answer for answer in answers if answer is not None]

    def charged_fen(self) -> dict[str, int]:
        """What the books took from each of our riders since they were opened, by rider."""
        with self._reading() as cursor:
            rows = cursor.execute(
                "SELECT split_part(account, ':', 2), sum(amount_fen)::bigint"
                " FROM posting_line JOIN posting USING (posting_id)"
                " WHERE entity = %s AND (starts_with(account, 'liab_acct:')"
                " OR starts_with(account, 'liab_purse:'))"
                " AND kind NOT IN ('opening', 'top_up') GROUP BY account",
                (issuer_member(self._config.code),),
            )
            return {str(rider): int(fen) for rider, fen in rows}

    def purses_fen(self) -> dict[str, int]:
        """What we owe on each stored-value card, by card number."""
        with self._reading() as cursor:
            rows = cursor.execute(
                "SELECT rider_id, balance_fen FROM rider WHERE kind = 'purse'"
                " AND liability IS NOT NULL"
            )
            return {str(card): int(fen) for card, fen in rows}

    def at_bank_fen(self) -> dict[str, int]:
        """What our books say lies at the bank, by member or operator."""
        with self._reading() as cursor:
            rows = cursor.execute(
                "SELECT entity, sum(amount_fen)::bigint FROM posting_line"
                " WHERE account IN ('bank', 'bank_own', 'bank_float') GROUP BY entity"
            )
            return {str(party): int(fen) for party, fen in rows}

    def verdicts(self) -> list[VerdictTotal]:
        """What the hub made of our records, and the money in them, by status and code."""
        with self._reading() as cursor:
            rows = cursor.execute(
                "SELECT status, code, count(*), sum(delta_fen)::bigint FROM verdict"
                " JOIN trip_revision USING (record_id) GROUP BY status, code ORDER BY status, code"
            )
            return [
                VerdictTotal(str(status), str(code), int(records), int(fen))
                for status, code, records, fen in rows
            ]

    def signatures(self) -> SignaturesFound:
        """What our real cards and codes signed, checked over the run's keys."""
        office = Office(self._config.code, self._database, None)
        try:
            return AsideDesk(office).audit(self._keys)
        finally:
            office.close()

    def decide_again(self, now_s: int) -> GatesDecidedAgain:
        """What our own decision about all taps says beside the gates'."""
        return gates_decided_again(self._config.code, self._database, self._fares, now_s)

    def has_unpresented(self) -> bool:
        """Whether trips wait for the next record file."""
        with self._reading() as cursor:
            row = cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM trip_revision WHERE file_id IS NULL)"
            ).fetchone()
            return row is not None and bool(row[0])

    def travelled(self) -> list[ModeTotal]:
        """Trips, half trips and money by mode, as the books have them."""
        with self._reading() as cursor:
            rows = cursor.execute(
                "SELECT mode, count(*), count(*) FILTER (WHERE how <> ALL (%s)),"
                " sum(fare_fen)::bigint, sum(charge_fen)::bigint"
                " FROM trip WHERE how <> 'void' GROUP BY mode ORDER BY mode",
                (list(_WHOLE),),
            )
            return [ModeTotal(str(row[0]), *map(int, row[1:])) for row in rows]

    def half_trips(self) -> list[HalfTripTotal]:
        """How half trips ended, and those that still wait, with what is held for them."""
        with self._reading() as cursor:
            rows = cursor.execute(
                "SELECT how, count(*), sum(charge_fen)::bigint FROM trip"
                " WHERE how <> 'void' AND how <> ALL (%s) GROUP BY how UNION ALL"
                " SELECT 'held', count(*), sum(held_fen)::bigint FROM half_trip HAVING count(*) > 0"
                " ORDER BY 1",
                (list(_WHOLE),),
            )
            return [HalfTripTotal(str(how), int(count), int(fen)) for how, count, fen in rows]

    def held_fen(self) -> dict[str, int]:
        """What is held for half trips that wait, by rider."""
        with self._reading() as cursor:
            rows = cursor.execute(
                "SELECT rider_id, sum(held_fen)::bigint FROM half_trip GROUP BY rider_id"
            )
            return {str(rider): int(fen) for rider, fen in rows}

    def arrivals(
        self, riders: Sequence[str], moments_s: Sequence[int]
    ) -> dict[tuple[str, int], int]:
        """When taps came in, by rider and second: all of these riders, and of everybody those that
        were made before one of these moments and came in after it."""
        with self._reading() as cursor:
            rows = cursor.execute(
                "SELECT rider_id, time_s, received_s FROM tap WHERE outcome = 'opened'"
                " AND (rider_id = ANY(%s) OR EXISTS (SELECT FROM unnest(%s::bigint[]) AS moment_s"
                " WHERE time_s <= moment_s AND received_s > moment_s))",
                (list(riders), list(moments_s)),
            )
            return {(str(rider), int(time_s)): int(came_s) for rider, time_s, came_s in rows}

    def close(self) -> None:
        self._city.close()

    def _waiting(self, medium_no: str, known_s: int) -> str:
        """The half trip of that medium's rider whose known tap was then; "" when none waits."""
        waiting = self._city.waiting(medium_no)
        return next((half.trip_id for half in waiting if half.tap.time_s == known_s), "")

    @contextmanager
    def _reading(self) -> Iterator[psycopg.Cursor[tuple[Any, ...]]]:
        """A look into the books beside `City`, for those who check them."""
        connection = self._database.connect(schema_of(self._config.code))
        try:
            yield connection.cursor()
        finally:
            connection.close()
