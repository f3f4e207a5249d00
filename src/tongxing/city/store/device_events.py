"""What devices told that had happened to them, and what the city noticed of them."""

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from tongxing.city.fleet.values import EventTold
from tongxing.city.store.cursor import Cursor
from tongxing.messages.fleet import DeviceEvent


def write_events(cursor: Cursor, device: str, events: Sequence[DeviceEvent], heard_s: int) -> None:
    """Keep what a device tells; what it tells again changes nothing."""
    cursor.executemany(
        "INSERT INTO device_event VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [(device, one.number, one.at_s, heard_s, one.kind, Jsonb(one.values)) for one in events],
    )


def newest_events(cursor: Cursor, device: str, limit: int) -> list[EventTold]:
    """The last events of a device ("": of all), newest first."""
    rows = cursor.execute(
        'SELECT device, number, at_s, heard_s, kind, "values" FROM device_event'
        " WHERE %s IN ('', device) ORDER BY heard_s DESC, number DESC LIMIT %s",
        (device, limit),
    )
    return [EventTold(*row) for row in rows]


def newest_notices(cursor: Cursor, device: str, limit: int) -> list[EventTold]:
    """The last notices of a device ("": of all), newest first; they have no number."""
    rows = cursor.execute(
        'SELECT device, 0, first_s, last_s, kind, "values" FROM fleet_notice'
        " WHERE %s IN ('', device) ORDER BY last_s DESC, device, kind, subject LIMIT %s",
        (device, limit),
    )
    return [EventTold(*row) for row in rows]
