"""Which city a command means, and the books of it: asked the same way by every command."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tongxing.city import schema_of
from tongxing.city.office import Office
from tongxing.city.staffing import StaffDesk
from tongxing.cli.common import listed, settings
from tongxing.cli.fares.arguments import parse_city
from tongxing.fares.ask import fare_cities
from tongxing.kernel.reasons import Problem
from tongxing.network.registry import load_registry
from tongxing.storage import Database
from tongxing.storage.database import database_at


def city_name(code: str) -> str:
    """A city's name in the caller's language."""
    return load_registry().place_name(code, settings().language)


@contextmanager
def cities_with_books(
    city: str | None, known: Sequence[str] | None = None
) -> Iterator[tuple[list[str], Database]]:
    """The database, and those of the cities `known` (all with gates) whose books it holds; only
    `city` where one is named.

    Raises Problem: NOTHING_TO_PROVE without any books, NO_BOOKS_OF_CITY without those of `city`.
    """
    cities = fare_cities() if known is None else known
    wanted = tuple(cities) if city is None else (parse_city(city, tuple(cities)),)
    dsn, home = settings().dsn, settings().home
    where = "TONGXING_DSN" if dsn else str(home)
    if not dsn and not (home / "postgres").exists():
        raise Problem("NOTHING_TO_PROVE", where)
    with database_at(dsn, home) as database:
        schemas = database.schemas()
        codes = [code for code in wanted if schema_of(code) in schemas]
        if not codes and (city is None or not schemas):
            raise Problem("NOTHING_TO_PROVE", where)
        if not codes:
            raise Problem("NO_BOOKS_OF_CITY", where, city=city_name(wanted[0]))
        yield codes, database


@contextmanager
def city_with_books(
    city: str | None, known: Sequence[str] | None = None
) -> Iterator[tuple[str, Database]]:
    """The one city that is meant; it need not be named where there are books of only one.

    Raises Problem: CITY_NEEDED where there are several, and what `cities_with_books` raises.
    """
    with cities_with_books(city, known) as (codes, database):
        if len(codes) > 1:
            names = listed(city_name(code) for code in codes)
            raise Problem("CITY_NEEDED", "--city", known=names)
        yield codes[0], database


@contextmanager
def city_office(city: str | None, known: Sequence[str] | None = None) -> Iterator[Office]:
    """The office of the one city that is meant. Raises what `city_with_books` raises."""
    with city_with_books(city, known) as (code, database):
        office = Office(code, database, None)
        try:
            yield office
        finally:
            office.close()


@contextmanager
def staff_desk(city: str | None) -> Iterator[StaffDesk]:
    """The staff desk of the one city that is meant. Raises what `city_with_books` raises."""
    with city_office(city) as office:
        yield StaffDesk(office, secrets.token_bytes)
