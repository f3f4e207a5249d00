"""The records that a gate or a booth writes on a card together with a purchase.

Entry, exit and repair are composite purchases; what differs is the amount and what the trip record
(0x1A) and the journey record (0x1E) say. What the card held before is kept where it is not ours to
change. Nothing here decides a fare or whether a passenger may pass.
"""

from typing import Literal

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files import Transit, make_journey, make_transit
from tongxing.media.card.files.transit import RAIL
from tongxing.media.card.terminal.model import COMPOSITE, Purchase, RecordWrite

TRIP_SFI, JOURNEY_SFI = 0x1A, 0x1E
_ENTRY, _EXIT, _UPDATE = 0x03, 0x04, 0x08
_ENTERED, _EXITED = 0x01, 0x02
_SERIAL_DIGITS_MOST = 10**16

RepairReason = Literal["more_money", "overtime", "no_entry", "no_exit"]
"""Why a booth repairs a card: the fare was not covered, the trip took too long, the card shows no
entry, or it shows an entry and the passenger is outside."""


class Place(msgspec.Struct, frozen=True):
    """Where the terminal stands: its own number (6 bytes), and what goes into the card's records.

    `city` has four digits, `institution` and `station` 8 bytes. `journey_line`, `journey_station`
    and `operator` are the two-byte codes of the journey record. `industry`: 1 rail, 2 bus.
    """

    terminal_no: bytes
    city: str
    institution: bytes
    station: bytes
    line: int = 0
    journey_line: bytes = bytes(2)
    journey_station: bytes = bytes(2)
    operator: bytes = bytes(2)
    industry: int = 1
    record_id: int = RAIL


def entry_plan(
    place: Place,
    time: str,
    *,
    balance_fen: int,
    max_fare_fen: int,
    serial: int = 0,
    key_index: int = 1,
) -> Purchase:
    """An entry: nothing is taken, the trip begins. `time` is YYYYMMDDhhmmss."""
    trip = begun_trip(
        place, time, balance_fen=balance_fen, max_fare_fen=max_fare_fen, serial=serial
    )
    return _plan(place, time, trip, _ENTRY, 0, balance_fen, key_index)


def exit_plan(
    place: Place,
    time: str,
    before: Transit,
    fare_fen: int,
    *,
    balance_fen: int,
    serial: int = 0,
    key_index: int = 1,
) -> Purchase | Refusal:
    """An exit: the fare is taken, the trip of `before` ends here.

    Refuses EXIT_WITHOUT_ENTRY when the card shows no open trip.
    """
    if not before.entered:
        return Refusal("EXIT_WITHOUT_ENTRY")
    trip = ended_trip(place, time, before, fare_fen, serial)
    return _plan(place, time, trip, _EXIT, fare_fen, balance_fen, key_index)


def repair_plan(
    place: Place,
    time: str,
    reason: RepairReason,
    before: Transit,
    supplement_fen: int,
    *,
    balance_fen: int,
    max_fare_fen: int = 0,
    serial: int = 0,
    key_index: int = 1,
) -> Purchase | Refusal:
    """A repair at the booth: the supplement (often nothing) is taken and the trip put right.

    `more_money` and `overtime` leave the passenger entered, `overtime` from now on; `no_entry`
    makes an entry at `place`, which is the station the passenger came from; `no_exit` ends the open
    trip here. Refuses EXIT_WITHOUT_ENTRY when there is no open trip to put right, ENTRY_TWICE when
    an entry is to be made and there is one.
    """
    if reason == "no_entry":
        if before.entered:
            return Refusal("ENTRY_TWICE")
        entry = entry_plan(
            place, time, balance_fen=balance_fen, max_fare_fen=max_fare_fen, serial=serial
        )
        trip = entry.records[0].data
    elif not before.entered:
        return Refusal("EXIT_WITHOUT_ENTRY")
    elif reason == "no_exit":
        trip = ended_trip(place, time, before, supplement_fen, serial)
    else:
        trip = _still_open(time if reason == "overtime" else before.entry_time, before, serial)
    return _plan(place, time, trip, _UPDATE, supplement_fen, balance_fen, key_index)


def begun_trip(
    place: Place,
    time: str,
    *,
    balance_fen: int,
    max_fare_fen: int,
    serial: int = 0,
    charged_fen: int = 0,
) -> bytes:
    """The trip record of an entry here; `balance_fen` is before what is charged at it."""
    return make_transit(
        status=_ENTERED,
        record_id=place.record_id,
        serial=serial % _SERIAL_DIGITS_MOST,
        entry_city=place.city,
        entry_institution=place.institution,
        entry_station=place.station,
        entry_terminal=place.terminal_no.rjust(8, b"\x00"),
        entry_time=time,
        max_fare_fen=max_fare_fen,
        entry_line=place.line,
        charged_at_entry_fen=charged_fen,
        balance_at_entry_fen=balance_fen,
    )


def ended_trip(place: Place, time: str, before: Transit, fare_fen: int, serial: int = 0) -> bytes:
    """The trip record of `before`, ended here for this fare."""
    return make_transit(
        status=_EXITED,
        record_id=before.record_id,
        serial=serial % _SERIAL_DIGITS_MOST,
        entry_city=before.entry_city or "0000",
        exit_city=place.city,
        entry_institution=before.entry_institution,
        exit_institution=place.institution,
        entry_station=before.entry_station,
        exit_station=place.station,
        entry_terminal=before.entry_terminal,
        exit_terminal=place.terminal_no.rjust(8, b"\x00"),
        entry_time=before.entry_time or "",
        exit_time=time,
        max_fare_fen=before.max_fare_fen,
        entry_line=before.entry_line,
        exit_line=place.line,
        charged_at_entry_fen=before.charged_at_entry_fen,
        balance_at_entry_fen=before.balance_at_entry_fen,
        actual_fen=before.charged_at_entry_fen + fare_fen,
        operator_defined=before.operator_defined,
        lock=before.lock,
    )


def _still_open(since: str | None, before: Transit, serial: int) -> bytes:
    return make_transit(
        status=_ENTERED,
        record_id=before.record_id,
        serial=serial % _SERIAL_DIGITS_MOST,
        entry_city=before.entry_city or "0000",
        entry_institution=before.entry_institution,
        entry_station=before.entry_station,
        entry_terminal=before.entry_terminal,
        entry_time=since or "",
        max_fare_fen=before.max_fare_fen,
        entry_line=before.entry_line,
        charged_at_entry_fen=before.charged_at_entry_fen,
        balance_at_entry_fen=before.balance_at_entry_fen,
        operator_defined=before.operator_defined,
        lock=before.lock,
    )


def _plan(
    place: Place,
    time: str,
    trip: bytes,
    kind: int,
    amount_fen: int,
    balance_fen: int,
    key_index: int,
) -> Purchase:
    """The purchase with both records; the journey record shows the balance after it."""
    records = (
        RecordWrite(trip[1], TRIP_SFI, trip),
        journey_write(place, time, kind, amount_fen, max(balance_fen - amount_fen, 0)),
    )
    return Purchase(amount_fen, COMPOSITE, time, records, key_index, place.terminal_no)


def journey_write(
    place: Place, time: str, kind: int, amount_fen: int, balance_fen: int
) -> RecordWrite:
    """The line of a card's journeys: what was taken here, and the balance after it."""
    journey = make_journey(
        kind=kind,
        terminal=place.terminal_no,
        industry=place.industry,
        time=time,
        city=place.city,
        institution=place.institution,
        amount_fen=amount_fen,
        balance_fen=balance_fen,
        line=place.journey_line,
        station=place.journey_station,
        operator=place.operator,
    )
    return RecordWrite(0x00, JOURNEY_SFI, journey)
