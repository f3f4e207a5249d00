"""`tongxing hub kpi`: how well the clearing service worked in a period, to be published."""

from datetime import date, timedelta
from pathlib import Path

import click

from tongxing.cli.arguments import DAY
from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.hub.opened import hub_store
from tongxing.cli.shell import command as make_command
from tongxing.hub.kpi import UNKNOWN, Measure, as_csv, as_rows, met
from tongxing.hub.store.kpi import measure_period
from tongxing.kernel.clock import at
from tongxing.kernel.files import write_whole
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Problem

WORDS = Words("hub")
COLUMNS = ("name", "value", "of", "target")


@make_command()
@click.option("--from", "first", required=True, type=DAY, metavar="DATE")
@click.option("--to", "last", required=True, type=DAY, metavar="DATE")
@click.option("--out", "out", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
def command(first: date, last: date, out: Path | None) -> None:
    if last < first:
        raise Problem("KPI_PERIOD", "--to", first=first.isoformat(), last=last.isoformat())
    with hub_store() as store, store.reading() as cursor:
        found = measure_period(cursor, at(first), at(last + timedelta(days=1)))
    if out is not None:
        write_whole(out, as_csv(found))
    unknown = {name: WORDS(f"kpi.unknown.{name}") for name in UNKNOWN}
    if settings().json:
        days = {"from": first.isoformat(), "to": last.isoformat()}
        emit_json({**days, "measures": as_rows(found), "unknown": unknown})
        return
    title = WORDS("kpi.title", first=first, last=last)
    columns = [WORDS(f"kpi.column.{name}") for name in COLUMNS]
    print_table(title, columns, [_row(one) for one in found], right=(1, 2))
    say(WORDS("kpi.not_known"))
    for why in unknown.values():
        say(f"  {why}")


def _row(one: Measure) -> tuple[str, ...]:
    name = WORDS(f"kpi.name.{one.name}")
    if one.group:
        name = f"  {one.group}"
    is_met = met(one)
    judged = "" if is_met is None else WORDS(f"kpi.{'met' if is_met else 'not_met'}")
    target = WORDS.find(f"kpi.target.{one.name}") or "" if not one.group else ""
    return name, _value(one), f"{one.of:,}", f"{target} · {judged}".strip(" ·")


def _value(one: Measure) -> str:
    value = one.value
    if value is None:
        return "–"
    if one.unit == "seconds":
        return f"{value // 3600}:{value // 60 % 60:02}:{value % 60:02}"
    if one.unit == "basis_points":
        return f"{value // 100}.{value % 100:02} %"
    if one.unit == "fen":
        return yuan(value)
    return WORDS(f"kpi.unit.{one.unit}", value=f"{value:,}")
