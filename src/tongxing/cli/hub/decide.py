"""`tongxing hub decide`: ends a record on hold, by evidence that somebody has looked at, or by what
its issuer and its acquirer agree on."""

import click

from tongxing.cli.arguments import Whole, moment
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.hub.opened import opened_hub
from tongxing.cli.shell import command as make_command
from tongxing.hub.cases.ladder import Case
from tongxing.hub.holding import HoldingDesk
from tongxing.hub.store.life import find_record
from tongxing.hub.store.twins import find_twin
from tongxing.kernel.money import yuan

WORDS = Words("hub")


@make_command()
@click.argument("record", metavar="RECORD")
@click.argument(
    "verdict", type=click.Choice(["accept", "void", "adjust"]), metavar="accept|void|adjust"
)
@click.option("--amount", "amount", type=Whole(0, 10**12), metavar="FEN")
@click.option("--by", "by", metavar="NAME", required=True)
@click.option("--why", "why", metavar="TEXT", required=True)
def command(record: str, verdict: str, amount: int | None, by: str, why: str) -> None:
    if (amount is None) == (verdict == "adjust"):
        raise click.UsageError(WORDS("decide.amount_where"))
    now_s = moment(None, "")
    with opened_hub(now_s) as opened:
        desk = HoldingDesk(opened.store, opened.key, opened.rules)
        if amount is None:
            answer = granted(desk.decide(record, verdict == "accept", by, why, now_s))
        else:
            answer = granted(desk.agree(record, amount, by, why, now_s))
        with opened.store.reading() as cursor:
            found = find_record(cursor, record)
            twin = find_twin(cursor, record)
    state = "held" if found is None else found.status
    if isinstance(answer, Case):
        state = "released" if verdict == "accept" else "returned"
    if twin is not None:
        state = f"twin_{twin.state}"
    if verdict == "adjust" and answer is not None:
        state = "adjusted"
    if settings().json:
        done = answer is not None
        told = {"record": record, "verdict": verdict, "by": by, "done": done, "state": state}
        emit_json(told | ({} if amount is None else {"amount_fen": amount}))
    elif answer is None:
        say(WORDS("decide.second_person", record=record, by=by))
    else:
        say(WORDS(f"decide.{state}", record=record, amount=yuan(amount or 0)))
