"""`tongxing trips signatures`: look at the signatures that wait, then at those of all records.

`tongxing serve` looks at what waits by itself; this is for doing it now, and for an auditor.
"""

import click

from tongxing.city.aside_desk import AsideDesk
from tongxing.cli.arguments import moment
from tongxing.cli.common import Words, emit_json, note, say, settings
from tongxing.cli.fleet.offices import signature_keys
from tongxing.cli.shell import command as make_command
from tongxing.cli.trips.desks import office_with_fares

WORDS = Words("trips")


@make_command()
@click.option("--city", "city", metavar="CITY")
@click.option("--now", "now", metavar="TIME")
def command(city: str | None, now: str | None) -> int:
    now_s = moment(now, "--now")
    with office_with_fares(city) as office:
        keys, desk = signature_keys(office.code), AsideDesk(office)
        waited = desk.check_waiting(keys, now_s)
        records = desk.audit(keys)
    if settings().json:
        emit_json({"waited": waited, "records": records})
        return 1 if records.wrong else 0
    still = sum(waited.waiting.values())
    say(WORDS("signatures.waited", right=waited.right, wrong=waited.wrong, waiting=still))
    say(WORDS("signatures.records", right=records.checked, wrong=len(records.wrong)))
    for name in records.wrong:
        note(WORDS("signatures.wrong", record=name))
    for code, count in sorted({**records.unchecked, **waited.waiting}.items()):
        note(WORDS("signatures.unchecked", code=code, count=count))
    return 1 if records.wrong else 0
