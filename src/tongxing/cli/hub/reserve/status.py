"""`tongxing hub reserve status`: every member's reserve, what it owes, and its cap."""

import click

from tongxing.cli.arguments import moment
from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.hub.opened import hub_store
from tongxing.cli.shell import command as make_command
from tongxing.hub.reserves import ReserveDesk, Standing
from tongxing.kernel.money import yuan

WORDS = Words("hub")
COLUMNS = ("member", "cycle", "reserve", "line", "lent", "owed", "state")


@make_command()
@click.option("--suspend", "suspend", is_flag=True)
@click.option("--now", "now", metavar="TIME")
def command(suspend: bool, now: str | None) -> None:
    now_s = moment(now, "--now")
    with hub_store() as store:
        desk = ReserveDesk(store)
        suspended = desk.suspend_over_cap(now_s) if suspend else []
        standings, (pool_fen, others_fen) = desk.standings(now_s), desk.beside(now_s)
    if settings().json:
        beside = {"pool_fen": pool_fen, "without_terms_fen": others_fen}
        emit_json({"suspended": suspended, "standings": standings, **beside})
        return
    if standings:
        _print(standings)
    else:
        say(WORDS("reserve.none"))
    say(WORDS("reserve.pool", pool=yuan(pool_fen), others=yuan(others_fen)))
    for member in suspended:
        say(WORDS("reserve.suspended", member=member))


def _print(standings: list[Standing]) -> None:
    titles = [WORDS(f"reserve.column.{name}") for name in COLUMNS]
    rows = [_row(one) for one in standings]
    print_table(WORDS("reserve.title"), titles, rows, right=range(2, 6))


def _row(one: Standing) -> tuple[str, ...]:
    state = "suspended" if one.is_suspended else "over" if one.is_over else "within"
    return (
        one.terms.member,
        WORDS(f"reserve.cycle.{one.terms.cycle}"),
        yuan(one.reserve_fen),
        yuan(one.terms.line_fen),
        yuan(one.lent_fen),
        yuan(one.owed_fen),
        WORDS(f"reserve.state.{state}"),
    )
