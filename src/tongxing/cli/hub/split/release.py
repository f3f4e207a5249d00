"""`tongxing hub split release`: a second person brings a split table into force."""

import click

from tongxing.cli.arguments import moment
from tongxing.cli.books import hub_books
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.hub.split.showing import city_name
from tongxing.cli.shell import command as make_command
from tongxing.hub.tables import TableDesk

WORDS = Words("hub")


@make_command()
@click.argument("version")
@click.option("--by", "by", metavar="NAME", required=True)
@click.option("--now", "now", metavar="TIME")
def command(version: str, by: str, now: str | None) -> None:
    now_s = moment(now, "--now")
    with hub_books(settings().dsn, settings().home) as store:
        listed = granted(TableDesk(store).release(version, by, now_s))
    if settings().json:
        emit_json(listed._asdict())
        return
    until = listed.valid_until or WORDS("split.open_end")
    values = {"city": city_name(listed.city), "first": listed.valid_from, "until": until}
    say(WORDS("split.release.done", version=listed.version, **values))
