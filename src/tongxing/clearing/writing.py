"""Writes what a run found: one writer for both engines, so that the bytes are the same.

A directory appears at once, with a manifest that names every file in it with its SHA-256, the input
files and the rules; nothing in it depends on who ran the pipeline or when.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from glob import glob
from pathlib import Path

import duckdb

from tongxing.clearing.engines.duck import faults_told, quoted
from tongxing.clearing.layout import ROWS_OF_A_FILE_MAX
from tongxing.clearing.money import documents_of, sheet
from tongxing.clearing.rules.model import Rules
from tongxing.clearing.running import Cleared
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.files import sync_folder, write_whole
from tongxing.kernel.ids import sha256_hex

FORMAT = "tongxing-clearing 1"
MANIFEST = "manifest.json"
_MEMORY_MIB = 1_024


def write_results(cleared: Cleared, rules: Rules, folder: Path) -> Mapping[str, str]:
    """Everything of a run into an empty folder; the SHA-256 of each file by its name.

    Raises OSError, and EngineFault for the long tables.
    """
    written: dict[str, str] = {}
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(_write_long, cleared, folder)
        for name, content in _small(cleared, rules):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
            written[name] = sha256_hex(content)
        written |= long.result()
    manifest = _manifest(cleared, rules, written)
    write_whole(folder / MANIFEST, manifest)
    return {**written, MANIFEST: sha256_hex(manifest)}


def _write_long(cleared: Cleared, folder: Path) -> dict[str, str]:
    """The long tables, beside everything else; the SHA-256 of each file by its name."""
    written = {}
    with duckdb.connect() as base:
        faults_told(lambda: _prepare(base, cleared, folder))
        long = {"verdicts.parquet": _VERDICTS}
        if cleared.gaps is not None:
            long["gaps.parquet"] = _GAPS
        for name, sql in long.items():
            path = folder / name
            faults_told(partial(base.execute, _copy(sql, path)))
            written[name] = _settled(path)
    shutil.rmtree(folder / ".spill", ignore_errors=True)
    return written


def put_in_place(part: Path, out: Path) -> None:
    """Moves a finished directory to its place in one step. Raises OSError."""
    sync_folder(part)
    os.rename(part, out)
    sync_folder(out.parent)


def _small(cleared: Cleared, rules: Rules) -> Iterator[tuple[str, bytes]]:
    members = {member.member_id: member for member in rules.members.values()}
    for window in cleared.windows:
        for name, content in documents_of(window, members, rules.rulebook):
            yield f"{window.window_id}/{name}", content
    yield "codes.csv", _codes(cleared, rules)


def _codes(cleared: Cleared, rules: Rules) -> bytes:
    """Records and fen by window, pair and codes: what was accepted in order is counted here too."""
    totals: dict[tuple[str, ...], tuple[int, int]] = {}
    for window_s, acquirer, issuer, bits, records, fen in cleared.counts:
        meaning = cleared.meanings[bits]
        names = [
            rules.members[number].member_id if number in rules.members else f"#{number}"
            for number in (acquirer, issuer)
        ]
        window = f"W{calendar_date(window_s):%Y%m%d}"
        key = (window, *names, meaning.status, " ".join(meaning.codes), meaning.bearer)
        before = totals.get(key, (0, 0))
        totals[key] = before[0] + records, before[1] + fen
    head = (
        "window", "acquirer", "issuer", "status", "codes", "bearer", "records", "charge_fen",
    )  # fmt: skip
    return sheet(head, [(*key, *totals[key]) for key in sorted(totals)])


def _prepare(base: duckdb.DuckDBPyConnection, cleared: Cleared, folder: Path) -> None:
    """One thread, and a table instead of several files that an engine happened to cut: then rows,
    row groups and the bytes of each fall the same way every time."""
    spill = quoted(folder / ".spill")
    for setting in (
        "threads = 1",
        f"memory_limit = '{_MEMORY_MIB}MiB'",
        f"temp_directory = '{spill}'",
        "preserve_insertion_order = true",
        "enable_progress_bar = false",
    ):
        base.execute(f"SET {setting}")
    for name, pattern in (
        ("listed", cleared.listed), ("marked", cleared.marked), ("gaps", cleared.gaps),
    ):  # fmt: skip
        if pattern is not None:
            kind = "VIEW" if len(glob(pattern)) == 1 else "TABLE"
            base.execute(f"CREATE {kind} {name} AS SELECT * FROM read_parquet('{quoted(pattern)}')")
    base.execute("CREATE TABLE files (number BIGINT, name VARCHAR)")
    names = [facts.name for facts in cleared.files]
    base.execute("INSERT INTO files SELECT unnest(?), unnest(?)", [list(range(len(names))), names])
    base.execute(
        "CREATE TABLE meanings (bits BIGINT, status VARCHAR, codes VARCHAR, bearer VARCHAR)"
    )
    rows = [
        (bits, meaning.status, " ".join(meaning.codes), meaning.bearer)
        for bits, meaning in sorted(cleared.meanings.items())
    ]
    if rows:
        cells = [list(column) for column in zip(*rows, strict=True)]
        base.execute(f"INSERT INTO meanings SELECT {', '.join(['unnest(?)'] * len(cells))}", cells)


def _copy(sql: str, path: Path) -> str:
    place = quoted(path)
    return (
        f"COPY ({sql}) TO '{place}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, "
        "ROW_GROUP_SIZE 122880)"
    )


_VERDICTS = (
    f"SELECT f.name AS file, l.listed_key % {ROWS_OF_A_FILE_MAX} AS row, m.status, "
    "split_part(m.codes, ' ', 1) AS code, m.codes, m.bearer, l.charge_fen, "
    f"g.name AS of_file, k.mark_of % {ROWS_OF_A_FILE_MAX} AS of_row "
    "FROM listed l JOIN meanings m ON m.bits = l.bits "
    f"JOIN files f ON f.number = l.listed_key // {ROWS_OF_A_FILE_MAX} "
    "LEFT JOIN marked k ON k.mark_key = l.listed_key "
    f"LEFT JOIN files g ON g.number = k.mark_of // {ROWS_OF_A_FILE_MAX} ORDER BY l.listed_key"
)
_GAPS = "SELECT * FROM gaps ORDER BY card, first_counter"


def _settled(path: Path) -> str:
    """Puts a file on the disk; its SHA-256."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def _manifest(cleared: Cleared, rules: Rules, written: Mapping[str, str]) -> bytes:
    by_status: dict[str, int] = {}
    for *_, bits, records, _fen in cleared.counts:
        status = cleared.meanings[bits].status
        by_status[status] = by_status.get(status, 0) + records
    checked = cleared.codes
    content = {
        "format": FORMAT,
        "rulebook": rules.rulebook.version,
        "rules": dict(sorted(rules.sha256.items())),
        "inputs": [facts._asdict() for facts in cleared.files],
        "rows": sum(facts.rows for facts in cleared.files),
        "by_status": dict(sorted(by_status.items())),
        "windows": [window.window_id for window in cleared.windows],
        "tac": None
        if checked is None
        else {"checked": checked.checked, "unchecked": checked.unchecked},
        "files": dict(sorted(written.items())),
    }
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
