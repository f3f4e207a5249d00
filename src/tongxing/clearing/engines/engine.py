"""What the pipeline asks of an engine."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import ibis
import ibis.expr.types as ir

from tongxing.clearing.layout import COLUMNS, FILE, ROW

ROWS = "rows"


class EngineFault(Exception):
    """An engine could not do what it was asked: `code` is the reason, `detail` its own words."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail = code, detail


class Engine(Protocol):
    """One run of one engine. All raise EngineFault."""

    def read_rows(self, files: Sequence[Path]) -> ir.Table:
        """The rows of Parquet files as the table ``rows``: every column of the layout, with the
        number of its file and its place in it."""

    def read_table(self, name: str, path: Path, schema: Mapping[str, str]) -> ir.Table:
        """A Parquet file as a table of that name."""

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        """Works an expression out once; the table it makes has that name."""

    def fetch(self, expression: ir.Table) -> list[tuple[Any, ...]]:
        """The rows of a small answer."""

    def store(self, expression: ir.Table, folder: Path) -> str:
        """Writes an answer as Parquet into a new folder; the pattern that finds its files."""

    def close(self) -> None:
        """Ends the run and lets go of everything."""


def schema_of() -> dict[str, str]:
    """The columns of the table ``rows``."""
    return {FILE: "int32", ROW: "int64", **{column.name: column.kind for column in COLUMNS}}


def unbound(name: str, schema: Mapping[str, str]) -> ir.Table:
    """A table that only has a name: an expression over it can be put to any engine."""
    return ibis.table(dict(schema), name=name)
