"""`tongxing gtfs price`: a journey under a feed's own fares, with the row behind every line."""

from datetime import datetime
from pathlib import Path

import click

from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.gtfs.arguments import FEED, load, local_time
from tongxing.cli.shell import command as make_command
from tongxing.feeds import Answer, Feed, Question, ask, feed_texts, money
from tongxing.kernel.reasons import Problem, Refusal

WORDS = Words("gtfs")


@make_command()
@click.argument("feed", type=FEED)
@click.option("--from", "origin", metavar="STOP", required=True)
@click.option("--to", "destination", metavar="STOP", required=True)
@click.option("--via", "via", metavar="STOP", multiple=True)
@click.option("--at", "at", metavar="TIME", required=True)
@click.option("--rider", "rider", metavar="NAME", default="")
@click.option("--media", "medium", metavar="NAME", default="")
@click.option("--fares", "version", type=click.Choice(["v1", "v2"]))
def command(
    feed: Path,
    origin: str,
    destination: str,
    via: tuple[str, ...],
    at: str,
    rider: str,
    medium: str,
    version: str | None,
) -> None:
    found = load(feed, WORDS("reading"))
    question = Question(
        stops=(origin, *via, destination),
        at_s=local_time(at, found.zone, "--at"),
        rider=rider,
        medium=medium,
        version=version or "",
    )
    answer = ask(found, question)
    if isinstance(answer, Refusal):
        raise Problem(answer.code, answer.where, **answer.values)
    if settings().json:
        emit_json(answer)
    else:
        _print(found, answer)


def _print(feed: Feed, answer: Answer) -> None:
    for leg in answer.legs:
        start = datetime.fromtimestamp(leg.depart_s, feed.zone_of(leg.origin))
        end = datetime.fromtimestamp(leg.arrive_s, feed.zone_of(leg.destination))
        say(
            WORDS(
                "price.ride",
                depart=start.strftime("%Y-%m-%d %H:%M"),
                arrive=end.strftime("%H:%M"),
                route=feed.routes[leg.route].name,
                origin=feed.stops[leg.origin].name,
                destination=feed.stops[leg.destination].name,
            )
        )
    texts, language = feed_texts(), settings().language
    rows = [
        ("" if line.adds_minor is None else money(line.adds_minor, answer.currency),
         texts.text(f"line.{line.kind}", language, **line.values),
         f"{line.file}:{line.row}")
        for line in answer.lines
    ]  # fmt: skip
    columns = [WORDS(f"column.{one}") for one in ("amount", "why", "row")]
    print_table("", columns, rows, right=(0,))
    total = money(answer.total_minor, answer.currency)
    say(WORDS("price.total", total=total, version=answer.version))
    if answer.rider or answer.medium:
        say(WORDS("price.who", rider=answer.rider or "-", medium=answer.medium or "-"))
