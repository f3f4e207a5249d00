"""`tongxing hub day`: works the settlement days as far as they go now, or says how far they are."""

import getpass

import click

from tongxing.cli.arguments import moment
from tongxing.cli.common import Words, emit_json, granted, note, print_table, say, settings
from tongxing.cli.hub.opened import opened_hub
from tongxing.cli.shell import command as make_command
from tongxing.cli.shell import usage_problem
from tongxing.hub.running.status import BANK, BANK_SAID_NO, TIME, DayStatus, StepStatus
from tongxing.hub.running.steps import ORDER, Step
from tongxing.hub.words import texts
from tongxing.kernel.clock import stamp
from tongxing.kernel.money import yuan

WORDS = Words("hub")
COLUMNS = ("step", "state", "when", "by", "came_to")
FIRST = ("files", "rows", "accepted", "held", "carried", "rejected")
"""What came and what became of it, before any other figure of a step."""
Left = list[tuple[str, str]]


@make_command()
@click.option("--window", "window", metavar="WINDOW")
@click.option("--step", "step", type=click.Choice([step.value for step in ORDER]))
@click.option("--status", "status", is_flag=True)
@click.option("--restored", "restored", is_flag=True)
@click.option("--by", "by", metavar="NAME")
def command(
    window: str | None, step: str | None, status: bool, restored: bool, by: str | None
) -> int:
    context = click.get_current_context()
    if step is not None and (window is None or status):
        text = "--status" if status else "--window"
        raise usage_problem(context, "extra" if status else "missing", text=text)
    now_s = moment(None, "")
    with opened_hub(now_s) as opened:
        desk = opened.day_desk()
        if status:
            days = granted(desk.status(now_s, window))
        else:
            only = None if step is None else Step(step)
            who = by or getpass.getuser()
            days = granted(desk.work(now_s, who, window, only, restored=restored))
            if not opened.checks_signatures:
                note(WORDS("day.no_vault"))
        left = desk.left_in_inbox()
    if settings().json:
        emit_json({"days": [_plain(day) for day in days], "inbox": dict(left)})
    else:
        _show(days, left, now_s, in_full=window is not None)
    return 0


def _show(days: list[DayStatus], left: Left, now_s: int, *, in_full: bool) -> None:
    """Each day as a table; one that only takes files yet in one line, unless it was asked for."""
    if not days:
        say(WORDS("day.none"))
    for day in days:
        if day.steps[0].done_s is None and not in_full:
            say(_so_far(day))
            continue
        rows = [_row(step, day, now_s) for step in day.steps]
        cutoff = stamp(day.times.cutoff_s)
        title = WORDS(
            "day.title", window=day.window_id, cutoff=cutoff, bank_day=day.times.settles_on
        )
        say(title)
        print_table("", [WORDS(f"day.column.{name}") for name in COLUMNS], rows)
        say(_next(day))
    if left:
        say(WORDS("day.left"))
    for name, why in left:
        say(WORDS("day.left_one", name=name, why=WORDS(f"day.why.{why}")))


def _so_far(day: DayStatus) -> str:
    """What came until now, of a day that is still open."""
    figures = "  ".join(_figure(key, value) for key, value in day.so_far.items() if value)
    cutoff = stamp(day.times.cutoff_s)
    return WORDS("day.open", window=day.window_id, cutoff=cutoff, figures=figures or "–")


def _row(step: StepStatus, day: DayStatus, now_s: int) -> tuple[str, ...]:
    name = texts().text(f"step.{step.step}", settings().language)
    if step.done_s is not None:
        names = sorted(step.figures, key=lambda name: (*FIRST, name).index(name))
        figures = [_figure(name, step.figures[name]) for name in names if step.figures[name]]
        came_to = "  ".join(figures) or "–"
        return name, WORDS("day.state.done"), stamp(step.done_s), step.done_by, came_to
    is_next = step.step.value == day.next_step
    state = "waits" if is_next and day.waits else "next" if is_next else "later"
    when = WORDS("day.from", time=stamp(step.due_s)) if step.due_s > now_s else ""
    return name, WORDS(f"day.state.{state}"), when, "", ""


def _figure(name: str, value: int) -> str:
    shown = yuan(value) if name.endswith("_fen") else f"{value:,}"
    return f"{WORDS(f'day.figure.{name}')} {shown}"


def _next(day: DayStatus) -> str:
    """What happens next, in one sentence."""
    if day.waits == BANK_SAID_NO:
        return _came_back(day)
    if not day.next_step:
        key = "day.reopened" if day.waits == BANK else "day.finished"
        return WORDS(key, open=day.payments_open, late=day.payments_late)
    step = texts().text(f"step.{day.next_step}", settings().language)
    due = next(item.due_s for item in day.steps if item.step.value == day.next_step)
    match day.waits:
        case value if value == TIME:
            return WORDS("day.next.time", step=step, time=stamp(due))
        case value if value == BANK:
            late = day.payments_late
            return WORDS("day.next.bank", step=step, open=day.payments_open, late=late)
    return WORDS("day.next.now", step=step)


def _came_back(day: DayStatus) -> str:
    """Which payments a person has to see to: a line for each way in which they came back."""
    back = {"bank_said_no": day.payments_refused, "bank_returned": day.payments_returned}
    return "\n".join(
        WORDS(f"day.next.{key}", payments=", ".join(names)) for key, names in back.items() if names
    )


def _plain(day: DayStatus) -> dict[str, object]:
    return {
        "window_id": day.window_id,
        "cutoff": stamp(day.times.cutoff_s),
        "bank_day": day.times.settles_on.isoformat(),
        "so_far": dict(day.so_far),
        "next": day.next_step,
        "waits": day.waits,
        "payments_open": day.payments_open,
        "payments_late": day.payments_late,
        "payments_refused": list(day.payments_refused),
        "payments_returned": list(day.payments_returned),
        "steps": [
            {
                "step": step.step.value,
                "due": stamp(step.due_s),
                "done": None if step.done_s is None else stamp(step.done_s),
                "by": step.done_by,
                "figures": dict(step.figures),
            }
            for step in day.steps
        ],
    }
