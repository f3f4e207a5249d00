"""`tongxing exchange registers`: what the hub judges a city's records by, sealed, as files; or what
was fetched from there."""

from collections.abc import Mapping
from pathlib import Path

import click

from tongxing.cli.arguments import moment
from tongxing.cli.cities import city_office, city_with_books
from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.cli.exchange.dealing import kind_of_register
from tongxing.cli.fares.arguments import expect_folder
from tongxing.cli.fleet.offices import message_key
from tongxing.cli.shell import command as make_command
from tongxing.kernel.files import write_whole
from tongxing.kernel.ids import is_file_name

WORDS = Words("exchange")


@make_command()
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--city", "city", metavar="CITY")
@click.option("--now", "now", metavar="TIME")
@click.option("--fetched", "is_fetched", is_flag=True)
def command(out: Path, city: str | None, now: str | None, is_fetched: bool) -> None:
    now_s = moment(now, "--now")
    expect_folder(out)
    if is_fetched:
        _write(out, *_fetched(city))
        return
    found = _own(city, now_s)
    _write(out, found, {name: WORDS(f"registers.what.{name}") for name in found})


def _own(city: str | None, now_s: int) -> Mapping[str, bytes]:
    """The city's own, by name."""
    from tongxing.city.registers import hub_registers

    with city_office(city) as office, office.reading() as cursor:
        return hub_registers(cursor, office.code, message_key(office.code), now_s)


def _fetched(city: str | None) -> tuple[Mapping[str, bytes], Mapping[str, str]]:
    """What was fetched from the hub, and what each is, by a name that any system takes."""
    from tongxing.city.hub_line import RegisterBook

    messages, words = {}, {}
    with city_with_books(city) as (code, database):
        book = RegisterBook(database, code)
        try:
            for kind, owner, version, message in book.fetched():
                name = f"{kind}-{owner}-{version}"
                if is_file_name(name):
                    messages[name] = message
                    words[name] = f"{kind_of_register(kind)} {owner}"
        finally:
            book.close()
    return messages, words


def _write(out: Path, messages: Mapping[str, bytes], words: Mapping[str, str]) -> None:
    """Each as a file of its name, and say so."""
    out.mkdir(exist_ok=True)
    files = {name: out / f"{name}.sealed" for name in messages}
    for name, message in messages.items():
        write_whole(files[name], message)
    if settings().json:
        emit_json({name: str(file) for name, file in files.items()})
        return
    for name, file in files.items():
        say(WORDS("registers.written", what=words[name], file=file))
