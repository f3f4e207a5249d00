"""Disputes as the hub told them: every step, and what our members booked of their money."""

from collections.abc import Iterable, Sequence

import msgspec

from tongxing.city.store.cursor import Cursor
from tongxing.messages import CaseMoney, CaseNews, Record

_ENCODER = msgspec.json.Encoder(order="deterministic")
_decode_record = msgspec.json.Decoder(Record).decode


def booked_money(cursor: Cursor, member: str, case_ids: Sequence[str]) -> set[tuple[str, int]]:
    """What of these cases a member has booked: case and number."""
    rows = cursor.execute(
        "SELECT case_id, number FROM case_money WHERE member = %s AND case_id = ANY(%s)",
        (member, list(case_ids)),
    )
    return {(str(case_id), int(number)) for case_id, number in rows}


def write_money(
    cursor: Cursor, member: str, window_id: str, booked: Iterable[tuple[CaseMoney, int]]
) -> None:
    """Keep what a member booked of a window, each with what of it is its own loss."""
    cursor.executemany(
        "INSERT INTO case_money VALUES (%s, %s, %s, %s, %s, %s)",
        [
            (money.case_id, money.number, member, window_id, own_fen, _text(money))
            for money, own_fen in booked
        ],
    )


def write_news(cursor: Cursor, window_id: str, news: Iterable[CaseNews]) -> None:
    """Keep steps of cases; both of our members may hear of the same."""
    cursor.executemany(
        "INSERT INTO case_news VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [(item.case_id, item.number, item.record_id, window_id, _text(item)) for item in news],
    )


def own_losses(cursor: Cursor, member: str, window_id: str) -> int:
    """What disputes cost a member of its own in a window, in fen."""
    row = cursor.execute(
        "SELECT coalesce(sum(own_fen), 0) FROM case_money WHERE member = %s AND window_id = %s",
        (member, window_id),
    ).fetchone()
    assert row is not None
    return int(row[0])


def disputed_records(cursor: Cursor, record_ids: Sequence[str]) -> dict[str, Record]:
    """The records that cases are about, ridden here or elsewhere, those that we know."""
    rows = cursor.execute(
        "SELECT record FROM trip_revision WHERE record_id = ANY(%(ids)s)"
        " UNION SELECT record FROM issuer_record WHERE record_id = ANY(%(ids)s)",
        {"ids": list(record_ids)},
    )
    found = (_decode_record(text) for (text,) in rows)
    return {record.record_id: record for record in found}


def refused_as(cursor: Cursor, record_ids: Sequence[str], code: str) -> list[str]:
    """Those of these records of ours that the hub turned away under a code, in order."""
    rows = cursor.execute(
        "SELECT record_id FROM verdict JOIN trip_revision USING (record_id)"
        " WHERE record_id = ANY(%s) AND status = 'rejected' AND code = %s ORDER BY record_id",
        (list(record_ids), code),
    )
    return [str(record_id) for (record_id,) in rows]


def mark_unsent(cursor: Cursor, record_ids: Sequence[str]) -> None:
    """Let these records be presented again: the next answer is theirs."""
    names = list(record_ids)
    cursor.execute("DELETE FROM verdict WHERE record_id = ANY(%s)", (names,))
    cursor.execute("UPDATE trip_revision SET file_id = NULL WHERE record_id = ANY(%s)", (names,))


def _text(item: CaseMoney | CaseNews) -> str:
    return _ENCODER.encode(item).decode()
