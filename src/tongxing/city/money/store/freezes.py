"""What of accounts' money is frozen, for whom and until when."""

from dataclasses import dataclass

from tongxing.city.store.cursor import Cursor


@dataclass(frozen=True, slots=True)
class FreezeRow:
    """Money of an account that may not leave it, or be ridden with where `rides` says so, until
    `until_s` (None: until somebody thaws it)."""

    case_id: str
    account: str
    amount_fen: int
    until_s: int | None
    rides: bool


def find_freeze(cursor: Cursor, case_id: str) -> tuple[FreezeRow, str] | None:
    """A freeze as it was made, and why, whether it still holds or not."""
    row = cursor.execute(
        "SELECT case_id, account, amount_fen, until_s, rides, why FROM money_freeze"
        " WHERE case_id = %s",
        (case_id,),
    ).fetchone()
    return None if row is None else (FreezeRow(*row[:5]), str(row[5]))


def write_freeze(cursor: Cursor, row: FreezeRow, why: str, at_s: int) -> None:
    """Freeze money."""
    cursor.execute(
        "INSERT INTO money_freeze VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (row.case_id, row.account, row.amount_fen, why, row.until_s, row.rides, at_s),
    )
    cursor.execute(
        "INSERT INTO money_frozen VALUES (%s, %s, %s, %s, %s)",
        (row.case_id, row.account, row.amount_fen, row.until_s, row.rides),
    )


def end_freeze(cursor: Cursor, case_id: str, why: str, at_s: int) -> bool:
    """Whether a freeze held until now; it holds no longer."""
    row = cursor.execute(
        "DELETE FROM money_frozen WHERE case_id = %s RETURNING 1", (case_id,)
    ).fetchone()
    if row is not None:
        cursor.execute("INSERT INTO money_thaw VALUES (%s, %s, %s)", (case_id, why, at_s))
    return row is not None


def frozen_of(cursor: Cursor, account: str) -> list[FreezeRow]:
    """What is frozen of an account now, by what the books were told."""
    rows = cursor.execute(
        "SELECT case_id, account, amount_fen, until_s, rides FROM money_frozen WHERE account = %s"
        " ORDER BY case_id",
        (account,),
    )
    return [FreezeRow(*row) for row in rows]


def run_out(cursor: Cursor, now_s: int, account: str = "") -> list[str]:
    """The cases of freezes whose time is over; of one account when it is given."""
    rows = cursor.execute(
        "SELECT case_id FROM money_frozen WHERE until_s <= %s AND (%s = '' OR account = %s)"
        " ORDER BY case_id",
        (now_s, account, account),
    )
    return [str(row[0]) for row in rows]
