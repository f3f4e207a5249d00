"""`tongxing simulate`: seeded days of travel with faults; exit 1 when anything does not hold."""

from datetime import date

import click

from tongxing.cli.arguments import DAY, Whole
from tongxing.cli.performing import (
    DAYS_MOST,
    PASSENGERS_LEAST,
    PASSENGERS_MOST,
    SEED_MOST,
    carry_out,
    open_home,
    require_tariffs,
    tell_result,
)
from tongxing.cli.shell import command as command_of


@command_of()
@click.option("--seed", "seed", type=Whole(0, SEED_MOST), metavar="N")
@click.option("--date", "first_day", type=DAY, metavar="DAY")
@click.option("--days", "days", type=Whole(1, DAYS_MOST), metavar="N")
@click.option("--passengers", type=Whole(PASSENGERS_LEAST, PASSENGERS_MOST), metavar="N")
@click.option("--faults", "faults", default="none", metavar="KINDS")
@click.option("--fresh", "fresh", is_flag=True)
def command(
    seed: int | None,
    first_day: date | None,
    days: int | None,
    passengers: int | None,
    faults: str,
    fresh: bool,
) -> int:
    from tongxing.simulation.faults import parse_kinds
    from tongxing.simulation.run import Plan
    from tongxing.simulation.scenario import load_scenario

    defaults = load_scenario().defaults
    plan = Plan(
        seed=defaults.seed if seed is None else seed,
        first_day=first_day or date.fromisoformat(defaults.date),
        days=days or 1,
        passengers=passengers or defaults.passengers // 20,
        faults=parse_kinds(faults),
    )
    require_tariffs(plan.first_day)
    with open_home() as (database, home):
        performed = carry_out(plan, database, home, fresh)
        tell_result(performed, home)
    return 0 if performed.summary.checks.sound else 1
