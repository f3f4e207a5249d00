"""`tongxing city issued`: which card numbers a city issued and until when they are good."""

from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE, moment
from tongxing.cli.cities import city_office
from tongxing.cli.common import Words, emit_json, granted, print_table, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.messages.registers import CardRange

WORDS = Words("city")
COLUMNS = ("first_no", "last_no", "issued_on", "expires_on", "schemes")


@make_command()
@click.argument("file", type=READABLE_FILE, required=False, metavar="[FILE]")
@click.option("--complete", "is_complete", is_flag=True)
@click.option("--city", "city", metavar="CITY")
@click.option("--now", "now", metavar="TIME")
def command(file: Path | None, is_complete: bool, city: str | None, now: str | None) -> None:
    from tongxing.city.issued_ranges import read_ranges
    from tongxing.city.store import issued

    now_s = moment(now, "--now")
    ranges = None if file is None else granted(read_ranges(file.read_bytes()))
    with city_office(city) as office:
        if ranges is not None:
            with office.writing() as cursor:
                issued.write_ranges(cursor, ranges, is_complete, now_s)
        with office.reading() as cursor:
            known, complete = issued.load_ranges(cursor)
            closed = issued.closed_media(cursor)
    if settings().json:
        rows = [dict(zip(COLUMNS, _cells(one), strict=True)) for one in known]
        emit_json({"ranges": rows, "is_complete": complete, "closed": len(closed)})
        return
    if known:
        titles = [WORDS(f"issued.column.{name}") for name in COLUMNS]
        print_table(WORDS("issued.title"), titles, [_cells(one) for one in known])
    say(WORDS("issued.none" if not known else f"issued.{'complete' if complete else 'open'}"))
    say(WORDS("issued.closed", closed=f"{len(closed):,}"))


def _cells(one: CardRange) -> tuple[str, ...]:
    ends = "" if one.expires_on is None else one.expires_on.isoformat()
    return one.first_no, one.last_no, one.issued_on.isoformat(), ends, " ".join(one.schemes)
