"""`tongxing hub reinstate`: a member is back; what was carried enters the window of now."""

import click

from tongxing.cli.arguments import moment
from tongxing.cli.common import Words, emit_json, granted, listed, say, settings
from tongxing.cli.hub.opened import opened_hub
from tongxing.cli.shell import command as make_command
from tongxing.hub.store.members import suspended_members

WORDS = Words("hub")


@make_command()
@click.argument("member", metavar="MEMBER")
def command(member: str) -> None:
    now_s = moment(None, "")
    with opened_hub(now_s) as opened:
        with opened.store.reading() as cursor:
            was_suspended = member in suspended_members(cursor)
        answers = granted(opened.hub.reinstate(member, now_s))
    if settings().json:
        emit_json({"member": member, "suspended": False, "senders": sorted(answers)})
        return
    if not was_suspended:
        say(WORDS("reinstate.not_suspended", member=member))
    elif not answers:
        say(WORDS("reinstate.nothing", member=member))
    else:
        say(WORDS("reinstate.done", member=member, senders=listed(sorted(answers))))
