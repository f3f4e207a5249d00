"""What is found of a row beside the checks, by looking at others or from outside: marks on it."""

from collections.abc import Sequence
from functools import reduce

import ibis
import ibis.expr.types as ir

from tongxing.clearing.layout import KEY
from tongxing.clearing.rules.model import Rules

MARKS = {"mark_key": "int64", "mark_bits": "int64", "mark_of": "int64"}
"""A mark: the row, the bits of what was found, and the row that it is about (where it is one)."""


def all_marks(parts: Sequence[ir.Table]) -> ir.Table:
    """All marks of a row as one. Each part marks a row once, and no two parts say the same."""
    together = reduce(lambda one, other: one.union(other), parts)
    return together.group_by("mark_key").agg(
        mark_bits=together.mark_bits.sum().cast("int64"), mark_of=together.mark_of.min()
    )


def with_marks(found: ir.Table, marks: ir.Table, rules: Rules) -> ir.Table:
    """What the checks found of rows, with their marks. Of a row that cannot be read nothing else is
    found."""
    told = found.left_join(marks, found[KEY] == marks.mark_key)
    field = ibis.literal(rules.findings.bit("field"), "int64")
    bits = (told.bits == field).ifelse(told.bits, told.bits + told.mark_bits.fill_null(0))
    names = [name for name in found.columns if name != "bits"]
    return told.select(*names, bits=bits)
