"""Double entry: only balanced postings get in, nothing gets out, balances are folds."""

from collections.abc import Iterator
from datetime import date

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongxing.ledger import Line, Posting, credit, debit, unbalanced_entities
from tongxing.ledger.store import (
    MIGRATIONS,
    account_balances,
    balance,
    entity_totals,
    orphaned_lines,
    unbalanced_postings,
    write_postings,
)
from tongxing.storage import Database, migrate
from tongxing.storage.database import Connection

DAY = date(2026, 3, 17)


@pytest.fixture
def books(database: Database) -> Iterator[Connection]:
    with database.connect("hub") as connection:
        migrate(connection, "ledger", MIGRATIONS)
        yield connection
        connection.rollback()


def posting(name: str, *lines: Line) -> Posting:
    return Posting(name, "test", 1_773_700_000, DAY, "source", lines)


TRIP = posting(
    "trip",
    debit("ISS", "liab_acct:1", 450),
    credit("ISS", "due_hub", 450),
    debit("ACQ", "due_hub", 450),
    credit("ACQ", "due_op:OP1", 270),
    credit("ACQ", "due_op:OP2", 180),
)


def test_a_posting_balances_within_each_entity() -> None:
    assert unbalanced_entities(TRIP) == {}
    crossed = posting("crossed", debit("ISS", "a", 5), credit("ACQ", "b", 5))
    assert unbalanced_entities(crossed) == {"ISS": 5, "ACQ": -5}


def test_an_unbalanced_posting_is_not_written(books: Connection) -> None:
    with books.cursor() as cursor, pytest.raises(ValueError, match="does not balance"):
        write_postings(cursor, [TRIP, posting("bad", debit("ISS", "a", 1))])
    assert books.execute("SELECT count(*) FROM posting").fetchone() == (0,)


def test_balances_are_folds_of_lines(books: Connection) -> None:
    with books.cursor() as cursor:
        write_postings(cursor, [TRIP])
        assert balance(cursor, "ISS", "liab_acct:1") == 450
        assert balance(cursor, "ISS", "nobody") == 0
        assert account_balances(cursor, "ACQ", "due_op:") == {
            "due_op:OP1": -270, "due_op:OP2": -180,
        }  # fmt: skip
        assert entity_totals(cursor) == {"ACQ": 0, "ISS": 0}
        assert unbalanced_postings(cursor) == orphaned_lines(cursor) == 0


def test_the_same_posting_twice_is_refused_by_the_books(books: Connection) -> None:
    with books.cursor() as cursor:
        write_postings(cursor, [TRIP])
        with pytest.raises(psycopg.errors.UniqueViolation):
            write_postings(cursor, [TRIP])


def test_a_posting_of_nothing_is_not_written(books: Connection) -> None:
    with books.cursor() as cursor:
        write_postings(cursor, [posting("zero", debit("ISS", "a", 0), credit("ISS", "b", 0))])
    assert books.execute("SELECT count(*) FROM posting").fetchone() == (0,)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE posting_line SET amount_fen = amount_fen + 1",
        "DELETE FROM posting_line",
        "TRUNCATE posting",
        "UPDATE posting SET kind = 'x'",
    ],
)
def test_history_cannot_be_edited(books: Connection, statement: str) -> None:
    with books.cursor() as cursor:
        write_postings(cursor, [TRIP])
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        books.execute(statement.encode())


def test_the_proofs_see_a_line_that_was_tampered_with(books: Connection) -> None:
    with books.cursor() as cursor:
        write_postings(cursor, [TRIP])
    books.execute("ALTER TABLE posting_line DISABLE TRIGGER ALL")
    books.execute("UPDATE posting_line SET amount_fen = 451 WHERE line = 0")
    books.execute("INSERT INTO posting_line VALUES ('ghost', 0, 'ISS', 'a', 1)")
    with books.cursor() as cursor:
        assert unbalanced_postings(cursor) == 2
        assert orphaned_lines(cursor) == 1
        assert entity_totals(cursor)["ISS"] == 2


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20))
def test_debit_and_credit_mirror_each_other(amounts: list[int]) -> None:
    lines = [debit("X", "a", amount) for amount in amounts]
    lines += [credit("X", "b", amount) for amount in amounts]
    assert unbalanced_entities(posting("p", *lines)) == {}
