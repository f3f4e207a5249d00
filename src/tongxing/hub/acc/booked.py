"""Booked trips as the split sees them: what each paid in each fare system it went through."""

from collections.abc import Iterable, Iterator
from datetime import date

import msgspec

from tongxing.fares import CityFares, load_city_fares
from tongxing.hub.acc.money import Piece, Trip
from tongxing.kernel.clock import business_date
from tongxing.kernel.money import split_largest_remainder
from tongxing.messages import Record, Share

PATH_KNOWN: frozenset[str] = frozenset(
    {"both_taps", "paired_by_account", "declared", "habitual", "disruption", "staff"}
)
"""How a trip came to be charged, where both of its stations are known."""

_record = msgspec.json.Decoder(Record).decode
_shares = msgspec.json.Decoder(tuple[Share, ...]).decode


def trips_of_day(rows: Iterable[tuple[str, str]], city: str, day: date) -> Iterator[Trip]:
    """The whole rail trips among records and their splits (both JSON) that a table could split:
    those of a day whose two stations are known and differ, with what they were charged."""
    fares = load_city_fares(city)
    for body, whole in rows:
        record = _record(body)
        is_path = record.mode == "rail" and record.how in PATH_KNOWN and record.charge_fen > 0
        if not is_path or business_date(record.entered_s) != day:
            continue
        pieces = pieces_of(fares, record)
        if pieces:
            booked = {share.operator: share.share_fen for share in _shares(whole)}
            yield Trip(record.entered_s, pieces, booked)


def pieces_of(fares: CityFares, record: Record) -> tuple[Piece, ...]:
    """The charge of a trip over the fare systems of the way it was priced by, in proportion to what
    each asks; empty where there is no such way or it goes nowhere."""
    tariff = fares.book.at(record.entered_s)
    chain = None if tariff is None else fares.chain(tariff, record.origin, record.destination)
    legs = [] if chain is None else [leg for leg in chain.legs if leg.metres > 0]
    if not legs:
        return ()
    asked = [leg.fare_fen for leg in legs]
    weights = asked if any(asked) else [leg.metres for leg in legs]
    parts = split_largest_remainder(record.charge_fen, weights)
    return tuple(
        Piece(leg.system, leg.origin, leg.destination, part)
        for leg, part in zip(legs, parts, strict=True)
    )
