"""`tongxing hub split explain`: why a fare was split as it was, fen by fen."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tongxing.cli.arguments import READABLE_FILE, Whole
from tongxing.cli.common import (
    Words,
    emit_json,
    granted,
    in_both,
    listed,
    print_table,
    say,
    settings,
)
from tongxing.cli.hub.split.arguments import row_named, table_in
from tongxing.cli.hub.split.showing import Names, kilometres, minutes, percent
from tongxing.cli.shell import command as make_command
from tongxing.cli.shell import usage_problem
from tongxing.hub.acc.money import FareTold, PathTold, RideTold, explain_fare
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Problem
from tongxing.messages import Share
from tongxing.network.transport import network_or_none

if TYPE_CHECKING:
    from tongxing.hub.explaining import RecordTold

WORDS = Words("hub")
FARE_MAX_FEN = 10_000_000
PATH_COLUMNS = ("share", "minutes", "time", "rides", "km")
WEIGHED_COLUMNS = ("operator", "weight", "floor", "remainder", "extra", "fen")
PART_COLUMNS = ("operator", "ppm", "exact", "floor", "remainder", "extra", "fen")


@make_command()
@click.option("--table", type=READABLE_FILE, metavar="FILE")
@click.argument("origin", metavar="[FROM]", required=False)
@click.argument("destination", metavar="[TO]", required=False)
@click.option("--fare", type=Whole(0, FARE_MAX_FEN), metavar="FEN")
@click.option("--period", metavar="NAME")
@click.option("--record", metavar="ID")
def command(
    table: Path | None,
    origin: str | None,
    destination: str | None,
    fare: int | None,
    period: str | None,
    record: str | None,
) -> None:
    given = [one is not None for one in (table, origin, destination, fare)]
    if any(given) if record is not None else not all(given):
        detail = in_both("detail", "hub", "split.explain.needs")
        raise Problem("ARG_INVALID", "--record", text=record or "–", **detail)
    if record is not None:
        _explain_record(record)
        return
    assert table is not None and origin and destination and fare is not None
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


def _explain_record(record_id: str) -> None:
    from tongxing.cli.books import hub_books
    from tongxing.hub.explaining import explain_record
    from tongxing.hub.rulebook import load_rulebook

    with hub_books(settings().dsn, settings().home) as store, store.reading() as cursor:
        told = granted(explain_record(cursor, record_id, load_rulebook().fee))
    if settings().json:
        emit_json(told)
    else:
        _print_record(told, Names(network_or_none(told.record.city)))


def _print_record(told: "RecordTold", names: Names) -> None:
    split = told.explanation
    kind = WORDS(f"split.explain.kind.{split.basis.kind}")
    charge = yuan(split.charge_fen)
    values = {"charge": charge, "kind": kind, "version": split.basis.version}
    say(WORDS("split.explain.of_record", record=split.record_id, **values))
    for leg in told.legs:
        ends = {"origin": names.station(leg.origin), "destination": names.station(leg.destination)}
        fare, period = yuan(leg.told.fare_fen), leg.told.period
        _print_paths(WORDS("split.explain.leg", fare=fare, period=period, **ends), leg.told, names)
    print_table(
        WORDS("split.explain.weights", charge=charge),
        [WORDS(f"split.column.{name}") for name in WEIGHED_COLUMNS],
        [
            (
                names.operator(part.operator),
                f"{part.weight:,}",
                part.floor_fen,
                f"{part.remainder:,}",
                "+1" if part.extra else "",
                part.fen,
            )
            for part in told.parts
        ],
        right=range(1, 6),
    )
    if split.before:
        before, shares = (_shares(parts, names) for parts in (split.before, split.shares))
        say(WORDS("split.explain.before", parts=before, shares=shares))
    say(WORDS("split.explain.rule"))


def _shares(shares: Iterable[Share], names: Names) -> str:
    return listed(f"{names.operator(one.operator)} {yuan(one.share_fen)}" for one in shares)


def _print_paths(title: str, told: FareTold, names: Names) -> None:
    print_table(
        title,
        [WORDS(f"split.column.{name}") for name in PATH_COLUMNS],
        [_path(path, names) for path in told.paths],
        right=(0, 1),
    )


def _print(told: FareTold, names: Names) -> None:
    say(WORDS("split.explain.title", version=told.version, period=told.period))
    _print_paths(WORDS("split.explain.paths"), told, names)
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
