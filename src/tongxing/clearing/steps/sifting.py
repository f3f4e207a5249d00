"""Rows that cannot be judged by what they say alone: they are set aside.

Whose number came twice, whose card was reported or has a strange purse, whose code is wrong: these
are few, and looked at together. All other rows are judged as they are read.
"""

from collections.abc import Mapping

import ibis.expr.types as ir

from tongxing.clearing.layout import FILE, ROW
from tongxing.clearing.rules.model import Rules
from tongxing.clearing.steps.duplicates import suspicious
from tongxing.clearing.steps.keys import row_key


def flagged(
    rows: ir.Table,
    tables: Mapping[str, ir.Table],
    rules: Rules,
    repeated: ir.Table,
    cards: ir.Table | None = None,
    wrong: ir.Table | None = None,
) -> ir.Table:
    """The rows with ``is_aside``. `repeated` are numbers that came twice, `cards` those whose purse
    is strange, `wrong` the marks of rows whose code is."""
    told = suspicious(rows, repeated)
    if "deny" in rules.given:
        told = _also(told, told.card, tables["r_deny"].select(of="d_card"))
    if cards is not None:
        told = _also(told, told.card, cards.select(of="card"))
    if wrong is not None:
        told = _also(told, row_key(told), wrong.select(of="mark_key"))
    return told


def _also(told: ir.Table, key: ir.IntegerValue, listed: ir.Table) -> ir.Table:
    """Sets aside the rows whose key is listed, too."""
    found = told.left_join(listed, key == listed.of)
    names = [name for name in told.columns if name != "is_aside"]
    return found.select(*names, is_aside=found.is_aside | found.of.notnull())


def set_aside(flagged_rows: ir.Table) -> ir.Table:
    """Those rows."""
    return flagged_rows.filter(flagged_rows.is_aside).drop("is_aside")


def others(rows: ir.Table, aside: ir.Table) -> ir.Table:
    """All rows but those."""
    return rows.anti_join(aside, [FILE, ROW])
