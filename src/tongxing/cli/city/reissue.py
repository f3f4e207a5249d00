"""`tongxing city reissue`: a payout that the bank turned down or sent back is sent again."""

import click

from tongxing.cli.arguments import moment
from tongxing.cli.city.opened import city_in_earnest
from tongxing.cli.city.paying import payout_house, say_handed_out
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.kernel.clock import stamp

WORDS = Words("city")


@make_command()
@click.argument("payment", metavar="PAYMENT")
@click.option("--by", "by", metavar="NAME", required=True)
@click.option("--why", "why", metavar="TEXT", required=True)
@click.option("--account", "account", metavar="ACCOUNT", default="")
@click.option("--city", "city", metavar="CITY")
def command(payment: str, by: str, why: str, account: str, city: str | None) -> None:
    with city_in_earnest(city) as (code, database), payout_house(code, database) as house:
        found = granted(house.reissue(payment, by, why, account, moment(None, "")))
        put = house.hand_out()
    if settings().json:
        emit_json({"payment": payment, "successor": found and found.payment})
        return
    if found is None:
        say(WORDS("reissue.second_person", payment=payment, by=by))
    else:
        values = {"successor": found.payment, "due": stamp(found.due_s)}
        say(WORDS("reissue.done", payment=payment, **values))
    say_handed_out(put)
