"""The registers that a city hands in at its hub, and those that it has from there, in its books."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from tongxing.city.desk import schema_of
from tongxing.city.hub_line.store import COMPONENT, MIGRATIONS
from tongxing.city.registers import own_registers
from tongxing.city.store import registers as table
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.ids import sha256_hex
from tongxing.messages import SigningKey
from tongxing.messages.envelope import Believed, as_told
from tongxing.messages.register_pages import KeptRegister
from tongxing.storage import Database, migrate
from tongxing.storage.database import Connection

LISTS_KEPT_S = 30 * DAY_S
"""So long ago a deny list may have been in force that a record which comes now still proves."""

_LISTS = ("DenyList", "DataList")
"""Kinds that were sealed for the gates, every version of which the hub is told."""


class Outgoing(NamedTuple):
    """A version that the hub has not taken yet; `is_newest` when no newer one waits behind it."""

    kind: str
    owner: str
    version: int
    message: bytes
    is_newest: bool


class RegisterState(NamedTuple):
    """A register and how far it is: its newest version, ``waits``, ``taken``, ``passed`` (ours) or
    ``fetched``, the code for which it waits, and since when."""

    kind: str
    owner: str
    version: int
    state: str
    why: str
    since_s: int


@dataclass(frozen=True, slots=True)
class _Made:
    kind: str
    owner: str
    version: int
    content_sha256: str
    message: bytes


class RegisterBook:
    """The registers of one city, on a connection of its own. Each call is a transaction."""

    def __init__(self, database: Database, city: str) -> None:
        self._city = city
        self._connection: Connection = database.connect(schema_of(city))
        migrate(self._connection, COMPONENT, MIGRATIONS)
        self._connection.commit()

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def collect(self, key: SigningKey, now_s: int) -> None:
        """Put down what the hub has not been told yet: of what the books say the newest, when it
        says something else than before, or when the hub has had a higher version than ours; of deny
        lists and tariffs every version. `key` is the city's own."""
        with self._changing() as cursor:
            newest = _newest(cursor)
            lists = dict.fromkeys(_LISTS, 0)
            version = now_s
            for (kind, _), (last, *_) in newest.items():
                if kind in lists:
                    lists[kind] = max(lists[kind], last)
                else:
                    version = max(version, last + 1)
            made = own_registers(cursor, self._city, key, now_s, version).values()
            for one in map(_read, made):
                _, before, why = newest.get((one.kind, one.owner), (0, "", ""))
                if before != one.content_sha256 or why == "REGISTER_ROLLBACK":
                    _put(cursor, one, now_s)
            deny, tariff = (lists[kind] for kind in _LISTS)
            for one in map(_read, table.lists_since(cursor, deny, tariff, now_s - LISTS_KEPT_S)):
                _put(cursor, one, now_s)

    def waiting(self) -> Iterator[Outgoing]:
        """What the hub has not taken, each register's versions in order, one in memory at a
        time."""
        with self._changing() as cursor:
            names = cursor.execute(
                "SELECT kind, owner, version,"
                " version = max(version) OVER (PARTITION BY kind, owner)"
                " FROM hub_register_out WHERE state = 'waits' ORDER BY kind, owner, version"
            ).fetchall()
        for kind, owner, version, is_newest in names:
            with self._changing() as cursor:
                row = cursor.execute(
                    "SELECT message FROM hub_register_out"
                    " WHERE kind = %s AND owner = %s AND version = %s",
                    (kind, owner, version),
                ).fetchone()
            assert row is not None
            yield Outgoing(str(kind), str(owner), int(version), bytes(row[0]), bool(is_newest))

    def mark(self, one: Outgoing, state: str, why: str, now_s: int) -> None:
        """Note what became of a version; its bytes stay while it waits."""
        with self._changing() as cursor:
            cursor.execute(
                "UPDATE hub_register_out SET state = %s, why = %s, changed_s = %s,"
                " message = CASE WHEN %s THEN message ELSE '' END"
                " WHERE kind = %s AND owner = %s AND version = %s",
                (state, why, now_s, state == "waits", one.kind, one.owner, one.version),
            )

    def last(self) -> int:
        """The number up to which everything was looked at."""
        with self._changing() as cursor:
            row = cursor.execute("SELECT number FROM hub_register_last").fetchone()
        return 0 if row is None else int(row[0])

    def look_on(self, number: int) -> None:
        """Note that everything up to a number was looked at."""
        with self._changing() as cursor:
            cursor.execute(
                "INSERT INTO hub_register_last (number) VALUES (%s)"
                " ON CONFLICT (is_only) DO UPDATE SET number = excluded.number",
                (number,),
            )

    def version_here(self, kind: str, owner: str) -> tuple[int, str]:
        """The version of somebody's register that is here, and its SHA-256; 0 for none."""
        with self._changing() as cursor:
            row = cursor.execute(
                "SELECT version, sha256 FROM hub_register_in WHERE kind = %s AND owner = %s",
                (kind, owner),
            ).fetchone()
        return (0, "") if row is None else (int(row[0]), str(row[1]))

    def keep(self, register: KeptRegister, message: bytes, now_s: int) -> None:
        """Keep a register as it came, in place of an older version."""
        with self._changing() as cursor:
            cursor.execute(
                "DELETE FROM hub_register_in WHERE kind = %s AND owner = %s",
                (register.kind, register.owner),
            )
            cursor.execute(
                "INSERT INTO hub_register_in VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    register.kind,
                    register.owner,
                    register.version,
                    register.number,
                    register.published_s,
                    register.sha256,
                    message,
                    now_s,
                ),
            )

    def states(self) -> list[RegisterState]:
        """Every register, ours first, by kind and owner."""
        with self._changing() as cursor:
            rows = cursor.execute(
                "SELECT DISTINCT ON (kind, owner) kind, owner, version, state, why, changed_s"
                " FROM hub_register_out ORDER BY kind, owner, version DESC"
            ).fetchall()
            rows += cursor.execute(
                "SELECT kind, owner, version, 'fetched', '', fetched_s"
                " FROM hub_register_in ORDER BY kind, owner"
            ).fetchall()
        return [RegisterState(*row) for row in rows]

    def fetched(self) -> list[tuple[str, str, int, bytes]]:
        """Kind, owner, version and message of each that was fetched."""
        with self._changing() as cursor:
            rows = cursor.execute(
                "SELECT kind, owner, version, message FROM hub_register_in ORDER BY kind, owner"
            ).fetchall()
        return [(str(row[0]), str(row[1]), int(row[2]), bytes(row[3])) for row in rows]

    @contextmanager
    def _changing(self) -> Iterator[Cursor]:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            yield cursor


def _newest(cursor: Cursor) -> dict[tuple[str, str], tuple[int, str, str]]:
    """By kind and owner: the newest version that was put down, what it says, why it waits."""
    rows = cursor.execute(
        "SELECT DISTINCT ON (kind, owner) kind, owner, version, content_sha256, why"
        " FROM hub_register_out ORDER BY kind, owner, version DESC"
    )
    return {(str(row[0]), str(row[1])): (int(row[2]), str(row[3]), str(row[4])) for row in rows}


def _put(cursor: Cursor, one: _Made, now_s: int) -> None:
    cursor.execute(
        "INSERT INTO hub_register_out VALUES (%s, %s, %s, %s, %s, 'waits', '', %s)",
        (one.kind, one.owner, one.version, one.content_sha256, one.message, now_s),
    )


def _read(message: bytes) -> _Made:
    """What a message that we sealed ourselves is, of whatever kind."""
    told = as_told(message)
    assert isinstance(told, Believed), told
    body = msgspec.json.decode(told.body, type=dict[str, object])
    version = msgspec.convert(body.pop("version"), int)
    body.pop("published_s", None)
    content = msgspec.json.encode(body, order="deterministic")
    return _Made(told.kind, told.sender, version, sha256_hex(content), message)
