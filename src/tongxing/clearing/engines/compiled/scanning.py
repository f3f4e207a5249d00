"""The scan: DuckDB reads stretches of rows, compiled loops go over them, several at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from typing import Any, NamedTuple

import duckdb
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from tongxing.clearing.engines.compiled.kinds import FULL, Kinds
from tongxing.clearing.engines.compiled.lookups import LookUp
from tongxing.clearing.engines.compiled.loops import Loop
from tongxing.clearing.engines.compiled.program import Rows
from tongxing.clearing.engines.engine import ROWS, WATCHED_ROWS, Watch, schema_of
from tongxing.clearing.engines.streams import Stretch, batches, stretches
from tongxing.clearing.layout import COLUMNS, FILE, ROW, SQL_TYPES

TASK_ROWS = 1_000_000
"""Rows of a file that one worker reads before it takes others: some whole groups of them, since a
group that is read in part is read twice."""
AT_ONCE_ROWS = 1 << 17
_MAY_BE_EMPTY = frozenset(column.name for column in COLUMNS if column.nullable)
"""Any cell may be empty. Where that is a fault the row is set aside, and left to SQL."""


class Source(NamedTuple):
    """A file of rows: its number, how many its groups of rows have, the columns it lacks, and the
    SQL that reads it as the table of rows."""

    number: int
    groups: tuple[int, ...]
    absent: frozenset[str]
    sql: str

    def tasks(self) -> Iterator[range]:
        """The rows that are read at a time."""
        first = end = 0
        for rows in self.groups:
            end += rows
            if end - first >= TASK_ROWS:
                yield range(first, end)
                first = end
        if end > first:
            yield range(first, end)


class Scan:
    """One scan over files of rows, in which they are grouped as `counted` says, and those flagged
    by ``is_aside`` of `flagged` set aside. `base` is the engine's connection: joined tables are
    asked of it, and the answers become tables there.

    Raises Unfit and ValueError as `Loop` does, and duckdb.Error.
    """

    def __init__(
        self,
        base: duckdb.DuckDBPyConnection,
        sources: Sequence[Source],
        flagged: ir.Table,
        counted: ir.Table,
        sql_of: Callable[[ir.Table], str],
    ) -> None:
        self._base, self._sources, self._counted = base, sources, counted
        self._writing, self._is_over = Lock(), Event()
        self._loops: dict[frozenset[str], Loop] = {}
        loaded: dict[tuple[ir.Table, str], LookUp] = {}

        def load(table: ir.Table, key: str) -> LookUp:
            if (table, key) not in loaded:
                loaded[table, key] = LookUp(base.execute(sql_of(table)).fetchnumpy(), key)
            return loaded[table, key]

        stand_in = {column.name: column.absent for column in COLUMNS}
        for absent in {source.absent for source in sources}:
            given = {name: stand_in[name] for name in absent}
            rows = Rows(ROWS, _MAY_BE_EMPTY - absent, frozenset((FILE,)), given)
            self._loops[absent] = Loop(rows, flagged, counted, load)

    def run(self, groups: str, aside: str, watch: Watch | None, threads: int) -> None:
        """Leaves the groups, each perhaps in several parts, and the rows set aside as tables of
        these names. Raises duckdb.Error, and whatever `watch` raises."""
        self._watch, self._aside, self._groups = watch, aside, groups
        self._make(groups, {name: str(kind) for name, kind in self._counted.schema().items()})
        self._make(aside, schema_of())
        tasks = iter([(source, rows) for source in self._sources for rows in source.tasks()])
        with ThreadPoolExecutor(threads) as pool:
            try:
                for one in [pool.submit(self._work, tasks) for _ in range(threads)]:
                    one.result()
            finally:
                self._is_over.set()  # also for workers whom an interrupt leaves at their tasks

    def _make(self, name: str, schema: Mapping[str, str]) -> None:
        cells = ", ".join(f"{column} {SQL_TYPES[kind]}" for column, kind in schema.items())
        self._base.execute(f"CREATE TABLE {name} ({cells})")

    def _work(self, tasks: Iterator[tuple[Source, range]]) -> None:
        """What one worker does: stretches of one task after the other, until there is none or
        another worker has failed."""
        kinds: dict[frozenset[str], Kinds] = {}
        kept: list[_Aside] = []
        try:
            for source, rows in tasks:
                loop = self._loops[source.absent]
                if source.absent not in kinds:
                    kinds[source.absent] = loop.kinds(AT_ONCE_ROWS)
                counted = kinds[source.absent]
                for stretch, told in self._watched(source, self._stretches(source, rows)):
                    kept += self._go_over(source, stretch, told, loop, counted)
                    if self._is_over.is_set():
                        return
                if sum(part.rows for part in kept) >= AT_ONCE_ROWS:
                    self._put_aside(kept)
                    kept = []
            self._put_aside(kept)
            for absent, counted in kinds.items():
                self._put_groups(self._loops[absent], counted)
        except BaseException:
            self._is_over.set()
            raise

    def _watched(
        self, source: Source, found: Iterator[Stretch]
    ) -> Iterator[tuple[Stretch, NDArray[np.bool_]]]:
        """Each stretch with the rows that are set aside unseen."""
        if self._watch is None:
            for stretch in found:
                yield stretch, np.zeros(stretch.rows, np.bool_)
            return
        for batch in batches(found, WATCHED_ROWS):
            yield from zip(batch, self._watch(source.number, batch), strict=True)

    def _stretches(self, source: Source, rows: range) -> Iterator[Stretch]:
        """The rows of one task; truths are numbers for a stretch."""
        cells = [
            f"{column.name}::TINYINT AS {column.name}" if column.kind == "boolean" else column.name
            for column in COLUMNS
            if column.name not in source.absent
        ]
        between = f"{ROW} BETWEEN {rows[0]} AND {rows[-1]}"
        sql = f"SELECT {', '.join(cells)} FROM ({source.sql}) WHERE {between}"
        first = rows.start
        with duckdb.connect() as reader:
            reader.execute("SET threads = 1")  # so that rows come in their order
            for stretch in stretches(reader, sql):
                stretch.columns[ROW] = np.arange(first, first + stretch.rows)
                first += stretch.rows
                yield stretch
        if first != rows.stop:
            raise duckdb.IOException(f"{source.number}: {first} rows were read, not {rows.stop}")

    def _go_over(
        self, source: Source, stretch: Stretch, told: NDArray[np.bool_], loop: Loop, kinds: Kinds
    ) -> "Iterator[_Aside]":
        """Counts the rows of a stretch, and yields those set aside."""
        never = np.zeros(stretch.rows, np.bool_)
        for name, empty in stretch.empty.items():
            if name not in _MAY_BE_EMPTY:
                told |= empty
        places = np.empty(min(stretch.rows, AT_ONCE_ROWS), np.int32)
        for first in range(0, stretch.rows, AT_ONCE_ROWS):
            rows = slice(first, first + AT_ONCE_ROWS)
            if kinds.used > FULL:
                self._put_groups(loop, kinds)
            columns = [
                source.number if name == FILE else stretch.columns[name][rows]
                for name in loop.columns
            ]
            flags = [stretch.empty.get(name, never)[rows] for name in loop.flags]
            count = loop.run(columns, flags, told[rows], kinds, places)
            if count:
                yield _taken(source, stretch, places[:count] + first)

    def _put_aside(self, kept: "Sequence[_Aside]") -> None:
        """Adds rows to those set aside; those of files with the same columns together."""
        for there in {frozenset(part.cells) for part in kept}:
            parts = [part for part in kept if frozenset(part.cells) == there]
            columns: dict[str, NDArray[Any]] = {
                name: np.concatenate([part.cells[name] for part in parts]) for name in sorted(there)
            }
            cells = {
                column.name: "NULL" if column.absent is None else str(column.absent)
                for column in COLUMNS
                if column.name not in there
            }
            for name in {name for part in parts for name in part.empty}:
                columns[f"{name}_empty"] = np.concatenate(
                    [part.empty.get(name, np.zeros(part.rows, np.bool_)) for part in parts]
                )
                cells[name] = f"CASE WHEN NOT {name}_empty THEN {name} END"
            self._insert(self._aside, columns, [cells.get(name, name) for name in schema_of()])

    def _put_groups(self, loop: Loop, kinds: Kinds) -> None:
        """Adds what was counted to the groups, and empties the table of kinds."""
        found = kinds.taken()
        columns = {
            name: np.ascontiguousarray(found[:, place])
            for place, name in enumerate([*loop.keys, "flags", "counted"])
        }
        cells = [
            f"CASE WHEN flags & {1 << place} = 0 THEN {name} END" if may_be_empty else name
            for place, (name, may_be_empty) in enumerate(
                zip(loop.keys, loop.empty_keys, strict=True)
            )
        ]
        self._insert(self._groups, columns, [*cells, "counted"])

    def _insert(
        self, table: str, columns: Mapping[str, NDArray[Any]], cells: Sequence[str]
    ) -> None:
        with self._writing:
            self._base.register("part", dict(columns))
            self._base.execute(f"INSERT INTO {table} SELECT {', '.join(cells)} FROM part")
            self._base.unregister("part")


class _Aside(NamedTuple):
    """Rows that were set aside: their cells, and which of them are empty."""

    rows: int
    cells: Mapping[str, NDArray[Any]]
    empty: Mapping[str, NDArray[np.bool_]]


def _taken(source: Source, stretch: Stretch, places: NDArray[np.int32]) -> _Aside:
    cells = {name: column[places] for name, column in stretch.columns.items()}
    return _Aside(
        len(places),
        {FILE: np.full(len(places), source.number, np.int32), **cells},
        {name: empty[places] for name, empty in stretch.empty.items()},
    )
