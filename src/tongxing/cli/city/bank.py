"""`tongxing city bank`: books what a city's own bank says of payments that the hub instructed."""

from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE, moment
from tongxing.cli.city.opened import city_in_earnest
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.exchange.dealing import tell_refusals
from tongxing.cli.fleet.offices import message_key
from tongxing.cli.shell import command as make_command
from tongxing.kernel.reasons import Refusal

WORDS = Words("city")


@make_command()
@click.argument("files", type=READABLE_FILE, nargs=-1, required=True, metavar="FILE...")
@click.option("--city", "city", metavar="CITY")
def command(files: tuple[Path, ...], city: str | None) -> int:
    from tongxing.city import City
    from tongxing.city.hub_line.store import LetterBook
    from tongxing.front.city_bank import BankTaken, take_statement
    from tongxing.messages import KeyRing

    now_s, found = moment(None, ""), list[BankTaken]()
    with city_in_earnest(city) as (code, database):
        house = City(code, database, message_key(code), KeyRing({}), None)
        letters = LetterBook(database, code)
        try:
            for file in files:
                found.append(granted(take_statement(file.read_bytes(), house, letters, now_s)))
        finally:
            letters.close()
            house.close()
    refusals: list[Refusal] = [refusal for one in found for refusal in one.refusals]
    if settings().json:
        emit_json([
            {
                "statement": one.statement_id,
                "booked": one.booked,
                "other": one.other,
                "refusals": [refusal.as_json() for refusal in one.refusals],
            }
            for one in found
        ])  # fmt: skip
        return 1 if refusals else 0
    for one in found:
        values = {"booked": one.booked, "other": one.other, "refused": len(one.refusals)}
        say(WORDS("bank.taken", statement=one.statement_id, **values))
    tell_refusals(refusals)
    return 1 if refusals else 0
