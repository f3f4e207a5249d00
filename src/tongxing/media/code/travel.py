"""The 32 bytes in which an issuer may tell a gate how a code's ride stands (custom field).

`kind1 state1 entry_station4 entry_time4 sequence4 reserved18`. A gate cannot write to a phone: the
state is the issuer's, as old as the authorisation that carries it. Reserved bytes are kept.
"""

import struct

import msgspec

TRAVEL_BYTES = 32
OUTSIDE, INSIDE = 0, 1

_FIELDS = struct.Struct(">BB4sII18s")
_STATION_BYTES = 4
_NO_STATION = "00000000"
_RESERVED = bytes(18)


class Travel(msgspec.Struct, frozen=True):
    """How a code's ride stands.

    `kind` is the kind of ticket, `state` 0 outside or 1 inside, `entry_station` eight hex digits,
    `entry_time_s` Unix seconds; `sequence` rises with every change of state.
    """

    kind: int
    state: int
    entry_station: str = _NO_STATION
    entry_time_s: int = 0
    sequence: int = 0
    reserved: bytes = _RESERVED


def parse_travel(custom: bytes) -> Travel | None:
    """What a custom field says; None when it is not of this form (another issuer's own field)."""
    if len(custom) != TRAVEL_BYTES:
        return None
    kind, state, station, time_s, sequence, reserved = _FIELDS.unpack(custom)
    return Travel(kind, state, station.hex(), time_s, sequence, reserved)


def make_travel(travel: Travel) -> bytes:
    """The 32 bytes. Raises ValueError for values that do not fit."""
    station = bytes.fromhex(travel.entry_station)
    if len(station) != _STATION_BYTES or len(travel.reserved) != len(_RESERVED):
        raise ValueError("a station has 4 bytes, the reserve 18")
    try:
        return _FIELDS.pack(
            travel.kind, travel.state, station, travel.entry_time_s, travel.sequence,
            travel.reserved,
        )  # fmt: skip
    except struct.error as error:
        raise ValueError("a value of the custom field does not fit") from error
