"""`tongxing upgrade progress`: how far the campaign has come, only in counts (R-162)."""

import csv
import sys

import click

from tongxing.city.upgrading.campaign import Campaign, campaign
from tongxing.city.upgrading.guide import words
from tongxing.cli.arguments import moment
from tongxing.cli.cities import city_name
from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.upgrade.offices import office_of

WORDS = Words("upgrade")
_COLUMNS = ("day", "linked", "ended", "standing")


@make_command()
@click.option("--city", "city", metavar="CITY")
@click.option("--until", "until", metavar="TIME")
@click.option("--csv", "as_csv", is_flag=True)
def command(city: str | None, until: str | None, as_csv: bool) -> None:
    until_s = moment(until, "--until")
    with office_of(city) as office, office.reading() as cursor:
        found = campaign(cursor, office.code, until_s)
    if as_csv:
        _write_csv(found)
    elif settings().json:
        emit_json(found)
    else:
        _print(found)


def _write_csv(found: Campaign) -> None:
    channels, kinds = sorted(found.by_channel), sorted(found.by_kind)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    names = [f"channel:{name}" for name in channels] + [f"kind:{name}" for name in kinds]
    writer.writerow([*_COLUMNS, *names])
    for day in found.days:
        by_channel = [day.by_channel.get(name, 0) for name in channels]
        by_kind = [day.by_kind.get(name, 0) for name in kinds]
        writer.writerow(
            [day.day.isoformat(), day.linked, day.ended, day.standing, *by_channel, *by_kind]
        )


def _print(found: Campaign) -> None:
    language = settings().language
    if found.days:
        print_table(
            WORDS("progress.title", city=city_name(found.city)),
            [WORDS(f"column.{name}") for name in _COLUMNS],
            [[str(day.day), day.linked, day.ended, day.standing] for day in found.days],
            right=(1, 2, 3),
        )
        for title, counts in (("channel", found.by_channel), ("kind", found.by_kind)):
            print_table(
                WORDS(f"progress.by_{title}"),
                [WORDS(f"column.{title}"), WORDS("column.linked")],
                [[words(f"{title}.{name}", language), count] for name, count in counts.items()],
                right=(1,),
            )
    say(WORDS("progress.total", linked=found.linked, standing=found.standing))
    for stone in found.milestones:
        if stone.reached_on is not None:
            say(WORDS("progress.milestone", links=stone.links, day=stone.reached_on))
    for row in found.reported:
        say(WORDS("progress.reported", linked=row.linked, day=row.on, source=row.source))
