"""`tongxing upgrade list`: show, write and (`--publish`) make the list of linked media."""

from pathlib import Path

import click

from tongxing.city.upgrading.listing import Listing
from tongxing.cli.arguments import Whole, moment
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.fares.arguments import expect_folder
from tongxing.cli.shell import command as make_command
from tongxing.cli.upgrade.offices import office_of
from tongxing.kernel.files import write_whole
from tongxing.messages.envelope import encode

WORDS = Words("upgrade")


@make_command()
@click.option("--out", "out", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--since", "since", type=Whole(0, 2**31), default=0, metavar="VERSION")
@click.option("--publish", "publish", is_flag=True)
@click.option("--city", "city", metavar="CITY")
@click.option("--now", "now", metavar="TIME")
def command(out: Path | None, since: int, publish: bool, city: str | None, now: str | None) -> None:
    now_s = moment(now, "--now")
    expect_folder(out)
    with office_of(city) as office:
        listing = Listing(office)
        if publish:
            listing.publish(now_s)
        made = granted(listing.newest())
        found = granted(listing.export(since))
    if out is not None:
        write_whole(out, encode(found), private=True)
    changes = {"added": len(found.added), "removed": len(found.removed)}
    if settings().json:
        named = {"version": made.version, "media": made.media, "since": since}
        emit_json({**named, **changes, "file": None if out is None else str(out)})
        return
    say(WORDS("list.made", version=made.version, media=made.media))
    say(WORDS("list.changes", since=since, **changes))
    if out is not None:
        say(WORDS("list.written", file=out))
