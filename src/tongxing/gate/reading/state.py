"""What our gates keep on a card beyond the files that every operator reads: the open ride in full,
and the fare counters of each city, in the operator's own file 0x19.

One record (A1) holds the open ride, four (B0 to B3) the counters of four cities; the city ridden in
longest ago makes room. Records have a fixed length. What is in them that we did not write is no
state of ours, never an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from tongxing.deciding.token import OpenEntry
from tongxing.fares import FareState
from tongxing.fares.counters import period_key
from tongxing.media.card.files.kept import OPEN_RIDE, content_of

FARE_SLOTS = (0xB0, 0xB1, 0xB2, 0xB3)
_BODY = {OPEN_RIDE: 200, **dict.fromkeys(FARE_SLOTS, 240)}
_PACKER = msgspec.msgpack.Encoder()
_OPEN = msgspec.msgpack.Decoder(OpenEntry)
_FARES = msgspec.msgpack.Decoder(FareState)
_UNREADABLE = (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class FareSlot:
    """The fare counters of one city on a card, and when they were last written (Unix seconds)."""

    record_id: int
    city: str
    written_s: int
    state: FareState


def blank_records() -> tuple[bytes, ...]:
    """The records of a new card: all there, nothing in them."""
    return tuple(_record(record_id, b"") for record_id in _BODY)


def open_ride(records: Mapping[int, bytes]) -> OpenEntry | None:
    """The ride that our record says is open, None when it says none or is not ours."""
    content = content_of(records.get(OPEN_RIDE, b""))
    if not content:
        return None
    try:
        return _OPEN.decode(content)
    except _UNREADABLE:
        return None


def open_ride_record(entry: OpenEntry | None) -> bytes | None:
    """The record of an open ride, or of none; None when a city's names are too long for it."""
    content = b"" if entry is None else _PACKER.encode(entry)
    return _record(OPEN_RIDE, content) if len(content) <= _room(OPEN_RIDE) else None


def fare_slots(records: Mapping[int, bytes]) -> tuple[FareSlot, ...]:
    """The cities whose counters are on the card."""
    found = (_slot(record_id, records.get(record_id, b"")) for record_id in FARE_SLOTS)
    return tuple(slot for slot in found if slot is not None)


def fare_state_record(
    slots: tuple[FareSlot, ...], city: str, state: FareState, now_s: int
) -> bytes | None:
    """The record that keeps a city's counters: in its own slot, a free one, or the oldest.

    Counters of periods gone by are left out: pricing reads them as empty anyway. None when even
    then there is too much for a record: the card has to be changed at a counter.
    """
    used = {slot.record_id: slot for slot in slots}
    own = [slot.record_id for slot in slots if slot.city == city]
    free = [record_id for record_id in FARE_SLOTS if record_id not in used]
    oldest = sorted(used, key=lambda record_id: used[record_id].written_s)
    record_id = (own or free or oldest)[0]
    content = (
        bytes.fromhex(city) + now_s.to_bytes(4, "big") + _PACKER.encode(_current(state, now_s))
    )
    return _record(record_id, content) if len(content) <= _room(record_id) else None


def _current(state: FareState, now_s: int) -> FareState:
    alive = tuple(one for one in state.counters if one.month >= period_key(one.name, now_s))
    return replace(state, counters=alive)


def _slot(record_id: int, record: bytes) -> FareSlot | None:
    content = content_of(record)
    if len(content) < 8 or not content[:3].hex().isdecimal():
        return None
    try:
        state = _FARES.decode(content[7:])
    except _UNREADABLE:
        return None
    city, written_s = content[:3].hex(), int.from_bytes(content[3:7], "big")
    return FareSlot(record_id, city, written_s, state)


def _room(record_id: int) -> int:
    return _BODY[record_id] - 2


def _record(record_id: int, content: bytes) -> bytes:
    """Head (27, id, length), the length of what follows, the content, zeros."""
    body = len(content).to_bytes(2, "big") + content
    assert len(body) <= _BODY[record_id], "what we keep on a card fits its record"
    return bytes((0x27, record_id, _BODY[record_id])) + body.ljust(_BODY[record_id], b"\x00")
