"""From names to numbers: what was staged becomes rows of the layout, and the rest is counted."""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from tongxing.clearing.engines.duck import quoted
from tongxing.clearing.exporting.rows import TERMINALS_FROM, TERMINALS_LAST, NamedRow
from tongxing.clearing.exporting.staging import STAGED, Counted, LeftOut, leave_out
from tongxing.clearing.exporting.tables import CARD, NOBODY, OF_CARD, write_sheet
from tongxing.clearing.layout import COLUMNS, CONTENT, IDENTITY, NAMES, SQL_TYPES
from tongxing.hub.store import Cursor
from tongxing.hub.store.numbers import Span, give_numbers
from tongxing.kernel.reasons import Refusal

_PLACES = Span(1, NOBODY - 1)
_STORAGES = Span(TERMINALS_FROM, TERMINALS_LAST)
_MEDIA = Span(1, 10**12 - 1)
_AT_ONCE = 10_000
_KEPT = (
    "seq", "window_id", "kind", "record_id", "sender", "file_id", "row_no", "status", "codes",
    "bearer",
)  # fmt: skip

_WHOLE = frozenset({
    "seq", "received_s", "wish", "terminal_seq", "serial", "printed", "entered_s", "exited_s",
    "fare_fen", "charge_fen", "deny_list_version", "tac", "how", "mode", "city_list_version",
    "card_counter", "balance_before_fen", "row_no",
})  # fmt: skip


def take_staged(base: duckdb.DuckDBPyConnection, path: Path) -> None:
    """The staged rows as a table."""
    kinds = {name: "BIGINT" if name in _WHOLE else "VARCHAR" for name in STAGED}
    kinds["is_test"] = "BOOLEAN"
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in kinds.items())
    base.execute(
        f"CREATE TABLE staged AS SELECT * FROM read_csv('{quoted(path)}', header=true, "
        f"auto_detect=false, delim=',', quote='\"', escape='\"', columns={{{columns}}}, "
        "nullstr='', max_line_size=65536)"
    )
    text = [name for name in NamedRow._fields if kinds[name] == "VARCHAR"]
    filled = ", ".join(f"coalesce({name}, '') AS {name}" for name in text)
    base.execute(f"CREATE OR REPLACE TABLE staged AS SELECT * REPLACE ({filled}) FROM staged")


def number_all(
    base: duckdb.DuckDBPyConnection, cursor: Cursor, members: list[str], scratch: Path
) -> Refusal | None:
    """A number for every name, as the table ``numbers``. Refuses with EXPORT_NUMBERS."""
    base.execute("CREATE TABLE numbers (kind VARCHAR, name VARCHAR, number BIGINT)")
    stations = " UNION ".join(
        f"SELECT {end} AS name FROM {table}"
        for table in ("staged", "fares", "splits")
        for end in ("origin", "destination")
    )
    asked = [
        ("member", f"SELECT unnest({members!r}) AS name, 0", _PLACES),
        ("line", "SELECT name, 0 FROM lines UNION SELECT line, 0 FROM terminals", _PLACES),
        ("station", f"SELECT name, 0 FROM ({stations})", _PLACES),
        ("terminal", "SELECT storage, max(wish) AS wish FROM staged GROUP BY ALL", _STORAGES),
    ]
    issuers = base.execute(
        "SELECT DISTINCT issuer FROM (SELECT issuer, medium FROM staged "
        "UNION ALL SELECT issuer, medium FROM deny) WHERE coalesce(medium, '') <> '' ORDER BY 1"
    ).fetchall()
    for (issuer,) in issuers:
        of_issuer = " UNION ".join(
            f"SELECT medium, 0 FROM {table} WHERE issuer = '{issuer}'"
            for table in ("staged", "deny")
        )
        asked.append((f"medium:{issuer}", of_issuer, _MEDIA))
    for kind, sql, span in asked:
        named = f"SELECT * FROM ({sql}) AS asked (name, wish) WHERE coalesce(name, '') <> ''"
        found = give_numbers(cursor, kind, _streamed(base, named), span)
        if isinstance(found, Refusal):
            return found
        path = scratch / "numbers.csv"
        write_sheet(path, ("kind", "name", "number"), ((kind, *one) for one in found))
        base.execute(
            "INSERT INTO numbers SELECT * FROM read_csv(?, header=true, auto_detect=false, "
            "delim=',', quote='\"', escape='\"', "
            "columns={'kind': 'VARCHAR', 'name': 'VARCHAR', 'number': 'BIGINT'})",
            [str(path)],
        )
    return None


def number_rows(base: duckdb.DuckDBPyConnection, counted: Counted) -> None:
    """The rows with their numbers as the table ``kept``. A record that stood already when it came
    again is kept where the row that it repeats is, and the layout can tell what it is."""
    cells = {name: f"x.{name}" for name in NAMES} | {
        "acquirer": "m.number",
        "issuer": f"coalesce(i.number, {NOBODY})",
        "terminal": "t.number",
        "terminal_seq": "CASE WHEN t.number = x.wish THEN x.serial ELSE x.terminal_seq END",
        "tac": "CASE WHEN t.number = x.wish THEN x.tac END",
        "card": CARD,
        "line": "coalesce(l.number, 0)",
        "origin": "coalesce(o.number, 0)",
        "destination": "coalesce(d.number, 0)",
    }
    listed = ", ".join(
        f"({cells[column.name]})::{SQL_TYPES[column.kind]} AS {column.name}" for column in COLUMNS
    )
    rest = [f"x.{name}" for name in (*_KEPT, "issuer AS issuer_id")]
    base.execute(
        f"CREATE TABLE told AS SELECT {listed}, {', '.join(rest)} FROM staged x "
        "JOIN numbers m ON m.kind = 'member' AND m.name = x.acquirer "
        "JOIN numbers t ON t.kind = 'terminal' AND t.name = x.storage "
        "LEFT JOIN numbers l ON l.kind = 'line' AND l.name = x.line "
        "LEFT JOIN numbers o ON o.kind = 'station' AND o.name = x.origin "
        f"LEFT JOIN numbers d ON d.kind = 'station' AND d.name = x.destination {OF_CARD}"
    )
    same_ride = " AND ".join(f"a.{name} = o.{name}" for name in IDENTITY)
    same = " AND ".join(f"a.{name} IS NOT DISTINCT FROM o.{name}" for name in CONTENT)
    base.execute(
        "CREATE TABLE kept AS SELECT a.* FROM told a LEFT JOIN told o ON a.kind = 'again' "
        "AND o.kind = 'stands' AND o.record_id = a.record_id AND o.seq < a.seq "
        f"WHERE a.kind <> 'again' OR (o.seq IS NOT NULL AND {same_ride} "
        f"AND ({same}) = (a.codes = '1002'))"
    )
    gone = base.execute(
        "SELECT window_id, codes, sender, issuer_id, charge_fen FROM told "
        "WHERE seq NOT IN (SELECT seq FROM kept) ORDER BY seq"
    )
    while rows := gone.fetchmany(_AT_ONCE):
        for window_id, code, sender, issuer, charge_fen in rows:
            key = LeftOut(window_id, "again", code, "", sender, issuer)
            leave_out(counted, key, charge_fen, None)


def write_rows(base: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int]:
    """The rows of each window as a Parquet file, in the order in which they came; how many."""
    found = base.execute("SELECT window_id, count(*) FROM kept GROUP BY 1 ORDER BY 1").fetchall()
    for window_id, _ in found:
        base.execute(
            f"COPY (SELECT {', '.join(NAMES)} FROM kept WHERE window_id = '{window_id}' "
            f"ORDER BY seq) TO '{quoted(folder / window_id)}.parquet' "
            "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 1000000)"
        )
    return {str(window_id): int(rows) for window_id, rows in found}


def write_records(base: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Which record each row is, and what the hub said of it when it came."""
    base.execute(
        "COPY (SELECT window_id || '.parquet' AS file, "
        "row_number() OVER (PARTITION BY window_id ORDER BY seq) - 1 AS row, record_id, sender, "
        "file_id, row_no, status, codes, bearer FROM kept ORDER BY seq) "
        f"TO '{quoted(path)}' (FORMAT parquet, COMPRESSION zstd)"
    )


def _streamed(base: duckdb.DuckDBPyConnection, sql: str) -> Iterator[tuple[str, int]]:
    found = base.cursor().execute(sql)
    while rows := found.fetchmany(_AT_ONCE):
        yield from rows
