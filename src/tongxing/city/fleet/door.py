"""The fleet's door, for devices: sealed messages in, sealed answers out.

Whoever asks is known by the signature of the message and by nothing else. Until it holds, nothing
of a message is believed and nothing is stored.
"""

from collections.abc import Sequence
from hashlib import sha256

from tongxing.city import listing
from tongxing.city.fleet.desk import code_hash
from tongxing.city.fleet.lists import current, newest
from tongxing.city.fleet.noticing import compare_with_books
from tongxing.city.fleet.terms import fleet_terms
from tongxing.city.fleet.values import Device, Invitation
from tongxing.city.office import Office
from tongxing.city.store import fleet as store
from tongxing.city.store import fleet_state as state
from tongxing.city.store import lists as list_store
from tongxing.city.store import media
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.device_events import write_events
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, SigningKey, seal, unseal
from tongxing.messages.claims import claimed, claimed_sender
from tongxing.messages.envelope import Body, encode
from tongxing.messages.fleet import (
    ENROLMENT_SENDER,
    EVENTS_TOLD_MAX,
    WAITING_NAMED_MAX,
    Asking,
    DeviceEvent,
    Enrolled,
    Enrolment,
    Heartbeat,
    Order,
    Orders,
    TapRange,
    TerminalCount,
)
from tongxing.messages.lists import DENY, DataName
from tongxing.messages.taps import NUMBER_MAX

KEY_BYTES = 32
_TEXT_MAX = 200
_COUNTS_MAX = 400
_EVENT_BYTES_MAX = 1_000
_LISTS_KEPT = 8
_LISTS_MAX = 100


class FleetDoor:
    """Where the devices of one city come; `key` is the city's. Thread-safe."""

    def __init__(self, office: Office, key: SigningKey) -> None:
        self._office = office
        self._key = key
        self._lists: dict[tuple[int, int], bytes] = {}

    @property
    def city(self) -> str:
        """The division code of the city whose devices come here."""
        return self._office.code

    def enrol(self, message: bytes, now_s: int) -> bytes | Refusal:
        """A device brings its code and its key, and gets its name.

        The same device may ask again and hears the same. Refuses what `unseal` refuses,
        DEVICE_KEY for a key that is none or was brought before, FLEET_CODE for a code that is
        unknown or waits for its second person, FLEET_CODE_USED, FLEET_CODE_EXPIRED,
        DEVICE_TERMINAL_HELD.
        """
        asked = self._asked(message)
        if isinstance(asked, Refusal):
            return asked
        with self._office.writing() as cursor:
            found = store.invitation_of_code(cursor, code_hash(asked.code))
            if found is None or found.expires_s is None:
                return Refusal("FLEET_CODE")
            device = self._admitted(cursor, found, asked, now_s)
        if isinstance(device, Refusal):
            return device
        answer = Enrolled(
            device=device.device,
            public_key=device.public_key,
            city=self._office.code,
            site=device.site,
            operator=device.operator,
            terminals=list(device.terminals),
            time_s=now_s,
        )
        return seal(answer, self._key)

    def open(self, message: bytes, expected: type[Body]) -> tuple[Device, Body] | Refusal:
        """A device's message whose signature holds, revoked or not.

        Refuses what `unseal` refuses and DEVICE_UNKNOWN.
        """
        sender = claimed_sender(message, expected)
        if isinstance(sender, Refusal):
            return sender
        device = self._device(sender)
        if device is None:
            return Refusal("DEVICE_UNKNOWN", sender[:60], {"device": sender[:60]})
        opened = unseal(message, expected, KeyRing({device.device: device.public_key}))
        return opened if isinstance(opened, Refusal) else (device, opened[1])

    def hear(self, message: bytes, now_s: int) -> bytes | Refusal:
        """A heartbeat; the answer tells the time, orders, lists, and what to send again.

        Refuses what `open` refuses, DEVICE_REVOKED, IDENTITY_MISMATCH, TERMINAL_UNKNOWN,
        HEARTBEAT_FORM, and HEARTBEAT_OLD for a number that is not above the last.
        """
        opened = self.open(message, Heartbeat)
        if isinstance(opened, Refusal):
            return opened
        device, told = opened
        refusal = _objection(device, told)
        if refusal is not None:
            return refusal
        terms = fleet_terms()
        with self._office.writing() as cursor:
            store.lock_device(cursor, device.device)
            if store.revoked_among(cursor, [device.device]):
                return _revoked(device)
            body = encode(told).decode()
            if not state.write_heartbeat(cursor, device.device, told.number, now_s, body):
                return Refusal("HEARTBEAT_OLD", device.device)
            state.write_promises(cursor, device.device, told.waiting_batches, now_s)
            write_events(cursor, device.device, told.events, now_s)
            ahead_s = now_s - told.sent_s
            state.write_done(cursor, device.device, device.site, told.done, now_s, ahead_s)
            missing = _missing(cursor, told.counts)
            compare_with_books(cursor, told, missing, now_s)
            answer = Orders(
                device=device.device,
                number=told.number,
                time_s=now_s,
                next_s=terms.heartbeat_every_s,
                lists={
                    DENY: media.newest_deny_version(cursor),
                    **newest(list_store.spans(cursor, 0), now_s),
                },
                orders=_orders(cursor, device, now_s),
                missing=missing[: terms.missing_ranges_max],
                marks=_marks(cursor, told.counts),
            )
        return seal(answer, self._key)

    def asking(self, message: bytes, path: str, now_s: int) -> Device | Refusal:
        """Which trusted device asks for what stands at `path`.

        Refuses what `open` refuses, DEVICE_REVOKED, IDENTITY_MISMATCH for another path, and
        DEVICE_CLOCK for a message that was not made just now.
        """
        opened = self.open(message, Asking)
        if isinstance(opened, Refusal):
            return opened
        device, asked = opened
        if device.revoked_s is not None:
            return _revoked(device)
        if asked.device != device.device or asked.path != path:
            return Refusal("IDENTITY_MISMATCH", device.device, {"site": asked.device})
        most_s = fleet_terms().clock_off_s_max
        if abs(asked.sent_s - now_s) > most_s:
            return Refusal("DEVICE_CLOCK", device.device, {"most": most_s})
        return device

    def deny_list(self, since: int) -> bytes | None:
        """What brings a device from this version to the newest: the list whole or what changed,
        sealed. None when nothing is newer."""
        with self._office.reading() as cursor:
            newest = media.newest_deny_version(cursor)
            if since >= newest:
                return None
            found = self._lists.get((since, newest))
            if found is None:
                found = listing.since(cursor, self._key, since)
        if found is not None:
            if len(self._lists) >= _LISTS_KEPT:
                self._lists.clear()
            self._lists[since, newest] = found
        return found

    def data_list(self, name: DataName, since: int, now_s: int) -> bytes | None:
        """The next of a city's other lists after this version, whole and sealed: the one in force,
        then those that wait for their time. None when nothing is newer."""
        with self._office.reading() as cursor:
            version = current(list_store.spans(cursor, since, name), now_s)
            return None if version is None else list_store.message_of(cursor, name, version)

    def _asked(self, message: bytes) -> Enrolment | Refusal:
        """An enrolment that is signed with the very key it brings."""
        said = claimed(message, Enrolment)
        if isinstance(said, Refusal):
            return said
        sender, asked = said
        if sender != ENROLMENT_SENDER:
            return Refusal("IDENTITY_MISMATCH", sender[:60], {"site": ENROLMENT_SENDER})
        if len(asked.public_key) != KEY_BYTES or len(asked.software) > _TEXT_MAX:
            return Refusal("DEVICE_KEY")
        opened = unseal(message, Enrolment, KeyRing({ENROLMENT_SENDER: asked.public_key}))
        return opened if isinstance(opened, Refusal) else opened[1]

    def _admitted(
        self, cursor: Cursor, found: Invitation, asked: Enrolment, now_s: int
    ) -> Device | Refusal:
        if found.device:
            before = store.find_device(cursor, found.device)
            assert before is not None
            same = before.public_key == asked.public_key and before.revoked_s is None
            return before if same else Refusal("FLEET_CODE_USED", found.site)
        assert found.expires_s is not None
        if now_s >= found.expires_s:
            return Refusal("FLEET_CODE_EXPIRED", found.site)
        store.lock_site(cursor, found.site)
        if store.key_is_known(cursor, asked.public_key):
            return Refusal("DEVICE_KEY")
        held = store.held_terminals(cursor, found.terminals)
        if held:
            return Refusal("DEVICE_TERMINAL_HELD", found.site, {"terminals": ", ".join(held)})
        device = Device(
            device=store.next_name(cursor, found.site),
            site=found.site,
            operator=found.operator,
            terminals=tuple(sorted(found.terminals)),
            public_key=asked.public_key,
            enrolled_s=now_s,
        )
        store.add_device(cursor, device, found.number)
        return device

    def _device(self, name: str) -> Device | None:
        if "\0" in name:
            return None
        with self._office.asking() as cursor:
            return store.find_device(cursor, name)


def key_print(public_key: bytes) -> str:
    """What people compare of a key: the first 16 hex characters of its SHA-256."""
    return sha256(public_key).hexdigest()[:16]


def _revoked(device: Device) -> Refusal:
    return Refusal("DEVICE_REVOKED", device.device, {"device": device.device})


def _objection(device: Device, told: Heartbeat) -> Refusal | None:
    """Why a heartbeat is not taken."""
    if device.revoked_s is not None:
        return _revoked(device)
    if told.device != device.device:
        return Refusal("IDENTITY_MISMATCH", device.device, {"site": told.device[:60]})
    foreign = {count.terminal_id for count in told.counts} - set(device.terminals)
    if foreign:
        return Refusal("TERMINAL_UNKNOWN", device.device, {"terminal": min(foreign)[:60]})
    if not _are_events(told.events):
        return Refusal("HEARTBEAT_FORM", device.device)
    numbers = [
        *(told.number, told.waiting_taps, told.free_bytes, told.last_order),
        *(n for count in told.counts for n in (count.epoch, count.last_seq)),
        *(n for one in told.done for n in (one.order_no, one.done_s)),
        *told.lists.values(),
        *told.published.values(),
    ]
    fits = (
        len(told.counts) <= _COUNTS_MAX
        and len(told.waiting_batches) <= WAITING_NAMED_MAX
        and all(len(name) == 2 * KEY_BYTES for name in told.waiting_batches)
        and told.refused.keys() <= {*told.waiting_batches}
        and all(0 <= number <= NUMBER_MAX for number in numbers)
        and len(told.lists) + len(told.expired) + len(told.published) <= _LISTS_MAX
    )
    return None if fits else Refusal("HEARTBEAT_FORM", device.device)


def _are_events(events: Sequence[DeviceEvent]) -> bool:
    """Whether they are few and short enough to be kept."""
    return (
        len(events) <= EVENTS_TOLD_MAX
        and all(0 <= number <= NUMBER_MAX for one in events for number in (one.number, one.at_s))
        and all(len(encode(one)) <= _EVENT_BYTES_MAX for one in events)
    )


def _orders(cursor: Cursor, device: Device, now_s: int) -> list[Order]:
    return [
        Order(
            order_no=given.order_no,
            kind=given.kind,
            from_s=given.from_s,
            until_s=given.until_s,
            ordered_by=given.ordered_by,
        )
        for given in state.orders_for(cursor, device.device, device.site, now_s)
    ]


def _missing(cursor: Cursor, counts: Sequence[TerminalCount]) -> list[TapRange]:
    """The numbers that a device has given and the city does not have; which of them still wait
    their turn the device knows itself."""
    most, found = fleet_terms().numbers_looked_at_max, []
    for count in counts:
        of = count.terminal_id, count.epoch
        above = state.whole_to(cursor, *of)
        if count.last_seq <= above:
            continue
        here = state.numbers_here(cursor, *of, above, count.last_seq, most)
        to = here[-1] if len(here) == most else count.last_seq
        ranges = state.holes(here, above, to, of)
        whole = ranges[0].first - 1 if ranges else to
        if whole > above:
            state.write_whole_to(cursor, *of, whole)
        found += ranges
    return found


def _marks(cursor: Cursor, counts: Sequence[TerminalCount]) -> list[TerminalCount]:
    return [
        TerminalCount(
            count.terminal_id,
            count.epoch,
            state.highest_here(cursor, count.terminal_id, count.epoch),
        )
        for count in counts
    ]
