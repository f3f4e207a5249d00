"""Reads a rules directory: every table strictly, every fault named, or nothing of it is used."""

import hashlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import msgspec

from tongxing.clearing.findings import findings_under
from tongxing.clearing.rules.compiling import compile_tables
from tongxing.clearing.rules.model import Period, Rules, TacKey
from tongxing.clearing.rules.tables import CARD_DIGITS, TABLES, Table
from tongxing.hub.liability import liability_tables, read_tables
from tongxing.hub.members import Member
from tongxing.hub.rulebook import parse_rulebook
from tongxing.kernel.reasons import Refusal

RULEBOOK, LIABILITY = "rulebook.toml", "liability.toml"
_FINDINGS_MAX = 60
_CELL_CHARS_MAX = 60
_LINE_BYTES_MAX = 65_536
_LINE = re.compile(r"CSV Error on Line: ([0-9]+)")
_CELL = re.compile(
    r'converting column "(.+?)"\. Could not convert string "(.*?)" to \'(\w+)\'', re.S
)


class _Fault(Exception):
    """A fault of one table."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(name, detail)
        self.name, self.detail = name, detail


def read_rules(folder: Path, scratch: Path) -> Rules | Refusal:
    """The rules of a directory; what engines join is written to `scratch`.

    Refuses CLEARING_RULES_MISSING for a file that must be there, CLEARING_RULES for one that cannot
    be right, and UNKNOWN files by CLEARING_RULES_UNKNOWN: a misspelt name would be a rule that
    nobody applies. Raises Problem for a rulebook that is malformed.
    """
    if not (folder / RULEBOOK).is_file():
        return Refusal("CLEARING_RULES_MISSING", str(folder), {"name": RULEBOOK})
    names = {f"{table.name}.{end}" for table in TABLES for end in ("csv", "parquet")}
    for path in sorted(folder.iterdir()):
        if path.name not in (*names, RULEBOOK, LIABILITY) and not path.name.startswith("."):
            return Refusal("CLEARING_RULES_UNKNOWN", str(path), {"name": path.name})
    try:
        with duckdb.connect() as base:
            return _read(base, folder, scratch)
    except _Fault as fault:
        return Refusal("CLEARING_RULES", fault.name, {"detail": fault.detail})


def _read(base: duckdb.DuckDBPyConnection, folder: Path, scratch: Path) -> Rules | Refusal:
    sha256 = {RULEBOOK: _sha256(folder / RULEBOOK)}
    rulebook = parse_rulebook((folder / RULEBOOK).read_bytes())
    tables = liability_tables()
    if (folder / LIABILITY).is_file():
        sha256[LIABILITY] = _sha256(folder / LIABILITY)
        try:
            tables = read_tables((folder / LIABILITY).read_text("utf-8"))
        except (ValueError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise _Fault(LIABILITY, str(error)) from error
    findings = findings_under(tables)
    if len(findings.listed) > _FINDINGS_MAX:
        raise _Fault(LIABILITY, f"{len(findings.listed)} > {_FINDINGS_MAX}")
    given = set()
    for table in TABLES:
        path = _path_of(folder, table)
        if path is None and table.needed:
            return Refusal("CLEARING_RULES_MISSING", str(folder), {"name": f"{table.name}.csv"})
        if path is not None:
            sha256[path.name] = _sha256(path)
            given.add(table.name)
        _load(base, table, path)
        given |= _used(base, table)
    periods = tuple(_periods(base))
    compiled = compile_tables(base, periods, rulebook.amount.charge_max_fen, scratch)
    if isinstance(compiled, str):
        raise _Fault("splits", compiled)
    return Rules(
        rulebook=rulebook,
        liability=tables,
        findings=findings,
        members=_members(base),
        tac_keys=_tac_keys(base),
        fare_days=compiled.fare_days,
        split_days=compiled.split_days,
        periods=periods,
        bases=compiled.bases,
        operators=compiled.operators,
        bin_divisor=_bin_divisor(base),
        given=frozenset(given),
        tables=compiled.tables,
        sha256=sha256,
    )


def _path_of(folder: Path, table: Table) -> Path | None:
    found = [folder / f"{table.name}.{end}" for end in ("csv", "parquet")]
    there = [path for path in found if path.is_file()]
    if len(there) > 1:
        raise _Fault(table.name, f"{there[0].name}, {there[1].name}")
    return there[0] if there else None


def _load(base: duckdb.DuckDBPyConnection, table: Table, path: Path | None) -> None:
    """The table as it is in the file, and sound; an empty one where there is no file."""
    columns = ", ".join(f'"{name}" {kind}' for name, kind in table.columns.items())
    base.execute(f"CREATE TABLE {table.name} ({columns})")
    if path is None:
        return
    try:
        source, values = _source(table, path)
        found = _head(path) or [
            row[0] for row in base.execute(f"DESCRIBE SELECT * FROM {source}", values).fetchall()
        ]
        if found != list(table.columns):
            raise _Fault(path.name, f"{', '.join(found)[:300]} ≠ {', '.join(table.columns)}")
        base.execute(f"INSERT INTO {table.name} SELECT * FROM {source}", values)
    except duckdb.Error as error:
        raise _Fault(path.name, _said(str(error))) from error
    for name, condition in table.faults:
        row = base.execute(
            f"SELECT * FROM (SELECT *, coalesce({condition}, false) AS bad FROM {table.name}) "
            "WHERE bad LIMIT 1"
        ).fetchone()
        if row is not None:
            raise _Fault(path.name, f"{name}: {_shown(row[:-1])}")
    key = ", ".join(f'"{name}"' for name in table.key)
    twice = base.execute(
        f"SELECT {key} FROM {table.name} GROUP BY ALL HAVING count(*) > 1"
    ).fetchone()
    if twice is not None:
        raise _Fault(path.name, f"{', '.join(table.key)}: {_shown(twice)} × 2")


def _used(base: duckdb.DuckDBPyConnection, table: Table) -> set[str]:
    """The facts that some row of a table states; nothing need be asked about those none does."""
    found = set()
    for name, condition in table.facts:
        row = base.execute(f"SELECT count(*) FROM {table.name} WHERE {condition}").fetchone()
        if row is not None and row[0]:
            found.add(f"{table.name}.{name}")
    return found


def _source(table: Table, path: Path) -> tuple[str, list[str]]:
    if path.suffix == ".parquet":
        return "read_parquet(?)", [str(path)]
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in table.columns.items())
    return (
        f"read_csv(?, header=true, delim=',', quote='\"', escape='\"', types={{{types}}}, "
        "auto_detect=true, all_varchar=false, null_padding=false, ignore_errors=false, "
        f"dateformat='%Y-%m-%d', max_line_size={_LINE_BYTES_MAX})",
        [str(path)],
    )


def _head(path: Path) -> list[str]:
    """The names of the columns of a ``.csv``, nothing for another file."""
    if path.suffix != ".csv":
        return []
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return file.readline(_LINE_BYTES_MAX).rstrip("\r\n").replace('"', "").split(",")


def _said(told: str) -> str:
    """What the engine finds wrong of a file: line, column and cell, or else its first words."""
    line, cell = _LINE.search(told), _CELL.search(told)
    if line and cell:
        column, text, kind = cell.groups()
        return f"{line[1]}: {column} “{text[:_CELL_CHARS_MAX]}” ≠ {kind}"
    return " ".join(told.split())[:300]


def _shown(row: tuple[object, ...]) -> str:
    return ", ".join("" if cell is None else str(cell) for cell in row)[:200]


def _periods(base: duckdb.DuckDBPyConnection) -> Iterator[Period]:
    rows = base.execute("SELECT * FROM periods ORDER BY period, day_type, first").fetchall()
    numbers = {name: number for number, name in enumerate(sorted({row[0] for row in rows}), 1)}
    before: dict[str, int] = {}
    for name, day_type, first, until in sorted(rows, key=lambda row: (row[1], row[2])):
        found = Period(numbers[name], day_type, _seconds(first), _seconds(until))
        if found.first_s < before.get(day_type, 0):
            raise _Fault("periods", f"{name}: {first}-{until}")
        before[day_type] = found.until_s
        yield found
    wanted = {row[0] for row in base.execute("SELECT DISTINCT period FROM splits").fetchall()}
    strange = sorted(str(name) for name in wanted if name and name not in numbers)
    if strange:
        raise _Fault("splits", f"period: {strange[0]}")


def _seconds(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 3_600 + int(minutes) * 60


def _members(base: duckdb.DuckDBPyConnection) -> dict[int, Member]:
    rows = base.execute(
        "SELECT number, member_id, kind, city, name_zh, name_en FROM members ORDER BY number"
    ).fetchall()
    return {number: Member(*rest) for number, *rest in rows}


def _tac_keys(base: duckdb.DuckDBPyConnection) -> dict[int, TacKey]:
    rows = base.execute(
        "SELECT number, tac_issuer, tac_algorithm, tac_key_version FROM members "
        "WHERE tac_issuer IS NOT NULL AND kind = 'issuer'"
    ).fetchall()
    return {number: TacKey(bytes.fromhex(text), *rest) for number, text, *rest in rows}


def _bin_divisor(base: duckdb.DuckDBPyConnection) -> int:
    row = base.execute("SELECT coalesce(max(length(bin::VARCHAR)), 0) FROM bins").fetchone()
    digits = row[0] if row else 0
    return int(10 ** (CARD_DIGITS - digits)) if digits else 1


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
