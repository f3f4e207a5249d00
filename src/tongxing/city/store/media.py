"""Media and the riders behind them, outside the path of a tap."""

from collections.abc import Sequence
from datetime import date
from typing import LiteralString

from tongxing.city.riding import NEW_STATE, RiderState
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.riders import encode_state
from tongxing.messages import DenyEntry
from tongxing.network.legacy import Trust

RiderFields = tuple[str, str, str, int, int, RiderState]
MediumFields = tuple[str, str, str, str, str, Trust]

_DENIED: LiteralString = (
    "SELECT medium_no, denied AS reason FROM medium WHERE denied <> ''"
    " UNION ALL SELECT medium_no, 'ACCOUNT_OVERDRAWN' FROM medium JOIN rider USING"
    " (rider_id) WHERE denied = '' AND kind = 'account' AND balance_fen < pending_fen"
    " AND balance_fen - pending_fen + limit_fen < 0"
    " UNION ALL SELECT medium_no, 'LEGACY_OVERSPENT' FROM medium WHERE denied = ''"
    " AND trust = 'legacy_untrusted' AND (SELECT sum(amount_fen) FROM purse_cover"
    " WHERE purse_cover.rider_id = medium.rider_id) > 0"
)
"""The media to refuse now, with the reason their holders hear."""


def write_riders(cursor: Cursor, rows: Sequence[RiderFields]) -> None:
    """New riders (id, kind, liability account, balance, limit, opening state)."""
    with cursor.copy(
        "COPY rider (rider_id, kind, liability, balance_fen, limit_fen, state) FROM STDIN"
    ) as copy:
        for *fields, state in rows:
            copy.write_row((*fields, encode_state(state)))
    with cursor.copy("COPY rider_checkpoint FROM STDIN") as copy:
        for rider_id, *_, state in rows:
            if state != NEW_STATE:
                copy.write_row((rider_id, date.min, encode_state(state)))


def write_media(cursor: Cursor, rows: Sequence[MediumFields]) -> None:
    """New media (number, rider, kind, scheme, product, trust)."""
    with cursor.copy(
        "COPY medium (medium_no, rider_id, medium_kind, scheme, product, trust) FROM STDIN"
    ) as copy:
        for row in rows:
            copy.write_row(row)


def liability_of(cursor: Cursor, rider_id: str) -> str | None:
    """The ledger account of one of our own riders; None for anybody else."""
    row = cursor.execute("SELECT liability FROM rider WHERE rider_id = %s", (rider_id,)).fetchone()
    return None if row is None else row[0]


def liabilities_of_media(cursor: Cursor, medium_nos: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Rider and ledger account behind each medium we issued."""
    return {
        str(medium_no): (str(rider_id), str(liability))
        for medium_no, rider_id, liability in cursor.execute(
            "SELECT medium_no, rider_id, liability FROM medium JOIN rider USING (rider_id)"
            " WHERE medium_no = ANY(%s) AND liability IS NOT NULL",
            (list(medium_nos),),
        )
    }


def rider_kind_of(cursor: Cursor, medium_no: str) -> str | None:
    """Whether a medium is an account's or a purse; None when we did not issue it."""
    row = cursor.execute(
        "SELECT kind FROM medium JOIN rider USING (rider_id) WHERE medium_no = %s", (medium_no,)
    ).fetchone()
    return None if row is None else str(row[0])


def add_to_balance(cursor: Cursor, rider_id: str, amount_fen: int) -> None:
    """Keep the balance with its ledger account; the caller posts in the same transaction."""
    cursor.execute(
        "UPDATE rider SET balance_fen = balance_fen + %s WHERE rider_id = %s",
        (amount_fen, rider_id),
    )


def deny(cursor: Cursor, medium_no: str, reason: str) -> None:
    """Mark a medium for the deny list with the reason its holder will hear."""
    cursor.execute("UPDATE medium SET denied = %s WHERE medium_no = %s", (reason, medium_no))


def denied_media(cursor: Cursor) -> list[DenyEntry]:
    """Media to refuse now: those marked, all media of an account below its limit, and legacy purses
    that spent more than they had. What is held for half trips counts as gone; what an open trip
    holds does not, or nobody could leave."""
    return [
        DenyEntry(str(medium_no), str(reason))
        for medium_no, reason in cursor.execute(_DENIED + " ORDER BY 1")
    ]


def denial_of(cursor: Cursor, medium_no: str) -> str:
    """The reason for which the next deny list refuses a medium, "" where it does not."""
    row = cursor.execute(
        "SELECT reason FROM (" + _DENIED + ") AS listed WHERE medium_no = %s", (medium_no,)
    ).fetchone()
    return "" if row is None else str(row[0])


def purse_of(cursor: Cursor, rider_id: str) -> tuple[Trust, str] | None:
    """What a purse's card can prove and for what it is denied; None for an account."""
    row = cursor.execute(
        "SELECT trust, denied FROM medium JOIN rider USING (rider_id)"
        " WHERE rider_id = %s AND kind = 'purse'",
        (rider_id,),
    ).fetchone()
    return None if row is None else (row[0], str(row[1]))


def next_deny_version(cursor: Cursor) -> int:
    """The version that the next deny list gets; the first is 1."""
    row = cursor.execute("SELECT coalesce(max(version), 0) + 1 FROM deny_list").fetchone()
    assert row is not None
    return int(row[0])


def write_deny_list(
    cursor: Cursor, version: int, published_s: int, entries: int, message: bytes
) -> None:
    """Keep a published deny list as it was sealed."""
    cursor.execute(
        "INSERT INTO deny_list VALUES (%s, %s, %s, %s)", (version, published_s, entries, message)
    )


def posting_exists(cursor: Cursor, posting_id: str) -> bool:
    """Whether a posting is in the books already."""
    return (
        cursor.execute("SELECT 1 FROM posting WHERE posting_id = %s", (posting_id,)).fetchone()
        is not None
    )
