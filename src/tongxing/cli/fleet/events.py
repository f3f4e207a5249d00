"""`tongxing fleet events`: what devices told that had happened to them."""

import click

from tongxing.city.fleet.values import EventTold
from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.fleet.offices import fleet_desk
from tongxing.cli.shell import command as make_command
from tongxing.kernel.clock import stamp

WORDS = Words("fleet")
_GATE = Words("gate")
_COLUMNS = ("when", "device", "what")
_NOTICED = ("name", "told", "ours", "mode", "version", "count", "ranges", "terminal", "seq")
_UNSAID = dict.fromkeys(
    ("before", "after", "because", "medium_no", "elsewhere", "epoch", "cause", "codes", *_NOTICED),
    "?",
)


@make_command()
@click.argument("device", required=False, default="", metavar="[DEVICE]")
@click.option("--city", "city", metavar="CITY")
def command(device: str, city: str | None) -> None:
    with fleet_desk(city) as (desk, _):
        events = desk.events(device)
    if settings().json:
        emit_json([_told(one) for one in events])
        return
    if not events:
        say(WORDS("events.none"))
        return
    rows = [(stamp(one.at_s), one.device, _what(one)) for one in events]
    print_table(WORDS("events.title"), [WORDS(f"column.{name}") for name in _COLUMNS], rows)


def _what(one: EventTold) -> str:
    """In words where the kind is known, else as it was told."""
    key = f"event.{one.kind}"
    if WORDS.find(key) is None:
        return " ".join((one.kind, *(f"{name}={value}" for name, value in one.values.items())))
    values = _UNSAID | dict(one.values)
    cause = _GATE.find(f"cause.{values.get('cause')}")
    return WORDS(key, **(values | ({"cause": cause} if cause else {})))


def _told(one: EventTold) -> dict[str, object]:
    return {
        "device": one.device,
        "number": one.number,
        "at_s": one.at_s,
        "heard_s": one.heard_s,
        "kind": one.kind,
        "values": one.values,
    }
