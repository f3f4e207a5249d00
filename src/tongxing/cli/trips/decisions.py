"""`tongxing trips decisions`: what was asked about taps that were set aside, and by whom."""

import click

from tongxing.city.aside_desk import AsideDesk
from tongxing.city.store.taps_aside import Decision
from tongxing.cli.arguments import moment
from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.trips.desks import office_with_fares, station_name, tap_named
from tongxing.kernel.clock import stamp

WORDS = Words("trips")
_COLUMNS = ("number", "tap", "kind", "was", "counts", "asked", "confirmed", "why")


@make_command()
@click.argument("tap", metavar="[TAP]", required=False)
@click.option("--city", "city", metavar="CITY")
@click.option("--now", "now", metavar="TIME")
def command(tap: str | None, city: str | None, now: str | None) -> None:
    now_s = moment(now, "--now")
    with office_with_fares(city) as office:
        desk, code = AsideDesk(office), office.code
        found = desk.asked(now_s) if tap is None else desk.history(tap_named(tap))
    if settings().json:
        emit_json([_told(one) for one in found])
        return
    if not found:
        say(WORDS("decisions.none"))
        return
    print_table(
        WORDS("decisions.title"),
        [WORDS(f"decisions.column.{name}") for name in _COLUMNS],
        [_row(code, one) for one in found],
    )


def _row(city: str, one: Decision) -> list[object]:
    counts = one.put_right
    confirmed = "" if one.confirmed_s is None else f"{one.confirmed_by} {stamp(one.confirmed_s)}"
    return [
        one.number,
        str(one.ref),
        WORDS(f"decisions.kind.{one.kind}"),
        one.was,
        f"{station_name(city, counts.station)} {stamp(counts.time_s)}" if counts else "",
        f"{one.asked_by} {stamp(one.asked_s)}",
        confirmed,
        one.why,
    ]


def _told(one: Decision) -> dict[str, object]:
    """One decision for a program."""
    counts = one.put_right
    return {
        "number": one.number,
        "tap": str(one.ref),
        "kind": one.kind,
        "was": one.was,
        "station": None if counts is None else counts.station,
        "line": None if counts is None else counts.line,
        "time_s": None if counts is None else counts.time_s,
        "why": one.why,
        "asked_by": one.asked_by,
        "asked_s": one.asked_s,
        "confirmed_by": one.confirmed_by,
        "confirmed_s": one.confirmed_s,
    }
