"""The same ride twice: found in two stages, so that most rows are never told apart.

Numbers of one terminal that follow each other are looked at together, each as a bit of one whole
number: only rows whose number occurs more than once are looked at exactly. Of these the first one
that stands keeps its place, in the order of files and rows. A later one with the same content is a
duplicate; one that says something else of the same ride is held for a person, and a copy of that
one is a duplicate too.
"""

from collections.abc import Callable, Iterable
from functools import reduce
from operator import and_

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from tongxing.clearing.layout import COLUMNS, CONTENT, IDENTITY, KEY
from tongxing.clearing.rules.model import Rules
from tongxing.clearing.steps.keys import row_key

_TERMINAL_AT = 1 << 15
"""Where the 48 bits of a terminal begin in the place of 32 of its numbers."""


def _of_number(number: dt.int64) -> dt.int64:
    """What both engines have and Ibis itself does not know of Spark."""


_Function = Callable[[ir.IntegerValue], ir.IntegerValue]
_bit_or: _Function = ibis.udf.agg.builtin(_of_number, name="bit_or")
_bit_xor: _Function = ibis.udf.agg.builtin(_of_number, name="bit_xor")
_bit_count: _Function = ibis.udf.scalar.builtin(_of_number, name="bit_count")


def repeated_numbers(rows: ir.Table) -> ir.Table:
    """Places of 32 numbers of which some occur more than once, with a bit for each that does.

    A number that occurs an even number of times is among those that occur, and not among those that
    do so an odd number of times. Where one comes three times the rows are more than once and twice
    make up, and every number of the place counts as repeated. Only two columns are read: a row that
    cannot be a ride may count too, which costs a closer look and no more.
    """
    possible = rows.filter(_is_possible(rows, ("terminal", "terminal_seq")))
    placed = possible.select(place=_place(possible), turn=_turn(possible))
    counted = placed.group_by("place").agg(
        told=_bit_or(placed.turn), odd=_bit_xor(placed.turn), times=placed.count()
    )
    twice = counted.mutate(twice=counted.told & ~counted.odd)
    made_up = _bit_count(twice.told) + _bit_count(twice.twice)
    several = (made_up == twice.times).ifelse(twice.twice, twice.told)
    found = twice.mutate(several=several)
    return found.filter(found.several != 0).select(at_place="place", several="several")


def suspicious(rows: ir.Table, repeated: ir.Table) -> ir.Table:
    """The rows with ``is_aside``: whether their number is one of those."""
    place = _is_possible(rows).ifelse(_place(rows), ibis.null("int64"))
    placed = rows.mutate(place=place, turn=_turn(rows))
    told = placed.left_join(repeated, placed.place == repeated.at_place)
    is_aside = ((told.several & told.turn) != 0).fill_null(False)
    return told.select(*rows.columns, is_aside=is_aside)


def duplicate_marks(aside: ir.Table, found: ir.Table, rules: Rules) -> ir.Table:
    """What rows set aside, all that are suspicious among them, repeat: which row each one does, and
    whether it says the same. `found` is what the checks found of them. Rows that cannot be a ride
    at all repeat none."""
    suspected = _repeated(aside.filter(_is_possible(aside)))
    ends = ibis.literal(rules.findings.final_bits, "int64")
    stands = found.select(stand_key=found[KEY], stands=(found.bits & ends) == 0)
    keyed = suspected.mutate(**{KEY: row_key(suspected)})
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
    later = later.mutate(is_same=same)
    copies = later.filter(later.is_same)
    others = later.filter(~later.is_same)
    told_before = ibis.window(group_by=[others[name] for name in (*IDENTITY, *CONTENT)])
    is_copy = others[KEY] > others[KEY].min().over(told_before)
    again, differs = (
        ibis.literal(rules.findings.bit(name), "int64") for name in ("duplicate", "conflict")
    )
    return copies.select(mark_key=copies[KEY], mark_bits=again, mark_of=copies.first_key).union(
        others.select(
            mark_key=others[KEY],
            mark_bits=is_copy.ifelse(again, differs),
            mark_of=others.first_key,
        )
    )


def _repeated(rows: ir.Table) -> ir.Table:
    """The rows that are a ride which another one of them is too."""
    counted = rows.group_by(list(IDENTITY)).agg(times=rows.count())
    return rows.semi_join(counted.filter(counted.times > 1), list(IDENTITY))


def _place(rows: ir.Table) -> ir.IntegerValue:
    """The place of 32 numbers that a row's is one of. Terminals may share a place, which costs a
    closer look and no more."""
    return (rows.terminal * _TERMINAL_AT) ^ (rows.terminal_seq >> 5)


def _turn(rows: ir.Table) -> ir.IntegerValue:
    """The bit of a row's number in its place."""
    return ibis.literal(1 << 31, "int64") >> (31 - (rows.terminal_seq & 31)).cast("int32")


def _is_possible(rows: ir.Table, names: Iterable[str] = IDENTITY) -> ir.BooleanValue:
    """Whether a row can be a ride by what makes it one."""
    limits = {column.name: (column.least, column.most) for column in COLUMNS}
    return reduce(and_, (rows[name].between(*limits[name]) for name in names))
