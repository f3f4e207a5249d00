"""The tables of a rules directory, out of what an export knows: names first, then with numbers.

Each is a list of rows that is written to a scratch file as it comes; `base` (DuckDB) puts numbers
in the place of names and writes it in order, as CSV or, when it is long, as Parquet.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb

from tongxing.clearing.engines.duck import quoted
from tongxing.clearing.exporting.periods import Periods, clock
from tongxing.clearing.exporting.rows import ASSIGNED, CARD_DIGITS, OF_ISSUER, TacTerms
from tongxing.clearing.exporting.stated import CityRules
from tongxing.clearing.layout import NUMBER_MAX
from tongxing.hub.evidence import NumberSpan
from tongxing.hub.liability import CityListing
from tongxing.hub.members import Member

SINCE = date(2015, 1, 1)
NOBODY = NUMBER_MAX
"""The number of an issuer that is no member; nobody is ever given it."""
BIN_DIGITS, BINS_MAX = 8, 100_000
"""Beginnings of numbers are at least so long, and all of one length; so many at most."""
_CSV_ROWS_MAX = 100_000

Cells = Iterable[Sequence[object]]

COLUMNS: dict[str, dict[str, str]] = {
    "lines": {"name": "VARCHAR", "line": "VARCHAR", "city": "VARCHAR", "mode": "VARCHAR",
              "operator": "VARCHAR"},
    "fares": {"city": "VARCHAR", "valid_from": "DATE", "valid_until": "DATE", "line": "VARCHAR",
              "origin": "VARCHAR", "destination": "VARCHAR", "fare_fen": "INTEGER",
              "charge_max_fen": "INTEGER"},
    "splits": {"city": "VARCHAR", "version": "VARCHAR", "valid_from": "DATE",
               "valid_until": "DATE", "period": "VARCHAR", "origin": "VARCHAR",
               "destination": "VARCHAR", "operator": "VARCHAR", "weight": "BIGINT"},
    "deny": {"issuer": "VARCHAR", "printed": "BIGINT", "medium": "VARCHAR", "reported_s": "BIGINT",
             "published_s": "BIGINT", "version": "INTEGER", "named_from": "INTEGER",
             "is_anonymous": "BOOLEAN"},
    "terminals": {"storage": "VARCHAR", "acquirer": "VARCHAR", "operator": "VARCHAR",
                  "line": "VARCHAR", "first_on": "DATE", "last_on": "DATE"},
}  # fmt: skip
"""Scratch tables with names; cities' lines and stations are named ``city/name``."""

CARD = (
    f"coalesce(x.printed, {ASSIGNED} + coalesce(i.number, {NOBODY})::BIGINT * {OF_ISSUER}"
    " + c.number)"
)
"""The number of a medium `x`, whose issuer is `i` and whose count with it is `c`."""
OF_CARD = (
    "LEFT JOIN numbers i ON i.kind = 'member' AND i.name = x.issuer "
    "LEFT JOIN numbers c ON c.kind = 'medium:' || x.issuer AND c.name = x.medium"
)


def _place(column: str) -> str:
    short = column[0]
    named = f"{short}.kind = 'station' AND {short}.name = x.{column}"
    return f"LEFT JOIN numbers {short} ON {named}"


WITH_NUMBERS = {
    "lines": "SELECT n.number, x.line, x.city, x.mode, x.operator, "
    f"DATE '{SINCE}' AS valid_from, NULL::DATE AS valid_until "
    "FROM lines x JOIN numbers n ON n.kind = 'line' AND n.name = x.name",
    "fares": "SELECT x.city, valid_from, valid_until, coalesce(l.number, 0) AS line, "
    "coalesce(o.number, 0) AS origin, coalesce(d.number, 0) AS destination, fare_fen, "
    "charge_max_fen FROM fares x LEFT JOIN numbers l ON l.kind = 'line' AND l.name = x.line "
    f"{_place('origin')} {_place('destination')}",
    "splits": "SELECT x.city, version, valid_from, valid_until, period, o.number AS origin, "
    "d.number AS destination, operator, weight FROM splits x "
    f"{_place('origin')} {_place('destination')}",
    "deny": f"SELECT {CARD} AS card, reported_s, published_s, version, named_from, is_anonymous "
    f"FROM deny x {OF_CARD}",
    "terminals": "SELECT t.number AS terminal, m.number AS acquirer, operator, "
    "coalesce(l.number, 0) AS line, first_on, last_on FROM terminals x "
    "JOIN numbers t ON t.kind = 'terminal' AND t.name = x.storage "
    "JOIN numbers m ON m.kind = 'member' AND m.name = x.acquirer "
    "LEFT JOIN numbers l ON l.kind = 'line' AND l.name = x.line",
}  # fmt: skip


def write_sheet(path: Path, head: Iterable[str], rows: Cells) -> int:
    """Rows under a head as CSV; how many there were. Raises OSError."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def take_sheet(base: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    """A scratch sheet as a table with the columns of `COLUMNS`."""
    columns = ", ".join(f"'{column}': '{kind}'" for column, kind in COLUMNS[name].items())
    base.execute(
        f"CREATE TABLE {name} AS SELECT * FROM read_csv('{quoted(path)}', header=true, "
        f"auto_detect=false, delim=',', quote='\"', escape='\"', nullstr='', columns={{{columns}}},"
        " max_line_size=65536)"
    )


def write_rules(base: duckdb.DuckDBPyConnection, name: str, folder: Path) -> None:
    """A table with its numbers, in order."""
    row = base.execute(f"SELECT count(*) FROM {name}").fetchone()
    is_long = row is not None and int(row[0]) > _CSV_ROWS_MAX
    end, how = ("parquet", "FORMAT parquet") if is_long else ("csv", "FORMAT csv, HEADER")
    base.execute(
        f"COPY (SELECT * FROM ({WITH_NUMBERS[name]}) ORDER BY ALL) "
        f"TO '{quoted(folder / name)}.{end}' ({how})"
    )


def member_rows(
    members: Iterable[Member], numbers: Mapping[str, int], terms: Mapping[str, TacTerms]
) -> Iterator[tuple[object, ...]]:
    """The table of members. Suspensions have seconds, not days: what they carried is counted."""
    for member in members:
        key = terms.get(member.member_id) if member.kind == "issuer" else None
        signs = ("", "", "")
        if key is not None:
            signs = (key.issuer_id.hex().upper(), str(key.algorithm), str(key.version))
        names = (member.kind, member.city, member.name_zh, member.name_en)
        yield (numbers[member.member_id], member.member_id, *names, "", "", *signs)


def line_rows(cities: Iterable[CityRules]) -> Iterator[tuple[object, ...]]:
    """All lines of the cities, and those that stand for rides without a line."""
    for city in cities:
        for name, facts in city.lines.items():
            yield f"{city.code}/{name}", name, city.code, facts.mode, facts.operator


def fare_rows(cities: Iterable[CityRules]) -> Iterator[tuple[object, ...]]:
    """The fares that were asked for."""
    for city in cities:
        for key, fare in city.known_fares.items():
            if fare is not None:
                line, *ends = (
                    f"{city.code}/{name}" if name else ""
                    for name in (key.line, key.origin, key.destination)
                )
                until = city.until(city.fare_days, key.first) or ""
                yield city.code, key.first, until, line, *ends, fare.fare_fen, fare.most_fen


def split_rows(cities: Iterable[CityRules]) -> Iterator[tuple[object, ...]]:
    """The splits that were asked for: of a table under its version, the others as ``path``."""
    for city in cities:
        for key, weights in city.known_splits.items():
            until = city.until(city.split_days, key.first) or ""
            version = city.table_on(key.first) or "path"
            ends = (f"{city.code}/{key.origin}", f"{city.code}/{key.destination}")
            for operator, weight in weights:
                yield city.code, version, key.first, until, key.period, *ends, operator, weight


def period_rows(periods: Periods) -> Iterator[tuple[object, ...]]:
    """The periods of the day."""
    for one in periods.stretches:
        yield one.period, one.day_type, clock(one.first_s), clock(one.until_s)


def city_rows(cities: Mapping[str, CityListing]) -> Iterator[tuple[object, ...]]:
    """The list of cities."""
    for city, one in sorted(cities.items()):
        yield city, one.joined_on, one.left_on or "", one.left_version or ""


def bins_stated(numbers: Mapping[str, list[NumberSpan]]) -> tuple[dict[str, list[NumberSpan]], int]:
    """The issuers whose numbers one table of beginnings can say (all of one length, each of one
    issuer and one time), and that length."""
    digits = max([BIN_DIGITS, *(len(one.prefix) for spans in numbers.values() for one in spans)])
    stated: dict[str, list[NumberSpan]] = {}
    taken: list[NumberSpan] = []
    count = 0
    for issuer, spans in sorted(numbers.items()):
        more = sum(10 ** (digits - len(one.prefix)) for one in spans)
        known = [*taken]
        clash = count + more > BINS_MAX or any(one.prefix[0] in "089" for one in spans)
        for one in spans:
            clash = clash or any(_overlap(one, other) for other in known)
            known.append(one)
        if not clash:
            stated[issuer], taken, count = spans, known, count + more
    return stated, digits


def bin_rows(
    stated: Mapping[str, list[NumberSpan]],
    digits: int,
    numbers: Mapping[str, int],
    given: Mapping[str, int],
) -> Iterator[tuple[object, ...]]:
    """The beginnings, filled up to their one length; and for the media that were given a number
    (`given`: how many of each issuer), the beginning of theirs."""
    for issuer, spans in stated.items():
        for one in spans:
            until = "" if one.last_on is None else one.last_on + timedelta(days=1)
            width = 10 ** (digits - len(one.prefix))
            for number in range(width):
                yield int(one.prefix) * width + number, numbers[issuer], one.first_on, until
        width = 10 ** (CARD_DIGITS - digits)
        first = (ASSIGNED + numbers[issuer] * OF_ISSUER) // width
        for number in range(given.get(issuer, 0) // width + 1):
            yield first + number, numbers[issuer], SINCE, ""


def _overlap(one: NumberSpan, other: NumberSpan) -> bool:
    return one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
