"""Half trips that wait, what was said of them, and what may be known of their missing ends."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from tongxing.city.half_trips import (
    HALF_HOWS,
    HalfTrip,
    Resolution,
    Resolutions,
    newest,
    trip_id_of,
)
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.riders import RiderUpdate
from tongxing.kernel.clock import business_date
from tongxing.messages import Tap, TapRef

_TAPS = msgspec.json.Decoder(Tap)
_ENCODER = msgspec.json.Encoder()

_FIELDS = (
    "request_id, terminal_id, epoch, seq, kind, station, time_s, amount_fen, decided_s,"
    " decided_by, why"
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A half trip that waits to be resolved, and whose it is."""

    rider_id: str
    tap: Tap
    held_fen: int

    @property
    def half(self) -> HalfTrip:
        """The half trip as the fold knows it; when it ended is not asked here."""
        return HalfTrip(self.tap, self.held_fen, self.tap.time_s)

    @property
    def trip_id(self) -> str:
        return trip_id_of(self.tap.ref)


def write_pending(cursor: Cursor, updates: Iterable[RiderUpdate]) -> None:
    """Keep the list of waiting half trips with the riders whose waiting ones have changed."""
    changed = [update for update in updates if update.state.pending != update.row.state.pending]
    if not changed:
        return
    cursor.execute(
        "DELETE FROM half_trip WHERE rider_id = ANY(%s)",
        ([update.row.rider_id for update in changed],),
    )
    with cursor.copy("COPY half_trip FROM STDIN") as copy:
        for update in changed:
            for half in update.state.pending:
                copy.write_row(_row(update.row.rider_id, half))


def _row(rider_id: str, half: HalfTrip) -> tuple[object, ...]:
    tap = half.tap
    return (
        half.trip_id,
        rider_id,
        tap.ref.terminal_id,
        tap.ref.epoch,
        tap.ref.seq,
        business_date(tap.time_s),
        half.missing,
        tap.mode,
        tap.line,
        tap.station,
        tap.time_s,
        half.held_fen,
        _ENCODER.encode(tap).decode(),
    )


def find_waiting(cursor: Cursor, trip_id: str) -> Waiting | None:
    """The waiting half trip of that id; None when none waits under it."""
    found = _waiting(
        cursor.execute("SELECT rider_id, tap, held_fen FROM half_trip WHERE trip_id = %s",
                       (trip_id,)).fetchall()
    )  # fmt: skip
    return found[0] if found else None


def waiting_until(cursor: Cursor, last_day: date) -> list[Waiting]:
    """The half trips of that business day or earlier that still wait, oldest first."""
    return _waiting(
        cursor.execute(
            "SELECT rider_id, tap, held_fen FROM half_trip WHERE business_date <= %s"
            " ORDER BY time_s, trip_id",
            (last_day,),
        ).fetchall()
    )


def find_resolved(cursor: Cursor, rider_id: str, trip_id: str) -> list[Waiting]:
    """A rider's half trip that was charged or cleared before, by its trip, on an account; empty
    when there is none. Books of an older version have some of which nothing was ever said."""
    rows = cursor.execute(
        "SELECT trip.rider_id, coalesce(put_right, tap.body), 0 FROM trip"
        " JOIN trip_tap USING (trip_id, revision)"
        " JOIN tap USING (terminal_id, epoch, seq) WHERE trip.trip_id = %s AND trip.rider_id = %s"
        " AND trip.funding = 'account' AND trip.how = ANY(%s)",
        (trip_id, rider_id, sorted(HALF_HOWS)),
    )
    return _waiting(rows.fetchall())


def waiting_of(cursor: Cursor, rider_id: str) -> list[Waiting]:
    """A rider's half trips that wait, oldest first."""
    return _waiting(
        cursor.execute(
            "SELECT rider_id, tap, held_fen FROM half_trip WHERE rider_id = %s"
            " ORDER BY time_s, trip_id",
            (rider_id,),
        ).fetchall()
    )


def _waiting(rows: Iterable[Sequence[object]]) -> list[Waiting]:
    return [
        Waiting(str(rider_id), _TAPS.decode(str(tap)), int(str(held_fen)))
        for rider_id, tap, held_fen in rows
    ]


def load_resolutions(cursor: Cursor, rider_ids: Iterable[str]) -> dict[str, Resolutions]:
    """Per rider, the resolution that counts of each half trip of which anything was said."""
    found: dict[str, list[Resolution]] = defaultdict(list)
    for rider_id, *fields in cursor.execute(
        f"SELECT rider_id, {_FIELDS} FROM half_trip_resolution WHERE rider_id = ANY(%s)",
        (list(rider_ids),),
    ):
        found[str(rider_id)].append(_resolution(fields))
    return {rider_id: newest(said) for rider_id, said in found.items()}


def _resolution(fields: Sequence[object]) -> Resolution:
    request_id, terminal_id, epoch, seq, *rest = fields
    names = ("kind", "station", "time_s", "amount_fen", "decided_s", "decided_by", "why")
    return msgspec.convert(
        {
            "request_id": request_id,
            "tap": TapRef(str(terminal_id), int(str(epoch)), int(str(seq))),
            **dict(zip(names, rest, strict=True)),
        },
        Resolution,
    )


def trip_of(said: Resolution) -> str:
    """The trip that a resolution is about."""
    return trip_id_of(said.tap)


def find_request(cursor: Cursor, request_id: str) -> Resolution | None:
    """What was said under this request before; None when it is new."""
    row = cursor.execute(
        f"SELECT {_FIELDS} FROM half_trip_resolution WHERE request_id = %s", (request_id,)
    ).fetchone()
    return None if row is None else _resolution(row)


def rider_of_request(cursor: Cursor, request_id: str) -> str:
    """Of whose half trip something was said under this request; "" when it is new."""
    row = cursor.execute(
        "SELECT rider_id FROM half_trip_resolution WHERE request_id = %s", (request_id,)
    ).fetchone()
    return "" if row is None else str(row[0])


def write_resolutions(cursor: Cursor, said: Sequence[tuple[str, Tap, Resolution]]) -> None:
    """Add what was said: rider, known tap, resolution; each half trip at most once per call."""
    numbers: dict[TapRef, int] = {}
    refs = [tap.ref for _, tap, _ in said]
    for terminal, epoch, seq, number in cursor.execute(
        "SELECT r.terminal_id, r.epoch, r.seq, max(r.number) FROM half_trip_resolution r"
        " JOIN unnest(%s::text[], %s::bigint[], %s::bigint[]) AS w (terminal_id, epoch, seq)"
        " USING (terminal_id, epoch, seq) GROUP BY 1, 2, 3",
        (
            [ref.terminal_id for ref in refs],
            [ref.epoch for ref in refs],
            [ref.seq for ref in refs],
        ),
    ):
        numbers[TapRef(str(terminal), int(epoch), int(seq))] = int(number)
    with cursor.copy(
        "COPY half_trip_resolution (request_id, terminal_id, epoch, seq, number, rider_id, trip_id,"
        " known_s, kind, station, time_s, amount_fen, decided_s, decided_by, why) FROM STDIN"
    ) as copy:
        for rider_id, tap, one in said:
            number = numbers.get(tap.ref, 0) + 1
            copy.write_row(
                (one.request_id, *_identity(tap.ref), number, rider_id, trip_id_of(tap.ref),
                 tap.time_s, one.kind, one.station, one.time_s, one.amount_fen, one.decided_s,
                 one.decided_by, one.why)
            )  # fmt: skip
    fold_whole(cursor, [(rider_id, tap.time_s) for rider_id, tap, _ in said])


def fold_whole(cursor: Cursor, said: Iterable[tuple[str, int]]) -> None:
    """Something was said of a rider's tap of that moment: from now on its business day, and those
    before, are folded whole, for the books may hold trips that a newer tap alone does not show."""
    cursor.executemany(
        "UPDATE rider SET resolved_s = greatest(resolved_s, %s) WHERE rider_id = %s",
        [(known_s, rider_id) for rider_id, known_s in said],
    )


def _identity(ref: TapRef) -> tuple[str, int, int]:
    return ref.terminal_id, ref.epoch, ref.seq


def count_declared(cursor: Cursor, rider_id: str, from_s: int, until_s: int) -> int:
    """How often a passenger stated a missing end from one instant to another."""
    row = cursor.execute(
        "SELECT count(*) FROM half_trip_resolution WHERE rider_id = %s AND kind = 'declared'"
        " AND decided_s >= %s AND decided_s <= %s",
        (rider_id, from_s, until_s),
    ).fetchone()
    assert row is not None
    return int(row[0])


@dataclass(frozen=True, slots=True)
class OpenGates:
    """A notice of open gates: passengers could not tap at a station from one instant to another.

    `free` says that rides which no habit completes cost nothing."""

    request_id: str
    station: str
    from_s: int
    until_s: int
    free: bool
    decided_s: int
    decided_by: str


def write_gates(cursor: Cursor, gates: OpenGates) -> None:
    """Keep a notice of open gates."""
    cursor.execute(
        "INSERT INTO open_gates (request_id, station, from_s, until_s, free, decided_s,"
        " decided_by) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            gates.request_id,
            gates.station,
            gates.from_s,
            gates.until_s,
            gates.free,
            gates.decided_s,
            gates.decided_by,
        ),
    )


def all_gates(cursor: Cursor, since_s: int) -> list[OpenGates]:
    """The notices of gates that stood open after an instant, in the order they were given."""
    return [
        OpenGates(*row)
        for row in cursor.execute(
            "SELECT request_id, station, from_s, until_s, free, decided_s, decided_by"
            " FROM open_gates WHERE until_s > %s ORDER BY decided_s, request_id",
            (since_s,),
        )
    ]


def find_gates(cursor: Cursor, request_id: str) -> OpenGates | None:
    """The notice given under this request before; None when it is new."""
    row = cursor.execute(
        "SELECT request_id, station, from_s, until_s, free, decided_s, decided_by"
        " FROM open_gates WHERE request_id = %s",
        (request_id,),
    ).fetchone()
    return None if row is None else OpenGates(*row)


def count_by_gates(cursor: Cursor, request_id: str) -> int:
    """How many half trips were completed by a notice of open gates."""
    row = cursor.execute(
        "SELECT count(*) FROM half_trip_resolution WHERE kind = 'disruption' AND why = %s",
        (request_id,),
    ).fetchone()
    assert row is not None
    return int(row[0])


def trip_standing(cursor: Cursor, trip_id: str) -> tuple[str, str, int] | None:
    """How a booked trip stands, its funding and its charge; None when there is no such trip."""
    row = cursor.execute(
        "SELECT how, funding, charge_fen FROM trip WHERE trip_id = %s", (trip_id,)
    ).fetchone()
    return None if row is None else (str(row[0]), str(row[1]), int(row[2]))
