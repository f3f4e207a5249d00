"""What a hub at work has read of its books and need not read again: split tables, tariffs."""

from datetime import timedelta

from tongxing.fares import CityFares, load_city_fares
from tongxing.hub.acc import NO_TABLES, SplitTable, SplitTables, read_table
from tongxing.hub.ground import Ground
from tongxing.hub.store import Cursor
from tongxing.hub.store import registers as register_table
from tongxing.hub.store import split_tables as split_store
from tongxing.kernel.clock import business_date
from tongxing.kernel.reasons import Refusal
from tongxing.published import read_content


class GroundShelf:
    """The ground of each city as it stands in the hub's books: a ground of the program, with the
    split tables that were released and the tariff that the city published."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._tables: dict[str, dict[str, SplitTable]] = {}
        self._fares: dict[str, tuple[int, CityFares]] = {}
        self._kept: dict[str, tuple[object, Ground]] = {}

    def ground(self, cursor: Cursor, city: str, received_s: int, days: int) -> Ground:
        """The ground for a file of a city with rides of the last `days`.

        Raises ValueError for something kept that is not as it was taken.
        """
        tables = self._tables_of(cursor, city, received_s, days)
        version, fares = self._fares_of(cursor, city, received_s)
        if not tables and fares is None:
            return self._ground
        name = (tuple(tables), version)
        kept = self._kept.get(city)
        if kept is None or kept[0] != name:
            found = SplitTables({city: tuple(tables.values())}) if tables else NO_TABLES
            kept = self._kept[city] = (name, self._ground.with_published(found, fares))
        return kept[1]

    def _tables_of(
        self, cursor: Cursor, city: str, received_s: int, days: int
    ) -> dict[str, SplitTable]:
        """The released tables that a ride may need, each read once while its days may come."""
        since = business_date(received_s) - timedelta(days=days)
        known = self._tables.get(city, {})
        listed = split_store.released_tables(cursor, city, since)
        found = {one.version: known.get(one.version) or read(cursor, one.version) for one in listed}
        self._tables[city] = found
        return found

    def fares(self, cursor: Cursor, city: str, at_s: int) -> CityFares | None:
        """A city's fares as it published them by an instant; None when it published none."""
        return self._fares_of(cursor, city, at_s)[1]

    def _fares_of(self, cursor: Cursor, city: str, at_s: int) -> tuple[int, CityFares | None]:
        found = register_table.in_force(cursor, "DataList", city, at_s)
        if found is None:
            return 0, None
        kept = self._fares.get(city)
        if kept is None or kept[0] != found[0]:
            kept = self._fares[city] = (found[0], _fares_in(found[1], city))
        return kept


def _fares_in(content: bytes, city: str) -> CityFares:
    """A city's fares by a published tariff; those of the program where they mean the same file."""
    contents = read_content("tariff", content, city)
    if isinstance(contents, Refusal) or contents.book is None:
        raise ValueError(f"the tariff of {city} is not as it was taken")
    own = load_city_fares(city)
    return own if own.book == contents.book else CityFares(own.network, contents.book)


def read(cursor: Cursor, version: str) -> SplitTable:
    """A table that was handed in. Raises ValueError for one that is not as it was."""
    table = read_table(split_store.table_content(cursor, version) or b"")
    if isinstance(table, Refusal) or table.header.version != version:
        raise ValueError(f"split table {version} is not as it was handed in")
    return table
