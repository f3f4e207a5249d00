"""`tongxing gtfs show`: what a feed holds, line by line, and on request stop by stop."""

from pathlib import Path

import click

from tongxing.cli.common import Words, emit_json, listed, print_table, say, settings
from tongxing.cli.gtfs.arguments import FEED, load
from tongxing.cli.shell import command as make_command
from tongxing.feeds import Feed, FeedNetwork, feed_network

WORDS = Words("gtfs")


@make_command()
@click.argument("feed", type=FEED)
@click.option("--stops", "stops", is_flag=True)
def command(feed: Path, stops: bool) -> None:
    found = load(feed, WORDS("reading"))
    network = feed_network(found)
    if settings().json:
        emit_json({"network": network, "files": found.files, "unread": found.unread,
                   "short_rows": found.short_rows, "fares": _fares(found)})  # fmt: skip
        return
    say(WORDS("show.head", operators=listed(network.operators), zone=network.timezone))
    say(WORDS("show.days", first=network.first_day or "-", last=network.last_day or "-"))
    _print_lines(found, network)
    if stops:
        _print_stops(network)
    for version, count in _fares(found).items():
        say(WORDS(f"show.fares_{version}", count=count))
    say(WORDS("show.files", files=listed(f"{name} ({rows})" for name, rows in found.files)))
    if found.unread:
        say(WORDS("show.unread", files=listed(found.unread)))
    if found.short_rows:
        say(WORDS("show.short", count=found.short_rows))


def _fares(feed: Feed) -> dict[str, int]:
    """How many rules each version of fares has; v1 counts its fares."""
    return {"v1": len(feed.fares), "v2": len(feed.leg_rules)}


def _print_lines(feed: Feed, network: FeedNetwork) -> None:
    columns = ("line", "name", "mode", "network", "stops", "trips", "course")
    rows = []
    for line in network.lines:
        course = line.courses[0] if line.courses else ()
        ends = [feed.stops[stop].name for stop in (*course[:1], *course[-1:])]
        name = feed.routes[line.id].long_name or line.name
        rows.append((line.id, name, WORDS(f"mode.{line.mode}"), line.network,
                     str(len(course)), str(line.trips), " → ".join(ends)))  # fmt: skip
    print_table("", [WORDS(f"column.{one}") for one in columns], rows, right=(4, 5))


def _print_stops(network: FeedNetwork) -> None:
    columns = ("stop", "name", "zone", "areas", "lines")
    rows = [
        (stop.id, stop.name, stop.zone, listed(stop.areas), listed(stop.lines))
        for stop in network.stops
    ]
    print_table("", [WORDS(f"column.{one}") for one in columns], rows)
