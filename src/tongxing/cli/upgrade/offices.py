"""What the commands of `tongxing upgrade` share: the office of a city whose books are there."""

from collections.abc import Iterator
from contextlib import contextmanager

from tongxing.city import schema_of
from tongxing.city.office import Office
from tongxing.city.upgrading.data_forms import programme_file
from tongxing.cli.common import settings
from tongxing.cli.fares.arguments import parse_city
from tongxing.cli.trips.desks import city_name
from tongxing.kernel.reasons import Problem
from tongxing.storage.database import database_at


def programme_cities() -> tuple[str, ...]:
    """The cities that have an upgrade service, by their codes."""
    return tuple(dict.fromkeys(row.city for row in programme_file().rules))


def chosen_city(city: str | None) -> str:
    """A city by name or code; it need not be named where only one has the service.

    Raises Problem: CITY_NEEDED where several have it, and for a city that has none.
    """
    known = programme_cities()
    if city is not None:
        return parse_city(city, known)
    if len(known) > 1:
        names = ", ".join(city_name(code) for code in known)
        raise Problem("CITY_NEEDED", "--city", known=names)
    return known[0]


@contextmanager
def office_of(city: str | None) -> Iterator[Office]:
    """The office of one city. Raises Problem: NOTHING_TO_PROVE without any books,
    NO_BOOKS_OF_CITY without those of the city, and what `chosen_city` raises."""
    code = chosen_city(city)
    dsn, home = settings().dsn, settings().home
    where = "TONGXING_DSN" if dsn else str(home)
    if not dsn and not (home / "postgres").exists():
        raise Problem("NOTHING_TO_PROVE", where)
    with database_at(dsn, home) as database:
        schemas = database.schemas()
        if not schemas:
            raise Problem("NOTHING_TO_PROVE", where)
        if schema_of(code) not in schemas:
            raise Problem("NO_BOOKS_OF_CITY", where, city=city_name(code))
        office = Office(code, database, None)
        try:
            yield office
        finally:
            office.close()
