"""What the commands of `tongxing trips` share: the desks of the cities in a database, stations."""

from collections.abc import Iterator
from contextlib import contextmanager

from tongxing.city import Desk
from tongxing.cli.cities import cities_with_books, city_name
from tongxing.cli.common import settings
from tongxing.fares import load_city_fares
from tongxing.kernel.reasons import Problem


@contextmanager
def desks(city: str | None) -> Iterator[list[Desk]]:
    """The desks of all cities with gates whose books the database holds, or of one city.

    Raises what `cities_with_books` raises.
    """
    with cities_with_books(city) as (codes, database):
        found = [Desk(code, database, load_city_fares(code)) for code in codes]
        try:
            yield found
        finally:
            for desk in found:
                desk.close()


@contextmanager
def one_desk(city: str | None) -> Iterator[Desk]:
    """The desk of one city; it need not be named where there is only one.

    Raises Problem(CITY_NEEDED) where there are several, and what `desks` raises.
    """
    with desks(city) as found:
        if len(found) > 1:
            names = ", ".join(city_name(desk.code) for desk in found)
            raise Problem("CITY_NEEDED", "--city", known=names)
        yield found[0]


def station_name(city: str, station: str) -> str:
    """A station's name in the caller's language; its id where the network does not know it."""
    known = load_city_fares(city).network.stations.get(station)
    if known is None:
        return station
    return known.name_zh if settings().language == "zh" else known.name_en


def station_id(city: str, text: str, where: str) -> str:
    """The id of a station by its name or id. Raises Problem(FARES_NO_STATION)."""
    found = load_city_fares(city).network.find_stations(text)
    if not found:
        near = {"near_zh": "—", "near_en": "—"}
        raise Problem("FARES_NO_STATION", where, station=text, **near)
    return found[0].id
