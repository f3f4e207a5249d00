"""The same ride twice: found in two stages, so that most rows are never told apart.

Numbers of one terminal that follow each other are counted together, sixteen in one whole number of
two bits each: only rows whose number occurs more than once are looked at exactly. Of these the
first one that stands keeps its place, in the order of files and rows. A later one with the same
content is a duplicate; one that says something else of the same ride is held for a person, and a
copy of that one is a duplicate too.
"""

import ibis
import ibis.expr.types as ir

from tongxing.clearing.layout import COLUMNS, CONTENT, FILE, IDENTITY, KEY, ROW, ROWS_OF_A_FILE_MAX
from tongxing.clearing.rules.model import Rules
from tongxing.clearing.steps.checks import Tables, found_of_rows

_TERMINAL_AT = 1 << 15
"""Where the 48 bits of a terminal begin in the place of sixteen of its numbers."""
_TWOS, _PAIRS, _QUADS = 0x55555555, 0x33333333, 0x0F0F0F0F
"""The lower bit of each two of 32, the lower two of each four, the lower four of each eight."""


def repeated_numbers(rows: ir.Table) -> ir.Table:
    """Places of sixteen numbers of which some occur more than once, with a bit for each that does.

    A count above three runs into the next one; then the counts do not make up the rows, and every
    number of the place counts as repeated.
    """
    placed = _placed(rows).select("place", "turn")
    counted = placed.group_by("place").agg(told=placed.turn.sum(), times=placed.count())
    told = counted.told
    of_two = (told & _PAIRS) + ((told >> 2) & _PAIRS)
    of_four = (of_two & _QUADS) + ((of_two >> 4) & _QUADS)
    of_eight = of_four + (of_four >> 8)
    summed = counted.mutate(summed=(of_eight + (of_eight >> 16)) & 0xFF)
    several = (summed.told >> 1) & _TWOS
    found = summed.mutate(several=(summed.summed == summed.times).ifelse(several, _TWOS))
    return found.filter(found.several != 0).select(at_place="place", several="several")


def suspects(rows: ir.Table, repeated: ir.Table) -> ir.Table:
    """The rows whose number is one of those."""
    placed = _placed(rows)
    told = placed.join(repeated, placed.place == repeated.at_place)
    found = told.filter((told.several & told.turn) != 0)
    return found.select(*rows.columns)


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
    told_before = ibis.window(group_by=[later[name] for name in (*IDENTITY, *CONTENT)])
    is_copy = same | (later[KEY] > later[KEY].min().over(told_before))
    bit = is_copy.ifelse(
        ibis.literal(rules.findings.bit("duplicate"), "int64"),
        ibis.literal(rules.findings.bit("conflict"), "int64"),
    )
    return later.select(mark_key=later[KEY], mark_bits=bit, mark_of=later.first_key)


def _placed(rows: ir.Table) -> ir.Table:
    """The rows with the `place` of sixteen numbers that theirs is one of, and its `turn` there: the
    lower of its two bits. Terminals may share a place, which costs a closer look and no more. Those
    that cannot be a ride at all are left out."""
    least = {column.name: (column.least, column.most) for column in COLUMNS}
    possible = [rows[name].between(*least[name]) for name in IDENTITY]
    number = rows.terminal_seq
    down = (32 - (number & 15) * 2).cast("int32")
    return rows.filter(possible).mutate(
        place=(rows.terminal * _TERMINAL_AT) ^ (number >> 4),
        turn=ibis.literal(1 << 32, "int64") >> down,
    )
