"""The columns of a clearing row: one chargeable ride with the evidence to judge it, in Parquet.

All of them are whole numbers or truth values, so that both engines read and compare them alike.
Members, lines and stations are numbers of the rules' tables. A row is the first revision of a ride;
what changes a ride later travels to the hub as a record file.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from tongxing.kernel.clock import at
from tongxing.messages.records import How

HOWS: tuple[How, ...] = (
    "single_tap",
    "both_taps",
    "paired_by_account",
    "missing_exit",
    "missing_entry",
    "declared",
    "habitual",
    "median",
    "disruption",
    "staff",
    "cleared",
)
"""What the numbers of the column `how` mean; a void is no first revision."""

NUMBER_MAX = 500_000
FEN_MAX = 1_000_000_000
EARLIEST_S, LATEST_S = at(date(2015, 1, 1)), at(date(2100, 1, 1)) - 1

FILE, ROW, KEY = "file_no", "row_no", "row_key"
ROWS_OF_A_FILE_MAX = 1 << 40
"""A row is named by its file and its place there, both from 0; the key holds both."""

_U16, _U32, _U48, _I63 = (1 << 16) - 1, (1 << 32) - 1, (1 << 48) - 1, (1 << 63) - 1


class Column(NamedTuple):
    """A column: its type, the values it may have (both ends included). One that may be absent says
    what stands in its place; `nullable` ones may be empty in a row."""

    name: str
    kind: str
    least: int
    most: int
    may_be_absent: bool = False
    absent: int | bool | None = None
    nullable: bool = False


COLUMNS = (
    Column("received_s", "int64", EARLIEST_S, LATEST_S),
    Column("acquirer", "int32", 1, NUMBER_MAX),
    Column("issuer", "int32", 1, NUMBER_MAX),
    Column("terminal", "int64", 0, _U48),
    Column("terminal_seq", "int64", 0, _U32),
    Column("card", "int64", 1, _I63),
    Column("line", "int32", 0, NUMBER_MAX),
    Column("origin", "int32", 0, NUMBER_MAX),
    Column("destination", "int32", 0, NUMBER_MAX),
    Column("entered_s", "int64", EARLIEST_S, LATEST_S),
    Column("exited_s", "int64", EARLIEST_S, LATEST_S),
    Column("fare_fen", "int32", -FEN_MAX, FEN_MAX),
    Column("charge_fen", "int32", -FEN_MAX, FEN_MAX),
    Column("deny_list_version", "int32", 0, (1 << 31) - 1),
    Column("tac", "int64", 0, _U32, True, None, True),
    Column("how", "int32", 0, len(HOWS) - 1, True, 0),
    Column("mode", "int32", -1, 1_000, True, -1),
    Column("city_list_version", "int32", 0, (1 << 31) - 1, True, 0),
    Column("is_test", "boolean", 0, 1, True, False),
    Column("card_counter", "int32", 0, _U16, True, None, True),
    Column("balance_before_fen", "int32", 0, FEN_MAX, True, None, True),
)
"""In the order of the documentation. Amounts are fen, times seconds since 1970 UTC; `mode` is the
place in `network.transport.MODES`, -1 for the line's own; `tac` is the code as a number."""

SQL_TYPES = {"int32": "INTEGER", "int64": "BIGINT", "boolean": "BOOLEAN"}
"""What the types are called in SQL."""

NAMES = tuple(column.name for column in COLUMNS)
IDENTITY = ("terminal", "terminal_seq", "card", "exited_s")
"""What makes a row the same ride as another one."""
CONTENT = tuple(name for name in NAMES if name not in (*IDENTITY, "received_s"))
"""What the same ride must say the same of whenever it is presented."""

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")


def misfit(found: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """What is wrong with a file's columns, given their names and DuckDB types: the kind of fault
    ("column": lacking, "type": not a whole number, "unknown": not of this layout) and the column;
    None when all is well."""
    types = dict(found)
    for column in COLUMNS:
        kind = types.pop(column.name, None)
        if kind is None:
            if not column.may_be_absent:
                return "column", column.name
        elif kind not in (("BOOLEAN",) if column.kind == "boolean" else _WHOLE):
            return "type", column.name
    return next((("unknown", name) for name in sorted(types)), None)
