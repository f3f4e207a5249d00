"""`tongxing exchange registers`: what the hub judges a city's records by, sealed, as files."""

from pathlib import Path

import click

from tongxing.cli.arguments import moment
from tongxing.cli.cities import city_office
from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.cli.fares.arguments import expect_folder
from tongxing.cli.fleet.offices import message_key
from tongxing.cli.shell import command as make_command
from tongxing.kernel.files import write_whole

WORDS = Words("exchange")


@make_command()
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--city", "city", metavar="CITY")
@click.option("--now", "now", metavar="TIME")
def command(out: Path, city: str | None, now: str | None) -> None:
    from tongxing.city.registers import hub_registers

    now_s = moment(now, "--now")
    expect_folder(out)
    with city_office(city) as office, office.reading() as cursor:
        found = hub_registers(cursor, office.code, message_key(office.code), now_s)
    out.mkdir(exist_ok=True)
    files = {name: out / f"{name}.sealed" for name in found}
    for name, message in found.items():
        write_whole(files[name], message)
    if settings().json:
        emit_json({name: str(file) for name, file in files.items()})
        return
    for name, file in files.items():
        say(WORDS("registers.written", what=WORDS(f"registers.what.{name}"), file=file))
