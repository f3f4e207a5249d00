"""What the issuer bears for purses: found, and noted beside its postings."""

from collections.abc import Sequence
from dataclasses import dataclass

from tongxing.city.store.cursor import Cursor


@dataclass(frozen=True, slots=True)
class Cover:
    """One step of what is borne for a purse: above zero the issuer bears more, below zero less."""

    rider_id: str
    liability: str
    number: int
    amount_fen: int


def due(cursor: Cursor) -> list[Cover]:
    """The steps that are due now, in order of rider: of replaced, legacy, unbound and found purses
    only."""
    rows = cursor.execute(
        "WITH borne AS (SELECT rider_id, sum(amount_fen)::bigint AS total, max(number) AS number"
        " FROM purse_cover GROUP BY rider_id)"
        " SELECT rider_id, liability, coalesce(number, 0) + 1,"
        " greatest(-balance_fen, -coalesce(total, 0)) FROM rider LEFT JOIN borne USING (rider_id)"
        " WHERE kind = 'purse' AND balance_fen <> 0 AND rider_id IN"
        " (SELECT rider_id FROM rider WHERE balance_fen < 0"
        " UNION ALL SELECT rider_id FROM borne WHERE total > 0)"
        " AND (EXISTS (SELECT 1 FROM medium WHERE medium.rider_id = rider.rider_id AND"
        " (trust = 'legacy_untrusted' OR denied = 'CARD_UNBOUND' OR EXISTS"
        " (SELECT 1 FROM replacement WHERE old_no = medium.medium_no)))"
        " OR EXISTS (SELECT 1 FROM loss_found WHERE purse_rider = rider.rider_id))"
        " ORDER BY rider_id"
    )
    return [Cover(*row) for row in rows]


def write(cursor: Cursor, steps: Sequence[Cover], occurred_s: int) -> None:
    """Note the steps; the caller posts them in the same transaction."""
    cursor.executemany(
        "INSERT INTO purse_cover VALUES (%s, %s, %s, %s)",
        [(step.rider_id, step.number, step.amount_fen, occurred_s) for step in steps],
    )


def borne_for(cursor: Cursor, rider_id: str) -> int:
    """What the issuer bears for a purse now, in fen."""
    row = cursor.execute(
        "SELECT coalesce(sum(amount_fen), 0) FROM purse_cover WHERE rider_id = %s", (rider_id,)
    ).fetchone()
    assert row is not None
    return int(row[0])
