"""`tongxing trips pending`: the half trips that wait, what is held, and until when they can be
stated."""

import click
from msgspec import Struct

from tongxing.city import Desk
from tongxing.city.half_trips import missing_end
from tongxing.city.store.half_trips import Waiting
from tongxing.city.terms import half_trip_terms
from tongxing.cli.arguments import Whole
from tongxing.cli.cities import city_name
from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.trips.desks import desks, station_name
from tongxing.kernel.clock import stamp
from tongxing.kernel.ids import masked
from tongxing.kernel.money import yuan

WORDS = Words("trips")


class Row(Struct, frozen=True):
    """A half trip as it is listed."""

    half_trip: str
    city: str
    missing: str
    station: str
    time_s: int
    medium: str
    held_fen: int
    declare_until_s: int


@make_command()
@click.option("--city", "city", metavar="CITY")
@click.option("--medium", "medium", metavar="NUMBER", default="")
@click.option(
    "--limit", "limit", type=Whole(1, 100_000), default=50, metavar="N", show_default=True
)
def command(city: str | None, medium: str, limit: int) -> None:
    with desks(city) as found:
        rows = [_row(desk, half) for desk in found for half in desk.waiting(medium)]
    rows.sort(key=lambda row: (row.time_s, row.half_trip))
    held_fen = sum(row.held_fen for row in rows)
    if settings().json:
        emit_json({"half_trips": rows[:limit], "total": len(rows), "held_fen": held_fen})
        return
    if not rows:
        say(WORDS("pending.none"))
        return
    _print(rows[:limit])
    say(WORDS("pending.sum", shown=min(limit, len(rows)), total=len(rows), held=yuan(held_fen)))


def _row(desk: Desk, half: Waiting) -> Row:
    tap, terms = half.tap, half_trip_terms(desk.code).at(half.tap.time_s)
    return Row(
        half_trip=half.trip_id,
        city=desk.code,
        missing=missing_end(tap),
        station=tap.station,
        time_s=tap.time_s,
        medium=masked(tap.medium_no),
        held_fen=half.held_fen,
        declare_until_s=terms.decided_from_s(tap.time_s),
    )


def _print(rows: list[Row]) -> None:
    names = ("id", "city", "when", "station", "missing", "medium", "held", "until")
    print_table(
        WORDS("pending.title"),
        [WORDS(f"column.{name}") for name in names],
        [
            [
                row.half_trip,
                city_name(row.city),
                stamp(row.time_s),
                station_name(row.city, row.station),
                WORDS(f"missing.{row.missing}"),
                row.medium,
                yuan(row.held_fen),
                stamp(row.declare_until_s),
            ]
            for row in rows
        ],
        right=(6,),
    )
