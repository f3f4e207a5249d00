"""What the pipeline asks of an engine."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from tongxing.clearing.layout import COLUMNS, FILE, ROW

if TYPE_CHECKING:
    from tongxing.clearing.engines.streams import Stretch

ROWS = "rows"
Watch = Callable[[int, Sequence["Stretch"]], Sequence[NDArray[np.bool_]]]
"""Looks at rows while they are read, some stretches of a file (by its number) at a time: which of
them to set aside. Several may be asked at the same time."""
WATCHED_ROWS = 1 << 18
"""So many rows are looked at in this way at a time."""


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

    def sift(
        self, flagged: ir.Table, counted: ir.Table, watch: Watch | None
    ) -> tuple[ir.Table, ir.Table] | None:
        """Goes over the rows once: those of which ``is_aside`` of `flagged` is true or `watch` says
        so, and any that are better looked at by themselves, are set aside as they are; the others
        are grouped as `counted` says. Both tables; a group may come in several parts. None where
        the engine has no quicker way to do so than by its other methods."""

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
