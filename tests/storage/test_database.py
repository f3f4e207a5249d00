"""The database: real, durable, migrated forward only; and one clear problem when it is not."""

from pathlib import Path

import pytest

from tongxing.kernel.reasons import Problem
from tongxing.storage import Database, migrate, open_database
from tongxing.storage import migrations as migrations_module


def code_of(action: "pytest.ExceptionInfo[Problem]") -> str:
    return action.value.refusal.code


def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(Problem) as found:
        open_database("postgresql://me:secret@127.0.0.1:1/none", tmp_path)
    assert code_of(found) == "DB_UNAVAILABLE"
    assert "secret" not in found.value.refusal.where + str(found.value)


def test_a_dsn_that_cannot_be_read_is_a_clear_problem(tmp_path: Path) -> None:
    with pytest.raises(Problem) as found:
        open_database("host=127.0.0.1 port=notaport", tmp_path)
    assert code_of(found) == "DB_UNAVAILABLE"


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    occupied = tmp_path / "home"
    occupied.write_text("x")
    with pytest.raises(Problem) as found:
        open_database(None, occupied)
    assert code_of(found) == "HOME_NOT_WRITABLE"


def test_a_server_that_may_lose_commits_is_refused(database: Database, tmp_path: Path) -> None:
    unsafe = f"{database.dsn}&options=-c%20synchronous_commit%3Doff"
    with pytest.raises(Problem) as found:
        open_database(unsafe, tmp_path)
    assert code_of(found) == "UNSAFE_DURABILITY"


def test_each_house_has_its_own_tables(database: Database) -> None:
    for schema in ("hub", "city_500000"):
        with database.connect(schema) as connection:
            migrate(connection, "ledger", "tongxing.ledger.store.migrations")
    assert database.schemas() == ["city_500000", "hub"]


def test_migrations_are_applied_once(database: Database) -> None:
    with database.connect("hub") as connection:
        first = migrate(connection, "ledger", "tongxing.ledger.store.migrations")
        assert first[0] == "0001_ledger.sql"
        assert migrate(connection, "ledger", "tongxing.ledger.store.migrations") == []


def test_an_edited_migration_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.connect("hub") as connection:
        migrate(connection, "ledger", "tongxing.ledger.store.migrations")
        monkeypatch.setattr(
            migrations_module, "_files_of", lambda package: {"0001_ledger.sql": b"SELECT 1"}
        )
        with pytest.raises(Problem) as found:
            migrate(connection, "ledger", "tongxing.ledger.store.migrations")
    assert code_of(found) == "SCHEMA_MISMATCH"


def test_a_migration_that_fails_leaves_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {"0001_good.sql": b"CREATE TABLE good (n int)", "0002_bad.sql": b"CREATE TABLE ("}
    monkeypatch.setattr(migrations_module, "_files_of", lambda package: broken)
    with database.connect("hub") as connection:
        with pytest.raises(Exception, match="syntax"):
            migrate(connection, "x", "x")
        connection.rollback()
        row = connection.execute("SELECT to_regclass('good')").fetchone()
        assert row == (None,)
