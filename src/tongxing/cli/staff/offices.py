"""What the commands of `tongxing staff` share: the staff desk of a city whose books are there."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from tongxing.city import schema_of
from tongxing.city.office import Office
from tongxing.city.staffing import Staff, StaffDesk
from tongxing.cli.common import settings
from tongxing.cli.fares.arguments import parse_city
from tongxing.cli.trips.desks import city_name
from tongxing.fares.ask import fare_cities
from tongxing.kernel.reasons import Problem
from tongxing.storage.database import database_at

BY = "cli"
"""Under whose name the command line notes what it did."""


@contextmanager
def staff_desk(city: str | None) -> Iterator[StaffDesk]:
    """The staff desk of one city; it need not be named where there are books of only one.

    Raises Problem: NOTHING_TO_PROVE without any books, NO_BOOKS_OF_CITY without those of the city,
    CITY_NEEDED where there are several.
    """
    wanted = fare_cities() if city is None else (parse_city(city),)
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
        if len(codes) > 1:
            known = ", ".join(city_name(code) for code in codes)
            raise Problem("CITY_NEEDED", "--city", known=known)
        office = Office(codes[0], database, None)
        try:
            yield StaffDesk(office, secrets.token_bytes)
        finally:
            office.close()


def told(staff: Staff) -> dict[str, object]:
    """One of the staff for a program."""
    roles = list(staff.roles)
    whole: dict[str, object] = {"staff": staff.staff_id, "name": staff.name, "roles": roles}
    return whole | {"place": staff.place, "left": staff.has_left}
