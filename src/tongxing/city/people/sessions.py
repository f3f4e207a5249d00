"""Sessions: a random token in the passenger's hands, its hash in the store, thirty days of use.

What matters most (closing, paying out, another phone number) asks for a code once more: the session
is `fresh` for that purpose, and for a few minutes only.
"""

import base64
import hashlib

from tongxing.city.people.forms import DEVICE_MAX, read_text
from tongxing.city.people.house import House
from tongxing.city.people.store import asking as store
from tongxing.city.people.store.asking import SessionRow
from tongxing.city.people.values import Session
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.reasons import Refusal

TABLE, DEVICE = "person_session", "device"
_TOKEN_BYTES = 32


def begin_session(house: House, cursor: Cursor, person_id: str, device: str, now_s: int) -> str:
    """A new session on a device whose text was read by `read_device`; its token."""
    token = base64.urlsafe_b64encode(house.draw(_TOKEN_BYTES)).rstrip(b"=").decode()
    ends_s = now_s + house.terms(now_s).session_s
    number = store.write_session(cursor, person_id, token_hash(token), now_s, ends_s)
    house.put(cursor, TABLE, str(number), DEVICE, device)
    return token


def session_of(cursor: Cursor, token: str, now_s: int) -> SessionRow | None:
    """The living session of a token."""
    return store.session_of(cursor, token_hash(token), now_s)


def sessions_of(house: House, cursor: Cursor, person_id: str) -> list[Session]:
    """Where a person is signed in, newest first; ended sessions are left out."""
    rows = [row for row in store.sessions_of(cursor, person_id) if row.ended_s is None]
    return [
        Session(
            row.session_no,
            house.opened(cursor, TABLE, str(row.session_no)).get(DEVICE, ""),
            row.begun_s,
            row.seen_s,
            row.ends_s,
        )
        for row in rows
    ]


def read_device(text: str) -> str | Refusal:
    """The text of a device, cut to length; "" is allowed. Refuses TEXT_FORBIDDEN_CHAR."""
    return read_text(text[:DEVICE_MAX] or "-", "device")


def step_up_id(person_id: str, session_no: int) -> str:
    """To what a code for a step-up is bound: this session and no other."""
    return f"step-up|{person_id}|{session_no}"


def token_hash(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
