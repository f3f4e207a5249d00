"""The program that reads somebody's Parquet file and writes what it holds anew.

It is started with its orders as JSON on its command line: the file, the place of the new one, the
limits, and the columns that may be taken with their types. Its answer is the last line of its
standard error: ``{"ok": {"rows": n}}`` or ``{"refused": code, "values": {…}}``. Before it looks at
the file it takes from itself more memory and processor time than the limits, other files, new
processes and new privileges; DuckDB, which parses, can open those two files and nothing else, and
load no extension. What our own process reads afterwards was written by DuckDB, not by a stranger.
"""

import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

import duckdb

_MAGIC = b"PAR1"
_SHORTEST = 12
_HANDLES = 64
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")


class Refused(Exception):
    """The file is not taken: a code, and the values of its text."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code, self.values = code, values


def rewrite(orders: dict[str, Any]) -> int:
    """Writes the file anew; how many rows it has."""
    source, target, limits = orders["source"], orders["target"], orders["limits"]
    look_outside(source, limits)
    base = duckdb.connect()
    for setting in (
        f"memory_limit = '{limits['engine_bytes']}B'",
        "threads = 1",
        "preserve_insertion_order = true",
        "enable_progress_bar = false",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "temp_directory = ''",
        f"allowed_paths = [{quoted(source)}, {quoted(target)}]",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        base.execute(f"SET {setting}")
    rows = look_inside(base, source, limits)
    cells = ", ".join(cells_of(base, source, orders["columns"], limits["columns_max"]))
    base.execute(
        f"COPY (SELECT {cells} FROM read_parquet({quoted(source)})) TO {quoted(target)} "
        "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 1000000)"
    )
    return rows


def look_outside(source: str, limits: dict[str, int]) -> None:
    """Size, and the marks at both ends."""
    size = os.stat(source).st_size
    if size > limits["file_bytes_max"]:
        raise Refused("FILE_TOO_LARGE", found=size, limit=limits["file_bytes_max"])
    if size == 0:
        raise Refused("FILE_EMPTY")
    with open(source, "rb") as file:
        head = file.read(4)
        file.seek(-min(4, size), os.SEEK_END)
        tail = file.read(4)
    if head != _MAGIC:
        raise Refused("PARQUET_BROKEN", detail="PAR1")
    if tail != _MAGIC or size < _SHORTEST:
        raise Refused("FILE_TRUNCATED")


def look_inside(base: Any, source: str, limits: dict[str, int]) -> int:
    """What the footer promises: rows, and bytes once unpacked. A promise that is broken later ends
    the process at its limits."""
    row = base.execute(f"SELECT num_rows FROM parquet_file_metadata({quoted(source)})").fetchone()
    rows = int(row[0])
    if rows > limits["rows_max"]:
        raise Refused("PARQUET_ROWS", found=rows, limit=limits["rows_max"])
    row = base.execute(
        "SELECT coalesce(sum(total_uncompressed_size), 0)::BIGINT "
        f"FROM parquet_metadata({quoted(source)})"
    ).fetchone()
    most = min(
        limits["expanded_bytes_max"], os.stat(source).st_size * limits["expansion_ratio_max"]
    )
    if not 0 <= int(row[0]) <= most:
        raise Refused("FILE_EXPANDS_TOO_MUCH", limit=most)
    return rows


def cells_of(base: Any, source: str, wanted: dict[str, str], most: int) -> list[str]:
    """The wanted columns that are there, as SQL. A cell that its type cannot hold becomes empty."""
    found = base.execute(f"DESCRIBE SELECT * FROM read_parquet({quoted(source)})").fetchall()
    if len(found) > most:
        raise Refused("PARQUET_COLUMNS", found=len(found), limit=most)
    cells = []
    for name, kind, *_ in found:
        if name not in wanted:
            raise Refused("PARQUET_UNKNOWN", name=str(name)[:60])
        if kind not in (("BOOLEAN",) if wanted[name] == "BOOLEAN" else _WHOLE):
            raise Refused("PARQUET_TYPE", name=name, kind=str(kind)[:60])
        cells.append(f'TRY_CAST("{name}" AS {wanted[name]}) AS "{name}"')
    return cells


def quoted(text: str) -> str:
    """A text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"


def main() -> int:
    """Run once; the exit code is 0 for a file that was taken, 1 for any other."""
    orders = json.loads(sys.argv[1])
    limits = orders["limits"]
    lines = runpy.run_path(str(Path(__file__).parent.parent / "lines" / "child.py"))
    left = lines["confine"](
        limits["memory_bytes_max"],
        limits["cpu_seconds_max"],
        file_bytes=limits["file_bytes_max"],
        handles=_HANDLES,
    )
    try:
        answer: dict[str, object] = {"ok": {"rows": rewrite(orders)}, "not_confined": left}
    except Refused as refused:
        answer = {"refused": refused.code, "values": refused.values}
    except (MemoryError, duckdb.OutOfMemoryException):
        answer = {"refused": "LINES_CHILD_MEMORY", "values": {}}
    except duckdb.Error as error:
        text = " ".join(str(error).split())[:200]
        full = "no space left" in text.lower()
        answer = {"refused": "DISK_FULL" if full else "PARQUET_BROKEN", "values": {"detail": text}}
    sys.stderr.write("\n" + json.dumps(answer) + "\n")
    sys.stderr.flush()
    return 0 if "ok" in answer else 1


if __name__ == "__main__":
    sys.exit(main())
