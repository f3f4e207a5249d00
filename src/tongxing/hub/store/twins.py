"""Rows whose names stand with other content, in the database: kept, found, listed, ended.

`record_id` is the name that two rows have. When the row that waits takes it, its columns become the
record's, and what the record was is kept as a row that was rejected.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from tongxing.hub.admission import TWIN, Judgement, content_hash, twin_name
from tongxing.hub.life import PROPOSALS
from tongxing.hub.store.connection import Cursor
from tongxing.hub.store.life import HeldLine
from tongxing.hub.store.taps import take_taps
from tongxing.hub.verdicts import FORKED
from tongxing.messages import Record

SHOWN_DIGITS = 12
"""How much of a row's content its name shows to people."""

_encode = msgspec.json.Encoder().encode
_decode_record = msgspec.json.Decoder(Record).decode


class Twin(NamedTuple):
    """A row that waits for a name, or did: its place, since when, how it stands, its money, and the
    codes that it would have got under a free name. `basis_id` is None where it would have been
    rejected anyway."""

    record_id: str
    content_hash: bytes
    sender: str
    file_id: str
    row_no: int
    since_s: int
    state: str
    codes: str
    delta_fen: int
    basis_id: str | None
    body: str

    @property
    def name(self) -> str:
        """What people call it."""
        return twin_name(self.record_id, self.content_hash)[
            : len(self.record_id) + 1 + SHOWN_DIGITS
        ]

    @property
    def record(self) -> Record:
        return _decode_record(self.body)


_TWIN = (
    "SELECT record_id, content_hash, sender, file_id, row_no, received_s, state, codes, delta_fen,"
    " basis_id, body FROM twin_row JOIN record_file USING (sender, file_id)"
)


def twins_of(cursor: Cursor, record_ids: Iterable[str]) -> list[tuple[str, bytes]]:
    """The rows that wait, or waited, for these names: name and content."""
    rows = cursor.execute(
        "SELECT record_id, content_hash FROM twin_row"
        " WHERE record_id = ANY(string_to_array(%s, ' '))",
        (" ".join(record_ids),),
    )
    return [(str(record_id), bytes(content)) for record_id, content in rows]


def write_twins(cursor: Cursor, sender: str, file_id: str, rows: Sequence[Judgement]) -> None:
    """Keep the rows of a file that wait for a name."""
    kept = []
    for item in rows:
        record, judged = item.row.record, item.twin
        assert record is not None and judged is not None
        place = (record.record_id, content_hash(item.row), sender, file_id, item.row.number)
        money = (record.issuer, record.acquirer, record.charge_fen, record.delta_fen)
        split: tuple[object, ...] = (None, None, None, None)
        if judged.basis is not None and judged.standing is not None:
            operators = [share.operator for share in judged.shares]
            fen = [share.share_fen for share in judged.shares]
            whole = _encode(judged.standing.whole).decode()
            split = (judged.basis.basis_id, operators, fen, whole)
        codes = " ".join(judged.codes)
        kept.append((*place, "held", codes, *money, *split, item.row.content.decode()))
    cursor.executemany(
        "INSERT INTO twin_row VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
        " %s)",
        kept,
    )


def find_twin(cursor: Cursor, name: str) -> Twin | None:
    """The row of a name, which may show no more of its content than is plain; None for none."""
    record_id, _, digits = name.partition(TWIN)
    if len(digits) < SHOWN_DIGITS:
        return None
    rows = cursor.execute(
        f"{_TWIN} WHERE record_id = %s AND starts_with(encode(content_hash, 'hex'), %s)",
        (record_id, digits),
    ).fetchall()
    return Twin(*rows[0]) if len(rows) == 1 else None


def held_twins(cursor: Cursor) -> list[Twin]:
    """All rows that wait for a name, in order of name."""
    rows = cursor.execute(f"{_TWIN} WHERE state = 'held' ORDER BY record_id, content_hash")
    return [Twin(*row) for row in rows]


def held_twin_lines(cursor: Cursor) -> list[HeldLine]:
    """The same for people, the one that waits longest first."""
    rows = cursor.execute(
        "SELECT twin_row.record_id, twin_row.content_hash, issuer, acquirer, delta_fen, detail,"
        " received_s, coalesce(said.event, ''), coalesce(said.decided_by, '')"
        " FROM twin_row JOIN record_file USING (sender, file_id)"
        " JOIN refused_row USING (sender, file_id, row_no) LEFT JOIN LATERAL"
        " (SELECT event, decided_by FROM twin_event AS e WHERE e.record_id = twin_row.record_id"
        "  AND e.content_hash = twin_row.content_hash AND event = ANY(%s)"
        "  ORDER BY number DESC LIMIT 1) AS said ON true"
        " WHERE state = 'held' ORDER BY received_s, 1, 2",
        (list(PROPOSALS.values()),),
    ).fetchall()
    shown = SHOWN_DIGITS + 1
    names = [twin_name(row[0], bytes(row[1]))[: len(row[0]) + shown] for row in rows]
    return [
        HeldLine(name, row[2], row[3], row[4], FORKED, row[5], row[6], row[7], row[8], None)
        for name, row in zip(names, rows, strict=True)
    ]


def twins_waiting(cursor: Cursor, cutoff_s: int) -> list[tuple[str, str, str, int, str, int]]:
    """The rows that waited for a name at a cut-off, in order of name: how people call it, issuer,
    acquirer, money, code, and since when."""
    rows = cursor.execute(
        "SELECT record_id, content_hash, issuer, acquirer, delta_fen, received_s"
        " FROM twin_row JOIN record_file USING (sender, file_id) LEFT JOIN LATERAL"
        " (SELECT max(at_s) AS at_s FROM twin_event AS e WHERE e.record_id = twin_row.record_id"
        "  AND e.content_hash = twin_row.content_hash AND NOT event = ANY(%s)) AS ended ON true"
        " WHERE received_s < %s AND (state = 'held' OR ended.at_s >= %s) ORDER BY 1, 2",
        (list(PROPOSALS.values()), cutoff_s, cutoff_s),
    ).fetchall()
    shown = SHOWN_DIGITS + 1
    return [
        (
            twin_name(row[0], bytes(row[1]))[: len(row[0]) + shown],
            str(row[2]),
            str(row[3]),
            int(row[4]),
            FORKED,
            int(row[5]),
        )
        for row in rows
    ]


def newest_twin_proposal(cursor: Cursor, twin: Twin) -> tuple[str, str]:
    """What was last proposed for a row that waits for a name, and by whom; "" and ""."""
    row = cursor.execute(
        "SELECT event, decided_by FROM twin_event WHERE (record_id, content_hash) = (%s, %s)"
        " AND event = ANY(%s) ORDER BY number DESC LIMIT 1",
        (twin.record_id, twin.content_hash, list(PROPOSALS.values())),
    ).fetchone()
    return ("", "") if row is None else (str(row[0]), str(row[1]))


def write_twin_event(
    cursor: Cursor, twin: Twin, event: str, at_s: int, by: str, reason: str, rules: str
) -> None:
    """Write a step of such a row down."""
    cursor.execute(
        "INSERT INTO twin_event SELECT %(record)s, %(content)s, count(*) + 1, %(event)s, %(at)s,"
        " %(by)s, %(reason)s, %(rules)s FROM twin_event"
        " WHERE (record_id, content_hash) = (%(record)s, %(content)s)",
        {
            "record": twin.record_id,
            "content": twin.content_hash,
            "event": str(event),
            "at": at_s,
            "by": by,
            "reason": reason,
            "rules": rules,
        },
    )


def end_twin(cursor: Cursor, twin: Twin) -> None:
    """A row gets the name for which it waits from nobody: it is rejected, as it came."""
    key = (twin.record_id, twin.content_hash)
    cursor.execute(
        "UPDATE twin_row SET state = 'void' WHERE (record_id, content_hash) = (%s, %s)", key
    )
    cursor.execute(
        "UPDATE refused_row SET status = 'rejected' WHERE (sender, file_id, row_no) = (%s, %s, %s)",
        (twin.sender, twin.file_id, twin.row_no),
    )


class First(NamedTuple):
    """The record that has the name: how it stands, its money, whether its window is closed, and
    the later revision of its trip that stands on it ("" for none)."""

    status: str
    delta_fen: int
    is_netted: bool
    follower: str


def first_of(cursor: Cursor, twin: Twin) -> First:
    """The record whose name a row waits for."""
    row = cursor.execute(
        "SELECT status, delta_fen, coalesce(state <> 'open', false), coalesce("
        " (SELECT later.record_id FROM record AS later WHERE later.trip_id = record.trip_id"
        "  AND later.status <> 'void' AND later.revision > record.revision"
        "  ORDER BY later.revision LIMIT 1), '')"
        " FROM record LEFT JOIN clearing_window USING (window_id) WHERE record_id = %s",
        (twin.record_id,),
    ).fetchone()
    assert row is not None
    return First(str(row[0]), int(row[1]), bool(row[2]), str(row[3]))


def change_places(cursor: Cursor, twin: Twin, claims: Sequence[str]) -> None:
    """Let a row take the name of a record that is void: it is on hold under it; the record is kept
    as a row that was rejected. Its trip holds the row's taps now."""
    record_id = twin.record_id
    cursor.execute(
        "INSERT INTO twin_row SELECT record_id, content_hash, sender, file_id, row_no, 'void',"
        " codes, issuer, acquirer, charge_fen, delta_fen, basis_id, operators, share_fen, whole,"
        " body FROM record WHERE record_id = %s",
        (record_id,),
    )
    cursor.execute(
        "INSERT INTO refused_row (sender, file_id, row_no, record_id, status, code, codes, detail,"
        " content) SELECT sender, file_id, row_no, record_id, 'rejected',"
        " split_part(codes, ' ', 1), codes, detail, convert_to(body, 'UTF8')"
        " FROM record WHERE record_id = %s",
        (record_id,),
    )
    cursor.execute(
        "DELETE FROM refused_row WHERE (sender, file_id, row_no) = (%s, %s, %s)",
        (twin.sender, twin.file_id, twin.row_no),
    )
    cursor.execute(
        "UPDATE record SET (sender, file_id, row_no, status, codes, detail, issuer, acquirer,"
        " charge_fen, delta_fen, content_hash, basis_id, operators, share_fen, whole, body) ="
        " (SELECT sender, file_id, row_no, 'held', %(codes)s, %(why)s, issuer, acquirer,"
        " charge_fen, delta_fen, content_hash, basis_id, operators, share_fen, whole, body"
        " FROM twin_row WHERE (record_id, content_hash) = (%(record)s, %(content)s))"
        " WHERE record_id = %(record)s",
        {
            "record": record_id,
            "content": twin.content_hash,
            "codes": " ".join(dict.fromkeys((FORKED, *_others(twin.codes)))),
            "why": "it took the name of another row",
        },
    )
    cursor.execute(
        "UPDATE twin_row SET state = 'accepted' WHERE (record_id, content_hash) = (%s, %s)",
        (record_id, twin.content_hash),
    )
    trip_id, acquirer = twin.record.trip_id, twin.record.acquirer
    cursor.execute(
        "DELETE FROM tap_claim WHERE (acquirer, trip_id) = (%s, %s)", (acquirer, trip_id)
    )
    take_taps(cursor, acquirer, trip_id, claims)


def _others(codes: str) -> list[str]:
    return [code for code in codes.split() if code != "0000"]
