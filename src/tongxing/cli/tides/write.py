"""`tongxing tides write`: a city's taps of some days, out of its books, as a TIDES package."""

from datetime import date
from pathlib import Path

import click

from tongxing.cli.arguments import DAY
from tongxing.cli.common import Words, emit_json, progress, say, settings
from tongxing.cli.fares.arguments import parse_city
from tongxing.cli.shell import command as make_command
from tongxing.feeds.tides import write_package
from tongxing.kernel.reasons import Problem

WORDS = Words("tides")
_TIMEOUT_MS = 600_000
_FIRST, _LAST = date(2000, 1, 1), date(2100, 12, 31)


@make_command()
@click.argument("city")
@click.option("--out", "out", metavar="DIR", type=click.Path(path_type=Path), required=True)
@click.option("--from", "first", metavar="DATE", type=DAY)
@click.option("--to", "last", metavar="DATE", type=DAY)
def command(city: str, out: Path, first: date | None, last: date | None) -> None:
    from tongxing.city.evidence import count_taps, taps_between
    from tongxing.storage.database import database_at, house_schemas

    code = parse_city(city)
    dsn, home = settings().dsn, settings().home
    if not dsn and not (home / "postgres").exists():
        raise Problem("TIDES_NO_TAPS", str(home), city=city)
    begin, end = first or _FIRST, last or _LAST
    with database_at(dsn, home) as database:
        connection = database.connect_to_read(_TIMEOUT_MS)
        try:
            known = f"city_{code}" in house_schemas(connection)
            total = count_taps(connection, code, begin, end) if known else 0
            if not total:
                raise Problem("TIDES_NO_TAPS", "TONGXING_DSN" if dsn else str(home), city=city)
            with progress(WORDS("write.progress"), total) as done:
                taps = taps_between(connection, code, begin, end)
                written = write_package(out, taps, WORDS("write.title", city=code), done)
        finally:
            connection.close()
    if settings().json:
        emit_json({"out": str(out), "city": code, "taps": written})
    else:
        say(WORDS("write.written", count=written, out=out))
        say(WORDS("write.private"))
