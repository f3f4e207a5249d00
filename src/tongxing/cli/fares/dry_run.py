"""`tongxing fares dry-run`: what a new tariff would have cost on rides that took place."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import click
from psycopg import sql

from tongxing.city.ridden import fare_states_before, trip_rides
from tongxing.city.store.cursor import Cursor
from tongxing.cli.arguments import DAY, READABLE_FILE
from tongxing.cli.common import Words, emit_json, in_both, print_table, progress, say, settings
from tongxing.cli.fares.arguments import (
    REGISTER,
    chosen_book,
    expect_folder,
    own_book,
    parse_city,
    parse_place,
)
from tongxing.cli.shell import command as make_command
from tongxing.cli.shell import usage_problem
from tongxing.fares import CityFares, TariffBook, book_codes
from tongxing.fares.trying import fixed_book, newest_version
from tongxing.fares.trying.dry_run import DryRun, Opening, dry_run
from tongxing.fares.trying.report import percent, report, signed
from tongxing.fares.trying.ridden import RiddenRide, in_order, read_rides
from tongxing.kernel.clock import BUSINESS_DAY_CUT_S, at
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.network.transport import network_or_none
from tongxing.storage.database import database_at, house_schemas

WORDS = Words("fares")
_READ_TIMEOUT_MS = 600_000
_EVER_S = 2**40


@make_command()
@click.argument("tariff", type=READABLE_FILE)
@click.option("--city", "city", metavar="CITY", required=True)
@click.option("--journeys", "journeys", type=READABLE_FILE, metavar="FILE")
@click.option("--from-books", "from_books", is_flag=True)
@click.option("--from", "first", type=DAY, metavar="DATE")
@click.option("--to", "last", type=DAY, metavar="DATE")
@click.option("--against", "against", type=READABLE_FILE, metavar="FILE")
@REGISTER
@click.option("--on", "on", type=DAY, metavar="DATE")
@click.option("--out", "out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
def command(
    tariff: Path,
    city: str,
    journeys: Path | None,
    from_books: bool,
    first: date | None,
    last: date | None,
    against: Path | None,
    register: Path | None,
    on: date | None,
    out: Path | None,
) -> None:
    if (journeys is None) == (not from_books):
        context = click.get_current_context()
        raise usage_problem(context, "missing", text="--journeys | --from-books")
    if first is not None and last is not None and last < first:
        detail = in_both("detail", "fares", "to_first")
        raise Problem("ARG_INVALID", "--to", text=str(last), **detail)
    expect_folder(out)
    bundled = against is None and register is None
    code = parse_city(city, book_codes()) if bundled else _code(city)
    before, after = _fares(code, tariff, against, register, on)
    from_s = 0 if first is None else at(first)
    until_s = _EVER_S if last is None else at(last, 24)
    if journeys is not None:
        rides, opening = _rides_of_file(journeys, before.book, after.book), Opening()
    else:
        rides, opening = _rides_of_books(code, first, until_s)
    with progress(WORDS("dry_run.pricing"), len(rides)) as advance:
        run = dry_run(rides, before, after, from_s, until_s, opening, advance)
    if not run.total.rides and not run.unpriced:
        raise Problem("RIDES_NONE", str(journeys or ""))
    if out is not None:
        page = report(run, before.network, tariff.name, settings().language)
        out.write_text(page, encoding="utf-8")
    if settings().json:
        emit_json(run)
    else:
        _print(run, out)


def _code(city: str) -> str:
    """The code of any city: its fares come from files."""
    return city if city.isdigit() and len(city) == 6 else parse_place(city, "--city")


def _fares(
    code: str, tariff: Path, against: Path | None, register: Path | None, on: date | None
) -> tuple[CityFares, CityFares]:
    """The current fares by their dates, and one version of the new ones on every day."""
    old, new = chosen_book(code, against, register), own_book(tariff)
    for book, file in ((old, against), (new, tariff)):
        if book.city != code:
            raise Problem("TARIFF_OTHER_CITY", str(file), city=book.city, asked=code)
    if not new.versions:
        raise Problem("FARES_NO_TARIFF", str(tariff), city=code)
    version = newest_version(new) if on is None else new.at(at(on))
    if version is None:
        raise Problem("FARES_NO_TARIFF", "--on", city=code)
    network = network_or_none(code)
    return CityFares(network, old), CityFares(network, fixed_book(new, version))


def _rides_of_file(file: Path, old: TariffBook, new: TariffBook) -> list[RiddenRide]:
    rules = [*old.rules.values(), *new.rules.values()]
    products = {name for rule in rules for name in rule.products}
    with file.open("rb") as lines:
        found = read_rides(lines, products | {"ordinary"})
    if isinstance(found, Refusal):
        raise Problem(found.code, f"{file}{found.where}", **found.values)
    return found


def _rides_of_books(
    code: str, first: date | None, until_s: int
) -> tuple[list[RiddenRide], Opening]:
    """The rides of the city's books, those before the period that fill its counters, and what was
    remembered before all of them."""
    dsn, home = settings().dsn, settings().home
    if not dsn and not (home / "postgres").exists():
        raise Problem("NOTHING_TO_PROVE", str(home))
    opened, from_s = _opened(first)
    schema = f"city_{code}"
    with database_at(dsn, home) as database:
        connection = database.connect_to_read(_READ_TIMEOUT_MS)
        try:
            if schema not in house_schemas(connection):
                raise Problem("NOTHING_TO_PROVE", schema)
            with connection.cursor() as cursor:
                name = sql.Identifier(schema)
                cursor.execute(sql.SQL("SET LOCAL search_path TO {}").format(name))
                rides = in_order(_of_books(cursor, code, from_s, until_s))
                return rides, Opening(*fare_states_before(cursor, opened))
        finally:
            connection.close()


def _of_books(cursor: Cursor, code: str, from_s: int, until_s: int) -> Iterator[RiddenRide]:
    for one in trip_rides(cursor, code, from_s, until_s):
        yield RiddenRide(one.medium_no, one.rider, one.ride, one.rider_id, one.operator)


def _opened(first: date | None) -> tuple[date, int]:
    """The business day before the month's first and before Monday, and when it begins: from there
    on rides are read, so that every counter of the period is whole."""
    if first is None:
        return date.min, 0
    monday = first - timedelta(days=first.weekday())
    day = min(first.replace(day=1), monday) - timedelta(days=1)
    return day, at(day) + BUSINESS_DAY_CUT_S


def _print(run: DryRun, out: Path | None) -> None:
    language = settings().language
    print_table(
        WORDS("dry_run.title", first=run.first, last=run.last),
        [WORDS(f"dry_run.column.{key}") for key in ("what", "figure")],
        [
            [WORDS("dry_run.rides"), f"{run.total.rides:,}"],
            [WORDS("dry_run.before"), yuan(run.total.before_fen)],
            [WORDS("dry_run.after"), yuan(run.total.after_fen)],
            [WORDS("dry_run.change"), _change(run.total.change_fen, run.total.before_fen)],
            [WORDS("dry_run.more"), _people(run.spread.more, run, run.spread.more_fen)],
            [WORDS("dry_run.less"), _people(run.spread.less, run, run.spread.less_fen)],
            [WORDS("dry_run.same"), _people(run.spread.same, run, 0)],
        ],
        right=(1,),
    )
    for one in run.unpriced:
        side = WORDS(f"dry_run.side.{one.side}")
        say(WORDS("dry_run.unpriced", rides=f"{one.rides:,}", side=side, reason=one.reason))
    for most in (*run.more[:1], *run.less[:1]):
        why = " ".join(most.after[language])
        change = signed(most.change_fen)
        say(WORDS("dry_run.most", number=most.number, change=change, rule=most.rule, why=why))
    if out is not None:
        say(WORDS("dry_run.written", file=out))


def _change(change_fen: int, before_fen: int) -> str:
    return f"{signed(change_fen)} ({percent(change_fen, before_fen)})"


def _people(count: int, run: DryRun, fen: int) -> str:
    share = percent(count, run.spread.passengers)
    return f"{count:,} ({share})" + (f" {signed(fen)}" if fen else "")
