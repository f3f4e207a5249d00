"""What an issuer's word is about, in the database."""

from typing import NamedTuple

import msgspec

from tongxing.hub.cases.ladder import OBJECT
from tongxing.hub.life import RecordEvent
from tongxing.hub.store.connection import Cursor
from tongxing.hub.windows import WindowState
from tongxing.messages import Record

_decode_record = msgspec.json.Decoder(Record).decode


class Spoken(NamedTuple):
    """A record that stands, as an issuer's word finds it. `held_since_s` is since when it waits, if
    it does; `was_said` is whether its issuer said something of it before."""

    record_id: str
    trip_id: str
    revision: int
    sender: str
    issuer: str
    acquirer: str
    status: str
    codes: str
    window_state: WindowState | None
    received_s: int
    held_since_s: int
    exited_s: int
    was_said: bool


def find_spoken(cursor: Cursor, record_id: str) -> Spoken | None:
    """A record that stands; None for one that does not."""
    row = cursor.execute(
        "SELECT record_id, trip_id, revision, sender, issuer, acquirer, status, codes, state,"
        " received_s, coalesce((SELECT max(at_s) FROM record_event AS e"
        "  WHERE e.record_id = record.record_id AND event = ANY(%(held)s)), received_s), body,"
        " EXISTS (SELECT FROM record_event AS e WHERE e.record_id = record.record_id"
        "  AND decided_by = issuer) OR EXISTS (SELECT FROM dispute_case AS c JOIN case_event AS e"
        "  USING (case_id) WHERE c.record_id = record.record_id AND act = %(object)s)"
        " FROM record JOIN record_file USING (sender, file_id)"
        " LEFT JOIN clearing_window ON clearing_window.window_id = record.window_id"
        " WHERE record_id = %(record)s",
        {
            "record": record_id,
            "held": [RecordEvent.FREEZE.value, RecordEvent.OBJECT.value],
            "object": OBJECT,
        },
    ).fetchone()
    if row is None:
        return None
    *first, state, received_s, held_since_s, body, was_said = row
    window_state = None if state is None else WindowState(state)
    exited_s = _decode_record(body).exited_s
    return Spoken._make([*first, window_state, received_s, held_since_s, exited_s, was_said])


def not_netted(cursor: Cursor, trip_id: str, from_revision: int) -> list[str]:
    """The records of a trip from a revision on that are carried or in a window that is open, in
    order of revision."""
    rows = cursor.execute(
        "SELECT record_id FROM record LEFT JOIN clearing_window USING (window_id)"
        " WHERE trip_id = %s AND revision >= %s AND (status = 'carried'"
        "  OR status = 'accepted' AND state = 'open') ORDER BY revision",
        (trip_id, from_revision),
    )
    return [str(row[0]) for row in rows]
