"""One moment of the books, read for an export: small things as values, long ones as files."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from tongxing.clearing.exporting import tables
from tongxing.clearing.exporting.numbering import take_staged
from tongxing.clearing.exporting.periods import Periods, periods_of
from tongxing.clearing.exporting.rows import Telling, printed
from tongxing.clearing.exporting.staging import Counted, Stager, Statement
from tongxing.clearing.exporting.stated import CityRules
from tongxing.fares import load_city_fares
from tongxing.hub.acc import SplitTables
from tongxing.hub.ground import Ground
from tongxing.hub.members import Member
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.shelves import GroundShelf, read
from tongxing.hub.store import Cursor
from tongxing.hub.store import exports as books
from tongxing.hub.store import members as member_table
from tongxing.hub.store import registers as register_table
from tongxing.hub.store import split_tables as split_store
from tongxing.hub.store.exports import Apart, KeptWindow
from tongxing.hub.windows import window_times
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.messages.registers import LossRegister, TerminalRegister
from tongxing.network.transport import city_codes

_AT_ONCE = 10_000


@dataclass(frozen=True)
class Asked:
    """Which windows are exported (the first and the last, "" for no limit), whether fares and
    splits of every pair of stations are, and where scratch files go."""

    first: str
    last: str
    whole: bool
    scratch: Path


@dataclass(frozen=True)
class Moment:
    """What was read. `numbers` are the beginnings of card numbers that the rules state, all of
    `statement`'s; `digits` their length; `beside` is money that is of no row."""

    windows: tuple[KeptWindow, ...]
    members: Mapping[str, Member]
    cities: tuple[CityRules, ...]
    telling: Telling
    statement: Statement
    periods: Periods
    digits: int
    counted: Counted
    beside: tuple[Apart, ...]
    given: frozenset[str]


def read_moment(
    cursor: Cursor,
    base: duckdb.DuckDBPyConnection,
    asked: Asked,
    rules: Rulebook,
    ground: Ground,
) -> Moment | Refusal:
    """Everything an export needs of the books; rows and long tables go to `base`.

    Refuses with EXPORT_NOTHING when there is no such window.
    """
    windows = tuple(books.windows(cursor, asked.first, asked.last))
    if not windows:
        return Refusal("EXPORT_NOTHING", values={"first": asked.first, "last": asked.last})
    first, last = windows[0].window_id, windows[-1].window_id
    members = member_table.load_members(cursor)
    periods, cities = _cities(cursor, members, rules, ground, (first, last))
    numbers, digits = tables.bins_stated(books.all_numbers(cursor))
    statement = Statement(
        numbers,
        register_table.load_cities(cursor),
        register_table.owners_of(cursor, TerminalRegister.__name__),
    )
    telling = Telling(
        members, {city.code: city for city in cities}, books.strange_cards(cursor), {}
    )
    counted = Stager(cursor, telling, statement, rules).stage(
        first, last, asked.scratch / "staged.csv"
    )
    take_staged(base, asked.scratch / "staged.csv")
    for city in cities if asked.whole else ():
        city.ask_all()
    given = _take_tables(cursor, base, cities, statement, asked.scratch)
    beside = (*books.let_in(cursor, first, last), *books.case_money(cursor, first, last))
    return Moment(
        windows, members, cities, telling, statement, periods, digits, counted, beside, given
    )


def _take_tables(
    cursor: Cursor,
    base: duckdb.DuckDBPyConnection,
    cities: Iterable[CityRules],
    statement: Statement,
    scratch: Path,
) -> frozenset[str]:
    """The long tables as scratch tables; the names of those that say something. A register that
    was handed in says something even when nothing stands in it."""
    rows: dict[str, tables.Cells] = {
        "lines": tables.line_rows(cities),
        "fares": tables.fare_rows(cities),
        "splits": tables.split_rows(cities),
        "deny": _deny_rows(cursor),
        "terminals": _terminal_rows(cursor, base, statement.registered),
    }
    given = {"terminals"} if statement.registered else set()
    if register_table.owners_of(cursor, LossRegister.__name__):
        given.add("deny")
    for name, cells in rows.items():
        path = scratch / f"{name}.csv"
        count = tables.write_sheet(path, tables.COLUMNS[name], cells)
        tables.take_sheet(base, name, path)
        if count and name in ("fares", "splits"):
            given.add(name)
    return frozenset(given)


def _cities(
    cursor: Cursor,
    members: Mapping[str, Member],
    rules: Rulebook,
    ground: Ground,
    limits: tuple[str, str],
) -> tuple[Periods, tuple[CityRules, ...]]:
    """The cities that present rides and whose network is known, over the days on which a ride of
    these windows may have been."""
    recovery = timedelta(days=rules.lateness.recovery_until_days)
    first_day = calendar_date(window_times(limits[0], rules).opens_s) - recovery
    until_s = window_times(limits[1], rules).cutoff_s
    acquiring = {one.city for one in members.values() if one.kind == "acquirer"}
    codes = sorted(acquiring & set(city_codes()))
    split = {
        code: tuple(
            read(cursor, one.version)
            for one in split_store.released_tables(cursor, code, first_day)
        )
        for code in codes
    }
    periods = periods_of(table for of_city in split.values() for table in of_city)
    shelf = GroundShelf(ground)
    found = []
    for code in codes:
        published = shelf.fares(cursor, code, until_s - 1)
        fares = published or load_city_fares(code)
        in_force = SplitTables({code: split[code]} if split[code] else {})
        changes = [one.from_day for one in fares.book.versions]
        ends = [one.header.valid_until for one in split[code]]
        cuts = [one.header.valid_from for one in split[code]]
        cuts += [day for day in ends if day is not None]
        days = first_day, calendar_date(until_s)
        found.append(
            CityRules(
                code=code,
                fares=fares,
                live=ground.with_published(in_force, published),
                tables=in_force,
                periods=periods,
                fare_days=_between(*days, changes),
                split_days=_between(*days, [*changes, *cuts]),
                charge_max_fen=rules.amount.charge_max_fen,
            )
        )
    return periods, tuple(found)


def _between(first: date, last: date, changes: Iterable[date]) -> list[date]:
    """The first day, and every later one on which something changes."""
    return sorted({first, *(day for day in changes if first < day <= last)})


def _deny_rows(cursor: Cursor) -> Iterator[tuple[object, ...]]:
    for issuer, medium_no, denial in books.all_denials(cursor):
        number = printed(medium_no)
        medium = "" if number is not None else medium_no
        shown = "" if number is None else number
        times = (denial.reported_s, denial.published_s)
        versions = (denial.version, denial.named_from)
        yield (issuer, shown, medium, *times, *versions, denial.is_anonymous)


def _terminal_rows(
    cursor: Cursor, base: duckdb.DuckDBPyConnection, registered: frozenset[str]
) -> Iterator[tuple[object, ...]]:
    """The terminals that rows come from, where they are registered; those of an acquirer without a
    register stand anywhere, for nobody could be asked."""
    found = base.cursor().execute("SELECT DISTINCT acquirer, storage FROM staged ORDER BY ALL")
    city_of = {row[0]: row[1] for row in cursor.execute("SELECT member_id, city FROM member")}
    while rows := found.fetchmany(_AT_ONCE):
        for acquirer in sorted({row[0] for row in rows}):
            storages = {row[1]: row[1].split("/", 1)[1].rpartition("/")[0]
                        for row in rows if row[0] == acquirer}  # fmt: skip
            if acquirer not in registered:
                yield from ((storage, acquirer, "", "", "", "") for storage in storages)
                continue
            places = books.newest_places(cursor, acquirer, storages.values())
            for storage, terminal in storages.items():
                for one in places.get(terminal, ()):
                    line = f"{city_of[acquirer]}/{one.line}" if one.line else ""
                    yield (storage, acquirer, one.operator, line, one.first_on, one.last_on or "")
