"""The rows of the fleet: invitations, devices and their terminals."""

from collections.abc import Sequence
from typing import LiteralString

from tongxing.city.fleet.values import Device, Invitation
from tongxing.city.store.cursor import Cursor

_INVITATION: LiteralString = (
    "invitation_no, site, operator, terminals, made_by, lapses_s, valid_s,"
    " coalesce(confirmed_by, ''), expires_s, coalesce(device, '')"
)
_DEVICE: LiteralString = (
    "SELECT device, site, operator, public_key, enrolled_s, revoked_s, revoked_why, (SELECT"
    " array_agg(terminal_id ORDER BY terminal_id) FROM device_terminal AS t"
    " WHERE t.device = device.device) FROM device"
)


def add_invitation(cursor: Cursor, made: Invitation, code_hash: bytes, made_s: int) -> int:
    """Write a new invitation; its number."""
    row = cursor.execute(
        "INSERT INTO fleet_invitation (code_hash, site, terminals, operator, made_by, made_s,"
        " lapses_s, valid_s) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING invitation_no",
        (
            code_hash,
            made.site,
            list(made.terminals),
            made.operator,
            made.made_by,
            made_s,
            made.lapses_s,
            made.valid_s,
        ),
    ).fetchone()
    assert row is not None
    return int(row[0])


def find_invitation(cursor: Cursor, number: int) -> Invitation | None:
    """An invitation by its number, locked until the transaction ends."""
    row = cursor.execute(
        f"SELECT {_INVITATION} FROM fleet_invitation WHERE invitation_no = %s FOR UPDATE",
        (number,),
    ).fetchone()
    return None if row is None else _invitation(row)


def invitation_of_code(cursor: Cursor, code_hash: bytes) -> Invitation | None:
    """An invitation by its code, locked until the transaction ends: a code is good once."""
    row = cursor.execute(
        f"SELECT {_INVITATION} FROM fleet_invitation WHERE code_hash = %s FOR UPDATE",
        (code_hash,),
    ).fetchone()
    return None if row is None else _invitation(row)


def confirm(cursor: Cursor, number: int, by: str, now_s: int, expires_s: int) -> None:
    """A second person has confirmed an invitation."""
    cursor.execute(
        "UPDATE fleet_invitation SET confirmed_by = %s, confirmed_s = %s, expires_s = %s"
        " WHERE invitation_no = %s",
        (by, now_s, expires_s, number),
    )


def next_name(cursor: Cursor, site: str) -> str:
    """The name of a site's next device; the caller holds the site's lock."""
    row = cursor.execute("SELECT count(*) FROM device WHERE site = %s", (site,)).fetchone()
    assert row is not None
    return f"{site}.{int(row[0]) + 1}"


def lock_site(cursor: Cursor, site: str) -> None:
    """Nobody else names a device of this site until the transaction ends."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))", (site,))


def held_terminals(cursor: Cursor, terminals: Sequence[str]) -> list[str]:
    """Which of these terminals a device holds, in order."""
    rows = cursor.execute(
        "SELECT terminal_id FROM device_terminal WHERE released_s IS NULL"
        " AND terminal_id = ANY(%s) ORDER BY 1",
        (list(terminals),),
    )
    return [str(row[0]) for row in rows]


def add_device(cursor: Cursor, device: Device, invitation_no: int) -> None:
    """A device has enrolled: with its terminals, and its invitation is used up."""
    cursor.execute(
        "INSERT INTO device (device, site, operator, public_key, invitation_no, enrolled_s)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (
            device.device,
            device.site,
            device.operator,
            device.public_key,
            invitation_no,
            device.enrolled_s,
        ),
    )
    cursor.executemany(
        "INSERT INTO device_terminal (device, terminal_id) VALUES (%s, %s)",
        [(device.device, terminal) for terminal in device.terminals],
    )
    cursor.execute(
        "UPDATE fleet_invitation SET device = %s, used_s = %s WHERE invitation_no = %s",
        (device.device, device.enrolled_s, invitation_no),
    )


def find_device(cursor: Cursor, name: str) -> Device | None:
    """A device by its name."""
    row = cursor.execute(_DEVICE + " WHERE device = %s", (name,)).fetchone()
    return None if row is None else _device(row)


def lock_device(cursor: Cursor, name: str) -> None:
    """Nobody else changes this device until the transaction ends."""
    cursor.execute("SELECT 1 FROM device WHERE device = %s FOR UPDATE", (name,))


def key_is_known(cursor: Cursor, public_key: bytes) -> bool:
    """Whether a device has brought this key before."""
    found = cursor.execute("SELECT 1 FROM device WHERE public_key = %s", (public_key,)).fetchone()
    return found is not None


def devices(cursor: Cursor) -> list[Device]:
    """All devices, those that are revoked too, by name."""
    return [_device(row) for row in cursor.execute(_DEVICE + " ORDER BY device")]


def is_site(cursor: Cursor, site: str) -> bool:
    """Whether any device that is trusted stands there."""
    found = cursor.execute(
        "SELECT 1 FROM device WHERE site = %s AND revoked_s IS NULL LIMIT 1", (site,)
    ).fetchone()
    return found is not None


def revoke(cursor: Cursor, name: str, now_s: int, by: str, why: str) -> None:
    """Trust a device no more; its terminals are free for another one."""
    cursor.execute(
        "UPDATE device SET revoked_s = %s, revoked_by = %s, revoked_why = %s WHERE device = %s",
        (now_s, by, why, name),
    )
    cursor.execute(
        "UPDATE device_terminal SET released_s = %s WHERE device = %s AND released_s IS NULL",
        (now_s, name),
    )


def was_promised(cursor: Cursor, name: str, batch_sha256: str) -> bool:
    """Whether the city had heard of this very batch from this device: it said so in a heartbeat, or
    has sent it before."""
    found = cursor.execute(
        "SELECT 1 FROM device_promise WHERE device = %s AND batch_sha256 = %s"
        " UNION ALL SELECT 1 FROM upload WHERE site = %s AND batch_sha256 = %s LIMIT 1",
        (name, batch_sha256, name, batch_sha256),
    ).fetchone()
    return found is not None


def revoked_among(cursor: Cursor, names: Sequence[str]) -> dict[str, int]:
    """When those of these devices that are revoked were."""
    rows = cursor.execute(
        "SELECT device, revoked_s FROM device WHERE device = ANY(%s) AND revoked_s IS NOT NULL",
        (list(names),),
    )
    return {str(name): int(revoked_s) for name, revoked_s in rows}


def _invitation(row: tuple[object, ...]) -> Invitation:
    number, site, operator, terminals, made_by, lapses_s, valid_s, confirmed, expires_s, name = row
    assert isinstance(terminals, list)
    return Invitation(
        number=int(str(number)),
        site=str(site),
        operator=str(operator),
        terminals=tuple(str(terminal) for terminal in terminals),
        made_by=str(made_by),
        lapses_s=int(str(lapses_s)),
        valid_s=int(str(valid_s)),
        confirmed_by=str(confirmed),
        expires_s=None if expires_s is None else int(str(expires_s)),
        device=str(name),
    )


def _device(row: tuple[object, ...]) -> Device:
    name, site, operator, public_key, enrolled_s, revoked_s, why, terminals = row
    assert isinstance(public_key, bytes)
    assert isinstance(terminals, list)
    return Device(
        device=str(name),
        site=str(site),
        operator=str(operator),
        terminals=tuple(str(terminal) for terminal in terminals),
        public_key=public_key,
        enrolled_s=int(str(enrolled_s)),
        revoked_s=None if revoked_s is None else int(str(revoked_s)),
        revoked_why=str(why),
    )
