"""Registers in the database: each version as it was sealed, the newest one row by row."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tongxing.hub.evidence import NumberSpan, Terminal
from tongxing.hub.liability import CityListing
from tongxing.hub.store.connection import Cursor
from tongxing.messages.lists import DenyList
from tongxing.messages.registers import (
    CityEntry,
    CityRegister,
    LossEntry,
    LossRegister,
    NumberRegister,
    TerminalRegister,
)


class KeptVersion(NamedTuple):
    """A version of a register: whose it is, when it was published and came, how much it holds,
    and the hash of its message ("" before it is kept)."""

    kind: str
    owner: str
    version: int
    published_s: int
    begins_s: int
    received_s: int
    entries: int
    sha256: str = ""


class Loss(NamedTuple):
    """A loss as the hub keeps it: `told_s` is when the hub first heard of it."""

    reported_s: int
    found_s: int
    is_anonymous: bool
    told_s: int


_WRITTEN = "kind, owner, version, published_s, begins_s, received_s, entries"
_VERSION = f"{_WRITTEN}, sha256"


def newest(cursor: Cursor, kind: str, owner: str) -> tuple[KeptVersion, bytes] | None:
    """The newest version of a register and its message; None when there is none."""
    row = cursor.execute(
        f"SELECT {_VERSION}, message FROM register_version WHERE kind = %s AND owner = %s"
        " ORDER BY version DESC LIMIT 1",
        (kind, owner),
    ).fetchone()
    return None if row is None else (KeptVersion(*row[:-1]), bytes(row[-1]))


def in_force(cursor: Cursor, kind: str, owner: str, at_s: int) -> tuple[int, bytes] | None:
    """The newest version whose time had come at an instant, and its content."""
    row = cursor.execute(
        "SELECT version, content FROM register_version WHERE kind = %s AND owner = %s"
        " AND begins_s <= %s ORDER BY version DESC LIMIT 1",
        (kind, owner, at_s),
    ).fetchone()
    return None if row is None else (int(row[0]), bytes(row[1]))


def newest_of_each(cursor: Cursor) -> list[KeptVersion]:
    """The newest version of every register, by kind and owner."""
    rows = cursor.execute(
        f"SELECT DISTINCT ON (kind, owner) {_VERSION} FROM register_version"
        " ORDER BY kind, owner, version DESC"
    )
    return [KeptVersion(*row) for row in rows]


def owners_of(cursor: Cursor, kind: str) -> frozenset[str]:
    """Whose register of a kind the hub has."""
    rows = cursor.execute("SELECT DISTINCT owner FROM register_version WHERE kind = %s", (kind,))
    return frozenset(str(row[0]) for row in rows)


def add_version(cursor: Cursor, kept: KeptVersion, message: bytes, content: bytes) -> None:
    """Keep a version as it came, and the content of a tariff beside it."""
    cursor.execute(
        f"INSERT INTO register_version ({_WRITTEN}, message, content)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (*kept[:-1], message, content),
    )


def write_terminals(cursor: Cursor, acquirer: str, register: TerminalRegister) -> None:
    """The terminals of an acquirer, in place of those before."""
    cursor.execute("DELETE FROM register_terminal WHERE acquirer = %s", (acquirer,))
    with cursor.copy("COPY register_terminal FROM STDIN") as copy:
        for one in register.terminals:
            row = (acquirer, one.terminal_id, one.operator, one.line, one.first_on, one.last_on)
            copy.write_row(row)


def write_numbers(cursor: Cursor, issuer: str, register: NumberRegister) -> None:
    """The beginnings of an issuer's numbers, in place of those before."""
    cursor.execute("DELETE FROM register_number WHERE issuer = %s", (issuer,))
    cursor.executemany(
        "INSERT INTO register_number VALUES (%s, %s, %s, %s)",
        [(issuer, one.prefix, one.first_on, one.last_on) for one in register.numbers],
    )


def write_losses(cursor: Cursor, issuer: str, register: LossRegister, now_s: int) -> None:
    """The losses of an issuer's media, in place of those before. One that was told earlier keeps
    the moment at which it first was."""
    told = {
        (str(row[0]), int(row[1])): int(row[2])
        for row in cursor.execute(
            "DELETE FROM register_loss WHERE issuer = %s RETURNING medium_no, reported_s, told_s",
            (issuer,),
        ).fetchall()
    }
    with cursor.copy("COPY register_loss FROM STDIN") as copy:
        for one in register.losses:
            copy.write_row((issuer, *_loss_row(one, told.get(_key(one), now_s))))


def _key(entry: LossEntry) -> tuple[str, int]:
    return entry.medium_no, entry.reported_s


def _loss_row(entry: LossEntry, told_s: int) -> tuple[object, ...]:
    return entry.medium_no, entry.reported_s, entry.found_s, entry.is_anonymous, told_s


def write_denied(cursor: Cursor, city: str, listed: DenyList) -> None:
    """What a city's newest deny list names; a medium that it named before keeps the version from
    which it has been named without a break."""
    media = sorted({entry.medium_no for entry in listed.entries})
    cursor.execute(
        "DELETE FROM register_denied WHERE city = %s AND medium_no <> ALL(%s)", (city, media)
    )
    cursor.execute(
        "INSERT INTO register_denied SELECT %s, medium_no, %s FROM unnest(%s::text[])"
        " AS listed (medium_no) ON CONFLICT DO NOTHING",
        (city, listed.version, media),
    )


def write_cities(cursor: Cursor, register: CityRegister) -> None:
    """The list of cities; one that left keeps the version that first said so."""
    before = {
        str(row[0]): int(row[1])
        for row in cursor.execute("SELECT city, left_version FROM register_city").fetchall()
    }
    cursor.execute("DELETE FROM register_city")
    cursor.executemany(
        "INSERT INTO register_city VALUES (%s, %s, %s, %s)",
        [
            (one.city, one.joined_on, one.left_on, _left_version(one, register.version, before))
            for one in register.cities
        ],
    )


def _left_version(entry: CityEntry, version: int, before: Mapping[str, int]) -> int:
    return 0 if entry.left_on is None else before.get(entry.city) or version


def load_cities(cursor: Cursor) -> dict[str, CityListing]:
    """The list of cities."""
    rows = cursor.execute("SELECT city, joined_on, left_on, left_version FROM register_city")
    return {str(row[0]): CityListing(row[1], row[2], int(row[3])) for row in rows}


def load_terminals(
    cursor: Cursor, acquirer: str, terminals: Iterable[str]
) -> dict[str, tuple[Terminal, ...]]:
    """The entries of these terminals in an acquirer's register."""
    rows = cursor.execute(
        "SELECT terminal_id, operator, line, first_on, last_on FROM register_terminal"
        " WHERE acquirer = %s AND terminal_id = ANY(%s) ORDER BY terminal_id, first_on",
        (acquirer, sorted(set(terminals))),
    )
    found: dict[str, list[Terminal]] = {}
    for terminal_id, operator, line, first_on, last_on in rows:
        entry = Terminal(acquirer, operator, line, first_on, last_on)
        found.setdefault(str(terminal_id), []).append(entry)
    return {name: tuple(entries) for name, entries in found.items()}


def load_numbers(cursor: Cursor, issuers: Iterable[str]) -> dict[str, list[NumberSpan]]:
    """The beginnings of these issuers' numbers with their days."""
    rows = cursor.execute(
        "SELECT issuer, prefix, first_on, last_on FROM register_number WHERE issuer = ANY(%s)"
        " ORDER BY issuer, prefix",
        (sorted(set(issuers)),),
    )
    found: dict[str, list[NumberSpan]] = {}
    for issuer, *span in rows:
        found.setdefault(str(issuer), []).append(NumberSpan(*span))
    return found


def load_losses(
    cursor: Cursor, pairs: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], list[Loss]]:
    """The losses of these media, by (issuer, medium), in order of report."""
    if not pairs:
        return {}
    issuers, media = zip(*pairs, strict=True)
    rows = cursor.execute(
        "SELECT DISTINCT issuer, medium_no, reported_s, found_s, is_anonymous, told_s"
        " FROM register_loss JOIN unnest(%s::text[], %s::text[]) AS asked (issuer, medium_no)"
        " USING (issuer, medium_no) ORDER BY issuer, medium_no, reported_s",
        (list(issuers), list(media)),
    )
    found: dict[tuple[str, str], list[Loss]] = {}
    for issuer, medium_no, *loss in rows:
        found.setdefault((str(issuer), str(medium_no)), []).append(Loss(*loss))
    return found


def load_denied(cursor: Cursor, city: str, media: Sequence[str]) -> dict[str, int]:
    """From which version of a city's deny list each of these media was named."""
    rows = cursor.execute(
        "SELECT medium_no, named_from FROM register_denied WHERE city = %s AND medium_no = ANY(%s)",
        (city, list(media)),
    )
    return {str(row[0]): int(row[1]) for row in rows}


def first_list_since(cursor: Cursor, city: str, told_s: int) -> int | None:
    """The first version of a city's deny list that was published at `told_s` or later."""
    row = cursor.execute(
        "SELECT min(version) FROM register_version WHERE kind = 'DenyList' AND owner = %s"
        " AND published_s >= %s",
        (city, told_s),
    ).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def write_not_made(cursor: Cursor, sender: str, file_id: str, rows: Mapping[str, int]) -> None:
    """Note which checks were not made on how many rows of a file."""
    cursor.executemany(
        "INSERT INTO check_not_made VALUES (%s, %s, %s, %s)",
        [(sender, file_id, name, count) for name, count in sorted(rows.items()) if count],
    )


def load_not_made(cursor: Cursor, window_id: str) -> list[tuple[str, str, int]]:
    """Sender, check and number of rows of a window on which it was not made."""
    rows = cursor.execute(
        "SELECT sender, name, sum(check_not_made.rows)::bigint FROM check_not_made"
        " JOIN record_file USING (sender, file_id) WHERE window_id = %s"
        " GROUP BY sender, name ORDER BY sender, name",
        (window_id,),
    )
    return [(str(row[0]), str(row[1]), int(row[2])) for row in rows]
