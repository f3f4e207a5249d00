"""`tongxing city bank`: books what a city's own bank says of payments that the hub instructed."""

from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE, moment
from tongxing.cli.city.opened import city_in_earnest
from tongxing.cli.city.paying import back_as_json, payout_house, say_came_back, say_handed_out
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.exchange.dealing import tell_refusals
from tongxing.cli.fleet.offices import message_key
from tongxing.cli.shell import command as make_command
from tongxing.kernel.reasons import Refusal

WORDS = Words("city")


@make_command()
@click.argument("files", type=READABLE_FILE, nargs=-1, metavar="[FILE]...")
@click.option("--city", "city", metavar="CITY")
def command(files: tuple[Path, ...], city: str | None) -> int:
    from tongxing.city import City
    from tongxing.front.city_bank import BankTaken, CityBank
    from tongxing.messages import KeyRing

    now_s, found = moment(None, ""), list[BankTaken]()
    with city_in_earnest(city) as (code, database), payout_house(code, database) as payouts:
        house = City(code, database, message_key(code), KeyRing({}), None)
        bank = CityBank(house, payouts.letters, payouts.desk)
        try:
            for file in files:
                found.append(granted(bank.take(file.read_bytes(), now_s)))
        finally:
            house.close()
        put, came_back = payouts.hand_out(), payouts.desk.came_back()
    refusals: list[Refusal] = [refusal for one in found for refusal in one.refusals]
    if settings().json:
        told = [
            {
                "statement": one.statement_id,
                "booked": one.booked,
                "turned_down": one.turned_down,
                "other": one.other,
                "refusals": [refusal.as_json() for refusal in one.refusals],
            }
            for one in found
        ]
        emit_json(told if files else back_as_json(came_back))
        return 1 if refusals else 0
    for one in found:
        values = {"booked": one.booked, "other": one.other, "refused": len(one.refusals)}
        say(WORDS("bank.taken", statement=one.statement_id, **values))
        if one.turned_down:
            say(WORDS("bank.turned_down", payment=one.statement_id))
    tell_refusals(refusals)
    say_handed_out(put)
    is_open = say_came_back(came_back)
    if not files and not is_open:
        say(WORDS("back.none"))
    return 1 if refusals else 0
