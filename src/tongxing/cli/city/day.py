"""`tongxing city day`: works a city's business days as far as they go now, or says how far."""

import getpass
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import click

from tongxing.city.office import Office
from tongxing.city.running import CityDayDesk, DayStatus, DayView, StepStatus
from tongxing.cli.arguments import DAY, moment
from tongxing.cli.cities import city_name
from tongxing.cli.city.opened import city_in_earnest
from tongxing.cli.city.paying import payout_house, say_handed_out
from tongxing.cli.common import Words, emit_json, granted, print_table, say, settings
from tongxing.cli.exchange.dealing import dealings_over, hub_address, hub_named, tell_refusals
from tongxing.cli.fleet.offices import message_key, signature_keys
from tongxing.cli.shell import command as make_command
from tongxing.cli.shell import usage_problem
from tongxing.kernel.clock import stamp
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

WORDS = Words("city")
COLUMNS = ("step", "state", "when", "by", "came_to")


@make_command()
@hub_named
@click.option("--on", "on", type=DAY, metavar="DAY")
@click.option("--status", "status", is_flag=True)
@click.option("--by", "by", metavar="NAME")
def command(
    city: str | None,
    url: str | None,
    hub_key: str | None,
    key_id: str,
    certificates: Path | None,
    tries: int,
    on: date | None,
    status: bool,
    by: str | None,
) -> int:
    if (url is None) != (hub_key is None):
        text = "--hub" if url is None else "--hub-key"
        raise usage_problem(click.get_current_context(), "missing", text=text)
    now_s, refusals = moment(None, ""), list[Refusal]()
    if status:
        with city_in_earnest(city) as (code, database):
            office = Office(code, database, None)
            try:
                days = granted(DayView(office).status(now_s, on))
            finally:
                office.close()
            put, came_back = _payouts(code, database, hand_out=False)
    else:
        line = None if url is None or hub_key is None else (url, hub_key, certificates)
        with _desk(city, line, key_id, tries) as (code, database, desk):
            days, refusals = granted(desk.work(now_s, by or getpass.getuser(), on))
            put, came_back = _payouts(code, database, hand_out=True)
    if settings().json:
        told = [_plain(day) for day in days]
        emit_json(
            {
                "city": code,
                "days": told,
                "came_back": came_back,
                "refusals": [one.as_json() for one in refusals],
            }
        )
    else:
        _show(code, days, now_s)
        say_handed_out(put)
        if came_back:
            say(WORDS("day.came_back", payments=", ".join(came_back)))
        tell_refusals(refusals)
    return 1 if refusals else 0


@contextmanager
def _desk(
    city: str | None, line: tuple[str, str, Path | None] | None, key_id: str, tries: int
) -> Iterator[tuple[str, Database, CityDayDesk]]:
    """The desk of the one city that is meant. Raises Problem."""
    from tongxing.front.city_day import city_day_desk

    with ExitStack() as stack:
        code, database = stack.enter_context(city_in_earnest(city))
        dealings = None
        if line is not None:
            over = dealings_over(database, code, hub_address(*line), key_id, tries)
            dealings, _ = stack.enter_context(over)
        key, signatures = message_key(code), signature_keys(code)
        desk = stack.enter_context(city_day_desk(database, code, key, signatures, dealings))
        yield code, database, desk


def _payouts(code: str, database: Database, *, hand_out: bool) -> tuple[list[Path], list[str]]:
    """Orders that were laid out for the bank just now, and what came back and nobody sent again."""
    with payout_house(code, database) as house:
        waits = [one.payment for one in house.desk.came_back() if one.state in ("open", "asked")]
        return house.hand_out() if hand_out else [], waits


def _show(code: str, days: Sequence[DayStatus], now_s: int) -> None:
    """Each day as a table."""
    if not days:
        say(WORDS("day.none", city=city_name(code)))
    for day in days:
        say(WORDS("day.title", city=city_name(code), day=day.day))
        rows = [_row(step, day, now_s) for step in day.steps]
        print_table("", [WORDS(f"day.column.{name}") for name in COLUMNS], rows)
        say(_next(day))


def _row(step: StepStatus, day: DayStatus, now_s: int) -> tuple[str, ...]:
    name = WORDS(f"day.steps.{step.step.value}")
    if step.done_s is not None:
        figures = [_figure(key, value) for key, value in step.figures.items() if value]
        came_to = "  ".join(figures) or "–"
        return name, WORDS("day.state.done"), stamp(step.done_s), step.done_by, came_to
    is_next = step.step.value == day.next_step
    state = "waits" if is_next and day.waits else "next" if is_next else "later"
    when = WORDS("day.from", time=stamp(day.due_s)) if is_next and day.due_s > now_s else ""
    return name, WORDS(f"day.state.{state}"), when, "", ""


def _figure(name: str, value: int) -> str:
    shown = yuan(value) if name.endswith("_fen") else f"{value:,}"
    return f"{WORDS(f'day.figure.{name}')} {shown}"


def _next(day: DayStatus) -> str:
    """What happens next, in one sentence."""
    if not day.next_step:
        return WORDS("day.finished")
    step = WORDS(f"day.steps.{day.next_step}")
    key = day.waits or "now"
    return WORDS(f"day.next.{key}", step=step, time=stamp(day.due_s), missing=day.missing)


def _plain(day: DayStatus) -> dict[str, object]:
    return {
        "day": day.day.isoformat(),
        "due": stamp(day.due_s),
        "next": day.next_step,
        "waits": day.waits,
        "missing": day.missing,
        "steps": [
            {
                "step": step.step.value,
                "done": None if step.done_s is None else stamp(step.done_s),
                "by": step.done_by,
                "figures": dict(step.figures),
            }
            for step in day.steps
        ],
    }
