"""Expressions turned into loops say what DuckDB makes of the same expressions.

The loops are run here as they are written, by Python, so that many can be tried; that compiled ones
do the same is seen in `test_pipeline`, row by row against the live hub.
"""

import errno
import os
import random
from collections.abc import Callable, Iterator

import duckdb
import ibis
import ibis.expr.types as ir
import numpy as np
import pytest

from tongxing.clearing.engines.compiled import machine
from tongxing.clearing.engines.compiled.machine import can_compile
from tongxing.clearing.engines.duck import sql_of

pytestmark = pytest.mark.skipif(not can_compile(), reason="needs the extra [fast]")
if can_compile():
    from tongxing.clearing.engines.compiled import loops, pieces
    from tongxing.clearing.engines.compiled.lookups import LookUp
    from tongxing.clearing.engines.compiled.program import Rows
    from tongxing.clearing.engines.compiled.statements import Unfit

COUNT = 300
ROWS = ibis.table({"a": "int64", "b": "int32", "c": "int64", "yes": "boolean"}, name="rows")
"""`a` is never empty, `b` and `c` may be; `yes` is true or false."""
OTHER = ibis.table({"key": "int64", "x": "int64", "y": "int32", "ok": "boolean"}, name="other")


@pytest.fixture(scope="module")
def base() -> Iterator[duckdb.DuckDBPyConnection]:
    """Both tables, the second with empty cells and with keys that nothing asks for."""
    with duckdb.connect() as base:
        base.execute("SET threads = 1")
        base.execute(
            f"CREATE TABLE rows AS SELECT (hash(i) % 41)::BIGINT - 20 AS a, "
            "CASE WHEN i % 5 = 0 THEN NULL ELSE (hash(i + 1000) % 9)::INTEGER - 4 END AS b, "
            "CASE WHEN i % 7 = 3 THEN NULL ELSE (hash(i + 2000) % 1000000007)::BIGINT END AS c, "
            f"hash(i + 3000) % 3 = 0 AS yes FROM range({COUNT}) t(i)"
        )
        base.execute(
            "CREATE TABLE other AS SELECT (i * 3 - 12)::BIGINT AS key, "
            "CASE WHEN i % 3 = 1 THEN NULL ELSE i * 11 END AS x, (i % 4)::INTEGER AS y, "
            "CASE WHEN i % 4 = 2 THEN NULL ELSE i % 2 = 0 END AS ok FROM range(9) t(i)"
        )
        yield base


def as_written(source: str, name: str) -> Callable[..., object]:
    """The function, run by Python itself: numbers turn over as compiled ones do."""
    found = {
        "np": np, "row_of": pieces.row_of, "rest": pieces.rest,
    }  # fmt: skip
    exec(source, found)

    def run(*arguments: object) -> object:
        with np.errstate(over="ignore"):
            return found[name](*arguments)

    return run


@pytest.fixture
def by_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops are not compiled."""
    monkeypatch.setattr(loops, "loop_of", as_written)


def counted_by_loop(
    base: duckdb.DuckDBPyConnection, flagged: ir.Table, counted: ir.Table
) -> tuple[list[tuple[object, ...]], list[int]]:
    """The groups with their counts, and the rows set aside."""

    def load(table: ir.Table, key: str) -> LookUp:
        return LookUp(base.execute(sql_of(table)).fetchnumpy(), key)

    rows = Rows("rows", frozenset("bc"), frozenset(), {})
    loop = loops.Loop(rows, flagged, counted, load)
    there = base.execute("SELECT a, b, c, yes::TINYINT AS yes FROM rows").fetchnumpy()
    table = loop.kinds(COUNT)
    aside = np.zeros(COUNT, np.int32)
    count = loop.run(
        [np.ma.filled(there[name], 7) for name in loop.columns],
        [np.ma.getmaskarray(there[name]) for name in loop.flags],
        np.zeros(COUNT, np.bool_), table, aside,
    )  # fmt: skip
    groups = []
    for *cells, flags, number in table.taken().tolist():
        keys = [None if flags >> place & 1 else cell for place, cell in enumerate(cells)]
        groups.append((*keys, number))
    return groups, aside[:count].tolist()


def counted_by_sql(base: duckdb.DuckDBPyConnection, counted: ir.Table) -> list[tuple[object, ...]]:
    """The same of all rows, with truths as numbers."""
    found = base.execute(sql_of(counted)).fetchall()
    return [tuple(int(cell) if isinstance(cell, bool) else cell for cell in row) for row in found]


def in_order(groups: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Groups in some order, empty cells included."""
    return sorted(groups, key=repr)


def number(chance: random.Random, table: ir.Table, depth: int) -> ir.IntegerValue:
    """Some number of a row."""
    if depth == 0:
        names = [name for name in ("a", "b", "c", "x", "y") if name in table.columns]
        choices = [*(table[name] for name in names), ibis.literal(chance.randrange(-9, 9))]
        return chance.choice(choices).cast("int64")
    one, other = (number(chance, table, depth - 1) for _ in range(2))
    what = chance.choice("+-*%|^?c0b")
    if what in "+-|^":
        return {"+": one + other, "-": one - other, "|": one | other, "^": one ^ other}[what]
    if what == "*":
        return one * chance.randrange(-9, 9)
    if what == "%":
        return one % chance.randrange(2, 9)
    if what == "?":
        return truth(chance, table, depth - 1).ifelse(one, other)
    if what == "c":
        return ibis.cases(
            (truth(chance, table, depth - 1), one), (truth(chance, table, 0), 3), else_=other
        )
    if what == "0":
        return ibis.coalesce(one, other, 5) if chance.random() < 0.5 else one.fill_null(other)
    return truth(chance, table, depth - 1).cast("int64")


def truth(chance: random.Random, table: ir.Table, depth: int) -> ir.BooleanValue:
    """Something that is true, false or unknown of a row."""
    if depth == 0:
        return chance.choice([table.yes, table.ok if "ok" in table.columns else table.b > 0])
    one, other = (number(chance, table, depth - 1) for _ in range(2))
    what = chance.choice("<>=!&|~bn0")
    if what in "&|":
        left, right = (truth(chance, table, depth - 1) for _ in range(2))
        return left & right if what == "&" else left | right
    if what == "~":
        return ~truth(chance, table, depth - 1)
    if what == "b":
        return one.between(chance.randrange(-9, 3), chance.randrange(3, 9))
    if what == "n":
        return one.isnull() if chance.random() < 0.5 else one.notnull()
    if what == "0":
        return truth(chance, table, depth - 1).fill_null(chance.random() < 0.5)
    return {"<": one < other, ">": one >= other, "=": one == other, "!": one != other}[what]


@pytest.mark.parametrize("seed", range(60))
def test_any_expression_says_what_sql_says(base, by_python, seed):
    chance = random.Random(seed)
    joined = ROWS.left_join(OTHER, number(chance, ROWS, 1) % 29 == OTHER.key)
    keys = {f"k{place}": number(chance, joined, 3) % 1_000 for place in range(2)}
    told = joined.select(**keys, q=truth(chance, joined, 3).cast("int64"))
    counted = told.group_by([*keys, "q"]).agg(records=told.count())
    flagged = ROWS.mutate(is_aside=ibis.literal(False))
    mine, aside = counted_by_loop(base, flagged, counted)
    assert aside == []
    assert in_order(mine) == in_order(counted_by_sql(base, counted))


@pytest.mark.parametrize("seed", range(20))
def test_rows_set_aside_are_those_of_which_it_is_true(base, by_python, seed):
    chance = random.Random(seed)
    flagged = ROWS.mutate(is_aside=truth(chance, ROWS, 3))
    counted = ROWS.group_by("a").agg(records=ROWS.count())
    mine, aside = counted_by_loop(base, flagged, counted)
    told = base.execute(f"SELECT is_aside FROM ({sql_of(flagged)})").fetchall()
    assert aside == [place for place, (is_aside,) in enumerate(told) if is_aside]
    left = flagged.filter(~flagged.is_aside.fill_null(False))
    assert in_order(mine) == in_order(
        counted_by_sql(base, left.group_by("a").agg(records=left.count()))
    )


def test_what_cannot_be_compiled_says_so(base, by_python):
    flagged = ROWS.mutate(is_aside=ROWS.yes)
    parts = (
        ROWS.a / 3, ROWS.a > 1.5, ROWS.a // ROWS.b, (-ROWS.b).isnull(),
        ibis.coalesce(ROWS.b > 0, ROWS.c > 0, ROWS.yes),
    )  # fmt: skip
    for counted in (
        *(ROWS.select(part=part).group_by("part").agg(records=ibis._.count()) for part in parts),
        ROWS.group_by("a").agg(records=ROWS.c.sum()),
        ROWS.inner_join(OTHER, ROWS.a == OTHER.key).group_by("x").agg(records=ibis._.count()),
        ROWS.filter(ROWS.yes).group_by("a").agg(records=ibis._.count()),
    ):
        with pytest.raises(Unfit):
            counted_by_loop(base, flagged, counted)


def test_a_key_is_found_wherever_it_lies_and_nothing_else_is():
    chance = np.random.default_rng(7)
    keys = np.unique(chance.integers(-(1 << 62), 1 << 62, 5_000))
    keys = np.concatenate([keys, np.arange(-50, 50) << 40, [0, 1]])
    keys = np.unique(keys)
    columns = {"key": np.ma.array(keys), "worth": np.ma.array(np.arange(len(keys)))}
    lookup = LookUp(columns, "key")
    place = lookup.place("worth")
    *arrays, cells = lookup.arrays()
    for row, key in enumerate(keys.tolist()):
        assert cells[pieces.row_of(*arrays, key), place] == row
    for key in range(100, 5_000):
        assert pieces.row_of(*arrays, key) == 0


def test_a_key_that_comes_twice_is_no_key_and_an_empty_one_is_left_out():
    with pytest.raises(ValueError, match="twice"):
        LookUp({"key": np.ma.array([4, 5, 4])}, "key")
    keys = np.ma.array([4, 5, 4], mask=[False, False, True])
    lookup = LookUp({"key": keys}, "key")
    *arrays, _ = lookup.arrays()
    assert [int(pieces.row_of(*arrays, key)) for key in (4, 5, 6)] == [1, 2, 0]


def test_a_table_of_kinds_that_is_emptied_can_be_filled_again(base, by_python):
    counted = ROWS.group_by("a").agg(records=ROWS.count())
    rows = Rows("rows", frozenset("bc"), frozenset(), {})
    flagged = ROWS.mutate(is_aside=ibis.literal(False))
    loop = loops.Loop(rows, flagged, counted, lambda *_: None)
    table, aside = loop.kinds(COUNT), np.zeros(COUNT, np.int32)
    column = np.arange(COUNT) % 11
    never = np.zeros(COUNT, np.bool_)
    for _ in range(2):
        for _ in range(3):
            loop.run([column], [], never, table, aside)
        found = table.taken()
        assert sorted(found[:, 0].tolist()) == list(range(11))
        assert found[:, -1].sum() == 3 * COUNT
        assert table.used == 0


def test_the_compiled_loop_counts_as_the_written_one(base):
    told = ROWS.select(a="a", b=ROWS.b.fill_null(9), big=ROWS.c > 500_000_000)
    counted = told.group_by(["a", "b", "big"]).agg(records=told.count())
    flagged = ROWS.mutate(is_aside=ROWS.yes & (ROWS.a > 10))
    mine, aside = counted_by_loop(base, flagged, counted)
    left = ROWS.filter(~(ROWS.yes & (ROWS.a > 10)))
    told = left.select(a="a", b=left.b.fill_null(9), big=left.c > 500_000_000)
    assert in_order(mine) == in_order(
        counted_by_sql(base, told.group_by(["a", "b", "big"]).agg(records=told.count()))
    )
    assert len(aside) + sum(int(group[-1]) for group in mine) == COUNT


def test_only_the_latest_loops_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_folder", lambda: tmp_path)
    monkeypatch.setattr(machine, "_LOOPS_KEPT", 2)
    for number in range(4):
        loop = machine.loop_of(f"def loop(n):\n    return n + {number}\n", "loop")
        assert loop(1) == number + 1
        source = max(tmp_path.glob("loop-*.py"), key=lambda path: path.stat().st_mtime_ns)
        os.utime(source, (number, number))
    kept = {path.name.partition(".")[0] for path in tmp_path.rglob("loop-*")}
    assert len(kept) == 2
    assert len(list(tmp_path.glob("loop-*.py"))) == 2


def test_a_loop_runs_where_its_source_cannot_be_kept(tmp_path, monkeypatch):
    def disk_is_full(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(machine, "_folder", lambda: tmp_path)
    monkeypatch.setattr(machine, "write_whole", disk_is_full)
    assert machine.loop_of("def loop(n):\n    return n + 9\n", "loop")(1) == 10
