"""`tongxing hub reissue`: a payment that the bank turned down is sent again, under another id."""

import click

from tongxing.cli.arguments import moment
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.hub.opened import hub_store
from tongxing.cli.shell import command as make_command
from tongxing.hub.reissuing import ReissueDesk
from tongxing.kernel.clock import stamp

WORDS = Words("hub")


@make_command()
@click.argument("payment", metavar="PAYMENT")
@click.option("--by", "by", metavar="NAME", required=True)
@click.option("--why", "why", metavar="TEXT", required=True)
def command(payment: str, by: str, why: str) -> None:
    with hub_store() as store:
        found = granted(ReissueDesk(store).reissue(payment, by, why, moment(None, "")))
    if settings().json:
        emit_json({"payment": payment, "successor": found and found.instruction_id})
    elif found is None:
        say(WORDS("reissue.second_person", payment=payment, by=by))
    else:
        values = {"successor": found.instruction_id, "due": stamp(found.due_s)}
        say(WORDS("reissue.done", payment=payment, **values))
