"""The register of the hub's own keys: what was decided, and what was signed of it."""

from typing import NamedTuple

from tongxing.checkpoint import read_verifier
from tongxing.checkpoint.succession import Succession
from tongxing.hub.store.connection import Cursor
from tongxing.kernel.reasons import Refusal


class KeyRow(NamedTuple):
    """A change of the key; it waits for a second person while `confirmed_by` is ""."""

    number: int
    from_window: str
    old_key: str
    new_key: str
    is_emergency: bool
    proposed_by: str
    confirmed_by: str


def id_of(key: str) -> str:
    """What people compare of a published key: its name and id."""
    return "+".join(key.split("+")[:2])


def load_succession(cursor: Cursor) -> Succession | Refusal | None:
    """The keys of these books: the first that signed, and all changes that are final. None while
    nothing is signed; refuses as `Succession.with_change` for books that somebody altered."""
    rows = cursor.execute(
        "SELECT old_key, note FROM hub_key_change WHERE note IS NOT NULL ORDER BY number"
    ).fetchall()
    oldest = cursor.execute("SELECT verifier FROM checkpoint ORDER BY window_id LIMIT 1").fetchone()
    if not rows and oldest is None:
        return None
    first = read_verifier(str(rows[0][0] if oldest is None else oldest[0]))
    if isinstance(first, Refusal):
        return first
    found = Succession(first)
    for _, note in rows:
        more = found.with_change(bytes(note))
        if isinstance(more, Refusal):
            return more
        found = more
    return found


def load_changes(cursor: Cursor) -> list[KeyRow]:
    """All changes, those that wait too, in order."""
    return [
        KeyRow(*row)
        for row in cursor.execute(
            "SELECT number, from_window, old_key, new_key, emergency, proposed_by,"
            " coalesce(confirmed_by, '') FROM hub_key_change ORDER BY number"
        )
    ]


def propose(cursor: Cursor, row: KeyRow, now_s: int) -> None:
    """Write down what one person said; it takes the place of what waited under the number."""
    cursor.execute("DELETE FROM hub_key_change WHERE number = %s", (row.number,))
    cursor.execute(
        "INSERT INTO hub_key_change (number, from_window, old_key, new_key, emergency, proposed_by,"
        " proposed_s) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (*row[:6], now_s),
    )


def confirm(cursor: Cursor, number: int, by: str, note: bytes, now_s: int) -> None:
    """Make a change final."""
    cursor.execute(
        "UPDATE hub_key_change SET confirmed_by = %s, confirmed_s = %s, note = %s"
        " WHERE number = %s",
        (by, now_s, note, number),
    )
