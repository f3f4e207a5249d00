"""`tongxing open`: the books of a city that begins in earnest."""

import click

from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.fares.arguments import parse_city
from tongxing.cli.shell import command as make_command
from tongxing.kernel.reasons import Problem

WORDS = Words("open")
_STEPS = {
    "keys": "keys city {city} --env prod --issuer-id … --platform-id …",
    "staff": "staff add 1001 --city {city} …",
    "fleet": "fleet invite SITE --city {city} …",
    "day": "city day --city {city} --hub https://… --hub-key …",
    "serve": "serve --site {city} 8081 https://…",
}


@make_command()
@click.argument("city", metavar="CITY")
def command(city: str) -> None:
    from tongxing.city import schema_of
    from tongxing.city.office import Office
    from tongxing.cli.cities import city_name
    from tongxing.simulation.runbook import MARKER
    from tongxing.storage.database import database_at

    code = parse_city(city)
    dsn, home = settings().dsn, settings().home
    if dsn is None and (home / MARKER).exists():
        raise Problem("OPEN_SIMULATED", str(home))
    with database_at(dsn, home) as database:
        is_new = schema_of(code) not in database.schemas()
        Office(code, database, None).close()
    if settings().json:
        emit_json({"city": code, "new": is_new})
        return
    say(WORDS("new" if is_new else "there", city=city_name(code)))
    print_table(
        WORDS("next"),
        [WORDS("column.step"), WORDS("column.command")],
        [
            [WORDS(f"step.{step}"), f"tongxing {line.format(city=code)}"]
            for step, line in _STEPS.items()
        ],
    )
