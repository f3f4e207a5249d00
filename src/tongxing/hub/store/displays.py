"""Displays of ride codes in the database: which trips that stand were paid by which."""

from collections.abc import Iterable

from tongxing.hub.admission import Judgement
from tongxing.hub.displays import Displays, marks_of
from tongxing.hub.store.connection import Cursor
from tongxing.messages import Record


def load_displays(cursor: Cursor, records: Iterable[Record]) -> Displays:
    """What the books know of the displays named in these records, in order of trip. A trip whose
    first record is void stands for nothing."""
    marks = sorted({mark for record in records for mark in marks_of(record)})
    if not marks:
        return {}
    found: dict[bytes, list[str]] = {}
    for mark, trip_id in cursor.execute(
        "SELECT code, shown.trip_id FROM code_display AS shown"
        " JOIN record ON record_id = shown.trip_id || '.1' AND status <> 'void'"
        " WHERE code = ANY(%s) ORDER BY code, shown.trip_id",
        (marks,),
    ):
        found.setdefault(bytes(mark), []).append(str(trip_id))
    return found


def write_displays(cursor: Cursor, judgements: Iterable[Judgement]) -> None:
    """Keep the displays of rows that stand; a trip that is withdrawn lets go of its own."""
    kept: set[tuple[bytes, str]] = set()
    gone: list[str] = []
    marks: set[bytes] = set()
    for item in judgements:
        record = item.row.record
        if record is None or item.standing is None or not record.codes:
            continue
        of_record = marks_of(record)
        if record.how == "void":
            gone.append(record.trip_id)
            marks.update(of_record)
        else:
            kept.update((mark, record.trip_id) for mark in of_record)
    if kept:
        rows = sorted(kept)
        cursor.execute(
            "INSERT INTO code_display SELECT * FROM unnest(%s::bytea[], %s::text[])"
            " ON CONFLICT DO NOTHING",
            ([mark for mark, _ in rows], [trip_id for _, trip_id in rows]),
        )
    if gone:
        cursor.execute(
            "DELETE FROM code_display WHERE code = ANY(%s) AND trip_id = ANY(%s)",
            (sorted(marks), gone),
        )


def keep_displays(cursor: Cursor, record: Record) -> None:
    """Keep the displays of a record that came to stand after its file."""
    cursor.executemany(
        "INSERT INTO code_display VALUES (%s, %s) ON CONFLICT DO NOTHING",
        [(mark, record.trip_id) for mark in marks_of(record)],
    )
