"""The fleet's desk, for staff: who may enrol a device, which are trusted, what they are told to do.

A device needs two people: one makes a code, another confirms it. What staff do here stands in the
list of what staff did. A revocation waits for the city's door, so that no batch is half way in.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256

import msgspec

from tongxing.city.fleet.staffing import may, note
from tongxing.city.fleet.terms import fleet_terms
from tongxing.city.fleet.values import Device, DeviceState, EventTold, Invitation, OrderGiven
from tongxing.city.office import Office
from tongxing.city.staffing import Staff
from tongxing.city.store import fleet as store
from tongxing.city.store import fleet_notices
from tongxing.city.store import fleet_state as state
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.device_events import newest_events, newest_notices
from tongxing.kernel.reasons import Refusal
from tongxing.messages.fleet import ORDER_KINDS, Heartbeat

CODE_BYTES = 10
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z:_.-]{0,49}", re.ASCII)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TERMINALS_MAX = 200
_ORDERS_SHOWN = _EVENTS_SHOWN = 100
_HEARTBEATS = msgspec.json.Decoder(Heartbeat)


class FleetDesk:
    """The fleet of one city. `draw` gives as many unpredictable bytes as it is asked for."""

    def __init__(self, office: Office, draw: Callable[[int], bytes]) -> None:
        self._office = office
        self._draw = draw

    def invite(
        self,
        by: Staff,
        site: str,
        operator: str,
        terminals: Sequence[str],
        now_s: int,
        valid_s: int | None = None,
    ) -> Invitation | Refusal:
        """Make a one-time code for a device of these terminals. It is good once a second person
        has confirmed it, and then for `valid_s`.

        Refuses STAFF_NOT_ALLOWED, FLEET_NAME for a site, operator or terminal that is no name,
        FLEET_CODE_TIME.
        """
        terms = fleet_terms()
        valid_s = terms.code_valid_s if valid_s is None else valid_s
        named = tuple(dict.fromkeys(terminals))
        refusal = _bad_name((site, operator, *named)) or _bad_terminals(named)
        if refusal is not None:
            return refusal
        if not 0 < valid_s <= terms.code_valid_s_max:
            return Refusal("FLEET_CODE_TIME", site, {"most": terms.code_valid_s_max // 3_600})
        code = code_of(self._draw(CODE_BYTES))
        lapses_s = now_s + terms.confirm_within_s
        made = Invitation(0, site, operator, named, by.staff_id, lapses_s, valid_s)
        with self._office.writing() as cursor:
            if not may(cursor, by, "desk"):
                return Refusal("STAFF_NOT_ALLOWED", by.staff_id)
            number = store.add_invitation(cursor, made, code_hash(code), now_s)
            note(cursor, by, "fleet_invite", f"{site} #{number}", now_s)
        return replace(made, number=number, code=code)

    def confirm(self, by: Staff, number: int, now_s: int) -> Invitation | Refusal:
        """A second person says that the device is wanted; from now on its code is good.

        Refuses STAFF_NOT_ALLOWED, FLEET_INVITATION_UNKNOWN, FLEET_SAME_PERSON,
        FLEET_INVITATION_LAPSED, and FLEET_INVITATION_CONFIRMED for one that was.
        """
        with self._office.writing() as cursor:
            if not may(cursor, by, "supervisor"):
                return Refusal("STAFF_NOT_ALLOWED", by.staff_id)
            found = store.find_invitation(cursor, number)
            if found is None:
                return Refusal("FLEET_INVITATION_UNKNOWN", str(number))
            if found.made_by == by.staff_id:
                return Refusal("FLEET_SAME_PERSON", str(number))
            if found.confirmed_by:
                return Refusal("FLEET_INVITATION_CONFIRMED", str(number))
            if now_s >= found.lapses_s:
                return Refusal("FLEET_INVITATION_LAPSED", str(number))
            expires_s = now_s + found.valid_s
            store.confirm(cursor, number, by.staff_id, now_s, expires_s)
            note(cursor, by, "fleet_confirm", f"{found.site} #{number}", now_s)
        return replace(found, confirmed_by=by.staff_id, expires_s=expires_s)

    def public_keys(self) -> dict[str, bytes]:
        """The public keys (32 bytes) of the devices that are trusted now, by their names."""
        with self._office.reading() as cursor:
            devices = store.devices(cursor)
        return {one.device: one.public_key for one in devices if one.revoked_s is None}

    def devices(self, now_s: int) -> list[DeviceState]:
        """All devices, and how each said to be; the newest heartbeat of a revoked one too."""
        with self._office.reading() as cursor:
            heard = state.last_heartbeats(cursor)
            noticed = fleet_notices.open_notices(cursor, now_s - fleet_terms().notices_shown_s)
            return [
                replace(self._state(cursor, one, heard, now_s), notices=noticed.get(one.device, ()))
                for one in store.devices(cursor)
            ]

    def revoke(self, by: Staff, device: str, why: str, now_s: int) -> Device | Refusal:
        """Trust a device no more. What it may still bring says `admission`.

        Refuses STAFF_NOT_ALLOWED, FLEET_WHY, DEVICE_UNKNOWN, DEVICE_REVOKED when it is already.
        """
        if not why.strip():
            return Refusal("FLEET_WHY", device)
        with self._office.alone() as cursor:
            if not may(cursor, by, "supervisor"):
                return Refusal("STAFF_NOT_ALLOWED", by.staff_id)
            store.lock_device(cursor, device)
            found = store.find_device(cursor, device)
            if found is None:
                return Refusal("DEVICE_UNKNOWN", device, {"device": device})
            if found.revoked_s is not None:
                return Refusal("DEVICE_REVOKED", device, {"device": device})
            store.revoke(cursor, device, now_s, by.staff_id, why)
            note(cursor, by, "fleet_revoke", device, now_s, why)
        return replace(found, revoked_s=now_s, revoked_why=why)

    def order(
        self, by: Staff, target: str, kind: str, lasts_s: int, why: str, now_s: int
    ) -> OrderGiven | Refusal:
        """Tell a device, or all devices of a site, how to treat passengers for a while.

        Refuses STAFF_NOT_ALLOWED, FLEET_WHY, FLEET_ORDER_KIND, FLEET_ORDER_TIME, DEVICE_REVOKED,
        and DEVICE_UNKNOWN for a target that is neither a device nor a site with one.
        """
        refusal = _bad_order(kind, lasts_s, why, target)
        if refusal is not None:
            return refusal
        with self._office.writing() as cursor:
            if not may(cursor, by, "supervisor"):
                return Refusal("STAFF_NOT_ALLOWED", by.staff_id)
            device = store.find_device(cursor, target)
            if device is None and not store.is_site(cursor, target):
                return Refusal("DEVICE_UNKNOWN", target, {"device": target})
            if device is not None and device.revoked_s is not None:
                return Refusal("DEVICE_REVOKED", target, {"device": target})
            site, name = (target, "") if device is None else ("", target)
            given = OrderGiven(0, site, name, kind, now_s, now_s + lasts_s, by.staff_id, why)
            fleet_notices.skip_used_orders(cursor)
            number = state.add_order(cursor, given)
            note(cursor, by, f"fleet_order_{kind}", f"{target} #{number}", now_s, why)
        return replace(given, order_no=number)

    def orders(self) -> list[OrderGiven]:
        """The last orders, newest first, with what became of each."""
        with self._office.reading() as cursor:
            return state.newest_orders(cursor, _ORDERS_SHOWN)

    def events(self, device: str = "") -> list[EventTold]:
        """What happened to a device, or to any, as they told it or as the city noticed: newest
        first."""
        with self._office.reading() as cursor:
            told = newest_events(cursor, device, _EVENTS_SHOWN)
            noticed = newest_notices(cursor, device, _EVENTS_SHOWN)
        merged = sorted((*told, *noticed), key=lambda one: one.heard_s, reverse=True)
        return merged[:_EVENTS_SHOWN]

    def _state(
        self, cursor: Cursor, device: Device, heard: dict[str, tuple[int, str]], now_s: int
    ) -> DeviceState:
        found = heard.get(device.device)
        last_s = device.enrolled_s if found is None else found[0]
        late = device.revoked_s is None and now_s - last_s > fleet_terms().late_after_s
        if found is None:
            return DeviceState(device, None, None, late, None, 0)
        told = _HEARTBEATS.decode(found[1])
        missing = sum(
            state.count_missing(cursor, count.terminal_id, count.epoch, count.last_seq)
            for count in told.counts
        )
        unsent = min(told.waiting_taps, missing)
        return DeviceState(device, found[0], told, late, told.sent_s - found[0], missing - unsent)


def code_of(drawn: bytes) -> str:
    """A code as people read it: four groups of four, without letters that look alike."""
    number, letters = int.from_bytes(drawn, "big"), ""
    for _ in range(len(drawn) * 8 // 5):
        number, digit = divmod(number, len(_ALPHABET))
        letters += _ALPHABET[digit]
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def code_hash(code: str) -> bytes:
    """What is kept of a code; however it was typed, with or without hyphens."""
    plain = code.upper().replace("-", "").replace(" ", "").translate(_LOOKS_LIKE)
    return sha256(plain.encode()).digest()


_LOOKS_LIKE = str.maketrans("OIL", "011")


def _bad_name(names: Sequence[str]) -> Refusal | None:
    bad = next((name for name in names if not _NAME.fullmatch(name)), None)
    return None if bad is None else Refusal("FLEET_NAME", bad[:60], {"name": bad[:60]})


def _bad_terminals(named: Sequence[str]) -> Refusal | None:
    if 0 < len(named) <= _TERMINALS_MAX:
        return None
    return Refusal("FLEET_TERMINALS", values={"most": _TERMINALS_MAX})


def _bad_order(kind: str, lasts_s: int, why: str, target: str) -> Refusal | None:
    most_s = fleet_terms().order_s_max
    if not why.strip():
        return Refusal("FLEET_WHY", target)
    if kind not in ORDER_KINDS:
        return Refusal("FLEET_ORDER_KIND", target, {"kind": kind[:30]})
    if not 0 < lasts_s <= most_s:
        return Refusal("FLEET_ORDER_TIME", target, {"most": most_s // 3_600})
    return None
