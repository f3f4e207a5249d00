"""`tongxing hub bank`: lay the bank's statements beside the books, and end what does not fit."""

from dataclasses import replace
from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE, Whole, moment
from tongxing.cli.common import Words, emit_json, granted, in_both, print_table, say, settings
from tongxing.cli.hub.opened import hub_store
from tongxing.cli.shell import command as make_command
from tongxing.hub.reconciling import BankDesk, Ending, Taken
from tongxing.hub.reissuing import ReissueDesk
from tongxing.hub.store.bank_lines import KeptBreak
from tongxing.hub.store.payments import CameBack
from tongxing.kernel.clock import stamp
from tongxing.kernel.money import yuan
from tongxing.kernel.payments import reason_text
from tongxing.kernel.reasons import Problem, Refusal

WORDS = Words("hub")
COLUMNS = ("number", "kind", "reference", "amount", "found", "state")
BACK_COLUMNS = ("payment", "to", "amount", "told", "what", "then")


@make_command()
@click.argument("files", type=READABLE_FILE, nargs=-1, metavar="[FILE]...")
@click.option("--end", "number", type=Whole(1, 2**53), metavar="NUMBER")
@click.option("--as", "ending", type=click.Choice(("returned", "reserve", "borne")))
@click.option("--of", "of", metavar="NUMBER|MEMBER", default="")
@click.option("--by", "by", metavar="NAME")
@click.option("--now", "now", metavar="TIME")
def command(
    files: tuple[Path, ...],
    number: int | None,
    ending: Ending | None,
    of: str,
    by: str | None,
    now: str | None,
) -> None:
    now_s = moment(now, "--now")
    if (number is None) != (ending is None) or (number is None) != (by is None):
        detail = in_both("detail", "hub", "bank.needs")
        raise Problem("ARG_INVALID", "--end", text=str(number or "–"), **detail)
    with hub_store() as store:
        desk = BankDesk(store)
        taken = [_taken(desk, file, now_s) for file in files]
        desk.look_again(now_s)
        if number is not None and ending is not None and by is not None:
            granted(desk.end(number, ending, by, now_s, of))
        breaks, came_back = desk.breaks(), ReissueDesk(store).came_back()
        overdue = {one.break_no for one in desk.overdue(now_s)}
    if settings().json:
        told = [{**one._asdict(), "overdue": one.break_no in overdue} for one in breaks]
        back = [one._asdict() for one in came_back]
        emit_json({"taken": taken, "breaks": told, "came_back": back})
        return
    for one in taken:
        _say_taken(one)
    if not breaks:
        say(WORDS("bank.none"))
    else:
        titles = [WORDS(f"bank.column.{name}") for name in COLUMNS]
        rows = [_row(one, one.break_no in overdue) for one in breaks]
        print_table(WORDS("bank.title"), titles, rows, right=(0, 3))
    rows = [_back(one) for one in came_back if _is_open(one)]
    if rows:
        titles = [WORDS(f"back.column.{name}") for name in BACK_COLUMNS]
        print_table(WORDS("back.title"), titles, rows, right=(2,))


def _taken(desk: BankDesk, file: Path, now_s: int) -> Taken:
    """What a file did. Raises Problem, which names the file; those before it stay taken."""
    found = desk.take(file.read_bytes(), now_s)
    if isinstance(found, Refusal):
        where = f"{file}: {found.where}" if found.where else str(file)
        found = replace(found, where=where)
    return granted(found)


def _say_taken(one: Taken) -> None:
    values = {"statement": one.statement_id, "lines": one.new_lines, "breaks": len(one.opened)}
    say(WORDS("bank.taken", **values))
    if one.returned:
        say(WORDS("bank.returned", payments=", ".join(one.returned)))
    if one.difference_fen:
        say(WORDS("bank.differs", amount=yuan(one.difference_fen)))


def _row(one: KeptBreak, is_overdue: bool) -> tuple[object, ...]:
    if one.ending is None:
        state = WORDS("bank.state.overdue" if is_overdue else "bank.state.open")
    else:
        ending, _, of = one.ending.partition(" ")
        state = WORDS(f"bank.state.{ending}", of=of, by=one.ended_by)
    kind = WORDS(f"bank.kind.{one.kind}")
    return one.break_no, kind, one.reference, yuan(one.amount_fen), stamp(one.found_s), state


def _is_open(one: CameBack) -> bool:
    """Whether the money has not reached its payee by any way."""
    is_replaced = one.state == "replaced" and one.successor_state in (None, "settled", "replaced")
    return not (is_replaced or one.state == "covered")


def _back(one: CameBack) -> tuple[object, ...]:
    """A payment that came back: what the bank said, and what is done about it."""
    what = WORDS(f"back.{'returned' if one.is_return else 'rejected'}")
    reason = reason_text(one.reason, settings().language)
    then = "debtor" if one.phase == 1 else "asked" if one.asked_by else "open"
    if one.state in ("covered", "replaced"):
        then = "elsewhere" if one.state == "replaced" and not one.successor else one.state
    shown = WORDS(f"back.then.{then}", by=one.asked_by, successor=one.successor)
    if one.successor:
        shown += WORDS(f"back.successor.{one.successor_state}")
    told = f"{what}{WORDS('back.because', reason=reason)}" if reason else what
    return one.payment, one.creditor, yuan(one.amount_fen), stamp(one.told_s), told, shown
