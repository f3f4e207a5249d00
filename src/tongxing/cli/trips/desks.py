"""What the commands of `tongxing trips` share: the desks of the cities in a database, and times."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from tongxing.city import Desk, schema_of
from tongxing.cli.common import settings
from tongxing.cli.fares.arguments import china_time, parse_city
from tongxing.fares import load_city_fares
from tongxing.fares.ask import fare_cities
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.network.registry import load_registry
from tongxing.storage.database import database_at

Answer = TypeVar("Answer")


@contextmanager
def desks(city: str | None) -> Iterator[list[Desk]]:
    """The desks of all cities with gates whose books the database holds, or of one city.

    Raises Problem: NOTHING_TO_PROVE without any books, NO_BOOKS_OF_CITY without those of `city`.
    """
    wanted = fare_cities() if city is None else (parse_city(city),)
    dsn, home = settings().dsn, settings().home
    if not dsn and not (home / "postgres").exists():
        raise Problem("NOTHING_TO_PROVE", str(home))
    with database_at(dsn, home) as database:
        schemas = database.schemas()
        codes = [code for code in wanted if schema_of(code) in schemas]
        if not codes:
            where = "TONGXING_DSN" if dsn else str(home)
            if city is None or not schemas:
                raise Problem("NOTHING_TO_PROVE", where)
            raise Problem("NO_BOOKS_OF_CITY", where, city=city_name(wanted[0]))
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


def city_name(code: str) -> str:
    """A city's name in the caller's language."""
    return load_registry().place_name(code, settings().language)


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


def moment(text: str | None, where: str) -> int:
    """An instant as a person writes it; now when nothing is written."""
    return int(time.time()) if text is None else china_time(text, where)


def request_of(given: str | None, *parts: object) -> str:
    """The request id: the caller's own, or one made from what is asked, so that the same command
    twice is one request."""
    return given or digest("cli", *parts)


def granted(found: Answer | Refusal) -> Answer:
    """The answer; a refusal is raised as the Problem that a command ends with."""
    if isinstance(found, Refusal):
        raise Problem(found.code, found.where, **found.values)
    return found
