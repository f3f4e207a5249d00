"""What pages and reports ask of a city: read-only queries, answered as plain values.

SQL over a city's tables stands beside the city, so that no page ever knows a column. Every function
takes a cursor whose names resolve in the city's schema; none writes, and none keeps anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString

import msgspec

from tongxing.city.store.cursor import Cursor
from tongxing.fares import PriceLine
from tongxing.kernel.clock import BUSINESS_DAY_CUT_S, at, business_day_end
from tongxing.messages import Record, Share, Tap

HOUR_S = 3600

HOW_GROUPS: dict[str, LiteralString] = {
    "": "how <> 'void'",
    "complete": "how IN ('single_tap', 'both_taps')",
    "paired": "how = 'paired_by_account'",
    "half": "how IN ('missing_exit', 'missing_entry', 'declared', 'habitual', 'median',"
    " 'disruption', 'staff', 'cleared')",
    "revised": "revision > 1 AND how <> 'void'",
    "void": "how = 'void'",
}
"""The ways to narrow a list of trips; "" is every trip that stands."""


@dataclass(frozen=True, slots=True)
class BusinessDay:
    """A day with taps; `closed_s` is None while it can still be closed."""

    day: date
    closed_s: int | None


@dataclass(frozen=True, slots=True)
class TapCount:
    """Taps of one hour of a business day (0 is 03:00 to 04:00) with one outcome and reason.

    `late` are those that came in after the business day had ended.
    """

    hour: int
    outcome: str
    reason: str
    taps: int
    late: int


@dataclass(frozen=True, slots=True)
class TripCount:
    """Trips of a business day that stand, by issuing city, mode and how they came about."""

    issuer: str
    mode: str
    how: str
    revised: bool
    trips: int
    fare_fen: int
    charge_fen: int
    relief_fen: int


@dataclass(frozen=True, slots=True)
class UploadCount:
    """Taps that reached the city's intake within a business day and changed nothing: those that
    were known already, and those that contradict a known one."""

    duplicate_taps: int
    quarantined_taps: int


@dataclass(frozen=True, slots=True)
class WaitingCount:
    """Half trips of a business day that wait to be resolved, and what is held for them."""

    half_trips: int
    held_fen: int


@dataclass(frozen=True, slots=True)
class TripRow:
    """A trip as it now stands; `business_date` is that of its first tap."""

    trip_id: str
    revision: int
    business_date: date
    medium_no: str
    medium_kind: str
    scheme: str
    issuer: str
    product: str
    funding: str
    place: str
    mode: str
    operator: str
    line: str
    origin: str
    destination: str
    entered_s: int
    exited_s: int
    how: str
    fare_fen: int
    charge_fen: int
    tariff: str
    remark: str


@dataclass(frozen=True, slots=True)
class TapSeen:
    """A tap as evidence; `revisions` are those revisions of the trip that rest on it. `differs` is
    a reason code where the city's own verdict is another than the gate's, for `city_reason`."""

    tap: Tap
    site: str
    received_s: int
    revisions: tuple[int, ...]
    differs: str = ""
    city_reason: str = ""


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A record file that went to the hub; `window_id` is None until the hub has answered."""

    file_id: str
    created_s: int
    rows: int
    delta_sum_fen: int
    window_id: str | None
    file_code: str | None


@dataclass(frozen=True, slots=True)
class VerdictSeen:
    """The hub's answer on a record."""

    status: str
    code: str
    bearer: str
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class RevisionSeen:
    """One revision of a trip, with what was presented and answered."""

    record: Record
    posting_id: str
    booked_on: date
    file: FileSeen | None
    verdict: VerdictSeen | None


@dataclass(frozen=True, slots=True)
class TripSeen:
    """Everything that a city knows of a trip. `lines` add up to `row.charge_fen`."""

    row: TripRow
    lines: tuple[PriceLine, ...]
    taps: tuple[TapSeen, ...]
    revisions: tuple[RevisionSeen, ...]


@dataclass(frozen=True, slots=True)
class TripFilter:
    """Which trips to list: one business day, maybe one mode, and one of HOW_GROUPS."""

    day: date
    mode: str = ""
    how: str = ""


_LINES = msgspec.json.Decoder(tuple[PriceLine, ...])
_SHARES = msgspec.json.Decoder(tuple[Share, ...])
_TAP = msgspec.json.Decoder(Tap)
_RECORD = msgspec.json.Decoder(Record)

_ROW: LiteralString = (
    "trip_id, revision, business_date, medium_no, medium_kind, scheme, issuer, product, funding,"
    " place, mode, operator, line, origin, destination, entered_s, exited_s, how, fare_fen,"
    " charge_fen, tariff, remark"
)


def business_days(cursor: Cursor) -> list[BusinessDay]:
    """Every business day with taps, newest first."""
    rows = cursor.execute(
        "WITH RECURSIVE seen (day) AS (SELECT max(business_date) FROM tap UNION ALL"
        " SELECT (SELECT max(business_date) FROM tap WHERE business_date < day) FROM seen"
        " WHERE day IS NOT NULL)"
        " SELECT day, closed_s FROM seen LEFT JOIN day_close ON business_date = day"
        " WHERE day IS NOT NULL ORDER BY day DESC"
    )
    return [BusinessDay(*row) for row in rows]


def last_tap_s(cursor: Cursor, day: date) -> int | None:
    """When the last tap of a business day was made; None for a day without taps."""
    row = cursor.execute("SELECT max(time_s) FROM tap WHERE business_date = %s", (day,)).fetchone()
    return None if row is None else row[0]


def tap_counts(cursor: Cursor, day: date) -> list[TapCount]:
    """How many taps a business day has, by hour, outcome and reason."""
    rows = cursor.execute(
        "SELECT ((time_s - %s) / 3600)::int AS hour, outcome, reason, count(*),"
        " count(*) FILTER (WHERE received_s >= %s)"
        " FROM tap WHERE business_date = %s GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        (_day_start(day), business_day_end(day), day),
    )
    return [TapCount(*row) for row in rows]


def trip_counts(cursor: Cursor, day: date) -> list[TripCount]:
    """How many trips of a business day stand, and their money."""
    rows = cursor.execute(
        "SELECT issuer, mode, how, revision > 1 AS revised, count(*), sum(fare_fen)::bigint,"
        " sum(charge_fen)::bigint, sum(greatest(fare_fen - charge_fen, 0))::bigint"
        " FROM trip WHERE business_date = %s AND how <> 'void'"
        " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        (day,),
    )
    return [TripCount(*row) for row in rows]


def waiting_count(cursor: Cursor, day: date, mode: str = "") -> WaitingCount:
    """What waits of a business day (that of the known tap), maybe of one mode only."""
    row = cursor.execute(
        "SELECT count(*), coalesce(sum(held_fen), 0)::bigint FROM half_trip"
        " WHERE business_date = %s AND (%s = '' OR mode = %s)",
        (day, mode, mode),
    ).fetchone()
    assert row is not None
    return WaitingCount(*row)


def upload_count(cursor: Cursor, day: date) -> UploadCount:
    """What came in again between 03:00 of the day and 03:00 of the next."""
    span = (_day_start(day), business_day_end(day))
    row = cursor.execute(
        "SELECT coalesce(sum(duplicates + (times_seen - 1) * taps), 0)::bigint,"
        " (SELECT count(*) FROM tap_quarantine WHERE received_s >= %s AND received_s < %s)"
        " FROM upload WHERE received_s >= %s AND received_s < %s",
        span + span,
    ).fetchone()
    assert row is not None
    return UploadCount(*row)


def count_trips(cursor: Cursor, wanted: TripFilter) -> tuple[int, int]:
    """How many trips the filter lets through, and the sum of their charges in fen."""
    row = cursor.execute(
        "SELECT count(*), coalesce(sum(charge_fen), 0)::bigint FROM trip WHERE " + _where(wanted),
        (wanted.day, wanted.mode, wanted.mode),
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def list_trips(cursor: Cursor, wanted: TripFilter, limit: int) -> list[TripRow]:
    """The newest trips that the filter lets through."""
    rows = cursor.execute(_listing(wanted) + " LIMIT %s", (*_values(wanted), limit))
    return [TripRow(*row) for row in rows]


def each_trip(cursor: Cursor, wanted: TripFilter, rows_at_once: int = 2_000) -> Iterator[TripRow]:
    """All trips that the filter lets through, newest first, without holding them in memory."""
    cursor.execute("DECLARE each_trip CURSOR FOR " + _listing(wanted), _values(wanted))
    while rows := cursor.execute(f"FETCH {rows_at_once:d} FROM each_trip").fetchall():
        for row in rows:
            yield TripRow(*row)
    cursor.execute("CLOSE each_trip")


def find_trip(cursor: Cursor, trip_id: str) -> TripSeen | None:
    """Everything about one trip; None when this city has no such trip."""
    row = cursor.execute(
        "SELECT lines, " + _ROW + " FROM trip WHERE trip_id = %s", (trip_id,)
    ).fetchone()
    if row is None:
        return None
    return TripSeen(
        row=TripRow(*row[1:]),
        lines=_LINES.decode(row[0]),
        taps=tuple(_taps_of(cursor, trip_id)),
        revisions=tuple(_revisions_of(cursor, trip_id)),
    )


def _day_start(day: date) -> int:
    return at(day) + BUSINESS_DAY_CUT_S


def _where(wanted: TripFilter) -> LiteralString:
    return "business_date = %s AND (%s = '' OR mode = %s) AND " + HOW_GROUPS[wanted.how]


def _listing(wanted: TripFilter) -> LiteralString:
    order: LiteralString = " ORDER BY business_date DESC, entered_s DESC, trip_id DESC"
    return "SELECT " + _ROW + " FROM trip WHERE " + _where(wanted) + order


def _values(wanted: TripFilter) -> tuple[date, str, str]:
    return wanted.day, wanted.mode, wanted.mode


def _taps_of(cursor: Cursor, trip_id: str) -> list[TapSeen]:
    rows = cursor.execute(
        "SELECT tap.body, tap.site, tap.received_s, array_agg(revision ORDER BY revision),"
        " coalesce(min(v.differs), ''), coalesce(min(v.reason), '')"
        " FROM trip_tap JOIN tap USING (terminal_id, epoch, seq)"
        " LEFT JOIN tap_verdict v USING (terminal_id, epoch, seq) WHERE trip_id = %s"
        " GROUP BY tap.terminal_id, tap.epoch, tap.seq ORDER BY tap.order_key",
        (trip_id,),
    )
    return [
        TapSeen(_TAP.decode(body), site, received_s, tuple(revisions), differs, reason)
        for body, site, received_s, revisions, differs, reason in rows
    ]


def _revisions_of(cursor: Cursor, trip_id: str) -> list[RevisionSeen]:
    rows = cursor.execute(
        "SELECT record, posting_id, booked_on, r.file_id, f.created_s, f.rows, f.delta_sum_fen,"
        " f.window_id, f.file_code, v.status, v.code, v.bearer, v.shares"
        " FROM trip_revision r LEFT JOIN record_file f USING (file_id)"
        " LEFT JOIN verdict v USING (record_id) WHERE trip_id = %s ORDER BY revision",
        (trip_id,),
    )
    return [_revision(row) for row in rows]


def _revision(row: tuple[Any, ...]) -> RevisionSeen:
    record, posting_id, booked_on, file_id = row[:4]
    status, code, bearer, shares = row[9:]
    return RevisionSeen(
        record=_RECORD.decode(record),
        posting_id=posting_id,
        booked_on=booked_on,
        file=None if file_id is None else FileSeen(file_id, *row[4:9]),
        verdict=None
        if status is None
        else VerdictSeen(status, code, bearer, _SHARES.decode(shares)),
    )
