"""The open ride in a card's common record (0x1A): of another operator, or of ours on a card that
cannot keep our own records.

A record of ours is known by its sum. Of another operator's ride only city and time are believed.
"""

from datetime import datetime

from tongxing.deciding.facts import ValidatorFacts
from tongxing.deciding.token import OpenEntry
from tongxing.gate.reading.setup import MediaSetup
from tongxing.kernel.clock import CHINA, instant
from tongxing.kernel.ids import sha256_hex
from tongxing.media.card.files import Transit, own_part
from tongxing.media.card.files.transit import BUS, RAIL
from tongxing.network.regions import region_of

_MARK_BYTES = 5
NO_MARK = bytes(_MARK_BYTES)


def record_of(mode: str) -> int:
    """The record in which a means of transport is kept: 2702 for buses, 2701 for all rail and
    whatever else has two ends."""
    return BUS if mode == "bus" else RAIL


def vehicle_mark(vehicle: str) -> bytes:
    """Five bytes by which a vehicle knows its own entry again; zeros for no vehicle."""
    return bytes.fromhex(sha256_hex(vehicle.encode()))[:_MARK_BYTES] if vehicle else NO_MARK


def foreign_ride(transit: Transit, facts: ValidatorFacts, setup: MediaSetup) -> OpenEntry | None:
    """The ride that another operator has begun and not ended; None when there is none.

    Where it began is not known here, so no exit of ours can end it: `decide` says why.
    """
    if not transit.entered or own_part(transit) is not None:
        return None
    region = region_of(transit.entry_city or "")
    city = "" if region is None else region.division
    if transit.entry_institution == setup.institution:
        return None  # our own, written before we summed our records
    return OpenEntry(
        city=city if city != facts.city else "",
        station="",
        line="",
        mode=facts.mode,
        place="",
        time_s=_time_of(transit),
        tariff="",
    )


def recorded_ride(transit: Transit, facts: ValidatorFacts, setup: MediaSetup) -> OpenEntry | None:
    """The ride that we have begun, as far as the common record tells it."""
    part = own_part(transit)
    if not transit.entered or part is None:
        return None
    region = region_of(transit.entry_city or "")
    if region is None or region.division != facts.city:
        city = "" if region is None else region.division
        return OpenEntry(city, "", "", facts.mode, "", _time_of(transit), "")
    places = setup.places
    here = part.transfer == vehicle_mark(facts.vehicle)
    line = places.line_of(transit.entry_line, facts.line)
    return OpenEntry(
        city=facts.city,
        station=places.station_of(int.from_bytes(transit.entry_station, "big")),
        line=line,
        mode=facts.mode,
        place=places.place_of(line),
        time_s=_time_of(transit),
        tariff="",
        vehicle=facts.vehicle if here else "?",
    )


def _time_of(transit: Transit) -> int:
    """When the ride began (Unix seconds), 0 when the record does not say."""
    if transit.entry_time is None:
        return 0
    moment = datetime.strptime(transit.entry_time, "%Y%m%d%H%M%S")
    return instant(moment.replace(tzinfo=CHINA))
