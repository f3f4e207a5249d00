"""`tongxing simulate`: seeded days with faults, ending with every proof and the oracle's word.

Exit code 1 when anything does not hold. The same seed always gives the same statement bytes.
"""

from datetime import date

import click

from tongxing.cli.arguments import DAY, Whole
from tongxing.cli.common import emit_json, settings
from tongxing.cli.demo import (
    DAYS_MAX,
    PASSENGERS_MAX,
    SEED_MAX,
    plan_of,
    play_and_tell,
    print_summary,
)
from tongxing.cli.shell import command as command_of

PASSENGERS = 5_000
FAULTS = "all"


@command_of()
@click.option("--seed", "seed", type=Whole(0, SEED_MAX), metavar="SEED")
@click.option("--days", "days", type=Whole(1, DAYS_MAX), metavar="DAYS")
@click.option("--date", "first_day", type=DAY, metavar="DATE")
@click.option(
    "--passengers",
    "passengers",
    type=Whole(1, PASSENGERS_MAX),
    default=PASSENGERS,
    show_default=True,
    metavar="N",
)
@click.option("--faults", "faults", default=FAULTS, show_default=True, metavar="KINDS")
@click.option("--real-media", "real_media", is_flag=True)
def command(
    seed: int | None,
    days: int | None,
    first_day: date | None,
    passengers: int,
    faults: str,
    real_media: bool,
) -> int:
    from tongxing.storage.database import database_at

    plan = plan_of(seed, first_day, days, passengers, faults, real_media)
    with database_at(settings().dsn, settings().home) as database:
        played = play_and_tell(plan, True, database)
    if settings().json:
        emit_json(played.summary)
    else:
        print_summary(played)
    return 0 if played.sound else 1
