"""What an export reads of the hub's books: rows in the order of their arrival, registers, money.

Rows are streamed; nothing here is held whole but what is small by nature.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import psycopg

from tongxing.hub.evidence import NumberSpan, Terminal
from tongxing.hub.liability import Denial
from tongxing.hub.store.connection import Cursor

_FETCHED = 2_000
NEVER = (1 << 31) - 1
"""Stands for a version that no list has, in tables whose versions have 31 bits."""


class ShownRow(NamedTuple):
    """A row of a record file as the hub keeps it. `kind` says whether it stands, is a record that
    stands already ("again"), or was refused for what it is. `codes`, `status` and `shares`
    are those of now; `is_in` says whether it is in its window as it came."""

    window_id: str
    received_s: int
    sender: str
    file_no: int
    file_id: str
    row_no: int
    record_id: str
    kind: Literal["stands", "again", "refused"]
    codes: str
    status: str
    is_in: bool
    shares: tuple[tuple[str, int], ...]
    content: bytes


class Apart(NamedTuple):
    """Money of a window that is of no row of it: what it is, between whom, records and fen, and the
    operators' parts of it."""

    window_id: str
    why: str
    acquirer: str
    issuer: str
    records: int
    fen: int
    shares: tuple[tuple[str, int], ...]


class KeptWindow(NamedTuple):
    """A window, and the SHA-256 of the rulebook it was closed under ("" while it is open)."""

    window_id: str
    state: str
    rulebook_sha256: str


def windows(cursor: Cursor, first: str, last: str) -> list[KeptWindow]:
    """The windows from the one to the other ("" for no limit), in order."""
    rows = cursor.execute(
        "SELECT window_id, state, coalesce(rulebook_sha256, '') FROM clearing_window"
        " WHERE window_id >= %s AND (%s = '' OR window_id <= %s) ORDER BY window_id",
        (first, last, last),
    )
    return [KeptWindow(*row) for row in rows]


def shown_rows(cursor: Cursor, first: str, last: str) -> Iterator[ShownRow]:
    """All rows of the files of some windows, in the order in which they came."""
    with _streaming(cursor, "shown_rows") as stream:
        stream.execute(_ROWS, {"first": first, "last": last})
        for row in stream:
            operators, fen, content = row[-3:]
            shares = tuple(zip(operators or (), (int(one) for one in fen or ()), strict=True))
            yield ShownRow._make((*row[:11], shares, bytes(content)))


_ROWS = """
SELECT record_file.window_id, received_s, sender, number, file_id, row_no, record_id, 'stands',
  codes, status, coalesce(admitted_s = received_s, false), operators, share_fen,
  convert_to(body, 'UTF8')
FROM record_file JOIN record USING (sender, file_id)
WHERE record_file.window_id BETWEEN %(first)s AND %(last)s
UNION ALL
SELECT record_file.window_id, received_s, sender, number, file_id, row_no, record_id,
  CASE WHEN code IN ('1002', '1020') AND EXISTS (SELECT FROM record
    WHERE record.record_id = refused_row.record_id) THEN 'again' ELSE 'refused' END,
  codes, status, false, NULL, NULL, content
FROM record_file JOIN refused_row USING (sender, file_id)
WHERE record_file.window_id BETWEEN %(first)s AND %(last)s
ORDER BY 1, 2, 3, 4, 6
"""


def file_answer(cursor: Cursor, sender: str, file_id: str) -> bytes:
    """The sealed verdict file that a record file was answered with."""
    row = cursor.execute(
        "SELECT verdicts FROM record_file WHERE sender = %s AND file_id = %s", (sender, file_id)
    ).fetchone()
    assert row is not None
    return bytes(row[0])


def strange_cards(cursor: Cursor) -> frozenset[str]:
    """The cards with a fork or a break in what their records have told; few are."""
    rows = cursor.execute(
        "SELECT DISTINCT card FROM (SELECT card, counter, before_fen,"
        " lag(counter) OVER beside AS last, lag(before_fen - amount_fen) OVER beside AS rest"
        " FROM purse_link WINDOW beside AS (PARTITION BY card ORDER BY counter, mark)) AS links"
        " WHERE counter = last OR (counter = last + 1 AND before_fen < rest)"
    )
    return frozenset(str(row[0]) for row in rows)


def newest_places(
    cursor: Cursor, acquirer: str, terminals: Iterable[str]
) -> dict[str, tuple[Terminal, ...]]:
    """Where each of these terminals was last registered to stand."""
    rows = cursor.execute(
        "SELECT DISTINCT ON (terminal_id) terminal_id, operator, line, first_on, last_on"
        " FROM register_terminal WHERE acquirer = %s AND terminal_id = ANY(%s)"
        " ORDER BY terminal_id, first_on DESC",
        (acquirer, sorted(set(terminals))),
    )
    return {str(name): (Terminal(acquirer, *place),) for name, *place in rows}


def all_numbers(cursor: Cursor) -> dict[str, list[NumberSpan]]:
    """The beginnings of card numbers by issuer; of one that told none, an empty list."""
    found: dict[str, list[NumberSpan]] = {
        str(row[0]): []
        for row in cursor.execute(
            "SELECT DISTINCT owner FROM register_version WHERE kind = 'NumberRegister' ORDER BY 1"
        ).fetchall()
    }
    for issuer, *span in cursor.execute(
        "SELECT issuer, prefix, first_on, last_on FROM register_number ORDER BY 1, 2, 3"
    ):
        found[str(issuer)].append(NumberSpan(*span))
    return found


class Reported(NamedTuple):
    """A medium that is lost now, as one row of a deny list can say it."""

    issuer: str
    medium_no: str
    denial: Denial


def denials_of(cursor: Cursor, media: Sequence[str]) -> dict[str, Denial]:
    """Those of these media that are lost now."""
    rows = cursor.execute(_LOST.format(which="AND medium_no = ANY(%s)"), (list(media),)).fetchall()
    return {one.medium_no: one.denial for one in map(_reported, rows)}


def all_denials(cursor: Cursor) -> Iterator[Reported]:
    """All media that are lost now, in order."""
    with _streaming(cursor, "all_denials") as stream:
        stream.execute(_LOST.format(which=""))
        yield from map(_reported, stream)


_LOST = """
SELECT DISTINCT ON (medium_no) issuer, medium_no, reported_s, told_s, is_anonymous,
  (SELECT named_from FROM register_denied d WHERE d.city = m.city AND d.medium_no = l.medium_no),
  (SELECT min(version) FROM register_version v WHERE v.kind = 'DenyList' AND v.owner = m.city
    AND v.published_s >= l.told_s)
FROM register_loss l JOIN member m ON m.member_id = l.issuer
WHERE found_s = 0 {which} ORDER BY medium_no, reported_s DESC, issuer
"""


def _reported(row: tuple[object, ...]) -> Reported:
    issuer, medium_no, reported_s, told_s, is_anonymous, named, due = row
    named_from = min(NEVER, _whole(named))
    denial = Denial(
        reported_s=_whole(reported_s),
        published_s=max(_whole(told_s), _whole(reported_s)),
        version=min(named_from, _whole(due)),
        named_from=named_from,
        is_anonymous=bool(is_anonymous),
    )
    return Reported(str(issuer), str(medium_no), denial)


def _whole(cell: object) -> int:
    return NEVER if cell is None else int(str(cell))


def let_in(cursor: Cursor, first: str, last: str) -> list[Apart]:
    """What windows took in beside the rows that were accepted as they came: records that were on
    hold or carried before."""
    return _summed(
        cursor,
        "SELECT r.window_id, 'let_in', r.acquirer, r.issuer, r.record_id, r.delta_fen, operators,"
        " share_fen FROM record r JOIN record_file f USING (sender, file_id)"
        " WHERE r.window_id BETWEEN %s AND %s AND r.admitted_s <> f.received_s",
        (first, last),
    )


def case_money(cursor: Cursor, first: str, last: str) -> list[Apart]:
    """What windows netted of cases. Adjustments are part of a pair's money, less or more; what an
    operator gives back is less of its own; all else moves beside the pairs."""
    return _summed(
        cursor,
        "SELECT m.window_id, 'case_' || kind, acquirer, issuer, m.case_id,"
        " CASE WHEN kind = 'adjustment' THEN -m.amount_fen ELSE m.amount_fen END, operators,"
        " CASE WHEN kind IN ('adjustment', 'dispute_won')"
        "  THEN (SELECT array_agg(-fen ORDER BY place) FROM"
        "   unnest(share_fen) WITH ORDINALITY AS part (fen, place)) ELSE share_fen END"
        " FROM case_money m JOIN dispute_case USING (case_id)"
        " WHERE m.window_id BETWEEN %s AND %s",
        (first, last),
    )


def _summed(cursor: Cursor, sql: str, limits: tuple[str, str]) -> list[Apart]:
    totals = cursor.execute(
        f"SELECT window_id, why, acquirer, issuer, count(*), sum(fen)::bigint FROM ({sql})"
        " AS found (window_id, why, acquirer, issuer, name, fen, operators, share_fen)"
        " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        limits,
    ).fetchall()
    parts: dict[tuple[str, ...], list[tuple[str, int]]] = {}
    for *key, operator, fen in cursor.execute(
        "SELECT window_id, why, acquirer, issuer, part.operator, sum(part.fen)::bigint"
        f" FROM ({sql})"
        " AS found (window_id, why, acquirer, issuer, name, fen, operators, share_fen),"
        " unnest(operators, share_fen) AS part (operator, fen)"
        ' GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, part.operator COLLATE "C"',
        limits,
    ):
        parts.setdefault(tuple(key), []).append((str(operator), int(fen)))
    return [
        Apart(window_id, why, acquirer, issuer, records, fen, tuple(parts.get(tuple(key), ())))
        for window_id, why, acquirer, issuer, records, fen in totals
        for key in [(window_id, why, acquirer, issuer)]
    ]


def _streaming(cursor: Cursor, name: str) -> psycopg.ServerCursor[tuple[Any, ...]]:
    stream = cursor.connection.cursor(name)
    stream.itersize = _FETCHED
    return stream
