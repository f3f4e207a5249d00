"""`tongxing hub split explain`: why a fare was split as it was, fen by fen."""

from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE, Whole
from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.hub.split.arguments import row_named, table_in
from tongxing.cli.hub.split.showing import Names, kilometres, minutes, percent
from tongxing.cli.shell import command as make_command
from tongxing.cli.shell import usage_problem
from tongxing.hub.acc.money import FareTold, PathTold, RideTold, explain_fare
from tongxing.kernel.money import yuan
from tongxing.network.transport import network_or_none

WORDS = Words("hub")
FARE_MAX_FEN = 10_000_000
PATH_COLUMNS = ("share", "minutes", "time", "rides", "km")
PART_COLUMNS = ("operator", "ppm", "exact", "floor", "remainder", "extra", "fen")


@make_command()
@click.option("--table", type=READABLE_FILE, metavar="FILE", required=True)
@click.argument("origin", metavar="FROM")
@click.argument("destination", metavar="TO")
@click.option("--fare", type=Whole(0, FARE_MAX_FEN), metavar="FEN", required=True)
@click.option("--period", metavar="NAME")
def command(table: Path, origin: str, destination: str, fare: int, period: str | None) -> None:
    found = table_in(table)
    known = [one.name for one in found.header.periods]
    chosen = period or known[0]
    if chosen not in known:
        context = click.get_current_context()
        raise usage_problem(context, "choice", name="--period", choices=", ".join(known))
    told = explain_fare(found, row_named(found, origin, destination, chosen), fare)
    if settings().json:
        emit_json(told)
    else:
        _print(told, Names(network_or_none(found.header.city)))


def _print(told: FareTold, names: Names) -> None:
    say(WORDS("split.explain.title", version=told.version, period=told.period))
    print_table(
        WORDS("split.explain.paths"),
        [WORDS(f"split.column.{name}") for name in PATH_COLUMNS],
        [_path(path, names) for path in told.paths],
        right=(0, 1),
    )
    print_table(
        WORDS("split.explain.parts", fare=yuan(told.fare_fen)),
        [WORDS(f"split.column.{name}") for name in PART_COLUMNS],
        [
            (
                names.operator(part.operator),
                f"{part.ppm:,}",
                f"{part.floor_fen}.{part.remainder_millionths:06d}",
                part.floor_fen,
                f"{part.remainder_millionths:,}",
                "+1" if part.extra else "",
                part.fen,
            )
            for part in told.parts
        ],
        right=range(1, 7),
    )
    say(WORDS("split.explain.rule"))


def _ride(ride: RideTold, names: Names) -> str:
    text = f"{names.line(ride.line)} {names.station(ride.origin)}–{names.station(ride.destination)}"
    via = "" if ride.via == ride.destination else ride.via
    return WORDS("split.explain.via", ride=text, via=names.station(via)) if via else text


def _path(path: PathTold, names: Names) -> tuple[str, ...]:
    rides = "; ".join(_ride(ride, names) for ride in path.rides)
    time = WORDS(
        "split.explain.time",
        riding=minutes(1_000 * sum(ride.riding_s for ride in path.rides)),
        waiting=minutes(1_000 * sum(ride.waiting_s for ride in path.rides)),
        walking=minutes(1_000 * sum(ride.walking_s for ride in path.rides)),
        penalty=minutes(1_000 * path.penalty_s),
    )
    metres = "; ".join(
        f"{names.operator(who)} {kilometres(metres)}" for who, metres in path.metres.items()
    )
    return percent(path.ppm), minutes(path.cost_ms), time, rides, metres
