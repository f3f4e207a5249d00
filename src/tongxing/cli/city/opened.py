"""A city that begins in earnest, as its own commands open it."""

from collections.abc import Iterator
from contextlib import contextmanager

from tongxing.cli.cities import city_with_books
from tongxing.cli.common import settings
from tongxing.kernel.reasons import Problem
from tongxing.simulation.runbook import MARKER
from tongxing.storage import Database


@contextmanager
def city_in_earnest(city: str | None) -> Iterator[tuple[str, Database]]:
    """The code and the books of the one city that is meant.

    Raises Problem(OPEN_SIMULATED) for the home of a simulated run, whose days the simulation works,
    and as `city_with_books` does.
    """
    home = settings().home
    if settings().dsn is None and (home / MARKER).exists():
        raise Problem("OPEN_SIMULATED", str(home))
    with city_with_books(city) as found:
        yield found
