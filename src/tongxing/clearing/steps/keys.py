"""How a row is named in tables of rows: by one number."""

import ibis.expr.types as ir

from tongxing.clearing.layout import FILE, ROW, ROWS_OF_A_FILE_MAX


def row_key(rows: ir.Table) -> ir.IntegerValue:
    """The key of each row: its file and its place there."""
    return rows[FILE].cast("int64") * ROWS_OF_A_FILE_MAX + rows[ROW]
