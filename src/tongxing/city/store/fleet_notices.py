"""What the city noticed of its devices, and up to where numbers of orders and lists are used."""

from collections.abc import Mapping, Sequence

from psycopg.types.json import Jsonb

from tongxing.city.store.cursor import Cursor

Values = Mapping[str, str]
KEY_CONFLICT = "key_conflict"
"""A number came with two contents (B67)."""
ORDER = "order"
"""The name under which the number of orders is kept."""


def write_notice(
    cursor: Cursor, device: str, kind: str, subject: str, values: Values, now_s: int
) -> None:
    """Note something of a device; noted before and not over, it goes on."""
    cursor.execute(
        "INSERT INTO fleet_notice AS n VALUES (%s, %s, %s, %s, %s, NULL, %s)"
        " ON CONFLICT (device, kind, subject) DO UPDATE SET last_s = excluded.last_s,"
        ' closed_s = NULL, "values" = excluded."values",'
        " first_s = CASE WHEN n.closed_s IS NULL THEN n.first_s ELSE excluded.first_s END",
        (device, kind, subject, now_s, now_s, Jsonb(values)),
    )


def keep_notices(
    cursor: Cursor,
    device: str,
    kinds: Sequence[str],
    found: Mapping[tuple[str, str], Values],
    now_s: int,
) -> None:
    """Of these kinds, what is `found` (by kind and subject) is so, and anything else is over."""
    for (kind, subject), values in found.items():
        write_notice(cursor, device, kind, subject, values, now_s)
    rows = cursor.execute(
        "SELECT kind, subject FROM fleet_notice"
        " WHERE device = %s AND kind = ANY(%s) AND closed_s IS NULL",
        (device, list(kinds)),
    ).fetchall()
    for kind, subject in rows:
        if (kind, subject) not in found:
            cursor.execute(
                "UPDATE fleet_notice SET closed_s = %s"
                " WHERE device = %s AND kind = %s AND subject = %s",
                (now_s, device, kind, subject),
            )


def open_notices(cursor: Cursor, since_s: int) -> dict[str, tuple[str, ...]]:
    """The kinds of what is not over and was seen since then, by device, in order."""
    rows = cursor.execute(
        "SELECT device, array_agg(DISTINCT kind ORDER BY kind) FROM fleet_notice"
        " WHERE closed_s IS NULL AND last_s >= %s GROUP BY device",
        (since_s,),
    )
    return {str(device): tuple(kinds) for device, kinds in rows}


def floors(cursor: Cursor) -> dict[str, int]:
    """Up to which number no new order or list may be given, by name; none where nothing is set."""
    rows = cursor.execute("SELECT name, number FROM gate_number_floor")
    return {str(name): int(number) for name, number in rows}


def raise_floor(cursor: Cursor, name: str, number: int, device: str, now_s: int) -> None:
    """A device has had this number; a lower one than is known changes nothing."""
    cursor.execute(
        "INSERT INTO gate_number_floor AS f VALUES (%s, %s, %s, %s) ON CONFLICT (name) DO UPDATE"
        " SET number = excluded.number, device = excluded.device, told_s = excluded.told_s"
        " WHERE f.number < excluded.number",
        (name, number, device, now_s),
    )


def skip_used_orders(cursor: Cursor) -> None:
    """The next order's number is above all that devices have had."""
    cursor.execute("SELECT 1 FROM gate_number_floor WHERE name = %s FOR UPDATE", (ORDER,))
    cursor.execute(
        "SELECT setval(pg_get_serial_sequence('device_order', 'order_no'), f.number)"
        " FROM gate_number_floor AS f, device_order_order_no_seq AS s"
        " WHERE f.name = %s AND f.number > s.last_value",
        (ORDER,),
    )


def newest_order(cursor: Cursor) -> int:
    """The number of the newest order; 0 for none."""
    row = cursor.execute("SELECT coalesce(max(order_no), 0) FROM device_order").fetchone()
    assert row is not None
    return int(row[0])


def published_at(cursor: Cursor, names: Sequence[str]) -> dict[tuple[str, int], int]:
    """When each version of these lists was published, by name and version; `deny` is one."""
    rows = cursor.execute(
        "SELECT name, version, released_s FROM gate_list"
        " WHERE version IS NOT NULL AND name = ANY(%s)",
        (list(names),),
    ).fetchall()
    return {(str(name), int(version)): int(at_s) for name, version, at_s in rows}


def deny_published_at(cursor: Cursor, version: int) -> int | None:
    """When a version of the deny list was published; None for one that is not in the books."""
    row = cursor.execute(
        "SELECT published_s FROM deny_list WHERE version = %s", (version,)
    ).fetchone()
    return None if row is None else int(row[0])
