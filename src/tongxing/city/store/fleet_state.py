"""What devices told last, what they were ordered, and which of their numbers are not here."""

from collections.abc import Sequence
from dataclasses import replace

from tongxing.city.fleet.values import OrderGiven, OrderOutcome
from tongxing.city.store.cursor import Cursor
from tongxing.messages.fleet import OrderDone, TapRange

_ROUNDING_S = 2
"""How far two times of whole seconds may lie apart and mean the same."""


def last_heartbeats(cursor: Cursor) -> dict[str, tuple[int, str]]:
    """When each device was last heard, and the text of what it said."""
    rows = cursor.execute("SELECT device, heard_s, body FROM device_heartbeat")
    return {str(device): (int(heard_s), str(body)) for device, heard_s, body in rows}


def write_heartbeat(cursor: Cursor, device: str, number: int, heard_s: int, body: str) -> bool:
    """Keep a device's newest heartbeat; False for one that is not newer than the one kept."""
    written = cursor.execute(
        "INSERT INTO device_heartbeat VALUES (%s, %s, %s, %s) ON CONFLICT (device) DO UPDATE"
        " SET number = excluded.number, heard_s = excluded.heard_s, body = excluded.body"
        " WHERE device_heartbeat.number < excluded.number",
        (device, number, heard_s, body),
    )
    return written.rowcount == 1


def write_promises(cursor: Cursor, device: str, hashes: Sequence[str], told_s: int) -> None:
    """The batches that a device has waiting now; what it does not name any more is forgotten."""
    cursor.execute(
        "DELETE FROM device_promise WHERE device = %s AND NOT batch_sha256 = ANY(%s)",
        (device, list(hashes)),
    )
    cursor.execute(
        "INSERT INTO device_promise SELECT %s, unnest(%s::text[]), %s ON CONFLICT DO NOTHING",
        (device, list(hashes), told_s),
    )


def add_order(cursor: Cursor, given: OrderGiven) -> int:
    """Write a new order; its number."""
    row = cursor.execute(
        "INSERT INTO device_order (site, device, kind, from_s, until_s, ordered_by, why)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING order_no",
        (
            given.site,
            given.device,
            given.kind,
            given.from_s,
            given.until_s,
            given.ordered_by,
            given.why,
        ),
    ).fetchone()
    assert row is not None
    return int(row[0])


def orders_for(cursor: Cursor, device: str, site: str, now_s: int) -> list[OrderGiven]:
    """The orders that still hold and that this device has not said to have had, oldest first."""
    rows = cursor.execute(
        "SELECT order_no, site, device, kind, from_s, until_s, ordered_by, why FROM device_order"
        " WHERE (device = %s OR site = %s) AND until_s > %s AND NOT EXISTS (SELECT 1 FROM"
        " device_order_done AS d WHERE d.order_no = device_order.order_no AND d.device = %s)"
        " ORDER BY order_no",
        (device, site, now_s, device),
    )
    return [OrderGiven(*row) for row in rows]


def newest_orders(cursor: Cursor, limit: int) -> list[OrderGiven]:
    """The last orders, newest first, each with whom it was meant for and what each did with it."""
    rows = cursor.execute(
        "SELECT order_no, site, device, kind, from_s, until_s, ordered_by, why, (SELECT"
        " json_agg(json_build_array(d.device, d.outcome, d.done_s, d.heard_s) ORDER BY d.device)"
        " FROM device_order_done AS d WHERE d.order_no = device_order.order_no),"
        " (SELECT array_agg(device.device ORDER BY device.device) FROM device"
        " WHERE (device.device = device_order.device OR device.site = device_order.site)"
        " AND device.enrolled_s < device_order.until_s"
        " AND coalesce(device.revoked_s > device_order.from_s, true))"
        " FROM device_order ORDER BY order_no DESC LIMIT %s",
        (limit,),
    )
    return [
        replace(
            OrderGiven(*row[:-2]),
            done=tuple(OrderOutcome(*one) for one in row[-2] or ()),
            meant=tuple(row[-1] or ()),
        )
        for row in rows
    ]


def write_done(
    cursor: Cursor, device: str, site: str, done: Sequence[OrderDone], heard_s: int, ahead_s: int
) -> None:
    """What a device did with orders that were given to it; others it names are passed over, and so
    is what was done before an order was given: that was another one, which a restored city has
    forgotten. Our clock is `ahead_s` ahead of the device's."""
    cursor.executemany(
        "INSERT INTO device_order_done SELECT order_no, %s, %s, %s, %s FROM device_order"
        " WHERE order_no = %s AND (device = %s OR site = %s) AND from_s <= %s"
        " ON CONFLICT DO NOTHING",
        [
            (
                *(device, item.done_s, heard_s, item.outcome, item.order_no, device, site),
                item.done_s + ahead_s + _ROUNDING_S,
            )
            for item in done
        ],
    )


def whole_to(cursor: Cursor, terminal_id: str, epoch: int) -> int:
    """Up to which number a storage's taps are known to be here without a hole; 0 for none."""
    row = cursor.execute(
        "SELECT whole_to FROM device_numbers WHERE terminal_id = %s AND epoch = %s",
        (terminal_id, epoch),
    ).fetchone()
    return 0 if row is None else int(row[0])


def write_whole_to(cursor: Cursor, terminal_id: str, epoch: int, number: int) -> None:
    """Remember it."""
    cursor.execute(
        "INSERT INTO device_numbers VALUES (%s, %s, %s) ON CONFLICT (terminal_id, epoch)"
        " DO UPDATE SET whole_to = greatest(device_numbers.whole_to, excluded.whole_to)",
        (terminal_id, epoch, number),
    )


def numbers_here(
    cursor: Cursor, terminal_id: str, epoch: int, above: int, to: int, limit: int
) -> list[int]:
    """The numbers above one and up to another whose taps are here, in order."""
    rows = cursor.execute(
        "SELECT seq FROM tap WHERE terminal_id = %s AND epoch = %s AND seq > %s AND seq <= %s"
        " ORDER BY seq LIMIT %s",
        (terminal_id, epoch, above, to, limit),
    )
    return [int(row[0]) for row in rows]


def count_missing(cursor: Cursor, terminal_id: str, epoch: int, to: int) -> int:
    """How many numbers of a storage, from 1 up to that one, are not here."""
    above = whole_to(cursor, terminal_id, epoch)
    row = cursor.execute(
        "SELECT count(*) FROM tap WHERE terminal_id = %s AND epoch = %s AND seq > %s AND seq <= %s",
        (terminal_id, epoch, above, to),
    ).fetchone()
    assert row is not None
    return max(0, to - above - int(row[0]))


def highest_here(cursor: Cursor, terminal_id: str, epoch: int) -> int:
    """The highest number of a terminal's storage that is here; 0 for none."""
    row = cursor.execute(
        "SELECT coalesce(max(seq), 0) FROM tap WHERE terminal_id = %s AND epoch = %s",
        (terminal_id, epoch),
    ).fetchone()
    assert row is not None
    return int(row[0])


def holes(here: Sequence[int], above: int, to: int, of: tuple[str, int]) -> list[TapRange]:
    """The numbers above one and up to another that are not among those here, as ranges."""
    found, expected = [], above + 1
    for number in (*here, to + 1):
        if number > expected:
            found.append(TapRange(*of, expected, number - 1))
        expected = number + 1
    return found
