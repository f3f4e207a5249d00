"""`tongxing upgrade ways`: how one is upgraded on a day: channels, steps, numbers, hot lines."""

import click

from tongxing.city.upgrading.guide import Guide, guide, words
from tongxing.city.upgrading.programme import programme_at
from tongxing.cli.arguments import moment
from tongxing.cli.cities import city_name
from tongxing.cli.common import Words, emit_json, granted, listed, print_table, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.upgrade.offices import chosen_city
from tongxing.kernel.clock import stamp

WORDS = Words("upgrade")


@make_command()
@click.option("--city", "city", metavar="CITY")
@click.option("--now", "now", metavar="TIME")
def command(city: str | None, now: str | None) -> None:
    code = chosen_city(city)
    found = guide(granted(programme_at(code, moment(now, "--now"))))
    if settings().json:
        emit_json(found)
        return
    language = settings().language
    print_table(
        WORDS("ways.title", city=city_name(code)),
        [WORDS(f"column.{name}") for name in ("channel", "kind", "opened", "steps")],
        [
            [
                words(f"channel.{way.channel}", language),
                words(f"kind.{way.kind}", language),
                stamp(way.opened_s),
                " → ".join(words(step, language) for step in way.steps),
            ]
            for way in found.ways
        ],
    )
    _say_rest(found, language)


def _say_rest(found: Guide, language: str) -> None:
    asking = next((way.apps for way in found.ways if way.way == "popup"), ())
    if asking:
        say(WORDS("ways.apps", apps=listed(words(f"app.{app}", language) for app in asking)))
    for one in found.differing:
        name = words(f"app.{one.app}", language)
        say(WORDS("ways.differing", app=name, by=listed(one.listed_by)))
    for help_ in found.numbers:
        lengths = " / ".join(str(length) for length, _ in help_.forms)
        say(
            WORDS(
                "ways.number",
                kind=words(f"kind.{help_.kind}", language),
                lengths=lengths,
                printed=words(help_.printed, language),
            )
        )
    for places in found.places:
        count = {"count": places.count, "named": len(places.named), "unknown": places.unknown}
        say(WORDS(f"ways.{places.what}_{places.state}", **count))
    for line in found.hotlines:
        say(WORDS(f"ways.hotline_{line.about}", numbers=listed(line.numbers)))
