"""The loops over a stretch of rows: which are set aside, how many there are of each kind else."""

from collections.abc import Callable, Sequence
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from tongxing.clearing.engines.compiled.kinds import (
    BLOCK,
    ROW_OF_BLOCK,
    Kinds,
    counting,
    keeping,
)
from tongxing.clearing.engines.compiled.lookups import LookUp
from tongxing.clearing.engines.compiled.machine import loop_of
from tongxing.clearing.engines.compiled.program import Program, Rows, looking_up
from tongxing.clearing.engines.compiled.statements import Unfit

_PARTS = ("tags", "rows", "keys", "shift", "cells")


class Loop:
    """Compiled expressions over the table of rows: `counted` groups rows and counts each group; of
    rows for which ``is_aside`` of `flagged` is true, it is told which they are, and they are not
    counted.

    `keys` are the columns of the groups, `empty_keys` whether each may be empty.

    Raises Unfit when they have a part that is not compiled, ValueError when a joined table has a
    key twice.
    """

    def __init__(
        self,
        rows: Rows,
        flagged: ir.Table,
        counted: ir.Table,
        load: Callable[[ir.Table, str], LookUp],
    ) -> None:
        program = Program(rows, load)
        with program.stage():
            program.line(f"gone[b] = told[i] | {program.condition(flagged, 'is_aside')}")
            with program.under("if gone[b]:"):
                program.line("aside[m] = i")
                program.line("m += 1")
        self.keys = _keys_of(counted)
        with program.stage():
            fields = [ops.Field(counted.op().parent, name) for name in self.keys]
            outputs = program.outputs(fields)
            for line in keeping(outputs):
                program.line(line)
        self.empty_keys = [flag != "" for _, flag in outputs]
        self.columns = tuple(program.columns)
        self.flags = tuple(name for name in self.columns if name in rows.may_be_empty)
        self._lookups = [array for lookup in program.lookups for array in lookup.arrays()]
        self._sizes = len(self.keys), len(program.lookups)
        source = _source(program, self.columns, self.flags, counting(len(self.keys)))
        self._run = loop_of(source, "loop")

    def kinds(self, rows_max: int) -> Kinds:
        """An empty table to count in; `run` is given no more rows at once."""
        return Kinds(*self._sizes, rows_max)

    def run(
        self,
        columns: Sequence[NDArray[Any] | int],
        flags: Sequence[NDArray[np.bool_]],
        told: NDArray[np.bool_],
        kinds: Kinds,
        aside: NDArray[np.int32],
    ) -> int:
        """Goes over rows: `columns` and `flags` in the order of the attributes of these names;
        those that are `told` are set aside unseen. The places of those set aside are the first of
        `aside`, and their number is returned. `kinds` must have room for as many as there are."""
        count, kinds.used = self._run(
            len(told), told, *columns, *flags, *self._lookups,
            kinds.places, kinds.cells, kinds.used,
            kinds.keyed, kinds.spots, kinds.gone, kinds.found, aside,
        )  # fmt: skip
        return int(count)


def _keys_of(counted: ir.Table) -> tuple[str, ...]:
    """The columns that rows are grouped by."""
    node = counted.op()
    if not isinstance(node, ops.Aggregate):
        raise Unfit(type(node).__name__)
    (count,) = node.metrics.values()
    if not isinstance(count, ops.CountStar) or count.where is not None:
        raise Unfit(type(count).__name__)
    for name, value in node.groups.items():
        if not isinstance(value, ops.Field) or value.name != name or value.rel != node.parent:
            raise Unfit(type(value).__name__)
    return tuple(node.groups)


def _source(program: Program, columns: Sequence[str], flags: Sequence[str], counted: str) -> str:
    tables = [f"t{number}" for number in range(len(program.lookups))]
    arguments = [
        "n", "told", *(f"c_{name}" for name in columns), *(f"n_{name}" for name in flags),
        *(f"{table}_{part}" for table in tables for part in _PARTS),
        "places", "cells", "used", "keyed", "spots", "gone", "found", "aside",
    ]  # fmt: skip
    lines = [f"def loop({', '.join(arguments)}):", "    m = 0"]
    for table in tables:
        lines.append(f"    {table}_last = np.int64(0)")
        lines.append(f"    {table}_row = {looking_up(table, f'{table}_last')}")
    lines += [f"    for first in range(0, n, {BLOCK}):", f"        end = min(first + {BLOCK}, n)"]
    for stage in program.stages:
        lines += ROW_OF_BLOCK
        lines += ["            " + line for line in stage]
    return "\n".join([*lines, counted, "    return m, used", ""])
