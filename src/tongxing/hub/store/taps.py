"""Which trip holds a tap: no tap may pay for two trips. See `claims`.

A record that waits because its taps belong to another trip holds none: it takes them when it is let
in, if they are free by then.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from tongxing.hub.admission import Judgement
from tongxing.hub.cases.by_hub import FORK
from tongxing.hub.checks import Standing
from tongxing.hub.claims import claims_of
from tongxing.hub.store.connection import Cursor
from tongxing.messages import Record

_decode_record = msgspec.json.Decoder(Record).decode


class Taken(NamedTuple):
    """A tap, and the trip that holds it."""

    tap: str
    trip_id: str


def load_holders(cursor: Cursor, acquirer: str, records: Iterable[Record]) -> dict[str, str]:
    """Which trip holds each tap named in these records, for those that are held."""
    wanted = [claim for record in records for claim in claims_of(record)]
    rows = cursor.execute(
        "SELECT tap, trip_id FROM tap_claim"
        " WHERE acquirer = %s AND tap = ANY(string_to_array(%s, ' '))",
        (acquirer, " ".join(wanted)),
    )
    return {str(tap): str(trip_id) for tap, trip_id in rows}


def taken_taps(cursor: Cursor, acquirer: str, trip_id: str, claims: Sequence[str]) -> list[Taken]:
    """Those of some taps that belong to another trip, in order; not those of a trip whose purse
    forked after it was netted, and whose money has all gone back."""
    rows = cursor.execute(
        "SELECT tap, trip_id FROM tap_claim"
        " WHERE acquirer = %s AND tap = ANY(%s) AND trip_id <> %s AND NOT EXISTS"
        " (SELECT FROM dispute_case JOIN case_event USING (case_id)"
        "  WHERE dispute_case.trip_id = tap_claim.trip_id AND ended_s IS NOT NULL"
        "  AND number = 1 AND act = %s AND to_issuer_fen >= (SELECT coalesce(sum(delta_fen), 0)"
        "   FROM record WHERE record.trip_id = tap_claim.trip_id AND status = 'accepted'))"
        " ORDER BY tap",
        (acquirer, list(claims), trip_id, FORK),
    )
    return [Taken(*row) for row in rows]


def missing_taps(cursor: Cursor, acquirer: str, trip_id: str) -> tuple[str, ...]:
    """The taps of the last revision that stands of a trip which holds none of them: those that it
    would have to take before it is paid. () for a trip that holds its own."""
    row = cursor.execute(
        "SELECT body FROM record WHERE trip_id = %s AND status <> 'void'"
        " ORDER BY revision DESC LIMIT 1",
        (trip_id,),
    ).fetchone()
    if row is None:
        return ()
    record = _decode_record(str(row[0]))
    holders = load_holders(cursor, acquirer, [record])
    return () if trip_id in holders.values() else claims_of(record)


def take_taps(cursor: Cursor, acquirer: str, trip_id: str, claims: Sequence[str]) -> None:
    """Let a trip hold taps that no other trip has a right to (`taken_taps`)."""
    cursor.execute(
        "DELETE FROM tap_claim WHERE acquirer = %s AND tap = ANY(%s)", (acquirer, list(claims))
    )
    cursor.executemany(
        "INSERT INTO tap_claim (acquirer, tap, trip_id) VALUES (%s, %s, %s)",
        [(acquirer, claim, trip_id) for claim in claims],
    )


def write_claims(
    cursor: Cursor,
    acquirer: str,
    judgements: Iterable[Judgement],
    before: Mapping[str, Standing],
) -> None:
    """Let each trip of a file hold exactly the taps of its last revision that stands.

    `before` is what stood when the file came; taps that a trip held then and holds no more are
    freed first, so that another can take them over.
    """
    held: dict[str, tuple[str, ...]] = {}
    last: dict[str, tuple[int, tuple[str, ...]]] = {}
    for item in judgements:
        record, standing = item.row.record, item.standing
        if record is None or standing is None:
            continue
        earlier = before.get(f"{record.trip_id}.{record.revision - 1}")
        if earlier is not None:
            held[record.trip_id] = earlier.claims
        last[record.trip_id] = max(
            (record.revision, standing.claims), last.get(record.trip_id, (0, ()))
        )
    freed: list[tuple[str, str]] = []
    taken: list[tuple[str, str, str]] = []
    for trip_id, (_, has) in last.items():
        had = held.get(trip_id, ())
        freed += [(claim, trip_id) for claim in had if claim not in has]
        taken += [(acquirer, claim, trip_id) for claim in has if claim not in had]
    if freed:
        cursor.execute(
            "DELETE FROM tap_claim USING unnest(%s::text[], %s::text[]) AS freed (tap, trip_id)"
            " WHERE acquirer = %s AND tap_claim.tap = freed.tap"
            " AND tap_claim.trip_id = freed.trip_id",
            (*map(list, zip(*freed, strict=True)), acquirer),
        )
    with cursor.copy("COPY tap_claim (acquirer, tap, trip_id) FROM STDIN") as copy:
        for row in sorted(taken):
            copy.write_row(row)
