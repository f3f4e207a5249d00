"""From rows to money: rows of one kind counted together, and split by operator to the fen.

Rows with the same members, charge, basis of split and findings have the same verdict and shares, so
they are counted once and everything after that is small. A row that something was found of stands
for itself.
"""

import ibis
import ibis.expr.types as ir

from tongxing.clearing.layout import KEY

GROUP = ("window_s", "acquirer", "issuer", "basis", "charge_fen", "bits")


def judged(found: ir.Table, every_row: bool) -> ir.Table:
    """Counts rows; `listed_key` is the row itself where it has findings (or always)."""
    none = ibis.null("int64")
    listed = found[KEY] if every_row else (found.bits != 0).ifelse(found[KEY], none)
    keyed = found.select(*GROUP, listed_key=listed)
    return keyed.group_by([*GROUP, "listed_key"]).agg(records=keyed.count())


def counts(judged_rows: ir.Table) -> ir.Table:
    """Records and fen by window, acquirer, issuer and findings, in order. Members that nobody
    knows may stand here, and amounts that cannot be; one that is not there is none."""
    keys = ["window_s", "acquirer", "issuer", "bits"]
    fen = judged_rows.charge_fen.fill_null(0).cast("int64")
    money = judged_rows.mutate(fen=fen * judged_rows.records)
    told = money.group_by(keys).agg(
        records=money.records.sum().cast("int64"), fen=money.fen.sum().cast("int64")
    )
    return told.order_by([told[name].asc(nulls_first=True) for name in keys])


def listed(judged_rows: ir.Table) -> ir.Table:
    """The rows that stand for themselves."""
    found = judged_rows.filter(judged_rows.listed_key.notnull())
    return found.select("listed_key", "bits", "charge_fen")


def accepted(judged_rows: ir.Table, meanings: ir.Table) -> ir.Table:
    """The groups whose verdict is accepted (`meanings` says so of every number of bits)."""
    known = judged_rows.join(meanings, judged_rows.bits == meanings.meant_bits)
    taken = known.filter(known.is_accepted)
    keys = ["window_s", "acquirer", "issuer", "basis", "charge_fen"]
    return taken.group_by(keys).agg(records=taken.records.sum().cast("int64"))


def pair_totals(groups: ir.Table) -> ir.Table:
    """Records and fen of each window, acquirer and issuer."""
    money = groups.mutate(fen=groups.charge_fen.cast("int64") * groups.records)
    totals = money.group_by(["window_s", "acquirer", "issuer"]).agg(
        records=money.records.sum().cast("int64"), fen=money.fen.sum().cast("int64")
    )
    return totals.order_by(["window_s", "acquirer", "issuer"])


def operator_totals(groups: ir.Table, shares: ir.Table) -> ir.Table:
    """Fen of each operator in each window, acquirer and issuer: largest remainders, an odd fen to
    the first operator by name among equal ones (`kernel.money.split_largest_remainder`)."""
    charged = groups.filter(groups.charge_fen > 0)
    parts = charged.join(shares, charged.basis == shares.s_basis)
    product = parts.charge_fen.cast("int64") * parts.s_weight
    floor = product // parts.s_whole
    parts = parts.mutate(floor_fen=floor, rest=product - floor * parts.s_whole)
    of_one = ["window_s", "acquirer", "issuer", "basis", "charge_fen"]
    ranked = parts.mutate(
        place=ibis.row_number().over(
            group_by=of_one, order_by=[parts.rest.desc(), parts.s_place.asc()]
        ),
        floors=parts.floor_fen.sum().over(group_by=of_one).cast("int64"),
    )
    odd = (ranked.place < ranked.charge_fen - ranked.floors).cast("int64")
    money = ranked.mutate(fen=(ranked.floor_fen + odd) * ranked.records)
    keys = ["window_s", "acquirer", "issuer", "s_operator"]
    totals = money.group_by(keys).agg(fen=money.fen.sum().cast("int64"))
    return totals.filter(totals.fen != 0).order_by(keys)
