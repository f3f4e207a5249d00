"""Purse chains over all rows: what a card's own counter and balance say, as `hub.purses` has it.

A *fork* is a counter with two purchases; a chain is *broken* where counters follow one another and
money is gone between them; a counter that is skipped is a *gap*. Every row that can be read tells
of its card, also one that is rejected, but for those whose code is wrong. A fork holds both sides;
where money is gone the row that was received later waits, or both of one second.
Cards that show something between two neighbouring rows are few; only they are looked at exactly.
"""

from functools import reduce
from operator import and_

import ibis
import ibis.expr.types as ir

from tongxing.clearing.layout import COLUMNS
from tongxing.clearing.rules.model import Rules
from tongxing.clearing.steps.keys import row_key

_MARK = ("terminal", "terminal_seq", "exited_s", "charge_fen", "tac")


def links(rows: ir.Table) -> ir.Table:
    """What cards signed of their purses, row by row; of rows that can be read."""
    within = [
        rows[column.name].between(column.least, column.most).fill_null(column.nullable)
        for column in COLUMNS
        if column.kind != "boolean"
    ]
    told = rows.filter(
        reduce(and_, within)
        & (rows.entered_s <= rows.exited_s)
        & rows.card_counter.notnull()
        & rows.balance_before_fen.notnull()
        & (rows.charge_fen >= 0)
    )
    return told.select(
        "card",
        *_MARK,
        counter=told.card_counter.cast("int64"),
        before=told.balance_before_fen.cast("int64"),
        after=told.balance_before_fen.cast("int64") - told.charge_fen.cast("int64"),
        received=told.received_s,
        link_key=row_key(told),
    )


def strange_cards(chained: ir.Table) -> ir.Table:
    """The cards with a fork or a break between two neighbours."""
    window = ibis.window(group_by="card", order_by=["counter", "link_key"])
    lagged = chained.mutate(
        last_counter=chained.counter.lag().over(window),
        last_after=chained.after.lag().over(window),
        **{f"last_{name}": chained[name].lag().over(window) for name in _MARK},
    )
    differs = ibis.literal(False)
    for name in _MARK:
        differs = differs | ~lagged[name].identical_to(lagged[f"last_{name}"])
    forked = (lagged.counter == lagged.last_counter) & differs
    broken = (lagged.counter == lagged.last_counter + 1) & (lagged.before < lagged.last_after)
    return lagged.filter((forked | broken).fill_null(False)).select("card").distinct()


def purse_marks(chained: ir.Table, cards: ir.Table, wrong: ir.Table, rules: Rules) -> ir.Table:
    """The rows of these cards that are forked or broken. A row whose code is wrong (`wrong`) proves
    nothing of its card, but is judged by the others like any."""
    of_cards = chained.semi_join(cards, "card")
    believed = of_cards.anti_join(wrong, of_cards.link_key == wrong.mark_key)
    told = believed.group_by(["card", "counter", *_MARK]).agg(
        before=believed.before.min(),
        after=believed.after.max(),
        some_key=believed.link_key.min(),
        received=believed.received.min(),
    )
    links_of = of_cards.select("card", "counter", "before", "after", "received", "link_key", *_MARK)
    forks = links_of.join(told, ["card", "counter"], rname="o_{name}")
    other = ibis.literal(False)
    for name in _MARK:
        other = other | ~forks[name].identical_to(forks[f"o_{name}"])
    forked = forks.filter(other).group_by("link_key").agg(of_key=forks.some_key.min())
    broken = _broken(links_of, told)
    broken = broken.anti_join(forked, "link_key")
    return forked.select(
        mark_key=forked.link_key,
        mark_bits=ibis.literal(rules.findings.bit("fork"), "int64"),
        mark_of=forked.of_key,
    ).union(
        broken.select(
            mark_key=broken.link_key,
            mark_bits=ibis.literal(rules.findings.bit("broken"), "int64"),
            mark_of=ibis.null("int64"),
        )
    )


def _broken(rows: ir.Table, told: ir.Table) -> ir.Table:
    """The rows beside which money is gone, by what had been told when theirs came. The second in
    which a row was received says so, however Parquet files are cut."""
    others = told.select(
        "card",
        o_counter=told.counter,
        o_before=told.before,
        o_after=told.after,
        o_received=told.received,
    )
    after = rows.join(others.mutate(counter=others.o_counter + 1), ["card", "counter"])
    after = after.filter((after.o_received <= after.received) & (after.before < after.o_after))
    before = rows.join(others.mutate(counter=others.o_counter - 1), ["card", "counter"])
    before = before.filter(
        (before.o_received <= before.received) & (before.o_before < before.after)
    )
    return after.select("link_key").union(before.select("link_key")).distinct()


def gaps(chained: ir.Table, wrong: ir.Table) -> ir.Table:
    """The counters that no row has told of, between the first and the last of each card; a row
    whose code is wrong tells nothing."""
    believed = chained.anti_join(wrong, chained.link_key == wrong.mark_key)
    counted = believed.select("card", "counter").distinct()
    window = ibis.window(group_by="card", order_by="counter")
    lagged = counted.mutate(last=counted.counter.lag().over(window))
    found = lagged.filter((lagged.counter > lagged.last + 1).fill_null(False))
    return found.select("card", first_counter=found.last + 1, last_counter=found.counter - 1)
