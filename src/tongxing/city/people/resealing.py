"""Keys are changed while the house is open: cells are sealed anew, a few in each transaction.

Readers need both keys until this is through. Indexes are made for every key that is there, so that
a person is found by programs that have the new key and by those that do not have it yet.
"""

from tongxing.city.people.cells import key_version_of
from tongxing.city.people.helping import DEVICE
from tongxing.city.people.helping import TABLE as HELP
from tongxing.city.people.house import PERSON, UNIQUE, House
from tongxing.city.people.store import acts
from tongxing.city.people.store import persons as store
from tongxing.city.store.cursor import Cursor


def reseal(house: House, cursor: Cursor, limit: int) -> int:
    """Seal up to `limit` cells under the newest key; how many are left. Raises CellUnreadable for a
    cell whose key is gone."""
    cells = house.cells
    for table, row_id, field, old in store.old_cells(cursor, cells.version, limit):
        value = cells.open(table, field, row_id, bytes(old))
        sealed = cells.seal(table, field, row_id, value, house.draw)
        store.write_cell(cursor, table, row_id, field, key_version_of(sealed), sealed)
        if table == PERSON and field in UNIQUE:
            store.write_index(cursor, field, row_id, cells.blind_indexes(field, value))
        if table == HELP:
            index = cells.blind_index(DEVICE, value)
            acts.set_device_index(cursor, row_id, cells.version, index)
    return store.count_old_cells(cursor, cells.version)
