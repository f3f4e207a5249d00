"""Rules and rows invented for a measurement or a first try: cities with a metro and buses.

The same numbers give the same rules and rows on every machine. Every so many rows is wrong on
purpose, in every way that a row can be.
"""

import csv
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import duckdb

from tongxing.clearing.engines.duck import quoted

EXAMPLE_ROWS = 50_000
RECEIVED_S = 1_773_792_000
"""2026-03-18 08:00 in China: all rows came then, most of them of the day before."""

BATCH_ROWS = 500
_LINES, _BUSES, _STATIONS = 6, 12, 40
_APART = 7_919
"""How far apart the terminals of neighbouring batches are: it has no factor in common with how many
there are, so that each has its turn."""
_ISSUER, _ACQUIRER = 1, 1_001
_DAY_S = 86_400


class World(NamedTuple):
    """How large the invented world is. One in `riding` denied cards still rides."""

    cities: int = 8
    cards: int = 2_000
    terminals: int = 60
    denied: int = 40
    riding: int = 2
    suspended: int = 1


SMALL = World()
LARGE = World(20, 20_000_000, 100_000, denied=1_000_000, riding=10, suspended=0)


def write_rules(folder: Path, world: World) -> None:
    """A rules directory for such a world."""
    folder.mkdir(parents=True, exist_ok=True)
    book = files("tongxing.hub.data").joinpath("rulebook.toml").read_bytes()
    (folder / "rulebook.toml").write_bytes(book)
    liability = files("tongxing.hub.data").joinpath("liability.toml").read_bytes()
    (folder / "liability.toml").write_bytes(liability)
    for name, head, rows in (
        ("members", _MEMBERS, _members(world)),
        ("lines", _LINE_HEAD, _lines(world)),
        ("cities", "city,joined_on,left_on,left_version", _cities(world)),
    ):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(head.split(","))
            writer.writerows(rows)
    with duckdb.connect() as base:
        for name, sql in _TABLES.items():
            text = sql.format(**world._asdict(), stations=_STATIONS, received=RECEIVED_S)
            ends = "parquet" if world.denied > 100_000 else "csv"
            how = "FORMAT parquet" if ends == "parquet" else "FORMAT csv, HEADER"
            base.execute(f"COPY ({text}) TO '{quoted(folder / name)}.{ends}' ({how})")


_MEMBERS = (
    "number,member_id,kind,city,name_zh,name_en,suspended_from,suspended_until,"
    "tac_issuer,tac_algorithm,tac_key_version"
)
_LINE_HEAD = "number,line,city,mode,operator,valid_from,valid_until"


def _members(world: World) -> Iterator[tuple[object, ...]]:
    for number in range(1, world.cities + 1):
        city = f"{990_000 + number}"
        out = "2026-03-01" if world.suspended and number == world.cities else ""
        key = (f"{0xA000_0000_0000_0000 + number:016X}", 4 if number % 2 else 0, 1)
        names = (f"发卡{number}", f"Issuer {number}")
        yield (number, f"ISS-{city}", "issuer", city, *names, out, "", *key)
        names = (f"收单{number}", f"Acquirer {number}")
        yield (1_000 + number, f"ACQ-{city}", "acquirer", city, *names, "", "", "", "", "")


def _lines(world: World) -> Iterator[tuple[object, ...]]:
    for number in range(1, world.cities + 1):
        for line in range(1, _LINES + _BUSES + 1):
            mode = "rail" if line <= _LINES else "bus"
            owner = f"OP-{number:02d}{'AB'[line % 2] if mode == 'rail' else 'C'}"
            name = f"{'M' if mode == 'rail' else 'B'}{number}-{line}"
            dates = ("2020-01-01", "")
            yield (number * 100 + line, name, f"{990_000 + number}", mode, owner, *dates)


def _cities(world: World) -> Iterator[tuple[object, ...]]:
    for number in range(1, world.cities + 1):
        left = ("2026-02-01", 9) if number == world.cities - 1 else ("", "")
        yield (f"{990_000 + number}", "2019-01-01", *left)


_TABLES = {
    "fares": """SELECT (990000 + c)::VARCHAR AS city,
  DATE '2020-01-01' AS valid_from, NULL::DATE AS valid_until, 0 AS line,
  c * 1000 + o AS origin, c * 1000 + d AS destination,
  200 + 100 * (abs(o - d) // 6) AS fare_fen, NULL::INTEGER AS charge_max_fen
FROM range(1, {cities} + 1) a(c), range(1, {stations} + 1) b(o), range(1, {stations} + 1) e(d)
UNION ALL SELECT (990000 + c)::VARCHAR, DATE '2020-01-01', NULL, c * 100 + l, 0, 0, 200, NULL
FROM range(1, {cities} + 1) a(c), range(7, 19) b(l) ORDER BY ALL""",
    "splits": """SELECT (990000 + c)::VARCHAR AS city, 'T1' AS version,
  DATE '2020-01-01' AS valid_from, NULL::DATE AS valid_until,
  '' AS period, c * 1000 + o AS origin, c * 1000 + d AS destination,
  format('OP-{{:02d}}{{}}', c, w) AS operator,
  CASE w WHEN 'A' THEN 1000000 - 7919 * abs(o - d) - 1000 * (o % 7)
    ELSE 7919 * abs(o - d) + 1000 * (o % 7) END AS weight
FROM range(1, {cities} + 1) a(c), range(1, {stations} + 1) b(o), range(1, {stations} + 1) e(d),
  (VALUES ('A'), ('B')) g(w) ORDER BY ALL""",
    "deny": """SELECT (31040001 + k % {cities}) * 100000000000 + k AS card,
  {received} - 86400 * (2 + i % 5) AS reported_s,
  {received} - 86400 * (2 + i % 5) + 3600 AS published_s,
  (100 + i % 5)::INTEGER AS version, NULL::INTEGER AS named_from, i % 50 = 0 AS is_anonymous
FROM (SELECT i, i * {riding} * {cards} // {denied} AS k FROM range({denied}) t(i))
ORDER BY ALL""",
    "terminals": """SELECT 1000000 + i AS terminal, (1001 + i % {cities})::INTEGER AS acquirer,
  '' AS operator, 0 AS line, NULL::DATE AS first_on, NULL::DATE AS last_on
FROM range({terminals}) t(i) ORDER BY ALL""",
    "bins": """SELECT 31040000 + i AS bin, i::INTEGER AS issuer, DATE '2015-01-01' AS valid_from,
  NULL::DATE AS valid_until FROM range(1, {cities} + 1) t(i) ORDER BY ALL""",
}

ROWS_SQL = """
WITH told AS (
  SELECT CASE WHEN i % 400 = 399 THEN i - 57 ELSE i END AS j, i FROM range({first}, {last}) t(i)),
batched AS (SELECT *, hash(j) AS h, hash(j + 7777777777) AS g, j // {batch} AS b,
  j // {batch} * {apart} % {terminals} AS t FROM told),
seated AS (SELECT *, b // {terminals} * {batch} + j % {batch} AS n, hash(t + 3333333333) AS a,
  hash(b + 5555555555) AS w FROM batched),
placed AS (SELECT *, 1 + t % {cities} AS c, a % 100 < 60 AS is_rail,
  1 + (a >> 30) % {stations} AS d,
  CASE WHEN (h >> 40) % 10 = 0 THEN (h >> 44) % {cities} ELSE t % {cities} END AS home FROM seated),
rides AS (SELECT *, ((h % ({cards} // {cities})) * {cities} + home)::BIGINT AS card_no,
  1 + (h >> 20) % {stations} AS o,
  {received} - 8 * 3600 - 64800 + ((n * 57600 + (g >> 8) % 57600) // {each})::BIGINT
    - CASE WHEN j % 97 = 5 THEN 345600
    WHEN j % 5003 = 5 THEN 1728000 ELSE 0 END AS exited FROM placed)
SELECT {received}::BIGINT AS received_s, (1000 + c)::INTEGER AS acquirer,
  CASE WHEN j % 20011 = 3 THEN 999 ELSE home + 1 END::INTEGER AS issuer,
  (1000000 + t + CASE WHEN j % 30011 = 9 THEN 500000000 ELSE 0 END)::BIGINT AS terminal,
  (a % 1000000 + n)::UINTEGER AS terminal_seq,
  ((31040001 + home) * 100000000000 + card_no)::BIGINT AS card,
  (c * 100 + CASE WHEN j % 40009 = 1 THEN 99 WHEN is_rail THEN 1 + (a >> 40) % 6
    ELSE 7 + (a >> 40) % 12 END)::INTEGER AS line,
  CASE WHEN is_rail THEN c * 1000 + o ELSE 0 END::INTEGER AS origin,
  CASE WHEN is_rail THEN c * 1000 + d ELSE 0 END::INTEGER AS destination,
  exited - CASE WHEN j % 50021 = 2 THEN -5 WHEN j % 60013 = 4 THEN 172800 WHEN is_rail
    THEN 300 + ((g >> 24) % 3000)::BIGINT ELSE 0 END AS entered_s,
  exited AS exited_s,
  (CASE WHEN is_rail THEN 200 + 100 * (abs(o::BIGINT - d::BIGINT) // 6) ELSE 200 END
    + CASE WHEN j % 70001 = 6 THEN 100 ELSE 0 END)::INTEGER AS fare_fen,
  (CASE WHEN is_rail THEN 200 + 100 * (abs(o::BIGINT - d::BIGINT) // 6) ELSE 200 END
    * CASE (h >> 50) % 4 WHEN 0 THEN 100 WHEN 1 THEN 90 WHEN 2 THEN 90 ELSE 80 END // 100
    + CASE WHEN j % 80021 = 8 THEN 5000 ELSE 0 END)::INTEGER AS charge_fen,
  (CASE WHEN b % 3 = 0 THEN 0 ELSE 95 + w % 12 END)::INTEGER AS deny_list_version
FROM rides"""
"""Rows as a hub receives them. A terminal stands in one place: its line and, on rail, the station
that people leave at are its own. It hands on at most BATCH_ROWS rides at once, numbered and in the
order of time, and proves one deny list with all of them; batches of all terminals alternate."""


def write_example(folder: Path, world: World) -> int:
    """Rules and a file of rides to try with; how many rows it has."""
    write_rules(folder / "rules", world)
    write_rows(folder / "rides.parquet", world, 0, EXAMPLE_ROWS, EXAMPLE_ROWS)
    return EXAMPLE_ROWS


def write_rows(path: Path, world: World, first: int, last: int, rows: int) -> None:
    """The rows from `first` up to `last` of so many."""
    with duckdb.connect() as base:
        base.execute(
            f"COPY ({rows_sql(world, first, last, rows)}) TO '{quoted(path)}' "
            "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 1000000)"
        )


def rows_sql(world: World, first: int, last: int, rows: int) -> str:
    """The rows as SQL, without their codes."""
    each = max(rows // world.terminals, 1)
    return ROWS_SQL.format(
        first=first, last=last, each=each, batch=min(each, BATCH_ROWS), apart=_APART,
        stations=_STATIONS, received=RECEIVED_S, **world._asdict(),
    )  # fmt: skip


def tac_keys(world: World) -> dict[int, tuple[bytes, int, int]]:
    """Under which key each issuer's cards sign: issuer id, algorithm, version."""
    found = {}
    for number, _, kind, *_, issuer, algorithm, version in _members(world):
        if kind == "issuer":
            found[int(str(number))] = (
                bytes.fromhex(str(issuer)),
                int(str(algorithm)),
                int(str(version)),
            )
    return found
