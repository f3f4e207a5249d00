"""Media and the riders behind them, outside the path of a tap."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import LiteralString

from tongxing.city.riding import NEW_STATE, RiderState
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.riders import encode_state, owners_of_media
from tongxing.messages import DenyEntry
from tongxing.messages.taps import Funding
from tongxing.network.legacy import Trust

RiderFields = tuple[str, str, str, int, int, RiderState]
MediumFields = tuple[str, str, str, str, str, Trust]

_STOPPED: LiteralString = (
    "SELECT rider_id, 'ACCOUNT_OVERDRAWN' AS reason FROM rider WHERE kind = 'account'"
    " AND balance_fen < pending_fen AND balance_fen - pending_fen + limit_fen < 0"
    " UNION ALL SELECT account, reason FROM account_stop"
    " UNION ALL SELECT account, CASE WHEN signed THEN 'ACCOUNT_UNPAID' ELSE 'ACCOUNT_NO_MONEY' END"
    " FROM account_credit JOIN rider ON rider_id = account"
    " WHERE balance_fen - pending_fen <= deny_at_fen"
    " UNION ALL SELECT account, 'ACCOUNT_FROZEN' FROM (SELECT account, sum(amount_fen) AS fen"
    " FROM money_frozen WHERE rides GROUP BY account) AS frozen JOIN rider ON rider_id = account"
    " WHERE balance_fen - pending_fen - fen <= 0"
)
"""The accounts all of whose media are refused now, with every reason for it."""

_DENIED: LiteralString = (
    "SELECT medium_no, denied AS reason FROM medium WHERE denied <> ''"
    " UNION ALL SELECT medium_no, min(reason) FROM (" + _STOPPED + ") AS stopped"
    " JOIN medium USING (rider_id) WHERE denied = '' GROUP BY medium_no"
    " UNION ALL SELECT medium_no, 'LEGACY_OVERSPENT' FROM medium WHERE denied = ''"
    " AND trust = 'legacy_untrusted' AND (SELECT sum(amount_fen) FROM purse_cover"
    " WHERE purse_cover.rider_id = medium.rider_id) > 0"
)
"""The media to refuse now, with the reason their holders hear."""

STOP_OF: LiteralString = (
    "SELECT min(reason) FROM (" + _STOPPED + ") AS stopped WHERE stopped.rider_id = %(account)s"
)
"""The reason for which all media of one account are refused now, null where they are not: read for
this account alone, however many the city has."""


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


def note_issued(cursor: Cursor, issued: Mapping[str, date]) -> None:
    """Note when media were handed out."""
    cursor.executemany(
        "UPDATE medium SET issued_on = %s WHERE medium_no = %s",
        [(day, medium_no) for medium_no, day in issued.items()],
    )


def liability_of(cursor: Cursor, rider_id: str) -> str | None:
    """The ledger account of one of our own riders; None for anybody else."""
    row = cursor.execute("SELECT liability FROM rider WHERE rider_id = %s", (rider_id,)).fetchone()
    return None if row is None else row[0]


def payers_of(
    cursor: Cursor, used: Sequence[tuple[str, Funding]]
) -> dict[tuple[str, Funding], tuple[str, str]]:
    """Rider and ledger account behind each medium that we issued, by what paid."""
    owners = owners_of_media(cursor, sorted({medium_no for medium_no, _ in used}))
    ours = {one: owners.of(*one) for one in used if one[0] in owners.now}
    liabilities = {
        str(rider_id): str(liability)
        for rider_id, liability in cursor.execute(
            "SELECT rider_id, liability FROM rider WHERE rider_id = ANY(%s)"
            " AND liability IS NOT NULL",
            (sorted(set(ours.values())),),
        )
    }
    return {
        one: (rider_id, liabilities[rider_id])
        for one, rider_id in ours.items()
        if rider_id in liabilities
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
    """Media to refuse now: those marked, all media of an account that is stopped, below its limit
    or without money (`money.exposure`), and legacy purses that spent more than they had. What is
    held for half trips counts as gone; what an open trip holds does not, or nobody could leave."""
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


def denials_of_account(cursor: Cursor, account: str) -> tuple[str, ...]:
    """The reasons for which all media of an account are refused now."""
    rows = cursor.execute(
        "SELECT DISTINCT reason FROM (" + _STOPPED + ") AS stopped WHERE rider_id = %s ORDER BY 1",
        (account,),
    )
    return tuple(str(row[0]) for row in rows)


def purse_of(cursor: Cursor, rider_id: str) -> tuple[Trust, str] | None:
    """What a purse's card can prove and for what it is denied; None for an account."""
    row = cursor.execute(
        "SELECT trust, denied FROM medium JOIN rider USING (rider_id)"
        " WHERE rider_id = %s AND kind = 'purse'",
        (rider_id,),
    ).fetchone()
    return None if row is None else (row[0], str(row[1]))


def newest_deny_version(cursor: Cursor) -> int:
    """The newest version of the deny list; 0 before the first."""
    row = cursor.execute("SELECT coalesce(max(version), 0) FROM deny_list").fetchone()
    assert row is not None
    return int(row[0])


def write_deny_list(
    cursor: Cursor, version: int, published_s: int, entries: int, message: bytes
) -> None:
    """Keep a published deny list as it was sealed."""
    cursor.execute(
        "INSERT INTO deny_list VALUES (%s, %s, %s, %s)", (version, published_s, entries, message)
    )


def newest_deny_list(cursor: Cursor) -> tuple[int, bytes] | None:
    """The version of the newest deny list, and the list as it was sealed."""
    row = cursor.execute(
        "SELECT version, message FROM deny_list ORDER BY version DESC LIMIT 1"
    ).fetchone()
    return None if row is None else (int(row[0]), bytes(row[1]))


def newest_deny_s(cursor: Cursor) -> int | None:
    """When the newest deny list was published; None before the first."""
    row = cursor.execute("SELECT max(published_s) FROM deny_list").fetchone()
    return None if row is None or row[0] is None else int(row[0])


def deny_list_of(cursor: Cursor, version: int) -> bytes | None:
    """A version of the deny list as it was sealed; None for one that was never published."""
    row = cursor.execute("SELECT message FROM deny_list WHERE version = %s", (version,)).fetchone()
    return None if row is None else bytes(row[0])


def posting_exists(cursor: Cursor, posting_id: str) -> bool:
    """Whether a posting is in the books already."""
    return (
        cursor.execute("SELECT 1 FROM posting WHERE posting_id = %s", (posting_id,)).fetchone()
        is not None
    )
