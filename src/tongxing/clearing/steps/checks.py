"""Every check of admission over all rows at once: what is found of a row, as bits of one number.

The checks are those of `hub.checks`, in its order; one whose table the rules lack finds nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir

from tongxing.clearing.findings import name_of
from tongxing.clearing.layout import (
    COLUMNS,
    EARLIEST_S,
    KEY,
    LATEST_S,
)
from tongxing.clearing.rules.compiling import CITIES, PLACES
from tongxing.clearing.rules.model import Rules
from tongxing.clearing.steps.keys import row_key
from tongxing.hub.liability import HOUR_S, LiabilityTable, Rule
from tongxing.kernel.clock import BUSINESS_DAY_CUT_S, CHINA_OFFSET_S, DAY_S, at
from tongxing.network.transport import MODES

Tables = Mapping[str, ir.Table]
Under = Callable[[LiabilityTable], ir.IntegerValue]
_COMPLETED = {
    "paired": (2,), "declared": (5,), "by_rule": (3, 4, 6, 7, 8), "by_staff": (9, 10),
}  # fmt: skip


def found_of_rows(
    rows: ir.Table, tables: Tables, rules: Rules, *, denied: bool = False
) -> ir.Table:
    """For each row: its key, window, members, charge, basis of split and `bits` of what is found;
    with `denied` also whether its card was reported, and who bears that."""
    looks_up = denied and "deny" in rules.given
    joined = _joined(_sound(rows, rules), tables, rules, looks_up)
    found = _bits(joined, rules, looks_up)
    return joined.select(
        joined[KEY],
        window_s=joined.window_s,
        acquirer=joined.acquirer,
        issuer=joined.issuer,
        charge_fen=joined.charge_fen,
        basis=_basis(joined, rules),
        bits=found,
    )


def _sound(rows: ir.Table, rules: Rules) -> ir.Table:
    """The rows with their key, whether a field cannot be, and what follows from their arrival (a
    harmless one where that cannot be): the window, and the times that make a ride late. Days are
    cut with remainders, for engines divide through fractions."""
    good: ir.BooleanValue = rows.entered_s <= rows.exited_s
    for column in COLUMNS:
        if column.kind == "boolean":
            continue
        cell = rows[column.name]
        fits = cell.between(column.least, column.most)
        good = good & (fits.fill_null(True) if column.nullable else fits)
    sound = rows.mutate(bad=~good.fill_null(False), **{KEY: row_key(rows)})
    possible = sound.received_s.between(EARLIEST_S, LATEST_S).fill_null(False)
    arrived_s = possible.ifelse(sound.received_s, ibis.literal(EARLIEST_S, "int64"))
    second = (arrived_s + CHINA_OFFSET_S) % DAY_S
    timed = sound.mutate(arrived_s=arrived_s, midnight_s=arrived_s - second, second=second)
    late = rules.rulebook.lateness
    opened = timed.midnight_s + BUSINESS_DAY_CUT_S
    cutoff_s = rules.rulebook.window.second_of_day("cutoff")
    return timed.mutate(
        window_s=timed.midnight_s + (timed.second >= cutoff_s).cast("int64") * DAY_S,
        reject_before_s=opened - late.reject_after_days * DAY_S,
        mark_before_s=opened - (late.mark_from_days - 1) * DAY_S,
        future_from_s=timed.arrived_s + rules.rulebook.clock.future_tolerance_s,
        origin=timed.origin.cast("int64"),
        destination=timed.destination.cast("int64"),
        line=timed.line.cast("int64"),
    ).drop("midnight_s", "second", "received_s")


def _joined(sound: ir.Table, tables: Tables, rules: Rules, denied: bool) -> ir.Table:
    """The rows beside everything the rules say of their members, places, cards and terminals."""
    moment = _moment(sound, tables, rules)
    members = tables["r_members"]
    acquirers = members.filter(~members.is_issuer).select(
        a_number="number", a_city="city", a_suspended_s="suspended_s", a_resumed_s="resumed_s"
    )
    issuers = members.filter(members.is_issuer).rename(
        i_number="number", i_city="city", i_has_bins="has_bins"
    )
    joined = moment.left_join(acquirers, moment.acquirer == acquirers.a_number)
    joined = joined.left_join(issuers, joined.issuer == issuers.i_number)
    lines = tables["r_lines"]
    joined = joined.left_join(lines, joined.moment * PLACES + joined.line == lines.line_key)
    if rules.given & {"fares", "splits"}:
        pairs = tables["r_pairs"]
        city = joined.moment * CITIES + joined.l_paired
        key = (city * PLACES + joined.origin) * PLACES + joined.destination
        joined = joined.left_join(pairs, key == pairs.pair_key)
    if "terminals" in rules.given:
        terminals = tables["r_terminals"]
        joined = joined.left_join(terminals, joined.terminal == terminals.t_terminal)
    if "bins" in rules.given:
        bins = tables["r_bins"]
        joined = joined.left_join(bins, joined.card - joined.card % rules.bin_divisor == bins.b_bin)
    if denied:
        deny = tables["r_deny"]
        joined = joined.left_join(deny, joined.card == deny.d_card)
    return joined


def _moment(sound: ir.Table, tables: Tables, rules: Rules) -> ir.Table:
    """Adds the number of the versions and the period that hold for a ride, by its entry."""
    zero = ibis.literal(0, "int64")
    fare = sum((_since(sound, at_day(day)) for day in rules.fare_days), zero)
    cuts = (at_day(day) + BUSINESS_DAY_CUT_S for day in rules.split_days)
    split = sum((_since(sound, cut_s) for cut_s in cuts), zero)
    number = fare * (len(rules.split_days) + 1) + split
    if not rules.periods:
        return sound.mutate(moment=number.cast("int64"))
    shift = CHINA_OFFSET_S - BUSINESS_DAY_CUT_S
    entered_s = sound.bad.ifelse(ibis.literal(EARLIEST_S, "int64"), sound.entered_s)
    dayed = sound.mutate(versions=number, entry_day=((entered_s + shift) // DAY_S).cast("int32"))
    days = tables["r_days"]
    timed = dayed.left_join(days, dayed.entry_day == days.day)
    second = (
        timed.bad.ifelse(0, timed.entered_s)
        + CHINA_OFFSET_S
        - timed.entry_day.cast("int64") * DAY_S
    )
    branches = [
        (
            (timed.is_workday == (period.day_type == "workday"))
            & (second >= period.first_s)
            & (second < period.until_s),
            period.number,
        )
        for period in rules.periods
    ]
    period = ibis.cases(*branches, else_=0)
    return timed.mutate(moment=timed.versions * rules.periods_count + period).drop(
        "versions", "entry_day", "day", "is_workday"
    )


def at_day(day: int) -> int:
    """The midnight in China at which day number `day` begins."""
    return day * DAY_S - CHINA_OFFSET_S


def _since(sound: ir.Table, first_s: int) -> ir.IntegerValue:
    return (sound.entered_s >= first_s).cast("int64")


def _basis(joined: ir.Table, rules: Rules) -> ir.IntegerValue:
    """What the charge is split by: the pair's table, else the operator of the line."""
    if "splits" not in rules.given:
        return joined.l_basis.fill_null(0)
    return ibis.coalesce(joined.p_basis, joined.l_basis, 0)


def _bits(joined: ir.Table, rules: Rules, denied: bool) -> ir.IntegerValue:
    """Most rows show nothing: whether one may show something is asked first, and only for those
    that may are the bits put together."""
    conditions = dict(_conditions(joined, rules))
    may_show: ir.BooleanValue = joined.bad
    for condition in conditions.values():
        may_show = may_show | condition
    zero = ibis.literal(0, "int64")
    bits: ir.IntegerValue = zero
    for name, condition in conditions.items():
        bit = ibis.literal(rules.findings.bit(name), "int64")
        bits = bits + condition.fill_null(False).ifelse(bit, zero)
    if "cities" in rules.given:
        may_show = may_show | (joined.entered_s < joined.joined_s)
        may_show = may_show | (joined.entered_s >= joined.left_s)
        bits = bits + _city(joined, rules)
    if denied:
        may_show = may_show | joined.d_card.notnull()
        bits = bits + _denied(joined, rules)
    field = ibis.literal(rules.findings.bit("field"), "int64")
    return may_show.fill_null(False).ifelse(joined.bad.ifelse(field, bits), zero)


def _conditions(joined: ir.Table, rules: Rules) -> Iterable[tuple[str, ir.BooleanValue]]:
    """Each finding with when it is made; an unknown answer is a no."""
    late = rules.rulebook.lateness
    yield "trial", joined.is_test
    yield "acquirer", joined.a_number.isnull() | (joined.l_city != joined.a_city)
    yield "issuer", joined.i_number.isnull()
    recovery_s = (late.recovery_until_days - late.reject_after_days) * DAY_S
    too_late = joined.exited_s < joined.reject_before_s
    too_late = too_late & (
        (joined.charge_fen >= 0) | (joined.exited_s < joined.reject_before_s - recovery_s)
    )
    yield "too_late", too_late
    yield "late", (joined.exited_s < joined.mark_before_s) & ~too_late
    yield "clock", joined.exited_s > joined.future_from_s
    mode = (joined["mode"] == -1).ifelse(joined.l_mode, joined["mode"])
    yield "mode", (mode == -2) | (mode >= len(MODES))
    yield from _amounts(joined, rules)
    for name, hows in _COMPLETED.items():
        yield name, reduce(or_, (joined.how == how for how in hows))
    yield "terminal", _terminal(joined, rules)
    if "bins" in rules.given:
        strange = joined.b_bin.isnull() | (joined.b_issuer != joined.issuer)
        if "bins.dates" in rules.given:
            strange = strange | (joined.entered_s < joined.b_first_s)
            strange = strange | (joined.entered_s >= joined.b_until_s)
        yield "number", joined.i_has_bins & strange
    if "members.suspended" in rules.given:
        out = [
            (joined.arrived_s >= joined[f"{side}suspended_s"])
            & (joined.arrived_s < joined[f"{side}resumed_s"])
            for side in ("a_", "")
        ]
        yield "suspended", out[0] | out[1]


def _amounts(joined: ir.Table, rules: Rules) -> Iterable[tuple[str, ir.BooleanValue]]:
    """Below zero, above the cap, above what the tariff charges; a fare that is not the tariff's."""
    wrong = (joined.charge_fen < 0) | (joined.fare_fen < 0)
    wrong = wrong | (joined.charge_fen > rules.rulebook.amount.charge_max_fen)
    if "fares" not in rules.given:
        yield "amount", wrong | (joined.charge_fen > joined.fare_fen)
        return
    fare = ibis.coalesce(joined.p_fare, joined.l_fare)
    most = ibis.coalesce(joined.p_most, joined.l_most, joined.fare_fen)
    yield "amount", wrong | (joined.charge_fen > most)
    yield "fare", joined.fare_fen != fare


def _terminal(joined: ir.Table, rules: Rules) -> ir.BooleanValue:
    """No such line, a line of another mode, or a terminal that is not registered so."""
    mode = joined["mode"]
    other = (mode != -1) & (mode < len(MODES)) & (joined.l_mode != mode)
    wrong = joined.line_key.isnull() | other
    if "terminals" not in rules.given:
        return wrong
    wrong = wrong | joined.t_terminal.isnull() | (joined.t_acquirer != joined.acquirer)
    if "terminals.operator" in rules.given:
        elsewhere = (joined.t_operator != 0) & (joined.t_operator != joined.l_operator)
        wrong = wrong | elsewhere
    if "terminals.line" in rules.given:
        wrong = wrong | ((joined.t_line != 0) & (joined.t_line != joined.line))
    if "terminals.dates" in rules.given:
        wrong = wrong | (joined.entered_s < joined.t_first_s)
        wrong = wrong | (joined.entered_s >= joined.t_until_s)
    return wrong


def _denied(joined: ir.Table, rules: Rules) -> ir.IntegerValue:
    """The bit of a tap on a reported card, by the table of liability of its day."""

    def under(table: LiabilityTable) -> ir.IntegerValue:
        def bit(case: str) -> ir.IntegerScalar:
            rule = next(rule for rule in table.deny.case if rule.name == case)
            return _bit_of("denied", rule, rules)

        grace_s = table.deny.propagation_hours * HOUR_S
        proven = joined.deny_list_version
        return ibis.cases(
            (joined.d_card.isnull(), ibis.literal(0, "int64")),
            (joined.d_anonymous, bit("anonymous")),
            (joined.entered_s < joined.d_reported, bit("before_report")),
            (joined.entered_s < joined.d_published + grace_s, bit("in_grace")),
            (proven <= 0, bit("unproven")),
            (proven < joined.d_version, bit("older_list")),
            (proven >= joined.d_named, bit("had_it")),
            else_=bit("list_wrong"),
        )

    return _by_table(joined, rules, under)


def _city(joined: ir.Table, rules: Rules) -> ir.IntegerValue:
    """The same for the city of a card's issuer; at home no list is asked."""

    def under(table: LiabilityTable) -> ir.IntegerValue:
        def bit(case: str) -> ir.IntegerScalar:
            rule = next(rule for rule in table.city.case if rule.name == case)
            return _bit_of("city", rule, rules)

        proven = joined.city_list_version
        return ibis.cases(
            ((joined.i_city == joined.a_city).fill_null(True), ibis.literal(0, "int64")),
            (joined.joined_s == 0, ibis.literal(0, "int64")),
            (joined.entered_s < joined.joined_s, bit("not_yet")),
            (joined.entered_s < joined.left_s, bit("listed")),
            (joined.entered_s < joined.left_s + table.city.remove_days * DAY_S, bit("leaving")),
            (proven <= 0, bit("left_unproven")),
            (proven < joined.left_version, bit("left_older_list")),
            else_=bit("left_had_it"),
        )

    return _by_table(joined, rules, under)


def _bit_of(kind: str, rule: Rule, rules: Rules) -> ir.IntegerScalar:
    bit = rules.findings.bit(name_of(kind, rule)) if rule.code else 0
    return ibis.literal(bit, "int64")


def _by_table(joined: ir.Table, rules: Rules, under: Under) -> ir.IntegerValue:
    """What the table in force on the calendar day of entry says; before the first, the first."""
    found = under(rules.liability[0])
    for table in rules.liability[1:]:
        found = (joined.entered_s >= at(table.valid_from)).ifelse(under(table), found)
    return found
