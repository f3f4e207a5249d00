"""Which phone of an account may show codes and until when; the questions they answer."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tongxing.city.store import media
from tongxing.city.store.cursor import Cursor, answers_of
from tongxing.messages.taps import account_token

_NEWEST_TAPS = 50
_HOLDER = (
    "SELECT product, CASE WHEN denied <> '' THEN denied ELSE coalesce((" + media.STOP_OF + "),"
    " '') END, balance_fen, limit_fen,"
    " (SELECT card.medium_no FROM medium AS card WHERE card.rider_id = rider.rider_id"
    "  AND card.medium_kind = 'card' AND card.denied = '' ORDER BY 1 LIMIT 1)"
    " FROM medium JOIN rider USING (rider_id)"
    " WHERE medium_no = %(token)s AND medium_kind = 'code' AND rider_id = %(account)s"
    " AND kind = 'account'"
)
_LOCK = "SELECT 1 FROM code_account WHERE account = %s FOR UPDATE"
_DEVICE = "SELECT device_id, user_key, first_s, last_s, ends_s, ended_s FROM code_device"
_DEVICES = _DEVICE + " WHERE account = %s ORDER BY last_s DESC, 1"
_NEW_PHONE = (
    "INSERT INTO code_device (account, device_id, user_key, first_s, last_s, ends_s)"
    " VALUES (%(account)s, %(device_id)s, %(user_key)s, %(issued_s)s, %(issued_s)s, %(ends_s)s)"
    " ON CONFLICT DO NOTHING"
)
_KNOWN_PHONE = (
    "UPDATE code_device SET last_s = %(issued_s)s, ends_s = greatest(ends_s, %(ends_s)s)"
    " WHERE account = %(account)s AND device_id = %(device_id)s AND user_key = %(user_key)s"
)
_NEWEST = (
    "SELECT nonce, account, device_id, code_type, basis, signature, authorisation, issued_s,"
    " ends_s FROM code_authorisation WHERE account = %s AND device_id = %s AND code_type = %s"
    " ORDER BY issued_s DESC, nonce LIMIT 1"
)


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


@dataclass(frozen=True, slots=True)
class Seen:
    """What an answer to a question is judged by: what the books say of the account, whether that
    question of it is open, its phones, the one used last first, and the newest authorisation of
    this phone and kind."""

    holder: Holder | None
    is_open: bool
    devices: list[DeviceRow]
    newest: GrantRow | None


def look(
    cursor: Cursor, account: str, device_id: str, code_type: str, nonce: str, since_s: int
) -> Seen:
    """Make everything else that is done with this account's codes wait, and look at what there is.
    A question is open that was not asked before `since_s`."""
    questions = (
        (_LOCK, (account,)),
        (_HOLDER, _holder(account)),
        ("SELECT 1 FROM code_nonce WHERE nonce = %s AND account = %s AND made_s >= %s",
         (nonce, account, since_s)),
        (_DEVICES, (account,)),
        (_NEWEST, (account, device_id, code_type)),
    )  # fmt: skip
    locked, holder, is_open, devices, newest = answers_of(cursor.connection, questions)
    if holder and not locked:
        lock_account(cursor, account)
        _locked, holder, is_open, devices, newest = answers_of(cursor.connection, questions)
    return Seen(
        Holder(*holder[0]) if holder else None,
        bool(is_open),
        [DeviceRow(*row) for row in devices],
        GrantRow(*newest[0]) if newest else None,
    )


def lock_account(cursor: Cursor, account: str) -> None:
    """Wait until nothing else is done with this account's codes, and make the others wait."""
    cursor.execute(
        "INSERT INTO code_account (account) VALUES (%s) ON CONFLICT (account) DO NOTHING",
        (account,),
    )
    cursor.execute(_LOCK, (account,))


def holder_of(cursor: Cursor, account: str) -> Holder | None:
    """What the books say of an account; None for one that has no code."""
    row = cursor.execute(_HOLDER, _holder(account)).fetchone()
    return None if row is None else Holder(*row)


def _holder(account: str) -> dict[str, str]:
    return {"account": account, "token": account_token(account)}


def write_nonce(cursor: Cursor, account: str, nonce: str, now_s: int, keep: int) -> None:
    """Note a question; of an account's older ones only the newest stay open (`keep` in all).

    The transaction does not wait for the disk: a question that a crash forgets is asked again.
    """
    cursor.execute(
        "WITH too_many AS (DELETE FROM code_nonce WHERE account = %(account)s AND nonce IN ("
        "SELECT nonce FROM code_nonce WHERE account = %(account)s"
        " ORDER BY made_s DESC, nonce OFFSET %(others)s))"
        " INSERT INTO code_nonce SELECT %(nonce)s, %(account)s, %(now_s)s"
        " FROM set_config('synchronous_commit', 'off', true)",
        {"account": account, "others": keep - 1, "nonce": nonce, "now_s": now_s},
    )


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
    return [DeviceRow(*row) for row in cursor.execute(_DEVICES, (account,))]


def write_grant(cursor: Cursor, row: GrantRow, user_key: bytes, *, is_new: bool) -> bool:
    """Keep an authorisation, and that the phone, which may be new to the account, can show codes
    until it ends; its question is used up.

    False, and nothing is kept, when another phone has this key.
    """
    kept = cursor.execute(
        "WITH phone AS (" + (_NEW_PHONE if is_new else _KNOWN_PHONE) + " RETURNING 1),"
        " granted AS (INSERT INTO code_authorisation SELECT %(nonce)s, %(account)s, %(device_id)s,"
        " %(code_type)s, %(basis)s, %(signature)s, %(authorisation)s, %(issued_s)s, %(ends_s)s"
        " FROM phone), used AS (DELETE FROM code_nonce USING phone WHERE nonce = %(nonce)s)"
        " SELECT 1 FROM phone",
        asdict(row) | {"user_key": user_key},
    ).fetchone()
    return kept is not None


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
