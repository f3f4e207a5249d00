"""Which phone of an account may show codes and until when; the questions they answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from tongxing.city.store import media
from tongxing.city.store.cursor import Cursor
from tongxing.messages.taps import account_token

_NEWEST_TAPS = 50
_DEVICE = "SELECT device_id, user_key, first_s, last_s, ends_s, ended_s FROM code_device"


@dataclass(frozen=True, slots=True)
class Holder:
    """What the books say of an account: its product, why its code is denied ("" if not), what it
    has and how far below zero it may go (fen), and the bound card that is good, if there is one."""

    product: str
    denied: str
    balance_fen: int
    limit_fen: int
    card: str | None


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A phone of an account; `ends_s` is until when it can show codes."""

    device_id: str
    user_key: bytes
    first_s: int
    last_s: int
    ends_s: int
    ended_s: int | None


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One authorisation, with the question it answers and what it was granted on."""

    nonce: str
    account: str
    device_id: str
    code_type: str
    basis: str
    signature: bytes
    authorisation: bytes
    issued_s: int
    ends_s: int


def lock_account(cursor: Cursor, account: str) -> None:
    """Wait until nothing else is done with this account's codes, and make the others wait."""
    cursor.execute(
        "INSERT INTO code_account (account) VALUES (%s) ON CONFLICT (account) DO NOTHING",
        (account,),
    )
    cursor.execute("SELECT 1 FROM code_account WHERE account = %s FOR UPDATE", (account,))


def holder_of(cursor: Cursor, account: str) -> Holder | None:
    """What the books say of an account; None for one that has no code."""
    row = cursor.execute(
        "SELECT product, CASE WHEN denied <> '' THEN denied ELSE coalesce((" + media.STOP_OF + "),"
        " '') END, balance_fen, limit_fen,"
        " (SELECT card.medium_no FROM medium AS card WHERE card.rider_id = rider.rider_id"
        "  AND card.medium_kind = 'card' AND card.denied = '' ORDER BY 1 LIMIT 1)"
        " FROM medium JOIN rider USING (rider_id)"
        " WHERE medium_no = %(token)s AND medium_kind = 'code' AND rider_id = %(account)s"
        " AND kind = 'account'",
        {"account": account, "token": account_token(account)},
    ).fetchone()
    return None if row is None else Holder(*row)


def write_nonce(cursor: Cursor, account: str, nonce: str, now_s: int, keep: int) -> None:
    """Note a question; of an account's older ones only the newest stay open (`keep` in all).

    The transaction does not wait for the disk: a question that a crash forgets is asked again.
    """
    cursor.execute(
        "INSERT INTO code_nonce SELECT %s, %s, %s"
        " FROM set_config('synchronous_commit', 'off', true)",
        (nonce, account, now_s),
    )
    cursor.execute(
        "DELETE FROM code_nonce WHERE account = %(account)s AND nonce IN (SELECT nonce FROM"
        " code_nonce WHERE account = %(account)s ORDER BY made_s DESC, nonce OFFSET %(keep)s)",
        {"account": account, "keep": keep},
    )


def nonce_is_open(cursor: Cursor, account: str, nonce: str, since_s: int) -> bool:
    """Whether a question of this account waits for its answer; not one asked before `since_s`."""
    row = cursor.execute(
        "SELECT 1 FROM code_nonce WHERE nonce = %s AND account = %s AND made_s >= %s",
        (nonce, account, since_s),
    ).fetchone()
    return row is not None


def take_nonce(cursor: Cursor, nonce: str) -> None:
    """Use a question up."""
    cursor.execute("DELETE FROM code_nonce WHERE nonce = %s", (nonce,))


def device(cursor: Cursor, account: str, device_id: str) -> DeviceRow | None:
    """One phone of an account."""
    row = cursor.execute(
        _DEVICE + " WHERE account = %s AND device_id = %s", (account, device_id)
    ).fetchone()
    return None if row is None else DeviceRow(*row)


def devices(cursor: Cursor, account: str) -> list[DeviceRow]:
    """The phones of an account, the one used last first."""
    rows = cursor.execute(_DEVICE + " WHERE account = %s ORDER BY last_s DESC, 1", (account,))
    return [DeviceRow(*row) for row in rows]


def newest_grant(cursor: Cursor, account: str, device_id: str, code_type: str) -> GrantRow | None:
    """The newest authorisation of a phone for a kind of code."""
    row = cursor.execute(
        "SELECT nonce, account, device_id, code_type, basis, signature, authorisation, issued_s,"
        " ends_s FROM code_authorisation WHERE account = %s AND device_id = %s AND code_type = %s"
        " ORDER BY issued_s DESC, nonce LIMIT 1",
        (account, device_id, code_type),
    ).fetchone()
    return None if row is None else GrantRow(*row)


def write_grant(cursor: Cursor, row: GrantRow, user_key: bytes) -> bool:
    """Keep an authorisation, and that the phone can show codes until it ends.

    False, and nothing is kept, when another phone has this key.
    """
    cursor.execute(
        "INSERT INTO code_device (account, device_id, user_key, first_s, last_s, ends_s)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (row.account, row.device_id, user_key, row.issued_s, row.issued_s, row.ends_s),
    )
    kept = cursor.execute(
        "UPDATE code_device SET last_s = %s, ends_s = greatest(ends_s, %s)"
        " WHERE account = %s AND device_id = %s AND user_key = %s RETURNING 1",
        (row.issued_s, row.ends_s, row.account, row.device_id, user_key),
    ).fetchone()
    if kept is None:
        return False
    cursor.execute(
        "INSERT INTO code_authorisation VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (row.nonce, row.account, row.device_id, row.code_type, row.basis, row.signature,
         row.authorisation, row.issued_s, row.ends_s),
    )  # fmt: skip
    return True


def end_device(cursor: Cursor, account: str, device_id: str, now_s: int) -> None:
    """Give a phone no more from now on; what ended before stays as it was."""
    cursor.execute(
        "UPDATE code_device SET ended_s = %s WHERE account = %s AND device_id = %s"
        " AND ended_s IS NULL",
        (now_s, account, device_id),
    )


def choose(cursor: Cursor, account: str, code_type: str, now_s: int) -> None:
    """Note the kind of code that was chosen by hand."""
    cursor.execute(
        "UPDATE code_account SET chosen = %s, chosen_s = %s WHERE account = %s",
        (code_type, now_s, account),
    )


def chosen(cursor: Cursor, account: str) -> tuple[str, int]:
    """The kind chosen by hand and when; "" and 0 for none."""
    row = cursor.execute(
        "SELECT chosen, chosen_s FROM code_account WHERE account = %s", (account,)
    ).fetchone()
    return ("", 0) if row is None else (str(row[0]), int(row[1]))


def newest_code_taps(cursor: Cursor, account: str) -> Sequence[tuple[int, str]]:
    """Time and tap (JSON) of the codes among the account's newest opened taps, newest first."""
    rows = cursor.execute(
        "SELECT time_s, body FROM (SELECT time_s, body, order_key FROM tap WHERE rider_id = %s"
        " AND outcome = 'opened' ORDER BY order_key DESC LIMIT %s) AS newest"
        " WHERE body::json ->> 'medium_kind' = 'code' ORDER BY order_key DESC",
        (account, _NEWEST_TAPS),
    )
    return [(int(time_s), str(body)) for time_s, body in rows]
