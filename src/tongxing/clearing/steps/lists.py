"""Reported cards that rode all the same, and everything that was found beside the checks together.

Few rows are of reported cards, so these are set aside and looked at by themselves; what is found
is a mark on the row.
"""

from collections.abc import Sequence
from functools import reduce

import ibis
import ibis.expr.types as ir

from tongxing.clearing.layout import FILE, ROW, ROWS_OF_A_FILE_MAX
from tongxing.clearing.rules.model import Rules
from tongxing.clearing.steps.checks import Tables, denied_bits

MARKS = {"mark_key": "int64", "mark_bits": "int64", "mark_of": "int64"}
"""A mark: the row, the bits of what was found, and the row that it is about (where it is one)."""


def denied_marks(rows: ir.Table, tables: Tables, rules: Rules) -> ir.Table:
    """The rows of reported cards, with what the table of liability makes of each."""
    deny = tables["r_deny"]
    told = rows.join(deny, rows.card == deny.d_card)
    key = told[FILE].cast("int64") * ROWS_OF_A_FILE_MAX + told[ROW]
    found = told.select(
        mark_key=key, mark_bits=denied_bits(told, rules), mark_of=ibis.null("int64")
    )
    return found.filter(found.mark_bits != 0)


def all_marks(parts: Sequence[ir.Table]) -> ir.Table:
    """All marks of a row as one. Each part marks a row once, and no two parts say the same."""
    together = reduce(lambda one, other: one.union(other), parts)
    return together.group_by("mark_key").agg(
        mark_bits=together.mark_bits.sum().cast("int64"), mark_of=together.mark_of.min()
    )
