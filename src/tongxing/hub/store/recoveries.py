"""Rides turned away as too late, in the database: what is to be recovered, what was agreed to.

A recovered ride, and what comes of its trip afterwards, bears no clearing fee.
"""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from tongxing.hub.cases.ladder import CONSENTED, About
from tongxing.hub.store.connection import Cursor
from tongxing.kernel.clock import business_date, stamp
from tongxing.kernel.ids import sha256_hex
from tongxing.messages import CaseAct, Evidence, Record, Share

TOO_LATE = "1005"

_decode_record = msgspec.json.Decoder(Record).decode


def late_row(cursor: Cursor, record_id: str, sender: str) -> bytes | None:
    """The row of a record as it was turned away as too late, the last time; None for one that was
    not, or of which a record stands."""
    row = cursor.execute(
        "SELECT content FROM refused_row JOIN record_file USING (sender, file_id)"
        " WHERE record_id = %(record)s AND sender = %(sender)s AND code = %(code)s"
        " AND NOT EXISTS (SELECT FROM record WHERE record_id = %(record)s)"
        " ORDER BY number DESC, row_no DESC LIMIT 1",
        {"record": record_id, "sender": sender, "code": TOO_LATE},
    ).fetchone()
    return None if row is None else bytes(row[0])


def about_late(cursor: Cursor, content: bytes) -> About:
    """What a case about such a row has to go by: all of its charge, asked for once."""
    return _about(_decode_record(content), _is_asked(cursor, _decode_record(content).record_id))


def about_asked(cursor: Cursor, case_id: str) -> About | None:
    """The same for a case that is there; None for one that is no recovery."""
    row = cursor.execute("SELECT content FROM recovery WHERE case_id = %s", (case_id,)).fetchone()
    return None if row is None else _about(_decode_record(str(row[0])), False)


def _about(record: Record, was_asked: bool) -> About:
    return About(
        record_id=record.record_id,
        trip_id=record.trip_id,
        issuer=record.issuer,
        acquirer=record.acquirer,
        settled_on=business_date(record.exited_s),
        codes=(TOO_LATE,),
        how=record.how,
        is_signed=bool(record.proofs or record.codes),
        left_fen=record.delta_fen,
        whole=(),
        was_disputed=was_asked,
    )


def _is_asked(cursor: Cursor, record_id: str) -> bool:
    row = cursor.execute(
        "SELECT EXISTS (SELECT FROM recovery WHERE record_id = %s)", (record_id,)
    ).fetchone()
    return row is not None and bool(row[0])


def told_with(act: CaseAct, content: bytes) -> CaseAct:
    """An act that asks for a recovery, as it is told to the issuer: with what the ride was, and the
    SHA-256 of the record."""
    record = _decode_record(content)
    ends = "–".join(name for name in (record.origin, record.destination) if name)
    said = (record.medium_no, stamp(record.entered_s), record.line, ends, act.note)
    paper = Evidence(f"{record.record_id}.json"[:120], sha256_hex(content))
    return replace(
        act, note="; ".join(text for text in said if text), evidence=[paper, *act.evidence]
    )


def write_recovery(cursor: Cursor, case_id: str, record_id: str, content: bytes) -> None:
    """Keep what a case asks to recover."""
    cursor.execute(
        "INSERT INTO recovery VALUES (%s, %s, %s)", (case_id, record_id, content.decode())
    )


def consents(cursor: Cursor, records: Iterable[Record]) -> dict[str, Record]:
    """Of these records, those whose recovery their issuers agreed to, as it was asked for."""
    rows = cursor.execute(
        "SELECT recovery.record_id, content FROM recovery JOIN dispute_case USING (case_id)"
        " WHERE stage = %s AND recovery.record_id = ANY(string_to_array(%s, ' '))",
        (CONSENTED, " ".join(record.record_id for record in records)),
    )
    return {str(record_id): _decode_record(content) for record_id, content in rows}


_FREE = (
    "SELECT later.record_id FROM recovery JOIN dispute_case USING (case_id)"
    " JOIN record AS first ON first.record_id = recovery.record_id"
    " JOIN record AS later ON later.trip_id = first.trip_id AND later.revision >= first.revision"
    " WHERE stage = %s"
)


def free_shares(cursor: Cursor, window_id: str) -> dict[tuple[str, str], tuple[Share, ...]]:
    """What operators earned in a window of rides that bear no fee, by (issuer, acquirer)."""
    found: dict[tuple[str, str], list[Share]] = {}
    for issuer, acquirer, operator, fen in cursor.execute(
        "SELECT issuer, acquirer, part.operator, sum(part.fen)::bigint"
        " FROM record, unnest(operators, share_fen) AS part (operator, fen)"
        f" WHERE window_id = %s AND record_id IN ({_FREE})"
        ' GROUP BY 1, 2, 3 ORDER BY 1, 2, part.operator COLLATE "C"',
        (window_id, CONSENTED),
    ):
        found.setdefault((str(issuer), str(acquirer)), []).append(Share(str(operator), int(fen)))
    return {pair: tuple(shares) for pair, shares in found.items()}


def free_records(cursor: Cursor, record_ids: Sequence[str]) -> frozenset[str]:
    """Which of these records bear no fee."""
    rows = cursor.execute(
        f"SELECT record_id FROM record WHERE record_id = ANY(%s) AND record_id IN ({_FREE})",
        (list(record_ids), CONSENTED),
    )
    return frozenset(str(row[0]) for row in rows)
