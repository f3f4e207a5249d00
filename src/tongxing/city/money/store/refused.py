"""How many notices of partners stand in quarantine, for whoever only looks."""

from tongxing.city.store.cursor import Cursor


def count_quarantined(cursor: Cursor) -> tuple[int, int]:
    """How many refused notices are kept, and how often refused notices came in all, those included
    that were only counted."""
    row = cursor.execute(
        "SELECT count(*), coalesce(sum(times_seen), 0)"
        " + (SELECT coalesce(sum(beyond), 0) FROM payment_unread) FROM payment_quarantine"
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
