"""The cursor type of the city's store, named once, and how several questions travel together."""

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg.pq import ExecStatus

Row = tuple[Any, ...]
Cursor = psycopg.Cursor[Row]


def answers_of(
    connection: psycopg.Connection[Any], questions: Iterable[tuple[Any, Any]]
) -> list[list[Row]]:
    """The rows of each question (statement, values), all asked in one way there and back; each sees
    what those before it did. A statement without rows has none. Raises what the first that fails
    raises."""
    with connection.pipeline():
        asked = [connection.cursor().execute(statement, values) for statement, values in questions]
    return [rows_of(cursor) for cursor in asked]


def rows_of(cursor: Cursor) -> list[Row]:
    """The rows of what a cursor has executed; none where a statement has none. (`description` would
    describe each column only to tell.)"""
    result = cursor.pgresult
    has_rows = result is not None and result.status == ExecStatus.TUPLES_OK
    return psycopg.Cursor.fetchall(cursor) if has_rows else []
