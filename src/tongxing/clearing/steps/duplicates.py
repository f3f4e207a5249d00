"""The same ride twice: found in two stages, so that most rows are never sorted.

First 63 bits over what makes a ride the same are counted; only rows whose bits occur more than once
are looked at exactly. Of these the first one that stands keeps its place,
in the order of files and rows. A later one with the same content is a duplicate; one that says
something else of the same ride is held for a person.
"""

import ibis
import ibis.expr.types as ir

from tongxing.clearing.layout import COLUMNS, CONTENT, FILE, IDENTITY, KEY, ROW, ROWS_OF_A_FILE_MAX
from tongxing.clearing.rules.model import Rules
from tongxing.clearing.steps.checks import Tables, found_of_rows

_TERMINAL_AT, _SEQ_AT = 1 << 15, 1 << 31
"""Where the 48 bits of a terminal and the 32 of its number begin."""


def repeated_hashes(rows: ir.Table) -> ir.Table:
    """The bits that more than one row has."""
    hashed = _named(rows).select("same")
    counted = hashed.group_by("same").agg(times=hashed.count())
    return counted.filter(counted.times > 1).select("same")


def suspects(rows: ir.Table, hashes: ir.Table) -> ir.Table:
    """The rows that have one of them."""
    return _named(rows).semi_join(hashes, "same").drop("same")


def duplicate_marks(suspected: ir.Table, tables: Tables, rules: Rules) -> ir.Table:
    """What is found of the suspects: which row each one repeats, and whether it says the same."""
    found = found_of_rows(suspected, tables, rules, marks=False)
    ends = ibis.literal(rules.findings.final_bits, "int64")
    stands = found.select(stand_key=found[KEY], stands=(found.bits & ends) == 0)
    key = suspected[FILE].cast("int64") * ROWS_OF_A_FILE_MAX + suspected[ROW]
    keyed = suspected.mutate(**{KEY: key})
    told = keyed.join(stands, keyed[KEY] == stands.stand_key)
    standing = told.filter(told.stands)
    first = standing.group_by(list(IDENTITY)).agg(first_key=standing[KEY].min())
    firsts = keyed.join(first, keyed[KEY] == first.first_key, rname="f_{name}").select(
        "first_key", *[keyed[name].name(f"f_{name}") for name in (*IDENTITY, *CONTENT)]
    )
    later = told.join(
        firsts,
        [told[name] == firsts[f"f_{name}"] for name in IDENTITY] + [told[KEY] > firsts.first_key],
    )
    same = ibis.literal(True)
    for name in CONTENT:
        same = same & later[name].identical_to(later[f"f_{name}"])
    bit = same.ifelse(
        ibis.literal(rules.findings.bit("duplicate"), "int64"),
        ibis.literal(rules.findings.bit("conflict"), "int64"),
    )
    return later.select(mark_key=later[KEY], mark_bits=bit, mark_of=later.first_key)


def _named(rows: ir.Table) -> ir.Table:
    """The rows with 63 bits over what makes them the same ride; those that cannot be a ride at all
    are left out. Engines hash these bits themselves, so that they need not be mixed well."""
    least = {column.name: (column.least, column.most) for column in COLUMNS}
    possible = [rows[name].between(*least[name]) for name in IDENTITY]
    bits = rows.card ^ (rows.terminal * _TERMINAL_AT) ^ (rows.terminal_seq * _SEQ_AT)
    return rows.filter(possible).mutate(same=bits ^ rows.exited_s)
