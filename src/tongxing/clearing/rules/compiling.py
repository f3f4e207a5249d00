"""Turns dated tables into tables of one key: an engine finds what holds by one equal join.

A *version* is a stretch of days in which no fare changes, a *split version* one in which no line
and no split does. A ride has one of each, by its entry; together with its period they make a
*moment*, and lines and pairs of stations are kept once for each moment that there can be.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from tongxing.clearing.layout import EARLIEST_S, LATEST_S, NUMBER_MAX, SQL_TYPES
from tongxing.clearing.rules.model import Basis, Period
from tongxing.clearing.rules.tables import CARD_DIGITS
from tongxing.kernel.clock import CHINA_OFFSET_S, DAY_S
from tongxing.kernel.workdays import is_workday
from tongxing.network.transport import MODES

PLACES = 1 << 20
"""Numbers of lines and stations are below this, so that a key can hold two of them."""
CITIES, MOMENTS_MAX = 1 << 11, 1 << 12
"""A key holds a moment and a city beside them."""
assert NUMBER_MAX < PLACES

SCHEMAS: dict[str, dict[str, str]] = {
    "r_members": {
        "number": "int32", "is_issuer": "boolean", "city": "int32",
        "suspended_s": "int64", "resumed_s": "int64",
        "joined_s": "int64", "left_s": "int64", "left_version": "int32", "has_bins": "boolean",
    },
    "r_lines": {
        "line_key": "int64", "l_city": "int32", "l_paired": "int64",
        "l_mode": "int32", "l_operator": "int32",
        "l_basis": "int32", "l_fare": "int32", "l_most": "int32",
    },
    "r_pairs": {"pair_key": "int64", "p_fare": "int32", "p_most": "int32", "p_basis": "int32"},
    "r_deny": {
        "d_card": "int64", "d_reported": "int64", "d_published": "int64", "d_version": "int32",
        "d_named": "int32", "d_anonymous": "boolean",
    },
    "r_terminals": {
        "t_terminal": "int64", "t_acquirer": "int32", "t_operator": "int32", "t_line": "int32",
        "t_first_s": "int64", "t_until_s": "int64",
    },
    "r_bins": {"b_bin": "int64", "b_issuer": "int32", "b_first_s": "int64", "b_until_s": "int64"},
    "r_shares": {
        "s_basis": "int32", "s_place": "int32", "s_operator": "int32", "s_weight": "int64",
        "s_whole": "int64",
    },
    "r_days": {"day": "int32", "is_workday": "boolean"},
}  # fmt: skip
"""What the engines join. Times are seconds since 1970, a missing one the first or last there is."""

_FAR = 60_000
_FAR_S = _FAR * DAY_S
_EXACT = 1 << 53
"""Engines divide whole numbers exactly below this."""


@dataclass(frozen=True)
class Compiled:
    """See `Rules`."""

    fare_days: tuple[int, ...]
    split_days: tuple[int, ...]
    bases: tuple[Basis, ...]
    operators: tuple[str, ...]
    tables: dict[str, Path]


def compile_tables(
    base: duckdb.DuckDBPyConnection, periods: Iterable[Period], charge_max_fen: int, scratch: Path
) -> Compiled | str:
    """All tables of `SCHEMAS`, as Parquet in `scratch`; a text says why they cannot be made."""
    fare_days = _first_days(base, ("fares",))
    split_days = _first_days(base, ("lines", "splits"))
    numbers = sorted({0, *(period.number for period in periods)})
    moments = (len(fare_days) + 1) * (len(split_days) + 1) * (max(numbers) + 1)
    if moments >= MOMENTS_MAX:
        return f"{len(fare_days)} × {len(split_days)} × {len(numbers)} ≥ {MOMENTS_MAX}"
    _moments(base, fare_days, split_days, numbers)
    fault = _bases(base, charge_max_fen)
    if fault:
        return fault
    for sql in (_MEMBERS, _LINES, _SPLITS, _PAIRS, _DENY, _TERMINALS, _BINS, _SHARES):
        base.execute(sql)
    clash = base.execute(
        "SELECT pair_key FROM r_pairs GROUP BY ALL HAVING count(*) > 1 UNION ALL "
        "SELECT line_key FROM r_lines GROUP BY ALL HAVING count(*) > 1"
    ).fetchone()
    if clash is not None:
        place = int(clash[0]) % (PLACES * PLACES)
        return f"× 2: {place // PLACES}, {place % PLACES}"
    tables = {}
    for name, schema in SCHEMAS.items():
        tables[name] = scratch / f"{name}.parquet"
        columns = ", ".join(
            f"{column}::{SQL_TYPES[kind]} AS {column}" for column, kind in schema.items()
        )
        base.execute(
            f"COPY (SELECT {columns} FROM {name} ORDER BY ALL) TO ? (FORMAT parquet)",
            [str(tables[name])],
        )
    names = base.execute("SELECT name FROM operators ORDER BY number").fetchall()
    operators = tuple(row[0] for row in names)
    return Compiled(fare_days, split_days, _basis_list(base), operators, tables)


def _first_days(base: duckdb.DuckDBPyConnection, names: Iterable[str]) -> tuple[int, ...]:
    """The days on which something begins or ends."""
    union = " UNION ".join(
        f"SELECT valid_from AS day FROM {name} UNION SELECT valid_until FROM {name}"
        for name in names
    )
    rows = base.execute(
        f"SELECT (day - DATE '1970-01-01')::INTEGER FROM ({union}) WHERE day IS NOT NULL ORDER BY 1"
    ).fetchall()
    return tuple(row[0] for row in rows)


def _moments(
    base: duckdb.DuckDBPyConnection,
    fare_days: tuple[int, ...],
    split_days: tuple[int, ...],
    periods: Iterable[int],
) -> None:
    """Every version of fares with every version of splits that a ride can have at the same time:
    a night after midnight has the new fare and the business day before."""
    count = len(split_days) + 1
    span = max(periods) + 1
    rows = []
    for fare in range(len(fare_days) + 1):
        fare_first = fare_days[fare - 1] if fare else -1
        fare_until = fare_days[fare] if fare < len(fare_days) else _FAR
        for split in range(count):
            split_first = split_days[split - 1] if split else -1
            split_until = split_days[split] if split < len(split_days) else _FAR
            if fare_first < split_until + 1 and split_first < fare_until + 1:
                rows += [
                    ((fare * count + split) * span + period, fare_first, split_first, period)
                    for period in periods
                ]
    base.execute(
        "CREATE TABLE moments (moment INTEGER, fare_first INTEGER, split_first INTEGER, "
        "period INTEGER)"
    )
    base.executemany("INSERT INTO moments VALUES (?, ?, ?, ?)", rows)
    base.execute(
        "CREATE TABLE period_numbers AS SELECT period AS name, "
        "dense_rank() OVER (ORDER BY period)::INTEGER AS number "
        "FROM (SELECT DISTINCT period FROM periods)"
    )
    base.execute("CREATE TABLE r_days (day INTEGER, is_workday BOOLEAN)")
    if span > 1:
        days = range(EARLIEST_S // DAY_S, LATEST_S // DAY_S + 2)
        found = [is_workday(date(1970, 1, 1) + timedelta(days=day)) for day in days]
        base.execute("INSERT INTO r_days SELECT unnest(?), unnest(?)", [list(days), found])
    base.execute("CREATE TABLE modes (mode INTEGER, name VARCHAR)")
    base.executemany("INSERT INTO modes VALUES (?, ?)", list(enumerate(MODES)))


def _bases(base: duckdb.DuckDBPyConnection, charge_max_fen: int) -> str:
    """Numbers every set of weights there is; the same weights have one number."""
    base.execute(
        "CREATE TABLE split_rows AS SELECT city, version, valid_from, valid_until, period, "
        "origin, destination, "
        "string_agg(operator || ' ' || weight, ',' ORDER BY operator) AS weights, "
        "sum(weight) AS whole FROM splits WHERE weight > 0 GROUP BY ALL"
    )
    row = base.execute("SELECT max(whole) FROM split_rows").fetchone()
    largest = int(row[0] or 1) if row else 1
    if largest * max(charge_max_fen, 1) >= _EXACT:
        return f"weight: {largest} × {charge_max_fen} ≥ 2^53"
    base.execute(
        "CREATE TABLE bases AS SELECT weights, "
        "(row_number() OVER (ORDER BY weights))::INTEGER AS basis FROM ("
        "SELECT weights FROM split_rows UNION SELECT operator || ' 1' FROM lines)"
    )
    base.execute(
        "CREATE TABLE operators AS SELECT name, "
        "(row_number() OVER (ORDER BY name))::INTEGER AS number "
        "FROM (SELECT operator AS name FROM lines UNION SELECT operator FROM splits)"
    )
    base.execute(
        "CREATE TABLE cities_numbered AS SELECT name, (row_number() OVER (ORDER BY name))::INTEGER "
        "AS number FROM (SELECT city AS name FROM members UNION SELECT city FROM lines)"
    )
    row = base.execute("SELECT count(*) FROM cities_numbered").fetchone()
    return f"{row[0]} > {CITIES - 1}" if row and row[0] >= CITIES else ""


def _basis_list(base: duckdb.DuckDBPyConnection) -> tuple[Basis, ...]:
    rows = base.execute("SELECT basis, weights FROM bases ORDER BY basis").fetchall()
    return tuple(Basis(number, _weights(text)) for number, text in rows)


def _weights(text: str) -> tuple[tuple[str, int], ...]:
    parts = (part.split(" ") for part in text.split(","))
    return tuple((operator, int(weight)) for operator, weight in parts)


def _day(column: str, otherwise: int) -> str:
    return f"coalesce(({column} - DATE '1970-01-01')::INTEGER, {otherwise})"


def _second(column: str, otherwise: int, days: int = 0) -> str:
    """The midnight in China at which a day begins, or so many days later."""
    day = f"({column} - DATE '1970-01-01')::BIGINT + {days}"
    return f"coalesce(({day}) * {DAY_S} - {CHINA_OFFSET_S}, {otherwise})"


_MEMBERS = f"""CREATE TABLE r_members AS
SELECT m.number, m.kind = 'issuer' AS is_issuer, n.number AS city,
  {_second("suspended_from", _FAR_S)} AS suspended_s,
  {_second("suspended_until", _FAR_S)} AS resumed_s,
  {_second("joined_on", 0)} AS joined_s, {_second("left_on", _FAR_S)} AS left_s,
  coalesce(left_version, 0) AS left_version,
  m.number IN (SELECT issuer FROM bins) AS has_bins
FROM members m JOIN cities_numbered n ON n.name = m.city LEFT JOIN cities c ON c.city = m.city"""

_LINES = f"""CREATE TABLE r_lines AS
SELECT o.moment::BIGINT * {PLACES} + l.number AS line_key, n.number AS l_city,
  CASE WHEN l.mode = 'rail' THEN n.number ELSE 0 END AS l_paired,
  coalesce(modes.mode, -2) AS l_mode, operators.number AS l_operator, bases.basis AS l_basis,
  f.fare_fen AS l_fare, coalesce(f.charge_max_fen, f.fare_fen) AS l_most
FROM moments o
JOIN lines l ON {_day("l.valid_from", 0)} <= o.split_first
  AND o.split_first < {_day("l.valid_until", _FAR)}
JOIN cities_numbered n ON n.name = l.city
JOIN operators ON operators.name = l.operator
JOIN bases ON bases.weights = l.operator || ' 1'
LEFT JOIN modes ON modes.name = l.mode
LEFT JOIN fares f ON f.line = l.number AND {_day("f.valid_from", 0)} <= o.fare_first
  AND o.fare_first < {_day("f.valid_until", _FAR)}"""

_SPLITS = f"""CREATE TABLE pair_splits AS
SELECT o.moment, n.number AS city, s.origin, s.destination, bases.basis
FROM moments o
JOIN split_rows s ON {_day("s.valid_from", 0)} <= o.split_first
  AND o.split_first < {_day("s.valid_until", _FAR)}
JOIN cities_numbered n ON n.name = s.city
LEFT JOIN period_numbers p ON p.name = s.period
JOIN bases ON bases.weights = s.weights
WHERE coalesce(s.period, '') = '' OR p.number = o.period"""

_PAIRS = f"""CREATE TABLE r_pairs AS
WITH pair_fares AS (
  SELECT o.moment, n.number AS city, f.origin, f.destination, f.fare_fen,
    coalesce(f.charge_max_fen, f.fare_fen) AS most
  FROM moments o JOIN fares f ON f.line = 0 AND {_day("f.valid_from", 0)} <= o.fare_first
  AND o.fare_first < {_day("f.valid_until", _FAR)} JOIN cities_numbered n ON n.name = f.city)
SELECT
  ((moment::BIGINT * {CITIES} + city) * {PLACES} + origin) * {PLACES} + destination AS pair_key,
  fare_fen AS p_fare, most AS p_most, basis AS p_basis
FROM pair_fares FULL JOIN pair_splits USING (moment, city, origin, destination)"""

_DENY = """CREATE TABLE r_deny AS
SELECT card AS d_card, reported_s AS d_reported, published_s AS d_published, version AS d_version,
  coalesce(named_from, version) AS d_named, coalesce(is_anonymous, false) AS d_anonymous
FROM deny"""

_TERMINALS = f"""CREATE TABLE r_terminals AS
SELECT terminal AS t_terminal, acquirer AS t_acquirer,
  CASE WHEN coalesce(operator, '') = '' THEN 0 ELSE coalesce(o.number, -1) END AS t_operator,
  coalesce(line, 0) AS t_line, {_second("first_on", 0)} AS t_first_s,
  {_second("last_on", _FAR_S, days=1)} AS t_until_s
FROM terminals LEFT JOIN operators o ON o.name = terminals.operator"""

_BINS = f"""CREATE TABLE r_bins AS
SELECT bin * (10 ** ({CARD_DIGITS} - length(bin::VARCHAR)))::BIGINT AS b_bin,
  issuer AS b_issuer, {_second("valid_from", 0)} AS b_first_s,
  {_second("valid_until", _FAR_S)} AS b_until_s FROM bins"""

_SHARES = """CREATE TABLE r_shares AS
WITH parts AS (SELECT basis, unnest(string_split(weights, ',')) AS part FROM bases),
named AS (SELECT basis, split_part(part, ' ', 1) AS operator,
  split_part(part, ' ', 2)::BIGINT AS weight FROM parts)
SELECT basis AS s_basis, row_number() OVER (PARTITION BY basis ORDER BY operator) AS s_place,
  o.number AS s_operator, weight AS s_weight, sum(weight) OVER (PARTITION BY basis) AS s_whole
FROM named JOIN operators o ON o.name = operator"""
