"""`tongxing hub split what-if`: a day's trips split by another table, beside the split they had."""

import csv
from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path
from typing import NoReturn

import click

from tongxing.cli.arguments import DAY, READABLE_FILE, china_time, parse_whole
from tongxing.cli.common import Words, emit_json, in_both, print_table, say, settings
from tongxing.cli.hub.split.arguments import table_in
from tongxing.cli.hub.split.showing import Names
from tongxing.cli.shell import command as make_command
from tongxing.hub.acc import SplitTable
from tongxing.hub.acc.money import Comparison, Piece, Trip, compare
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Problem
from tongxing.network.transport import network_or_none

WORDS = Words("hub")
COLUMNS = ("entered", "origin", "destination", "fare_fen")


@make_command()
@click.option("--table", type=READABLE_FILE, metavar="FILE", required=True)
@click.option("--now", "now", type=READABLE_FILE, metavar="FILE")
@click.option("--trips", type=READABLE_FILE, metavar="FILE")
@click.option("--on", "on", type=DAY, metavar="DATE")
def command(table: Path, now: Path | None, trips: Path | None, on: date | None) -> None:
    if (trips is None) == (on is None) or (trips is not None and now is None):
        given = "--trips" if trips is not None else "--on"
        detail = in_both("detail", "hub", "split.what_if.needs")
        raise Problem("ARG_INVALID", given, text=str(trips or on or "–"), **detail)
    other = table_in(table)
    before = None if now is None else table_in(now)
    if before is not None and before.header.city != other.header.city:
        detail = in_both("detail", "hub", "split.what_if.cities")
        raise Problem("ARG_INVALID", "--now", text=str(now), **detail)
    found = compare(_trips(trips, on, other), other, before)
    if settings().json:
        emit_json(found)
    else:
        _print(found, Names(network_or_none(other.header.city)))


def _trips(path: Path | None, day: date | None, table: SplitTable) -> list[Trip]:
    if path is not None:
        found = list(trips_in(path, table.header.sections[0].system))
        if not found:
            raise _none(str(path), "none_in")
        return found
    assert day is not None
    from tongxing.cli.books import hub_books
    from tongxing.hub.acc.booked import trips_of_day
    from tongxing.hub.store.trips import last_revisions, rail_days

    city = table.header.city
    with hub_books(settings().dsn, settings().home) as store, store.reading() as cursor:
        found = list(trips_of_day(last_revisions(cursor, city, day), city, day))
        if found:
            return found
        days = rail_days(cursor, city)
    if days is None:
        raise _none("--on", "none_at_all")
    raise _none("--on", "none_on", day=day, first=days[0], last=days[1])


def _none(where: str, key: str, **values: object) -> Problem:
    detail = in_both("detail", "hub", f"split.what_if.{key}", **values)
    return Problem("SPLIT_TRIPS_NONE", where, **detail)


def trips_in(path: Path, system: str) -> Iterator[Trip]:
    """The trips of a CSV file. A `system` column names another fare system than the main one.

    Raises Problem(SPLIT_TRIPS_FILE) with the line that is wrong, ARG_INVALID for its time or fare.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        _bad(path, "encoding")
    rows = csv.DictReader(StringIO(text, newline=""), strict=True)
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        _bad(path, "columns", columns=", ".join(missing))
    try:
        for row in rows:
            where = f"{path}:{rows.line_num}"
            if None in row or None in row.values():
                _bad(path, "row", line=rows.line_num)
            fen = parse_whole(row["fare_fen"], where, -10_000_000, 10_000_000)
            piece = Piece(row.get("system") or system, row["origin"], row["destination"], fen)
            yield Trip(china_time(row["entered"], where), (piece,))
    except csv.Error:
        _bad(path, "row", line=rows.line_num)


def _bad(path: Path, key: str, **values: object) -> NoReturn:
    detail = in_both("detail", "hub", f"split.trips.{key}", **values)
    raise Problem("SPLIT_TRIPS_FILE", str(path), **detail)


def _print(found: Comparison, names: Names) -> None:
    if found.trips:
        print_table(
            WORDS("split.what_if.title"),
            [WORDS(f"split.column.{name}") for name in ("operator", "before", "after", "change")],
            [
                (
                    names.operator(who),
                    yuan(fen),
                    yuan(found.after[who]),
                    yuan(found.after[who] - fen),
                )
                for who, fen in found.before.items()
            ],
            right=(1, 2, 3),
        )
    say(
        WORDS(
            "split.what_if.sums", trips=f"{found.trips:,}", fen=yuan(found.fen),
            changed=f"{found.changed:,}", moved=yuan(found.moved_fen),
        )
    )  # fmt: skip
    if found.left_out:
        left = yuan(found.left_out_fen)
        say(WORDS("split.what_if.left_out", trips=f"{found.left_out:,}", fen=left))
