"""DuckDB: one machine, a limit of memory, and a folder to spill into."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import ibis.expr.types as ir
from ibis.backends.sql.compilers import DuckDBCompiler

from tongxing.clearing.engines.engine import ROWS, EngineFault, schema_of, unbound
from tongxing.clearing.layout import COLUMNS, FILE, ROW

_TYPES = {"int32": "INTEGER", "int64": "BIGINT", "boolean": "BOOLEAN"}
Answer = TypeVar("Answer")


class DuckEngine:
    """See `Engine`. `tell` hears how far a long step is, in per cent."""

    name = "duckdb"

    def __init__(self, scratch: Path, memory_mib: int, threads: int) -> None:
        self._base = duckdb.connect()
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
            f"{column}::{_TYPES[kind]} AS {column}" for column, kind in schema.items()
        )
        self._run(f"CREATE TABLE {name} AS SELECT {columns} FROM read_parquet('{quoted(path)}')")
        return unbound(name, schema)

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        """As `Engine.keep` says."""
        self._run(f"CREATE TABLE {name} AS {sql_of(expression)}")
        return unbound(name, {column: str(kind) for column, kind in expression.schema().items()})

    def fetch(self, expression: ir.Table) -> list[tuple[Any, ...]]:
        """As `Engine.fetch` says."""
        return self._run(sql_of(expression)).fetchall()

    def store(self, expression: ir.Table, folder: Path) -> str:
        """As `Engine.store` says."""
        folder.mkdir(parents=True)
        self._run(
            f"COPY ({sql_of(expression)}) TO '{quoted(folder / 'all.parquet')}' (FORMAT parquet)"
        )
        return str(folder / "*.parquet")

    def close(self) -> None:
        """As `Engine.close` says."""
        self._base.close()

    def _run(self, sql: str) -> duckdb.DuckDBPyConnection:
        return faults_told(lambda: self._base.execute(sql))


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


def _cell(is_there: bool, column: Any) -> str:
    kind = _TYPES[column.kind]
    if is_there:
        return f"TRY_CAST({column.name} AS {kind})"
    return f"CAST({'NULL' if column.absent is None else str(column.absent).lower()} AS {kind})"


def quoted(path: Path | str) -> str:
    """A path as it stands between quotes in SQL."""
    return str(path).replace("'", "''")
