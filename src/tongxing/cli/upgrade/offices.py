"""What the commands of `tongxing upgrade` share: the office of a city whose books are there."""

from collections.abc import Iterator
from contextlib import contextmanager

from tongxing.city.office import Office
from tongxing.city.upgrading.data_forms import programme_file
from tongxing.cli.cities import city_name, city_office
from tongxing.cli.fares.arguments import parse_city
from tongxing.kernel.reasons import Problem


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
    """The office of one city with the service. Raises what `city_with_books` raises."""
    with city_office(city, programme_cities()) as office:
        yield office
