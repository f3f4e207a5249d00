"""Signing staff in, and keeping what they did.

A secret is kept as a scrypt hash, a session as the hash of its token. Wrong ids and wrong secrets
are answered alike and cost the same work. Nothing personal of a passenger may be written into the
list of what staff did: it names accounts and ids of ours.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tongxing.city.office import Office
from tongxing.city.staffing.terms import ROLES, staff_terms
from tongxing.city.store import staff as store
from tongxing.city.store.staff import ActRow, StaffRow
from tongxing.kernel.reasons import Refusal

DONE = "DONE"
_SALT_BYTES, _HASH_BYTES, _TOKEN_BYTES = 16, 32, 32
_COST, _BLOCKS, _LANES = 1 << 15, 8, 1
_NOBODY = bytes(_SALT_BYTES + _HASH_BYTES)


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody who works here. `place` is a branch or station, "" for everywhere."""

    staff_id: str
    name: str
    roles: tuple[str, ...]
    place: str
    has_left: bool = False

    def may(self, role: str) -> bool:
        """Whether this person has a role; a supervisor may do what the desk does."""
        return role in self.roles or (role == "desk" and "supervisor" in self.roles)


@dataclass(frozen=True, slots=True)
class StaffSignedIn:
    """A session that began: its token, which is shown once, and whose it is."""

    token: str
    staff: Staff


class StaffDesk:
    """Staff of one city. `draw` gives as many unpredictable bytes as it is asked for."""

    def __init__(self, office: Office, draw: Callable[[int], bytes]) -> None:
        self._office = office
        self._draw = draw

    def enrol(
        self,
        staff_id: str,
        name: str,
        roles: tuple[str, ...],
        secret: str,
        by: str,
        now_s: int,
        place: str = "",
    ) -> Staff | Refusal:
        """Take somebody on. Refuses STAFF_ID_TAKEN, STAFF_ROLE_UNKNOWN, STAFF_SECRET_SHORT."""
        unknown = [role for role in roles if role not in ROLES]
        if unknown or not roles:
            return Refusal("STAFF_ROLE_UNKNOWN", staff_id, {"role": ", ".join(unknown)})
        least = staff_terms().secret_length_min
        if len(secret) < least:
            return Refusal("STAFF_SECRET_SHORT", staff_id, {"least": least})
        hashed = _hashed(secret, self._draw(_SALT_BYTES))
        row = StaffRow(staff_id, name, roles, place, hashed, None)
        with self._office.writing() as cursor:
            if store.find(cursor, staff_id) is not None:
                return Refusal("STAFF_ID_TAKEN", staff_id)
            store.add(cursor, row, now_s, by)
            store.write_act(cursor, ActRow(now_s, by, "enrol", staff_id, ",".join(roles), DONE))
        return _staff(row)

    def leave(self, staff_id: str, by: str, now_s: int) -> Staff | Refusal:
        """Somebody leaves: every session of theirs is over. Refuses STAFF_UNKNOWN."""
        with self._office.writing() as cursor:
            if store.find(cursor, staff_id, lock=True) is None:
                return Refusal("STAFF_UNKNOWN", staff_id)
            store.end(cursor, staff_id, now_s)
            store.write_act(cursor, ActRow(now_s, by, "leave", staff_id, "", DONE))
            row = store.find(cursor, staff_id)
        assert row is not None
        return _staff(row)

    def everybody(self) -> list[Staff]:
        """All staff, those who left too."""
        with self._office.reading() as cursor:
            return [_staff(row) for row in store.everybody(cursor)]

    def sign_in(
        self, staff_id: str, secret: str, now_s: int, client: str = ""
    ) -> StaffSignedIn | Refusal:
        """Begin a session. `client` is where the page is shown.

        Refuses STAFF_SIGN_IN for whatever is wrong, without saying what, and STAFF_LOCKED after too
        many wrong tries from there, whether there is such a number or not.
        """
        terms, who = staff_terms(), sha256(f"{client}\n{staff_id}".encode()).digest()
        with self._office.writing() as cursor:
            wrong, locked_until_s = store.tries_of(cursor, who)
            if locked_until_s > now_s:
                return Refusal("STAFF_LOCKED")
            row = store.find(cursor, staff_id)
            is_right = _is_secret(secret, _NOBODY if row is None else row.secret_hash)
            if row is None or row.ended_s is not None or not is_right:
                is_over = wrong + 1 >= terms.tries_max
                until_s = now_s + terms.locked_s if is_over else 0
                store.note_tries(cursor, who, 0 if is_over else wrong + 1, until_s, now_s)
                return Refusal("STAFF_SIGN_IN")
            store.note_tries(cursor, who, 0, 0, now_s)
            token = self._draw(_TOKEN_BYTES).hex()
            store.begin_session(cursor, _token_hash(token), staff_id, now_s)
            store.write_act(cursor, ActRow(now_s, staff_id, "sign_in", staff_id, "", DONE))
        return StaffSignedIn(token, _staff(row))

    def staff_of(self, token: str, now_s: int) -> Staff | None:
        """Whose session this is; None when it is over or was idle too long."""
        terms, hashed = staff_terms(), _token_hash(token)
        with self._office.writing() as cursor:
            found = store.find_session(cursor, hashed)
            row = None if found is None else store.find(cursor, found[0])
            if found is None or row is None or row.ended_s is not None:
                return None
            idle_s = terms.machine_idle_s if "machine" in row.roles else terms.idle_s
            if now_s - found[1] > idle_s:
                store.end_session(cursor, hashed, now_s)
                return None
            store.see_session(cursor, hashed, now_s)
        return _staff(row)

    def sign_out(self, token: str, now_s: int) -> None:
        """End a session."""
        with self._office.writing() as cursor:
            store.end_session(cursor, _token_hash(token), now_s)

    def note(
        self, staff_id: str, act: str, subject: str, why: str, result: str, now_s: int
    ) -> None:
        """Keep that somebody did something, or was refused it (`result` is the code then)."""
        with self._office.writing() as cursor:
            store.write_act(cursor, ActRow(now_s, staff_id, act, subject, why, result))

    def acts(self, limit: int = 200) -> list[ActRow]:
        """What staff did last, newest first."""
        with self._office.reading() as cursor:
            return store.newest_acts(cursor, limit)


def _staff(row: StaffRow) -> Staff:
    return Staff(row.staff_id, row.name, row.roles, row.place, row.ended_s is not None)


def _token_hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _hashed(secret: str, salt: bytes) -> bytes:
    scrypt = Scrypt(salt=salt, length=_HASH_BYTES, n=_COST, r=_BLOCKS, p=_LANES)
    return salt + scrypt.derive(secret.encode())


def _is_secret(secret: str, known: bytes) -> bool:
    return hmac.compare_digest(_hashed(secret, known[:_SALT_BYTES]), known)
