"""DuckDB: one machine, a limit of memory, and a folder to spill into."""

from collections.abc import Callable, Mapping, Sequence
from glob import escape
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import duckdb
import ibis.expr.types as ir
from ibis.backends.sql.compilers import DuckDBCompiler

from tongxing.clearing.engines.compiled.lookups import warm_up
from tongxing.clearing.engines.compiled.machine import can_compile
from tongxing.clearing.engines.compiled.scanning import Scan, Source
from tongxing.clearing.engines.compiled.statements import Unfit
from tongxing.clearing.engines.engine import ROWS, EngineFault, Watch, schema_of, unbound
from tongxing.clearing.layout import COLUMNS, FILE, ROW, SQL_TYPES

Answer = TypeVar("Answer")


COMPILED_FROM_ROWS = 4_000_000
"""Rows from which compiled code is worth its making: some seconds, once for each set of rules."""


class DuckEngine:
    """See `Engine`. From so many rows on they are sifted by compiled code, where numba is."""

    name = "duckdb"

    def __init__(
        self,
        scratch: Path,
        memory_mib: int,
        threads: int,
        compiled_from_rows: int = COMPILED_FROM_ROWS,
    ) -> None:
        self._base = duckdb.connect()
        self._threads, self._compiled_from_rows = threads, compiled_from_rows
        self._sources: list[Source] = []
        self._warming = Thread(target=warm_up, daemon=True)
        settings = {
            "memory_limit": f"{memory_mib}MiB",
            "temp_directory": quoted(scratch / "spill"),
            "threads": threads,
            "preserve_insertion_order": "false",
            "enable_progress_bar": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "TimeZone": "Asia/Shanghai",
        }
        for name, value in settings.items():
            self._base.execute(f"SET {name} = '{value}'")

    def read_rows(self, files: Sequence[Path]) -> ir.Table:
        """As `Engine.read_rows` says."""
        self._sources = faults_told(lambda: _sources(files))
        if self._is_worth_compiling():
            self._warming.start()  # beside the first steps
        alike: dict[tuple[tuple[str, str], ...], list[int]] = {}
        for number, path in enumerate(files):
            found = self._run(f"DESCRIBE SELECT * FROM read_parquet('{quoted(path)}')").fetchall()
            alike.setdefault(tuple((row[0], row[1]) for row in found), []).append(number)
        parts = [
            _reading([files[number] for number in numbers], numbers, {name for name, _ in columns})
            for columns, numbers in alike.items()
        ]
        self._run(f"CREATE VIEW {ROWS} AS {' UNION ALL '.join(parts)}")
        return unbound(ROWS, schema_of())

    def read_table(self, name: str, path: Path, schema: Mapping[str, str]) -> ir.Table:
        """As `Engine.read_table` says."""
        columns = ", ".join(
            f"{column}::{SQL_TYPES[kind]} AS {column}" for column, kind in schema.items()
        )
        self._run(f"CREATE TABLE {name} AS SELECT {columns} FROM read_parquet('{quoted(path)}')")
        return unbound(name, schema)

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        """As `Engine.keep` says."""
        self._run(f"CREATE TABLE {name} AS {_typed(expression)}")
        return unbound(name, _schema(expression))

    def fetch(self, expression: ir.Table) -> list[tuple[Any, ...]]:
        """As `Engine.fetch` says."""
        return self._run(sql_of(expression)).fetchall()

    def sift(
        self, flagged: ir.Table, counted: ir.Table, watch: Watch | None
    ) -> tuple[ir.Table, ir.Table] | None:
        """As `Engine.sift` says."""
        scan = self._scan(flagged, counted)
        if scan is None:
            return None
        faults_told(lambda: scan.run("counted", "aside", watch, self._threads))
        return unbound("aside", schema_of()), unbound("counted", _schema(counted))

    def _scan(self, flagged: ir.Table, counted: ir.Table) -> Scan | None:
        """None where it is not worth it, or not possible."""
        if not self._is_worth_compiling():
            return None
        self._warming.join()
        try:
            return faults_told(lambda: Scan(self._base, self._sources, flagged, counted, sql_of))
        except (Unfit, ValueError):
            return None

    def _is_worth_compiling(self) -> bool:
        rows = sum(sum(source.groups) for source in self._sources)
        return can_compile() and rows >= self._compiled_from_rows

    def store(self, expression: ir.Table, folder: Path) -> str:
        """As `Engine.store` says."""
        folder.mkdir(parents=True)
        self._run(
            f"COPY ({_typed(expression)}) TO '{quoted(folder / 'all.parquet')}' (FORMAT parquet)"
        )
        return f"{escape(str(folder))}/*.parquet"

    def close(self) -> None:
        """As `Engine.close` says."""
        self._base.close()

    def _run(self, sql: str) -> duckdb.DuckDBPyConnection:
        return faults_told(lambda: self._base.execute(sql))


def _typed(expression: ir.Table) -> str:
    """An expression whose columns have the types that it says: sums of ours are wider."""
    cells = ", ".join(
        f"{name}::{SQL_TYPES[kind]} AS {name}" for name, kind in _schema(expression).items()
    )
    return f"SELECT {cells} FROM ({sql_of(expression)})"


def _schema(expression: ir.Table) -> dict[str, str]:
    return {column: str(kind) for column, kind in expression.schema().items()}


def faults_told(work: Callable[[], Answer]) -> Answer:
    """What the work gives; DuckDB's errors as EngineFault."""
    try:
        return work()
    except duckdb.Error as error:
        text = " ".join(str(error).split())[:300]
        raise EngineFault(_code(error, text), text) from error


def sql_of(expression: ir.Table) -> str:
    """An expression in DuckDB's words."""
    return str(DuckDBCompiler().to_sqlglot(expression).sql(dialect="duckdb"))


def _code(error: duckdb.Error, text: str) -> str:
    lowered = text.lower()
    if "no space left" in lowered or "max_temp_directory_size" in lowered:
        return "DISK_FULL"
    if isinstance(error, duckdb.OutOfMemoryException):
        return "CLEARING_MEMORY"
    return "CLEARING_PARQUET"


def _reading(files: Sequence[Path], numbers: Sequence[int], there: set[str]) -> str:
    """Files with the same columns, read as one: much cheaper than one after the other."""
    names = ", ".join(f"'{quoted(path)}'" for path in files)
    number = f"({list(numbers)})[file_index::BIGINT + 1]"
    if list(numbers) == list(range(len(numbers))):
        number = "file_index"
    cells = [f"{number}::INTEGER AS {FILE}", f"file_row_number::BIGINT AS {ROW}"]
    cells += [f"{_cell(column.name in there, column)} AS {column.name}" for column in COLUMNS]
    return f"SELECT {', '.join(cells)} FROM read_parquet([{names}], file_row_number = true)"


def _sources(files: Sequence[Path]) -> list[Source]:
    """Each file as one that can be read by itself."""
    paths = sorted({str(path) for path in files})
    with duckdb.connect() as base:
        columns = base.execute(
            "SELECT file_name, list(name) FROM parquet_schema(?) GROUP BY ALL", [paths]
        ).fetchall()
        groups = base.execute(
            "SELECT file_name, list(rows ORDER BY row_group_id) FROM ("
            "SELECT file_name, row_group_id, any_value(row_group_num_rows) AS rows "
            "FROM parquet_metadata(?) GROUP BY ALL) GROUP BY ALL",
            [paths],
        ).fetchall()
    there, sizes = dict(columns), dict(groups)
    found = []
    for number, path in enumerate(files):
        names = set(there[str(path)])
        absent = frozenset(column.name for column in COLUMNS) - names
        rows = tuple(int(count) for count in sizes.get(str(path), ()))
        found.append(Source(number, rows, absent, _reading([path], [number], names)))
    return found


def _cell(is_there: bool, column: Any) -> str:
    kind = SQL_TYPES[column.kind]
    if is_there:
        return f"TRY_CAST({column.name} AS {kind})"
    return f"CAST({'NULL' if column.absent is None else str(column.absent).lower()} AS {kind})"


def quoted(path: Path | str) -> str:
    """A path as it stands between quotes in SQL."""
    return str(path).replace("'", "''")
