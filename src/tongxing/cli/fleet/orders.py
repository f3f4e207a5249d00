"""`tongxing fleet orders`: the last orders, and what became of each at every device it was for."""

import click

from tongxing.city.fleet import OrderGiven
from tongxing.cli.arguments import Whole, moment
from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.fleet.offices import fleet_desk
from tongxing.cli.shell import command as make_command
from tongxing.kernel.clock import stamp

WORDS = Words("fleet")
_COLUMNS = ("number", "target", "order", "when", "until", "by", "device", "outcome", "done")


@make_command()
@click.option("--limit", "limit", type=Whole(1, 100), default=20, metavar="N", show_default=True)
@click.option("--city", "city", metavar="CITY")
@click.option("--now", "now", metavar="TIME")
def command(limit: int, city: str | None, now: str | None) -> None:
    now_s = moment(now, "--now")
    with fleet_desk(city) as (desk, _):
        given = desk.orders()[:limit]
    if settings().json:
        emit_json([_told(one, now_s) for one in given])
        return
    if not given:
        say(WORDS("orders.none"))
        return
    print_table(
        WORDS("orders.title"),
        [WORDS(f"column.{name}") for name in _COLUMNS],
        [row for one in given for row in _rows(one, now_s)],
    )


def _outcomes(one: OrderGiven, now_s: int) -> list[tuple[str, str, int | None, int | None]]:
    """Device, outcome, when by its clock and when it was heard: ``waits`` for a device that has not
    told anything yet, ``expired`` when the order's time is over."""
    told = {each.device: each for each in one.done}
    silent = "waits" if now_s < one.until_s else "expired"
    return [
        (device, told[device].outcome, told[device].done_s, told[device].heard_s)
        if device in told
        else (device, silent, None, None)
        for device in sorted({*one.meant, *told})
    ]


def _rows(one: OrderGiven, now_s: int) -> list[list[object]]:
    order = [
        one.order_no,
        one.site or one.device,
        WORDS(f"kind.{one.kind}"),
        stamp(one.from_s),
        stamp(one.until_s),
        one.ordered_by,
    ]
    outcomes = [
        [device, WORDS(f"outcome.{outcome}"), "" if done_s is None else stamp(done_s)]
        for device, outcome, done_s, _ in _outcomes(one, now_s)
    ] or [["", "", ""]]
    blank: list[object] = [""] * len(order)
    return [[*(order if not at else blank), *row] for at, row in enumerate(outcomes)]


def _told(one: OrderGiven, now_s: int) -> dict[str, object]:
    """One order for a program."""
    return {
        "order_no": one.order_no,
        "site": one.site,
        "device": one.device,
        "kind": one.kind,
        "from_s": one.from_s,
        "until_s": one.until_s,
        "ordered_by": one.ordered_by,
        "why": one.why,
        "devices": [
            {"device": device, "outcome": outcome, "done_s": done_s, "heard_s": heard_s}
            for device, outcome, done_s, heard_s in _outcomes(one, now_s)
        ],
    }
