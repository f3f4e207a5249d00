"""`tongxing demo`: a day of travel in several cities, settled and proven, then shown as pages."""

from datetime import date

import click

from tongxing.cli.arguments import DAY, Whole
from tongxing.cli.common import Words, loopback_socket, note, say
from tongxing.cli.performing import (
    PASSENGERS_LEAST,
    PASSENGERS_MOST,
    SEED_MOST,
    carry_out,
    open_home,
    require_tariffs,
    tell_result,
)
from tongxing.cli.shell import command as command_of

WORDS = Words("demo")


@command_of()
@click.option("--seed", "seed", type=Whole(0, SEED_MOST), metavar="N")
@click.option("--date", "first_day", type=DAY, metavar="DAY")
@click.option("--passengers", type=Whole(PASSENGERS_LEAST, PASSENGERS_MOST), metavar="N")
@click.option("--faults", "faults", default="none", metavar="KINDS")
@click.option("--fresh", "fresh", is_flag=True)
@click.option("--no-serve", "no_serve", is_flag=True)
@click.option("--port", "port", type=Whole(0, 65_535), default=0, metavar="PORT")
def command(
    seed: int | None,
    first_day: date | None,
    passengers: int | None,
    faults: str,
    fresh: bool,
    no_serve: bool,
    port: int,
) -> int:
    from tongxing.simulation.faults import parse_kinds
    from tongxing.simulation.run import Plan
    from tongxing.simulation.scenario import load_scenario

    defaults = load_scenario().defaults
    plan = Plan(
        seed=defaults.seed if seed is None else seed,
        first_day=first_day or date.fromisoformat(defaults.date),
        days=1,
        passengers=passengers or defaults.passengers,
        faults=parse_kinds(faults),
    )
    require_tariffs(plan.first_day)
    with loopback_socket(port) as taken, open_home() as (database, home):
        performed = carry_out(plan, database, home, fresh)
        tell_result(performed, home)
        if not no_serve:
            from tongxing.console.serving import serve

            serve(database, taken, "simulated", _told)
            note(WORDS("stopped"))
    return 0 if performed.summary.checks.sound else 1


def _told(address: str) -> None:
    say(WORDS("address", address=address))
    note(WORDS("how_to_stop"))
