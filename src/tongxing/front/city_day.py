"""A city's business day put together: books, keys, and the line to its hub."""

from collections.abc import Iterator
from contextlib import contextmanager

from tongxing.city import City
from tongxing.city.hub_line import HubDealings
from tongxing.city.office import Office
from tongxing.city.running import CityDayDesk, DayHouse
from tongxing.city.tap_signatures import SignatureKeys
from tongxing.fares import book_codes, load_city_fares
from tongxing.messages import KeyRing, SigningKey
from tongxing.storage import Database


@contextmanager
def city_day_desk(
    database: Database,
    code: str,
    key: SigningKey,
    signatures: SignatureKeys,
    dealings: HubDealings | None = None,
) -> Iterator[CityDayDesk]:
    """The desk of a city's days. `key` seals lists for its gates, `signatures` check what its media
    signed. Raises what `Office` raises."""
    fares = load_city_fares(code) if code in book_codes() else None
    office = Office(code, database, fares)
    city = City(code, database, key, KeyRing({}), fares, signatures)
    try:
        yield CityDayDesk(DayHouse(database, office, city, signatures, dealings))
    finally:
        city.close()
        office.close()
