"""Bringing a split table into force: one person hands it in, another releases it.

A table carries its own days and cannot be changed: its version is a hash of all it says. It is
released before the first ride of its days is admitted, so that all rides of a day are split by one
table whatever order they come in; what replaces it is a later table, never an older one again.
"""

from collections.abc import Callable

from tongxing.hub.acc import SplitTable, read_table, tables_of
from tongxing.hub.acc.checking import check_rows
from tongxing.hub.rows import is_name
from tongxing.hub.shelves import read
from tongxing.hub.store import Cursor, HubStore
from tongxing.hub.store import split_tables as store_tables
from tongxing.hub.store.split_tables import ListedTable
from tongxing.kernel.clock import business_date
from tongxing.kernel.payments import is_same_person
from tongxing.kernel.reasons import Refusal


class TableDesk:
    """The split tables of a hub, for the people who answer for them."""

    def __init__(self, store: HubStore) -> None:
        self._store = store

    def hand_in(
        self,
        content: bytes,
        by: str,
        why: str,
        now_s: int,
        tell: Callable[[int], object] = lambda _rows: None,
    ) -> ListedTable | Refusal:
        """Hand a table's file in; it decides nothing until somebody else releases it. The same
        table again changes nothing. `tell` hears how many rows were just checked.

        Refuses with HUB_PERSON, HUB_WHY, the reasons of `read_table`, and SPLIT_ROW_WRONG, with the
        name of the fault (`acc.checking`), for a row that does not follow from the header.
        """
        if not is_name(by):
            return Refusal("HUB_PERSON", values={"by": by})
        if not why.strip():
            return Refusal("HUB_WHY")
        table = read_table(content)
        if isinstance(table, Refusal):
            return table
        wrong = check_rows(table, tell)
        if wrong is not None:
            what = {"what_zh": wrong[1], "what_en": wrong[1]}
            return Refusal("SPLIT_ROW_WRONG", f"line {wrong[0]}", what)
        version = table.header.version
        with self._store.changing() as cursor:
            if store_tables.find_table(cursor, version) is None:
                store_tables.add_table(cursor, table.header, content, why, by, now_s)
            return _found(cursor, version)

    def release(self, version: str, by: str, now_s: int) -> ListedTable | Refusal:
        """A second person has looked at a table: from now on it splits the rides of its days. A
        released one again changes nothing.

        Refuses with HUB_PERSON, SPLIT_TABLE_UNKNOWN, SPLIT_SAME_PERSON, DATE_CLOSED when rail
        rides of its days are admitted already, and SPLIT_TABLES_CLASH.
        """
        if not is_name(by):
            return Refusal("HUB_PERSON", values={"by": by})
        with self._store.changing() as cursor:
            listed = store_tables.find_table(cursor, version)
            if listed is None:
                return Refusal("SPLIT_TABLE_UNKNOWN", values={"version": version})
            if listed.released_s is None:
                refusal = _first_fault(cursor, listed, by)
                if refusal is not None:
                    return refusal
                store_tables.release_table(cursor, version, by, now_s)
            return _found(cursor, version)

    def tables(self) -> list[ListedTable]:
        """All tables, those that wait for their second person too."""
        with self._store.reading() as cursor:
            return store_tables.list_tables(cursor)

    def table(self, version: str) -> SplitTable | Refusal:
        """A table that was handed in. Refuses with SPLIT_TABLE_UNKNOWN, or as `read_table`."""
        with self._store.reading() as cursor:
            content = store_tables.table_content(cursor, version)
        if content is None:
            return Refusal("SPLIT_TABLE_UNKNOWN", values={"version": version})
        return read_table(content)


def _found(cursor: Cursor, version: str) -> ListedTable:
    listed = store_tables.find_table(cursor, version)
    assert listed is not None
    return listed


def _first_fault(cursor: Cursor, listed: ListedTable, by: str) -> Refusal | None:
    if is_same_person(listed.handed_in_by, by):
        return Refusal("SPLIT_SAME_PERSON", values={"version": listed.version})
    split_s = store_tables.last_ride_of(cursor, listed)
    if split_s is not None:
        values = {"version": listed.version, "day": business_date(split_s)}
        return Refusal("DATE_CLOSED", listed.city, values)
    others = store_tables.released_tables(cursor, listed.city, listed.valid_from)
    together = tables_of(read(cursor, one.version) for one in (*others, listed))
    return together if isinstance(together, Refusal) else None
