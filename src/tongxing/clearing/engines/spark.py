"""Apache Spark: the same expressions on a cluster (the extra `[spark]`, Java 17 or newer).

Every worker must reach the files of rows and the scratch folder under the same paths. What is kept
is written there as Parquet, so that a step is done once and the next one reads it.
"""

import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial, reduce
from glob import escape
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import ibis.expr.types as ir
from ibis.backends.sql.compilers import PySparkCompiler

from tongxing.clearing.engines.duck import quoted
from tongxing.clearing.engines.engine import ROWS, EngineFault, Watch, schema_of, unbound
from tongxing.clearing.layout import COLUMNS, FILE, ROW, SQL_TYPES

_TYPES = {"int32": "INT", "int64": "BIGINT", "boolean": "BOOLEAN"}
_PARTITION_BYTES, _SHUFFLE_BYTES = 32 << 20, 16 << 20
"""How much of the files one task reads, and how much of them there is for each task after that."""
_QUIET = """
rootLogger.level = off
rootLogger.appenderRef.nowhere.ref = nowhere
appender.nowhere.type = Null
appender.nowhere.name = nowhere
logger.gateway.name = org.apache.spark.api.python.PythonGatewayServer
logger.gateway.level = off
"""
"""Settings of its log. Where no appender is named Spark takes its own settings instead, and where
the gateway has another level it says so."""
Answer = TypeVar("Answer")


class SparkEngine:
    """See `Engine`. `memory_mib` is what each executor may have."""

    name = "spark"

    def __init__(self, scratch: Path, master: str, memory_mib: int) -> None:
        self._scratch = scratch
        scratch.mkdir(parents=True, exist_ok=True)
        self._session = _started(scratch, master, memory_mib)

    def read_rows(self, files: Sequence[Path]) -> ir.Table:
        """As `Engine.read_rows` says."""
        size = sum(path.stat().st_size for path in files)
        cores = self._session.sparkContext.defaultParallelism
        parts = max(2 * cores, size // _SHUFFLE_BYTES)
        self._session.conf.set("spark.sql.shuffle.partitions", str(parts))
        frames = []
        for number, path in enumerate(files):
            frame = _told(partial(self._session.read.parquet, _pattern(path)))
            there = set(frame.columns)
            cells = [f"CAST({number} AS INT) AS {FILE}", f"_metadata.row_index AS {ROW}"]
            cells += [
                f"{_cell(column.name in there, column)} AS {column.name}" for column in COLUMNS
            ]
            frames.append(_told(partial(frame.selectExpr, cells)))
        together = reduce(lambda one, other: one.unionAll(other), frames)
        _told(partial(together.createOrReplaceTempView, ROWS))
        return unbound(ROWS, schema_of())

    def read_table(self, name: str, path: Path, schema: Mapping[str, str]) -> ir.Table:
        """As `Engine.read_table` says."""
        frame = _told(lambda: self._session.read.parquet(_pattern(path)))
        frame.createOrReplaceTempView(f"{name}_file")
        cells = ", ".join(
            f"CAST({column} AS {_TYPES[kind]}) AS {column}" for column, kind in schema.items()
        )
        self._view(name, f"SELECT {cells} FROM {name}_file")
        return unbound(name, schema)

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        """As `Engine.keep` says."""
        self.store(expression, self._scratch / f"kept-{name}")
        frame = _told(lambda: self._session.read.parquet(_pattern(self._scratch / f"kept-{name}")))
        frame.createOrReplaceTempView(name)
        return unbound(name, {column: str(kind) for column, kind in expression.schema().items()})

    def fetch(self, expression: ir.Table) -> list[tuple[Any, ...]]:
        """As `Engine.fetch` says."""
        found = _told(lambda: self._session.sql(sql_of(expression)).collect())
        return [tuple(row) for row in found]

    def sift(self, flagged: ir.Table, counted: ir.Table, watch: Watch | None) -> None:
        """As `Engine.sift` says: there is no quicker way."""

    def store(self, expression: ir.Table, folder: Path) -> str:
        """As `Engine.store` says."""
        _told(lambda: self._session.sql(sql_of(expression)).write.parquet(_place(folder)))
        if not any(folder.glob("*.parquet")):  # Spark writes no file for an answer without rows
            _write_empty(expression, folder / "empty.parquet")
        return f"{escape(str(folder))}/*.parquet"

    def close(self) -> None:
        """As `Engine.close` says."""
        with suppress(Exception):  # a cluster that is gone cannot be told goodbye
            self._session.stop()

    def _view(self, name: str, sql: str) -> None:
        _told(lambda: self._session.sql(sql).createOrReplaceTempView(name))


def sql_of(expression: ir.Table) -> str:
    """An expression in Spark's words."""
    return str(PySparkCompiler().to_sqlglot(expression).sql(dialect="spark"))


def _started(scratch: Path, master: str, memory_mib: int) -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise EngineFault("CLEARING_SPARK", str(error)) from error
    logging.getLogger("SQLQueryContextLogger").disabled = True  # its words come with the fault
    quiet = scratch / "log4j2.properties"
    quiet.write_text(_QUIET, encoding="ascii")
    settings = {
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={quiet.absolute().as_uri()}",
        "spark.sql.session.timeZone": "Asia/Shanghai",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.adaptive.enabled": "true",
        "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
        "spark.sql.debug.maxToStringFields": "200",
        "spark.sql.files.maxPartitionBytes": str(_PARTITION_BYTES),
        "spark.executor.memory": f"{memory_mib}m",
        "spark.driver.memory": f"{memory_mib}m",
        "spark.local.dir": str(scratch / "spark"),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    if master.startswith(("spark://127.0.0.1", "local")):
        settings["spark.driver.host"] = settings["spark.driver.bindAddress"] = "127.0.0.1"
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.appName("tongxing-clear").master(master)
    for name, value in settings.items():
        builder = builder.config(name, value)
    return _told(builder.getOrCreate)


def _told(work: Callable[[], Answer]) -> Answer:
    """What the work gives; whatever Spark or Java throws as EngineFault."""
    try:
        return work()
    except Exception as error:  # pyspark and py4j have no root of their own for these
        text = " ".join(str(error).split())
        lowered = text.lower()
        if "no space left" in lowered:
            raise EngineFault("DISK_FULL", text[:300]) from error
        is_file = "parquet" in lowered and "corrupt" in lowered
        raise EngineFault(
            "CLEARING_PARQUET" if is_file else "CLEARING_SPARK", text[:300]
        ) from error


def _cell(is_there: bool, column: Any) -> str:
    kind = _TYPES[column.kind]
    if is_there:
        return f"TRY_CAST({column.name} AS {kind})"
    return f"CAST({'NULL' if column.absent is None else str(column.absent).lower()} AS {kind})"


def _write_empty(expression: ir.Table, path: Path) -> None:
    cells = ", ".join(
        f"NULL::{SQL_TYPES[str(kind)]} AS {name}" for name, kind in expression.schema().items()
    )
    with duckdb.connect() as base:
        base.execute(f"COPY (SELECT {cells} LIMIT 0) TO '{quoted(path)}' (FORMAT parquet)")


def _place(path: Path) -> str:
    """A path as Spark has it: as it is written, without the signs of an address."""
    return f"file://{path.absolute()}"


def _pattern(path: Path) -> str:
    """A path that is read: the signs of a pattern mean themselves."""
    return re.sub(r"([\\\[\]{}*?])", r"\\\1", _place(path))
