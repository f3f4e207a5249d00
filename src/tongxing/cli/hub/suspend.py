"""`tongxing hub suspend`: from now on a member's records are carried, not netted."""

import click

from tongxing.cli.arguments import moment
from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.cli.hub.opened import opened_hub
from tongxing.cli.shell import command as make_command
from tongxing.hub.store.members import suspensions
from tongxing.kernel.clock import stamp
from tongxing.kernel.reasons import Problem

WORDS = Words("hub")


@make_command()
@click.argument("member", metavar="MEMBER")
def command(member: str) -> None:
    now_s = moment(None, "")
    with opened_hub(now_s) as opened:
        with opened.store.reading() as cursor:
            since_s = suspensions(cursor).get(member)
        refusal = opened.hub.suspend(member, now_s)
    if refusal is not None:
        raise Problem(refusal.code, refusal.where, **refusal.values)
    if settings().json:
        emit_json({"member": member, "suspended": True})
        return
    if since_s is not None:
        say(WORDS("suspend.already", member=member, time=stamp(since_s)))
        return
    say(WORDS("suspend.done", member=member))
