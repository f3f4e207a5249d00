"""`tongxing hub cases show`: one case: what happened, what moved, what can be done now."""

import click

from tongxing.cli.arguments import moment
from tongxing.cli.books import hub_books
from tongxing.cli.common import emit_json, settings
from tongxing.cli.hub.cases.showing import print_case
from tongxing.cli.shell import command as make_command
from tongxing.hub.cases.views import find_case
from tongxing.hub.cases.weighing import Weighed
from tongxing.kernel.reasons import Problem


@make_command()
@click.argument("case", metavar="CASE")
@click.option("--now", "now", metavar="TIME")
def command(case: str, now: str | None) -> None:
    now_s = moment(now, "--now")
    with hub_books(settings().dsn, settings().home) as store, store.reading() as cursor:
        seen = find_case(cursor, case, now_s)
    if seen is None:
        raise Problem("CASE_UNKNOWN", case, case=case)
    if settings().json:
        emit_json(
            {
                "case": seen.line._asdict(),
                "steps": seen.news,
                "money": [money._asdict() for money in seen.money],
                "weighed": seen.weighed and _plain(seen.weighed),
                "next": [{"act": act, "by": party} for act, party in seen.next_acts],
            }
        )
        return
    print_case(seen)


def _plain(found: Weighed) -> dict[str, object]:
    facts = [{"fact": one.fact, "side": one.side, "points": one.points} for one in found.facts]
    points = {"issuer": found.issuer_points, "acquirer": found.acquirer_points}
    return {"ending": found.ending, "points": points, "facts": facts}
