"""`tongxing fares tariffs`: the versions a city has had, and the price lists in force."""

import time
from datetime import date
from pathlib import Path

import click

from tongxing.cli.arguments import DAY
from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.fares.arguments import REGISTER, chosen_book, parse_city, parse_place
from tongxing.cli.shell import command as make_command
from tongxing.fares import TariffBook, book_codes
from tongxing.fares.lists import BaseRow, VersionRow, base_rows, version_rows
from tongxing.kernel.clock import at as instant_at
from tongxing.kernel.clock import calendar_date

WORDS = Words("fares")


@make_command()
@click.argument("city")
@click.option("--on", "on", type=DAY, metavar="DATE")
@REGISTER
def command(city: str, on: date | None, register: Path | None) -> None:
    code = parse_city(city, book_codes()) if register is None else parse_place(city, "CITY")
    book = chosen_book(code, None, register)
    day = on or calendar_date(int(time.time()))
    tariff = book.at(instant_at(day))
    versions = version_rows(book)
    bases = () if tariff is None else base_rows(tariff)
    if settings().json:
        emit_json({"city": code, "on": day, "versions": versions, "base_fares": bases})
    else:
        _print_tariffs(book, day, versions, bases)


def _print_tariffs(
    book: TariffBook, day: date, versions: tuple[VersionRow, ...], bases: tuple[BaseRow, ...]
) -> None:
    zh = settings().language == "zh"
    name = book.name_zh if zh else book.name_en
    print_table(
        WORDS("tariffs.versions", city=name),
        [WORDS(f"column.{key}") for key in ("version", "from", "until", "changes")],
        [
            [row.name, row.from_day, row.last_day or "…", ", ".join(row.begins) or "–"]
            for row in versions
        ],
    )
    say()
    if not bases:
        say(WORDS("tariffs.none", day=day))
        return
    print_table(
        WORDS("tariffs.bases", city=name, day=day),
        [WORDS(f"column.{key}") for key in ("system", "rule", "list", "sure", "source")],
        [
            [
                row.systems_zh if zh else row.systems_en,
                row.rule,
                row.price_list_zh if zh else row.price_list_en,
                WORDS(f"confidence.{row.confidence}"),
                row.source_zh if zh else row.source_en,
            ]
            for row in bases
        ],
    )
