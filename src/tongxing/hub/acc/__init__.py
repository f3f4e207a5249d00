"""Clearing a metro network among its operators: pairs of stations to frozen parts per million.

`network/` says what runs on a day. `search` finds the likely paths of each pair of stations,
`choice` says how many ride which, `making` freezes the answer in a table, `table` reads and writes
it, `tables` knows which one is in force, `money` splits a fare by it and explains each fen.
"""

from tongxing.hub.acc.agreements import Agreements, load_agreements
from tongxing.hub.acc.making import Plan, make_table, plan_of
from tongxing.hub.acc.parameters import Parameters, parameters_on, read_parameters
from tongxing.hub.acc.table import SplitTable, read_table, write_table
from tongxing.hub.acc.tables import NO_TABLES, SplitTables, tables_of

__all__ = [
    "NO_TABLES",
    "Agreements",
    "Parameters",
    "Plan",
    "SplitTable",
    "SplitTables",
    "load_agreements",
    "make_table",
    "parameters_on",
    "plan_of",
    "read_parameters",
    "read_table",
    "tables_of",
    "write_table",
]
