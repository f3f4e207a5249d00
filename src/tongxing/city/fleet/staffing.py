"""Who of the staff may do what with the fleet, and what they did."""

from tongxing.city.staffing import Staff
from tongxing.city.store import staff as staff_store
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.staff import ActRow

DONE = "DONE"


def may(cursor: Cursor, by: Staff, role: str) -> bool:
    """Whether this person still works here and may do this, as the books say now."""
    row = staff_store.find(cursor, by.staff_id)
    if row is None or row.ended_s is not None:
        return False
    return Staff(row.staff_id, row.name, row.roles, row.place).may(role)


def note(cursor: Cursor, by: Staff, act: str, subject: str, now_s: int, why: str = "") -> None:
    """Write into the list of what staff did."""
    staff_store.write_act(cursor, ActRow(now_s, by.staff_id, act, subject, why, DONE))
