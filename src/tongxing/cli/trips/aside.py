"""`tongxing trips aside`: the taps that were set aside, for a person to look at."""

import click

from tongxing.city import Desk
from tongxing.city.store.taps_aside import TapAside
from tongxing.cli.arguments import Whole
from tongxing.cli.common import Words, emit_json, note, print_table, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.trips.desks import desks, station_name
from tongxing.kernel.clock import stamp
from tongxing.kernel.ids import masked
from tongxing.kernel.reasons import reason

WORDS = Words("trips")
_COLUMNS = ("tap", "told", "arrived", "station", "medium", "why")


@make_command()
@click.option("--city", "city", metavar="CITY")
@click.option(
    "--limit", "limit", type=Whole(1, 100_000), default=50, metavar="N", show_default=True
)
@click.option("--given-up", "given_up", is_flag=True)
def command(city: str | None, limit: int, given_up: bool) -> None:
    with desks(city) as found:
        taps = [(desk, one) for desk in found for one in desk.aside(limit, given_up=given_up)][
            :limit
        ]
    if settings().json:
        emit_json([_told(desk, one) for desk, one in taps])
        return
    if not taps:
        say(WORDS("aside.none"))
        return
    print_table(
        WORDS("aside.title"),
        [WORDS(f"aside.column.{name}") for name in _COLUMNS],
        [_row(desk, one) for desk, one in taps],
    )
    language = settings().language
    for code in sorted({one.why for _, one in taps}):
        told = reason(code)
        note(f"{code}: {told.text(language, {})}")
        note(f"  → {told.next_step(language, {})}")


def _row(desk: Desk, one: TapAside) -> list[object]:
    tap = one.tap
    time = stamp(tap.time_s)
    return [
        str(tap.ref),
        WORDS("aside.unsure", time=time) if tap.time_band_s else time,
        stamp(one.received_s),
        station_name(desk.code, tap.station),
        masked(tap.medium_no),
        one.why,
    ]


def _told(desk: Desk, one: TapAside) -> dict[str, object]:
    """One tap for a program."""
    tap = one.tap
    return {
        "city": desk.code,
        "site": one.site,
        "terminal": tap.ref.terminal_id,
        "epoch": tap.ref.epoch,
        "seq": tap.ref.seq,
        "time_s": tap.time_s,
        "time_band_s": tap.time_band_s,
        "received_s": one.received_s,
        "kind": tap.kind,
        "station": tap.station,
        "medium": masked(tap.medium_no),
        "why": one.why,
    }
