"""Persons, their cells and their blind indexes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tongxing.city.store.cursor import Cursor


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person without anything personal."""

    person_id: str
    account: str
    level: int
    minor_until_s: int | None
    guardian_id: str | None
    opened_s: int
    closed_s: int | None


_FIELDS = "person_id, account, level, minor_until_s, guardian_id, opened_s, closed_s"


def lock(cursor: Cursor, names: Iterable[str]) -> None:
    """Wait for, and take, these names until the transaction ends; always in one order."""
    for name in sorted(set(names)):
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(current_schemas(false)::text || %s, 0))",
            (name,),
        )


def write_person(cursor: Cursor, row: PersonRow) -> None:
    """Keep a new person."""
    cursor.execute(
        "INSERT INTO person VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (row.person_id, row.account, row.level, row.minor_until_s, row.guardian_id, row.opened_s,
         row.closed_s),
    )  # fmt: skip


def find_person(cursor: Cursor, person_id: str, *, lock_row: bool = False) -> PersonRow | None:
    """A person by id, closed ones too; locked until the end of the transaction when asked."""
    query = f"SELECT {_FIELDS} FROM person WHERE person_id = %s"
    if lock_row:
        query += " FOR UPDATE"
    row = cursor.execute(query.encode(), (person_id,)).fetchone()
    return None if row is None else PersonRow(*row)


def person_of_account(cursor: Cursor, account: str) -> PersonRow | None:
    """A person by account number, closed ones too."""
    row = cursor.execute(
        f"SELECT {_FIELDS} FROM person WHERE account = %s".encode(), (account,)
    ).fetchone()
    return None if row is None else PersonRow(*row)


def account_exists(cursor: Cursor, account: str) -> bool:
    """Whether the books or the people know this account number."""
    row = cursor.execute(
        "SELECT EXISTS (SELECT 1 FROM rider WHERE rider_id = %(no)s)"
        " OR EXISTS (SELECT 1 FROM person WHERE account = %(no)s)",
        {"no": account},
    ).fetchone()
    assert row is not None
    return bool(row[0])


def set_level(cursor: Cursor, person_id: str, level: int, minor_until_s: int | None) -> None:
    """How well a person is known from now on."""
    cursor.execute(
        "UPDATE person SET level = %s, minor_until_s = %s WHERE person_id = %s",
        (level, minor_until_s, person_id),
    )


def close_person(cursor: Cursor, person_id: str, closed_s: int) -> None:
    """Nothing of a person is left but the account number that the books need."""
    cursor.execute(
        "UPDATE person SET closed_s = %s, level = 0, minor_until_s = NULL WHERE person_id = %s",
        (closed_s, person_id),
    )


def grow_up(cursor: Cursor, now_s: int) -> int:
    """Persons who needed a guardian until now; how many."""
    return cursor.execute(
        "UPDATE person SET minor_until_s = NULL WHERE minor_until_s <= %s", (now_s,)
    ).rowcount


def write_cell(
    cursor: Cursor, table: str, row_id: str, field: str, key_version: int, sealed: bytes
) -> None:
    """Keep a cell in its place, over what was there."""
    cursor.execute(
        "INSERT INTO person_cell VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (table_name, row_id, field) DO UPDATE SET"
        " key_version = excluded.key_version, sealed = excluded.sealed",
        (table, row_id, field, key_version, sealed),
    )


def cells_of(cursor: Cursor, table: str, row_id: str) -> dict[str, bytes]:
    """The cells of one row, by field."""
    rows = cursor.execute(
        "SELECT field, sealed FROM person_cell WHERE table_name = %s AND row_id = %s",
        (table, row_id),
    )
    return {str(field): bytes(sealed) for field, sealed in rows}


def drop_cells(cursor: Cursor, table: str, row_id: str, fields: Iterable[str] = ()) -> None:
    """Delete these cells of a row; all of them when none is named."""
    wanted = list(fields)
    cursor.execute(
        "DELETE FROM person_cell WHERE table_name = %s AND row_id = %s AND (%s OR field = ANY(%s))",
        (table, row_id, not wanted, wanted),
    )


def old_cells(cursor: Cursor, version: int, limit: int) -> list[tuple[str, str, str, bytes]]:
    """Cells under other keys than this version's: table, row, field, sealed; locked, so that two
    jobs never take the same."""
    return cursor.execute(
        "SELECT table_name, row_id, field, sealed FROM person_cell WHERE key_version <> %s"
        " ORDER BY table_name, row_id, field LIMIT %s FOR UPDATE SKIP LOCKED",
        (version, limit),
    ).fetchall()


def count_old_cells(cursor: Cursor, version: int) -> int:
    """How many cells are under other keys than this version's."""
    row = cursor.execute(
        "SELECT count(*) FROM person_cell WHERE key_version <> %s", (version,)
    ).fetchone()
    assert row is not None
    return int(row[0])


def write_index(cursor: Cursor, domain: str, person_id: str, values: Mapping[int, str]) -> None:
    """Make a person findable by these indexes (by key version). Raises
    psycopg.errors.UniqueViolation when one of them is another person's."""
    cursor.execute(
        "DELETE FROM person_index WHERE domain = %s AND person_id = %s", (domain, person_id)
    )
    cursor.executemany(
        "INSERT INTO person_index VALUES (%s, %s, %s, %s)",
        [(domain, version, value, person_id) for version, value in values.items()],
    )


def drop_index(cursor: Cursor, person_id: str, domain: str = "") -> None:
    """A person is not found any more: by this domain, or by any."""
    cursor.execute(
        "DELETE FROM person_index WHERE person_id = %s AND (%s = '' OR domain = %s)",
        (person_id, domain, domain),
    )


def drop_index_versions(cursor: Cursor, kept: int) -> int:
    """Indexes under other versions than this one go; how many."""
    return cursor.execute("DELETE FROM person_index WHERE version <> %s", (kept,)).rowcount


def find_by_index(cursor: Cursor, domain: str, values: Iterable[str]) -> str | None:
    """The person whom one of these indexes stands for."""
    row = cursor.execute(
        "SELECT person_id FROM person_index WHERE domain = %s AND value = ANY(%s) LIMIT 1",
        (domain, list(values)),
    ).fetchone()
    return None if row is None else str(row[0])
