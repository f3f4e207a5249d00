"""The city's verdicts beside the gates': what was not decided about yet, and what came of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from tongxing.city.redeciding.comparing import CityVerdict
from tongxing.city.redeciding.evidence import OrderThen
from tongxing.city.redeciding.replaying import SeenTap
from tongxing.city.store.cursor import Cursor, Row
from tongxing.kernel.clock import DAY_S, business_date
from tongxing.messages import Tap
from tongxing.network.legacy import Trust

_TAPS = msgspec.json.Decoder(Tap)
_SEEN = "t.rider_id, t.body, t.site, t.set_aside, t.put_right"


@dataclass(frozen=True, slots=True)
class GateCount:
    """One terminal's taps of some business days: how many were decided about, of how many the city
    could ask everything, and how many differ, by reason code."""

    operator: str
    terminal_id: str
    taps: int
    whole: int
    differs: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """A tap of which gate and city say different things; `gate_fen` is what was taken, None where
    no purse was there."""

    tap: Tap
    site: str
    received_s: int
    outcome: str
    reason: str
    taken_fen: int | None
    tariff: str
    not_repeated: tuple[str, ...]
    differs: str


def undecided(cursor: Cursor, now_s: int) -> tuple[dict[str, date], int]:
    """The riders of taps that nothing was decided about, each with the first business day of them;
    and when the newest of these taps came.

    Looked for among what came since a day before the mark: an intake may have been under way then.
    A mark ahead of `now_s` is of a clock that was wrong, and counts as now.
    """
    row = cursor.execute("SELECT max(received_s) FROM verdict_mark").fetchone()
    since_s = 0 if row is None or row[0] is None else min(int(row[0]), now_s) - DAY_S
    rows = cursor.execute(
        "SELECT t.rider_id, min(t.business_date), max(t.received_s) FROM tap t"
        " LEFT JOIN tap_verdict v USING (terminal_id, epoch, seq)"
        " WHERE t.received_s >= %s AND v.seq IS NULL GROUP BY t.rider_id ORDER BY t.rider_id",
        (since_s,),
    ).fetchall()
    return {str(row[0]): row[1] for row in rows}, max((int(row[2]) for row in rows), default=0)


def set_mark(cursor: Cursor, received_s: int) -> None:
    """Note that all that came until then was decided about."""
    cursor.execute(
        "INSERT INTO verdict_mark (received_s) VALUES (%s) ON CONFLICT (single) DO UPDATE"
        " SET received_s = greatest(verdict_mark.received_s, excluded.received_s)",
        (received_s,),
    )


def histories(cursor: Cursor, since: Mapping[str, date]) -> dict[str, list[SeenTap]]:
    """All taps of these riders from a business day on, refused ones too, as they happened."""
    found: dict[str, list[SeenTap]] = {rider_id: [] for rider_id in since}
    for row in cursor.execute(
        f"SELECT {_SEEN} FROM tap t JOIN unnest(%s::text[], %s::date[]) AS wanted (rider_id, day)"
        " ON t.rider_id = wanted.rider_id AND t.business_date >= wanted.day"
        " ORDER BY t.rider_id, t.order_key",
        (list(since), list(since.values())),
    ):
        found[str(row[0])].append(_seen(row))
    return found


def taps_before(cursor: Cursor, since: Mapping[str, date]) -> dict[str, SeenTap]:
    """The last tap of each of these riders before a business day; absent where there is none."""
    rows = cursor.execute(
        f"SELECT {_SEEN} FROM unnest(%s::text[], %s::date[]) AS wanted (rider_id, day)"
        " CROSS JOIN LATERAL (SELECT * FROM tap WHERE tap.rider_id = wanted.rider_id"
        " AND tap.business_date < wanted.day ORDER BY order_key DESC LIMIT 1) AS t",
        (list(since), list(since.values())),
    )
    return {str(row[0]): _seen(row) for row in rows}


def published(cursor: Cursor) -> list[tuple[int, int]]:
    """The versions of the deny list, oldest first, each with when it was published."""
    rows = cursor.execute("SELECT version, published_s FROM deny_list ORDER BY version")
    return [(int(version), int(at_s)) for version, at_s in rows]


def trust_of(cursor: Cursor, medium_nos: Iterable[str]) -> dict[str, Trust]:
    """What these media can prove, of those that the city itself has issued."""
    rows = cursor.execute(
        "SELECT medium_no, trust FROM medium WHERE medium_no = ANY(%s)", (sorted(medium_nos),)
    )
    return {str(medium_no): trust for medium_no, trust in rows}


def orders(cursor: Cursor) -> list[OrderThen]:
    """All orders to sites; one to a device stands under each of its terminals."""
    rows = cursor.execute(
        "SELECT coalesce(t.terminal_id, o.site), o.kind, o.from_s, o.until_s FROM device_order o"
        " LEFT JOIN device_terminal t ON t.device = o.device AND o.device <> ''"
        " ORDER BY o.order_no"
    )
    return [OrderThen(*row) for row in rows]


def has_entry_list(cursor: Cursor) -> bool:
    """Whether a condition of entry was ever published."""
    row = cursor.execute(
        "SELECT EXISTS (SELECT 1 FROM gate_list WHERE name = 'entry' AND version IS NOT NULL)"
    ).fetchone()
    return row is not None and bool(row[0])


def write(cursor: Cursor, found: Sequence[tuple[Tap, CityVerdict]], decided_s: int) -> None:
    """Keep verdicts; one that was there gives way."""
    cursor.execute("CREATE TEMP TABLE decided (LIKE tap_verdict) ON COMMIT DROP")
    with cursor.copy("COPY decided FROM STDIN") as copy:
        for tap, one in found:
            copy.write_row(
                (
                    *(one.ref.terminal_id, one.ref.epoch, one.ref.seq),
                    business_date(tap.time_s),
                    *(tap.operator, one.outcome, one.reason, one.taken_fen, one.tariff),
                    list(one.not_repeated),
                    one.differs,
                    decided_s,
                )
            )
    cursor.execute(
        "INSERT INTO tap_verdict SELECT * FROM decided ON CONFLICT (terminal_id, epoch, seq)"
        " DO UPDATE SET outcome = excluded.outcome, reason = excluded.reason,"
        " taken_fen = excluded.taken_fen, tariff = excluded.tariff,"
        " not_repeated = excluded.not_repeated, differs = excluded.differs,"
        " decided_s = excluded.decided_s"
    )
    cursor.execute("DROP TABLE decided")


def counts(cursor: Cursor, first: date, last: date) -> list[GateCount]:
    """What was decided about each terminal's taps of these business days, those with the most
    differences first."""
    rows = cursor.execute(
        "WITH one AS (SELECT operator, terminal_id, differs, count(*) AS taps,"
        " count(*) FILTER (WHERE not_repeated = '{}') AS whole FROM tap_verdict"
        " WHERE business_date BETWEEN %s AND %s GROUP BY operator, terminal_id, differs)"
        " SELECT operator, terminal_id, sum(taps)::bigint, sum(whole)::bigint,"
        " coalesce(jsonb_object_agg(differs, taps) FILTER (WHERE differs <> ''), '{}') FROM one"
        " GROUP BY operator, terminal_id"
        " ORDER BY coalesce(sum(taps) FILTER (WHERE differs <> ''), 0) DESC, operator, terminal_id",
        (first, last),
    )
    return [GateCount(*row) for row in rows]


def differences(
    cursor: Cursor, first: date, last: date, limit: int, terminal_id: str = ""
) -> list[Difference]:
    """The taps of these business days on which gate and city differ, the newest first; of one
    terminal when it is named."""
    rows = cursor.execute(
        "SELECT t.body, t.site, t.received_s, v.outcome, v.reason, v.taken_fen, v.tariff,"
        " v.not_repeated, v.differs FROM tap_verdict v JOIN tap t USING (terminal_id, epoch, seq)"
        " WHERE v.business_date BETWEEN %s AND %s AND v.differs <> ''"
        " AND (%s = '' OR v.terminal_id = %s) ORDER BY t.order_key DESC LIMIT %s",
        (first, last, terminal_id, terminal_id, limit),
    )
    return [_difference(row) for row in rows]


def _difference(row: Row) -> Difference:
    body, site, received_s, outcome, reason, taken_fen, tariff, not_repeated, differs = row
    return Difference(
        tap=_TAPS.decode(body),
        site=site,
        received_s=received_s,
        outcome=outcome,
        reason=reason,
        taken_fen=taken_fen,
        tariff=tariff,
        not_repeated=tuple(not_repeated),
        differs=differs,
    )


def _seen(row: Row) -> SeenTap:
    _rider_id, body, site, set_aside, put_right = row
    tap = _TAPS.decode(body)
    counting = tap if put_right is None else _TAPS.decode(put_right)
    return SeenTap(tap, site, None if set_aside else counting)
