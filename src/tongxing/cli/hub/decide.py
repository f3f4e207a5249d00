"""`tongxing hub decide`: ends a record on hold, by evidence that somebody has looked at."""

import click

from tongxing.cli.arguments import moment
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.hub.opened import opened_hub
from tongxing.cli.shell import command as make_command
from tongxing.hub.cases.ladder import Case
from tongxing.hub.holding import HoldingDesk
from tongxing.hub.store.life import find_record

WORDS = Words("hub")


@make_command()
@click.argument("record", metavar="RECORD")
@click.argument("verdict", type=click.Choice(["accept", "void"]), metavar="accept|void")
@click.option("--by", "by", metavar="NAME", required=True)
@click.option("--why", "why", metavar="TEXT", required=True)
def command(record: str, verdict: str, by: str, why: str) -> None:
    now_s = moment(None, "")
    with opened_hub(now_s) as opened:
        desk = HoldingDesk(opened.store, opened.key, opened.rules)
        answer = granted(desk.decide(record, verdict == "accept", by, why, now_s))
        with opened.store.reading() as cursor:
            found = find_record(cursor, record)
    state = "held" if found is None else found.status
    if isinstance(answer, Case):
        state = "released" if verdict == "accept" else "returned"
    if settings().json:
        done = answer is not None
        told = {"record": record, "verdict": verdict, "by": by, "done": done, "state": state}
        emit_json(told)
    elif answer is None:
        say(WORDS("decide.second_person", record=record, by=by))
    else:
        say(WORDS(f"decide.{state}", record=record))
