"""Which card took whose place, and what of the old one's money is on its way or was loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, LiteralString

from tongxing.city.store.cursor import Cursor
from tongxing.network.legacy import Trust

Why = Literal["legacy", "damaged", "expired", "lost", "unbound"]
"""Why a card is replaced: its chip proves nothing, does not answer, or is past its last day; it was
reported lost; a dispute took it off an account."""

_BEFORE = (
    "WITH RECURSIVE before (medium_no, ready_s, steps) AS ("
    "SELECT old_no, ready_s, 1 FROM replacement WHERE new_no = %s"
    " UNION ALL SELECT older.old_no, older.ready_s, steps + 1 FROM replacement older"
    " JOIN before ON older.new_no = before.medium_no) "
)


@dataclass(frozen=True, slots=True)
class MediumRow:
    """A medium we issued, and who pays for it (`rider_kind` is account or purse)."""

    medium_no: str
    medium_kind: str
    scheme: str
    product: str
    trust: Trust
    denied: str
    rider_id: str
    rider_kind: str
    liability: str
    balance_fen: int


@dataclass(frozen=True, slots=True)
class ReplacementRow:
    """One card that took another's place; `ready_s` is from when the old purse's money may be
    loaded."""

    request_id: str
    old_no: str
    new_no: str
    why: Why
    fee_fen: int
    ready_s: int
    decided_s: int
    decided_by: str


@dataclass(frozen=True, slots=True)
class OldPurse:
    """A purse whose card was replaced, with what the books say it still has."""

    medium_no: str
    rider_id: str
    liability: str
    balance_fen: int
    ready_s: int


@dataclass(frozen=True, slots=True)
class LoadRow:
    """Money on its way onto a card's chip; `loaded` is None until the counter says what became of
    it."""

    request_id: str
    new_no: str
    amount_fen: int
    started_s: int
    started_by: str
    loaded: bool | None


def find_medium(cursor: Cursor, medium_no: str) -> MediumRow | None:
    """A medium that we issued."""
    row = cursor.execute(
        "SELECT medium_no, medium_kind, scheme, product, trust, denied, rider_id, kind, liability,"
        " balance_fen FROM medium JOIN rider USING (rider_id) WHERE medium_no = %s",
        (medium_no,),
    ).fetchone()
    return None if row is None else MediumRow(*row)


def was_ever_used(cursor: Cursor, medium_no: str) -> bool:
    """Whether a number is a medium, a rider, or ever opened a gate, here or elsewhere."""
    row = cursor.execute(
        "SELECT EXISTS (SELECT 1 FROM medium WHERE medium_no = %(no)s)"
        " OR EXISTS (SELECT 1 FROM rider WHERE rider_id = %(no)s)"
        " OR EXISTS (SELECT 1 FROM tap WHERE rider_id = %(no)s AND outcome = 'opened')"
        " OR EXISTS (SELECT 1 FROM issuer_record WHERE medium_no = %(no)s)",
        {"no": medium_no},
    ).fetchone()
    assert row is not None
    return bool(row[0])


def find_replacement(cursor: Cursor, request_id: str) -> ReplacementRow | None:
    """What was done under a request id."""
    return _replacement(cursor, "request_id = %s", request_id)


def replacement_of(cursor: Cursor, old_no: str) -> ReplacementRow | None:
    """How a card was replaced; None while it was not."""
    return _replacement(cursor, "old_no = %s", old_no)


def write_replacement(cursor: Cursor, row: ReplacementRow) -> None:
    """Note that a card took another's place."""
    cursor.execute(
        "INSERT INTO replacement VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (row.request_id, row.old_no, row.new_no, row.why, row.fee_fen, row.ready_s, row.decided_s,
         row.decided_by),
    )  # fmt: skip


def cards_before(cursor: Cursor, medium_no: str) -> list[str]:
    """The cards whose place this one took, newest first."""
    rows = cursor.execute(_BEFORE + "SELECT medium_no FROM before ORDER BY steps", (medium_no,))
    return [str(old_no) for (old_no,) in rows]


def old_purses(cursor: Cursor, medium_no: str) -> list[OldPurse]:
    """The purses whose place this card took, newest first; none for a card of an account."""
    rows = cursor.execute(
        _BEFORE + "SELECT medium_no, rider_id, liability, balance_fen, ready_s FROM before"
        " JOIN medium USING (medium_no) JOIN rider USING (rider_id) WHERE kind = 'purse'"
        " ORDER BY steps",
        (medium_no,),
    )
    return [OldPurse(*row) for row in rows]


def find_load(cursor: Cursor, request_id: str) -> LoadRow | None:
    """A load by the request that started it."""
    return _load(cursor, "request_id = %s", request_id)


def pending_load(cursor: Cursor, new_no: str) -> LoadRow | None:
    """The load onto this card of which nobody has said yet what became of it."""
    return _load(cursor, "new_no = %s AND loaded IS NULL", new_no)


def write_load(cursor: Cursor, row: LoadRow, parts: Mapping[str, int]) -> None:
    """Note that money is on its way; `parts` says how much of it comes from which rider."""
    cursor.execute(
        "INSERT INTO replacement_load VALUES (%s, %s, %s, %s, %s)",
        (row.request_id, row.new_no, row.amount_fen, row.started_s, row.started_by),
    )
    cursor.executemany(
        "INSERT INTO replacement_load_part VALUES (%s, %s, %s)",
        [(row.request_id, rider_id, amount_fen) for rider_id, amount_fen in parts.items()],
    )


def parts_of_load(cursor: Cursor, request_id: str) -> list[tuple[str, str, int]]:
    """Rider, ledger account and amount of each part of a load."""
    rows = cursor.execute(
        "SELECT rider_id, liability, amount_fen FROM replacement_load_part JOIN rider USING"
        " (rider_id) WHERE request_id = %s ORDER BY rider_id",
        (request_id,),
    )
    return [(str(rider_id), str(liability), int(fen)) for rider_id, liability, fen in rows]


def write_load_end(cursor: Cursor, request_id: str, loaded: bool, ended_s: int, by: str) -> None:
    """Note what the counter saw on the chip."""
    cursor.execute(
        "INSERT INTO replacement_load_end VALUES (%s, %s, %s, %s)",
        (request_id, loaded, ended_s, by),
    )


def trips_of(cursor: Cursor, medium_nos: Sequence[str]) -> tuple[int, int | None]:
    """How many trips of these cards stand, at home and elsewhere, and when the newest ended."""
    row = cursor.execute(
        "SELECT count(*), max(exited_s) FROM trip WHERE how <> 'void' AND medium_no = ANY(%(nos)s)"
        " AND rider_id IN (SELECT unnest(ARRAY[rider_id, purse_rider]) FROM medium"
        " WHERE medium_no = ANY(%(nos)s))",
        {"nos": list(medium_nos)},
    ).fetchone()
    away = cursor.execute(
        "SELECT count(*) FROM (SELECT record::json ->> 'trip_id' FROM issuer_record"
        " WHERE medium_no = ANY(%s) GROUP BY 1 HAVING sum(delta_fen) <> 0) AS elsewhere",
        (list(medium_nos),),
    ).fetchone()
    assert row is not None and away is not None
    return int(row[0]) + int(away[0]), row[1]


def _replacement(cursor: Cursor, where: LiteralString, value: str) -> ReplacementRow | None:
    row = cursor.execute(
        "SELECT request_id, old_no, new_no, why, fee_fen, ready_s, decided_s, decided_by"
        " FROM replacement WHERE " + where,
        (value,),
    ).fetchone()
    return None if row is None else ReplacementRow(*row)


def _load(cursor: Cursor, where: LiteralString, value: str) -> LoadRow | None:
    row = cursor.execute(
        "SELECT request_id, new_no, amount_fen, started_s, started_by, loaded"
        " FROM replacement_load LEFT JOIN replacement_load_end USING (request_id) WHERE " + where,
        (value,),
    ).fetchone()
    return None if row is None else LoadRow(*row)
