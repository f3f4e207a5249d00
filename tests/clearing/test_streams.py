"""Columns as they lie in the engine's memory: the same numbers as by any other way."""

import duckdb
import numpy as np
import pytest

from tongxing.clearing.engines.streams import batches, stretches


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


def test_cells_without_a_number_are_told(base):
    sql = (
        "SELECT CASE WHEN i % 9 = 4 THEN NULL ELSE i END AS one, i AS two FROM range(300_001) t(i)"
    )
    found = list(stretches(base, sql))
    empty = np.concatenate([one.empty["one"] for one in found])
    assert np.array_equal(np.flatnonzero(empty), np.arange(4, 300_001, 9))
    there = np.concatenate([one.columns["one"] for one in found])[~empty]
    assert np.array_equal(there, np.flatnonzero(~empty))
    assert all("two" not in one.empty for one in found)


def test_stretches_are_taken_together_until_they_have_so_many_rows(base):
    found = list(batches(stretches(base, "SELECT i FROM range(600_000) t(i)"), 250_000))
    assert sum(one.rows for batch in found for one in batch) == 600_000
    assert all(sum(one.rows for one in batch) >= 250_000 for batch in found[:-1])
    assert all(sum(one.rows for one in batch[:-1]) < 250_000 for batch in found)


def test_what_is_no_column_of_whole_numbers_is_refused(base):
    with pytest.raises(ValueError, match="no whole numbers: two"):
        list(stretches(base, "SELECT 1 AS one, 'two' AS two"))


def test_an_error_in_the_middle_is_the_engines_own(base):
    sql = (
        "SELECT CASE WHEN i = 250_000 THEN error('lost') ELSE i END AS one FROM range(300_000) t(i)"
    )
    with pytest.raises(duckdb.Error, match="lost"):
        list(stretches(base, sql))
