"""What statements say beside their money, read as it was at a window's cut-off."""

from collections.abc import Mapping
from typing import LiteralString

from tongxing.hub.life import RecordEvent
from tongxing.hub.members import Member
from tongxing.hub.notes import NO_TRIALS, Mark, Notes, Reserve, Trials, Waits, notes_by_member
from tongxing.hub.store.connection import Cursor
from tongxing.hub.store.records import trial_totals
from tongxing.hub.store.twins import twins_waiting
from tongxing.hub.terms import terms_on
from tongxing.hub.verdicts import code_table
from tongxing.kernel.clock import calendar_date

_BACK = [RecordEvent.FREEZE.value, RecordEvent.OBJECT.value]
"""What puts a record on hold that was none."""
_ENDS = [
    event.value
    for event in (
        RecordEvent.PROOF,
        RecordEvent.AGREEMENT,
        RecordEvent.DISPROOF,
        RecordEvent.DEADLINE,
        RecordEvent.CARRY,
    )
]
_STEPS = [event.value for event in RecordEvent]

_WAITING: LiteralString = """
SELECT record_id, issuer, acquirer, delta_fen, codes, coalesce(back.at_s, received_s)
FROM (SELECT record_id FROM record WHERE status = 'held' UNION
    SELECT record_id FROM record_event WHERE at_s >= %(cutoff)s AND event = ANY(%(ends)s)) AS near
JOIN record USING (record_id) JOIN record_file USING (sender, file_id)
LEFT JOIN LATERAL (SELECT max(at_s) AS at_s FROM record_event e
    WHERE e.record_id = record.record_id AND event = ANY(%(back)s) AND at_s < %(cutoff)s)
    AS back ON true
LEFT JOIN LATERAL (SELECT event FROM record_event e WHERE e.record_id = record.record_id
    AND event = ANY(%(steps)s) AND at_s >= %(cutoff)s ORDER BY number LIMIT 1) AS later ON true
WHERE received_s < %(cutoff)s
    AND (status = 'held' AND later.event IS NULL OR later.event = ANY(%(ends)s))
    AND (record.window_id IS NULL OR admitted_s >= %(cutoff)s)
ORDER BY record_id
"""
"""Records that waited at the cut-off: what put them on hold came before it, and what ended that, if
anything did, after it. One that is frozen in a window that was netted earlier is its case's."""


def load_notes(
    cursor: Cursor, window_id: str, cutoff_s: int, members: Mapping[str, Member]
) -> dict[str, Notes]:
    """The notes of every member's statement of a window, as of its cut-off."""
    marks: dict[str, list[Mark]] = {}
    for issuer, acquirer, code, records, fen in cursor.execute(
        "SELECT issuer, acquirer, code, count(*), sum(delta_fen)::bigint"
        " FROM record, unnest(string_to_array(codes, ' ')) AS code"
        " WHERE window_id = %s AND code = ANY(%s) GROUP BY 1, 2, 3",
        (window_id, _soft_codes()),
    ):
        marks.setdefault(issuer, []).append(Mark(acquirer, code, int(records), -int(fen)))
        marks.setdefault(acquirer, []).append(Mark(issuer, code, int(records), int(fen)))
    waiting: dict[str, list[Waits]] = {}
    asked = {"cutoff": cutoff_s, "steps": _STEPS, "back": _BACK, "ends": _ENDS}
    rows = cursor.execute(_WAITING, asked).fetchall()
    for name, issuer, acquirer, fen, codes, since_s in [*rows, *twins_waiting(cursor, cutoff_s)]:
        since = int(since_s)
        times = since, terms_on(calendar_date(since)).held.ends_s(since)
        waiting.setdefault(issuer, []).append(Waits(name, acquirer, codes, -int(fen), *times))
        waiting.setdefault(acquirer, []).append(Waits(name, issuer, codes, int(fen), *times))
    trials: dict[str, Trials] = {}
    for total in trial_totals(cursor, window_id):
        for member, fen in ((total.issuer, -total.charge_fen), (total.acquirer, total.charge_fen)):
            before = trials.get(member, NO_TRIALS)
            trials[member] = Trials(before.records + total.records, before.amount_fen + fen)
    reserves = _reserves(cursor, cutoff_s)
    return notes_by_member(members, marks, waiting, trials, reserves)


def _soft_codes() -> list[str]:
    return [code.code for code in code_table().values() if code.severity == "soft"]


def _reserves(cursor: Cursor, cutoff_s: int) -> dict[str, Reserve]:
    """What members keep at a cut-off, and what is new of it since the one before."""
    rows = cursor.execute(
        "SELECT substr(account, 9), -sum(amount_fen)::bigint, -coalesce(sum(amount_fen) FILTER"
        "  (WHERE occurred_s >= (SELECT coalesce(max(cutoff_s), 0) FROM clearing_window"
        "   WHERE cutoff_s < %(cutoff)s)), 0)::bigint"
        " FROM posting_line JOIN posting USING (posting_id)"
        " WHERE entity = 'HUB' AND account LIKE 'reserve:%%' AND occurred_s < %(cutoff)s"
        " GROUP BY account",
        {"cutoff": cutoff_s},
    )
    return {str(row[0]): Reserve(int(row[2]), int(row[1])) for row in rows}
