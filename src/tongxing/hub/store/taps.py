"""Which trip holds a tap: no tap may pay for two trips. See `claims`.

A record that waits because its taps belong to another trip holds none: it takes them when it is let
in, if they are free by then.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from tongxing.hub.admission import Judgement
from tongxing.hub.checks import Standing
from tongxing.hub.claims import claims_of
from tongxing.hub.store.connection import Cursor
from tongxing.hub.verdicts import FORKED
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
    """Those of some taps that belong to another trip, in order; not those of a trip whose money has
    all gone back by cases."""
    rows = cursor.execute(
        "SELECT tap, trip_id FROM tap_claim"
        " WHERE acquirer = %s AND tap = ANY(%s) AND trip_id <> %s AND NOT coalesce("
        " (SELECT sum(to_issuer_fen) FROM dispute_case"
        "  WHERE dispute_case.trip_id = tap_claim.trip_id AND ended_s IS NOT NULL)"
        " >= (SELECT sum(delta_fen) FROM record"
        "  WHERE record.trip_id = tap_claim.trip_id AND status = 'accepted'), false)"
        " ORDER BY tap",
        (acquirer, list(claims), trip_id),
    )
    return [Taken(*row) for row in rows]


def taken_from(cursor: Cursor, record_id: str) -> Taken | None:
    """A tap of a record on hold for its purse that belongs to another trip, None for none."""
    row = cursor.execute(
        "SELECT acquirer, trip_id, codes, body FROM record WHERE record_id = %s", (record_id,)
    ).fetchone()
    assert row is not None, record_id
    if FORKED not in str(row[2]).split():
        return None
    claims = claims_of(_decode_record(str(row[3])))
    return next(iter(taken_taps(cursor, str(row[0]), str(row[1]), claims)), None)


def settle_taps(cursor: Cursor, acquirer: str, record: Record) -> None:
    """Let the trip of a record that is let in hold its taps, and those of the revisions that wait
    after it, as far as they are free; what it dropped is free."""
    rows = cursor.execute(
        "SELECT revision, body FROM record WHERE trip_id = %s AND status <> 'void'",
        (record.trip_id,),
    )
    told = [(int(revision), claims_of(_decode_record(str(body)))) for revision, body in rows]
    wanted = {claim for revision, claims in told if revision >= record.revision for claim in claims}
    dropped = {claim for _, claims in told for claim in claims} - wanted
    cursor.execute(
        "DELETE FROM tap_claim WHERE acquirer = %s AND trip_id = %s AND tap = ANY(%s)",
        (acquirer, record.trip_id, sorted(dropped)),
    )
    taken = {one.tap for one in taken_taps(cursor, acquirer, record.trip_id, sorted(wanted))}
    take_taps(cursor, acquirer, record.trip_id, sorted(wanted - taken))


def take_taps(cursor: Cursor, acquirer: str, trip_id: str, claims: Sequence[str]) -> None:
    """Let a trip hold taps that no other trip has a right to."""
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
