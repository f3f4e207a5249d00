"""Columns as they lie in the engine's memory: the same numbers as by any other way."""

import duckdb
import numpy as np
import pytest

from tongxing.clearing.engines.streams import stretches


@pytest.fixture
def base():
    with duckdb.connect() as base:
        base.execute("SET threads = 1")
        yield base


def test_a_long_answer_comes_in_stretches_that_follow_each_other(base):
    sql = (
        "SELECT i, (i % 7)::TINYINT AS small, (i * 3)::UINTEGER AS more, -i AS less, "
        "(i // 2)::INTEGER AS half FROM range(300_000) t(i)"
    )
    found = list(stretches(base, sql))
    assert len(found) > 1
    assert sum(one.rows for one in found) == 300_000
    numbers = np.arange(300_000)
    told = {"i": numbers, "small": numbers % 7, "more": numbers * 3, "less": -numbers}
    told["half"] = numbers // 2
    for name, column in told.items():
        assert np.array_equal(np.concatenate([one.columns[name] for one in found]), column)


def test_an_answer_without_rows_has_no_numbers(base):
    found = list(stretches(base, "SELECT 1::INTEGER AS one WHERE false"))
    assert sum(one.rows for one in found) == 0


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT 1 AS one, 'two' AS two", "no whole numbers: two"),
        ("SELECT CASE WHEN i = 9 THEN NULL ELSE i END AS one FROM range(20) t(i)", "empty cells"),
    ],
)
def test_what_is_no_column_of_whole_numbers_is_refused(base, sql, told):
    with pytest.raises(ValueError, match=told):
        list(stretches(base, sql))


def test_an_error_in_the_middle_is_the_engines_own(base):
    sql = (
        "SELECT CASE WHEN i = 250_000 THEN error('lost') ELSE i END AS one FROM range(300_000) t(i)"
    )
    with pytest.raises(duckdb.Error, match="lost"):
        list(stretches(base, sql))
