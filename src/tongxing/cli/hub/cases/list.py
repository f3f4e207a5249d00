"""`tongxing hub cases list`: the cases by deadline: what is at stake, who must act, until when."""

import click

from tongxing.cli.arguments import moment
from tongxing.cli.books import hub_books
from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.cli.hub.cases.showing import print_cases
from tongxing.cli.shell import command as make_command
from tongxing.hub.cases.views import list_cases

WORDS = Words("hub")


@make_command()
@click.option("--member", "member", metavar="MEMBER", default="")
@click.option("--all", "with_ended", is_flag=True)
@click.option("--now", "now", metavar="TIME")
def command(member: str, with_ended: bool, now: str | None) -> None:
    now_s = moment(now, "--now")
    with hub_books(settings().dsn, settings().home) as store, store.reading() as cursor:
        lines = list_cases(cursor, now_s, member=member, with_ended=with_ended)
    if settings().json:
        emit_json([line._asdict() for line in lines])
        return
    if not lines:
        say(WORDS("cases.list.none"))
        return
    print_cases(lines)
