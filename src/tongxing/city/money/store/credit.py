"""Mandates, what is frozen, how far accounts may go, and why they are stopped."""

from dataclasses import dataclass
from typing import Literal

from tongxing.city.store.cursor import Cursor

MandateAt = Literal["asked", "signed", "ended"]

_MANDATE = (
    "SELECT mandate_id, request_id, content, account, channel, asked_s, state, sign_url,"
    " mandate_ref, spent_fen, signed_s, ended_s, ended_by, told FROM payment_mandate "
)


@dataclass(frozen=True, slots=True)
class MandateRow:
    """A mandate as it stands. `spent_fen` is what the account had been charged when it signed;
    `told` is false while the partner does not know yet that it ended."""

    mandate_id: str
    request_id: str
    content: str
    account: str
    channel: str
    asked_s: int
    state: MandateAt
    sign_url: str
    mandate_ref: str
    spent_fen: int
    signed_s: int | None
    ended_s: int | None
    ended_by: str
    told: bool


@dataclass(frozen=True, slots=True)
class CreditRow:
    """How far an account may go: see the columns of `account_credit`."""

    account: str
    since_s: int
    signed: bool
    unpaid_fen: int
    deny_at_fen: int
    failures: int
    next_s: int


@dataclass(frozen=True, slots=True)
class Purse:
    """The money of one account as the rider's row has it; `trip_open` while a trip is."""

    account: str
    liability: str
    balance_fen: int
    held_fen: int
    pending_fen: int
    limit_fen: int
    trip_open: bool


_PURSE = (
    "SELECT rider_id, liability, balance_fen, held_fen, pending_fen, limit_fen,"
    " open_since_s IS NOT NULL FROM rider WHERE rider_id = %s AND kind = 'account'"
    " AND liability IS NOT NULL"
)


def find_purse(cursor: Cursor, account: str) -> Purse | None:
    """An account's money; None for anything that is no account of ours."""
    row = cursor.execute(_PURSE, (account,)).fetchone()
    return None if row is None else Purse(*row)


def lock_purse(cursor: Cursor, account: str) -> Purse | None:
    """An account's money, for whoever decides by it: nobody else does meanwhile."""
    row = cursor.execute(_PURSE + " FOR UPDATE", (account,)).fetchone()
    return None if row is None else Purse(*row)


def set_limit(cursor: Cursor, account: str, limit_fen: int) -> None:
    """How far below zero the issuer carries an account."""
    cursor.execute("UPDATE rider SET limit_fen = %s WHERE rider_id = %s", (limit_fen, account))


def write_mandate(cursor: Cursor, row: MandateRow) -> None:
    """A new mandate, with its first step."""
    cursor.execute(
        "INSERT INTO payment_mandate (mandate_id, request_id, content, account, channel, asked_s,"
        " state) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            row.mandate_id, row.request_id, row.content, row.account, row.channel, row.asked_s,
            row.state,
        ),
    )  # fmt: skip
    _step(cursor, row.mandate_id, row.state, row.asked_s)


def mandate_of_request(cursor: Cursor, request_id: str) -> MandateRow | None:
    """The mandate that a request asked for."""
    row = cursor.execute(_MANDATE + "WHERE request_id = %s", (request_id,)).fetchone()
    return None if row is None else MandateRow(*row)


def lock_mandate(cursor: Cursor, mandate_id: str) -> MandateRow | None:
    """A mandate, for whoever is about to change it."""
    row = cursor.execute(_MANDATE + "WHERE mandate_id = %s FOR UPDATE", (mandate_id,)).fetchone()
    return None if row is None else MandateRow(*row)


def mandate_of_ref(cursor: Cursor, channel: str, mandate_ref: str) -> str | None:
    """Our id of the mandate that a partner numbers so."""
    row = cursor.execute(
        "SELECT mandate_id FROM payment_mandate WHERE channel = %s AND mandate_ref = %s",
        (channel, mandate_ref),
    ).fetchone()
    return None if row is None else str(row[0])


def mandates_of(cursor: Cursor, account: str) -> list[MandateRow]:
    """An account's mandates: the signed one first, then those asked for, then the ended, each the
    newest first."""
    rows = cursor.execute(
        _MANDATE + "WHERE account = %s ORDER BY array_position(ARRAY['signed', 'asked', 'ended'],"
        " state), asked_s DESC, mandate_id",
        (account,),
    )
    return [MandateRow(*row) for row in rows]


def mandate_by_id(cursor: Cursor, mandate_id: str) -> MandateRow:
    """A mandate that is there."""
    row = cursor.execute(_MANDATE + "WHERE mandate_id = %s", (mandate_id,)).fetchone()
    assert row is not None
    return MandateRow(*row)


def forget_failures(cursor: Cursor, account: str) -> None:
    """A new mandate begins without the failures of the one before."""
    cursor.execute(
        "UPDATE account_credit SET failures = 0, next_s = 0 WHERE account = %s", (account,)
    )


def signed_mandate(cursor: Cursor, account: str) -> MandateRow | None:
    """The mandate under which an account may be debited."""
    row = cursor.execute(
        _MANDATE + "WHERE account = %s AND state = 'signed'", (account,)
    ).fetchone()
    return None if row is None else MandateRow(*row)


def untold_mandates(cursor: Cursor) -> list[MandateRow]:
    """Ended mandates of which the partner does not know it yet."""
    rows = cursor.execute(_MANDATE + "WHERE NOT told ORDER BY mandate_id")
    return [MandateRow(*row) for row in rows]


def keep_sign_url(cursor: Cursor, mandate_id: str, url: str) -> None:
    """Where a mandate is signed."""
    cursor.execute(
        "UPDATE payment_mandate SET sign_url = %s WHERE mandate_id = %s", (url, mandate_id)
    )


def sign_mandate(
    cursor: Cursor, mandate_id: str, mandate_ref: str, spent_fen: int, at_s: int
) -> None:
    """A mandate is signed at the partner."""
    cursor.execute(
        "UPDATE payment_mandate SET state = 'signed', mandate_ref = %s, spent_fen = %s,"
        " signed_s = %s WHERE mandate_id = %s",
        (mandate_ref, spent_fen, at_s, mandate_id),
    )
    _step(cursor, mandate_id, "signed", at_s)


def close_mandate(
    cursor: Cursor, mandate_id: str, mandate_ref: str, ended_by: str, told: bool, at_s: int
) -> None:
    """A mandate has ended."""
    cursor.execute(
        "UPDATE payment_mandate SET state = 'ended', mandate_ref = %s, ended_s = %s, ended_by = %s,"
        " told = %s WHERE mandate_id = %s",
        (mandate_ref, at_s, ended_by, told, mandate_id),
    )
    _step(cursor, mandate_id, "ended", at_s)


def set_told(cursor: Cursor, mandate_id: str, mandate_ref: str, told: bool) -> None:
    """Whether the partner knows that a mandate ended."""
    cursor.execute(
        "UPDATE payment_mandate SET told = %s, mandate_ref = %s WHERE mandate_id = %s",
        (told, mandate_ref, mandate_id),
    )


def find_credit(cursor: Cursor, account: str) -> CreditRow | None:
    """How far an account may go; None for one that never came to this room."""
    row = cursor.execute("SELECT * FROM account_credit WHERE account = %s", (account,)).fetchone()
    return None if row is None else CreditRow(*row)


def write_credit(cursor: Cursor, row: CreditRow) -> None:
    """How far an account may go from now on."""
    cursor.execute(
        "INSERT INTO account_credit VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (account) DO UPDATE SET signed = excluded.signed,"
        " unpaid_fen = excluded.unpaid_fen, deny_at_fen = excluded.deny_at_fen,"
        " failures = excluded.failures, next_s = excluded.next_s",
        (
            row.account, row.since_s, row.signed, row.unpaid_fen, row.deny_at_fen, row.failures,
            row.next_s,
        ),
    )  # fmt: skip


def credited_accounts(cursor: Cursor) -> tuple[int, int]:
    """How many accounts may go below zero by agreement or by a last ride, signed and not."""
    row = cursor.execute(
        "SELECT count(*) FILTER (WHERE signed), count(*) FILTER (WHERE NOT signed)"
        " FROM account_credit"
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def owing(cursor: Cursor) -> tuple[int, int, int]:
    """How many accounts owe, how much in all, and the most that one owes."""
    row = cursor.execute(
        "SELECT count(*), coalesce(sum(-balance_fen), 0), coalesce(max(-balance_fen), 0) FROM rider"
        " WHERE kind = 'account' AND balance_fen < 0"
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def to_review(cursor: Cursor) -> list[str]:
    """Accounts that owe, or are stopped for what they owed."""
    rows = cursor.execute(
        "SELECT rider_id FROM rider JOIN account_credit ON account = rider_id"
        " WHERE kind = 'account' AND balance_fen < 0"
        " UNION SELECT account FROM account_stop ORDER BY 1"
    )
    return [str(row[0]) for row in rows]


def signed_accounts(cursor: Cursor, now_s: int, only_owing: bool) -> list[str]:
    """Accounts with a signed mandate whose time for a debit has come; those that owe when
    `only_owing`. An account with an open debit is left out."""
    rows = cursor.execute(
        "SELECT account FROM payment_mandate JOIN rider ON rider_id = account"
        " JOIN account_credit USING (account) WHERE payment_mandate.state = 'signed'"
        " AND next_s <= %s AND (NOT %s OR balance_fen < 0) AND open_since_s IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM payment_order debit"
        " WHERE debit.account = payment_mandate.account"
        " AND debit.kind = 'debit' AND debit.state = 'open') ORDER BY account",
        (now_s, only_owing),
    )
    return [str(row[0]) for row in rows]


def debited_since(cursor: Cursor, account: str, since_s: int) -> int:
    """What was debited of an account by orders made since `since_s`, and paid."""
    row = cursor.execute(
        "SELECT coalesce(sum(amount_fen), 0) FROM payment_order WHERE account = %s"
        " AND kind = 'debit' AND state = 'paid' AND created_s >= %s",
        (account, since_s),
    ).fetchone()
    assert row is not None
    return int(row[0])


def unpaid_trips(cursor: Cursor, account: str, owed_fen: int) -> int:
    """How many of an account's newest rides are not covered when it owes so much."""
    row = cursor.execute(
        "SELECT count(*) FROM (SELECT sum(charge_fen) OVER (ORDER BY exited_s DESC, trip_id)"
        " - charge_fen AS newer_fen FROM trip WHERE rider_id = %s AND charge_fen > 0) AS ridden"
        " WHERE newer_fen < %s",
        (account, owed_fen),
    ).fetchone()
    assert row is not None
    return int(row[0])


def put_stop(cursor: Cursor, account: str, reason: str, at_s: int) -> None:
    """Stop all media of an account for a reason; again has no effect."""
    done = cursor.execute(
        "INSERT INTO account_stop VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING 1",
        (account, reason, at_s),
    ).fetchone()
    if done is not None:
        _stop_step(cursor, account, reason, True, at_s)


def lift_stop(cursor: Cursor, account: str, reason: str, at_s: int) -> None:
    """Take one reason off an account; one it does not have has no effect."""
    done = cursor.execute(
        "DELETE FROM account_stop WHERE account = %s AND reason = %s RETURNING 1",
        (account, reason),
    ).fetchone()
    if done is not None:
        _stop_step(cursor, account, reason, False, at_s)


def _stop_step(cursor: Cursor, account: str, reason: str, stopped: bool, at_s: int) -> None:
    cursor.execute(
        "INSERT INTO account_stop_step (account, reason, stopped, at_s) VALUES (%s, %s, %s, %s)",
        (account, reason, stopped, at_s),
    )


def _step(cursor: Cursor, mandate_id: str, state: str, at_s: int) -> None:
    cursor.execute(
        "INSERT INTO mandate_step SELECT %s, count(*) + 1, %s, %s FROM mandate_step"
        " WHERE mandate_id = %s",
        (mandate_id, state, at_s, mandate_id),
    )
