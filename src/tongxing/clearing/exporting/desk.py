"""Writes an export: one moment of the books, then numbers for its names, then all of its files."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import duckdb

from tongxing.clearing.engines.duck import quoted
from tongxing.clearing.exporting import tables
from tongxing.clearing.exporting.documents import settled_documents
from tongxing.clearing.exporting.moment import Asked, Moment, read_moment
from tongxing.clearing.exporting.numbering import (
    number_all,
    number_rows,
    write_records,
    write_rows,
)
from tongxing.clearing.money import sheet
from tongxing.hub.ground import Ground
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.store import HubStore
from tongxing.hub.store.exports import KeptWindow
from tongxing.kernel.files import write_whole
from tongxing.kernel.reasons import Refusal

FORMAT = "tongxing-export 1"
MANIFEST, APART, APART_SHARES = "manifest.json", "apart.csv", "apart_shares.csv"
RULES, ROWS, SETTLED, RECORDS = "rules", "rows", "settled", "records.parquet"
STEPS = ("read", "number", "write")
APART_HEAD = (
    "window", "why", "code", "as_stated", "acquirer", "issuer", "rows", "charge_fen", "accepted",
    "accepted_fen",
)  # fmt: skip
_SHARES_HEAD = ("window", "acquirer", "issuer", "operator", "share_fen")
_HEADS = {
    "members": (
        "number", "member_id", "kind", "city", "name_zh", "name_en", "suspended_from",
        "suspended_until", "tac_issuer", "tac_algorithm", "tac_key_version",
    ),
    "periods": ("period", "day_type", "first", "until"),
    "cities": ("city", "joined_on", "left_on", "left_version"),
    "bins": ("bin", "issuer", "valid_from", "valid_until"),
}  # fmt: skip
_MEMORY_MIB = 1_024


@dataclass(frozen=True)
class Exported:
    """What an export holds: its windows, rows by window, and what is apart of them (`APART_HEAD`),
    in order."""

    windows: tuple[KeptWindow, ...]
    rows: Mapping[str, int]
    apart: tuple[tuple[object, ...], ...]


class ExportDesk:
    """Exports of a hub. `ground` is what it judges records by."""

    def __init__(self, store: HubStore, rules: Rulebook, ground: Ground) -> None:
        self._store, self._rules, self._ground = store, rules, ground

    def export(
        self, asked: Asked, folder: Path, tell: Callable[[str], object] = lambda _step: None
    ) -> Exported | Refusal:
        """Everything of some windows into an empty folder; `tell` hears of each step as it begins.

        Refuses with EXPORT_NOTHING or EXPORT_NUMBERS. Raises OSError and duckdb.Error.
        """
        with duckdb.connect(str(asked.scratch / "export.duckdb")) as base:
            _settle_in(base, asked.scratch)
            tell(STEPS[0])
            with self._store.reading() as cursor:
                found = read_moment(cursor, base, asked, self._rules, self._ground)
                if isinstance(found, Refusal):
                    return found
                for window in found.windows:
                    if window.state != "open":
                        place = folder / SETTLED / window.window_id
                        place.mkdir(parents=True)
                        for name, content in settled_documents(cursor, window.window_id):
                            write_whole(place / name, content)
            tell(STEPS[1])
            with self._store.changing() as cursor:
                refusal = number_all(base, cursor, list(found.members), asked.scratch)
            if refusal is not None:
                return refusal
            tell(STEPS[2])
            return _write(base, found, self._rules, folder)


def _settle_in(base: duckdb.DuckDBPyConnection, scratch: Path) -> None:
    """One thread, so that rows fall the same way every time."""
    for setting in (
        "threads = 1",
        f"memory_limit = '{_MEMORY_MIB}MiB'",
        f"temp_directory = '{quoted(scratch / 'spill')}'",
        "preserve_insertion_order = true",
        "enable_progress_bar = false",
    ):
        base.execute(f"SET {setting}")


def _write(
    base: duckdb.DuckDBPyConnection, found: Moment, rules: Rulebook, folder: Path
) -> Exported:
    number_rows(base, found.counted)
    for name in (RULES, ROWS):
        (folder / name).mkdir(parents=True)
    rows = write_rows(base, folder / ROWS)
    write_records(base, folder / RECORDS)
    _write_rules(base, found, folder / RULES)
    base.execute(
        "COPY (SELECT kind, name, number FROM numbers ORDER BY ALL) "
        f"TO '{quoted(folder / 'numbers.parquet')}' (FORMAT parquet, COMPRESSION zstd)"
    )
    apart = tuple(_apart(found))
    write_whole(folder / APART, sheet(APART_HEAD, apart))
    write_whole(folder / APART_SHARES, sheet(_SHARES_HEAD, _shares(found)))
    write_whole(folder / MANIFEST, _manifest(found, rows, rules, folder))
    return Exported(found.windows, rows, apart)


def _write_rules(base: duckdb.DuckDBPyConnection, found: Moment, folder: Path) -> None:
    data = files("tongxing.hub.data")
    for name in ("rulebook.toml", "liability.toml"):
        write_whole(folder / name, data.joinpath(name).read_bytes())
    named = base.execute("SELECT name, number FROM numbers WHERE kind = 'member'").fetchall()
    numbers = {str(name): int(number) for name, number in named}
    small: dict[str, tables.Cells] = {
        "members": tables.member_rows(found.members.values(), numbers, found.telling.tac_terms)
    }
    if found.periods.stretches:
        small["periods"] = tables.period_rows(found.periods)
    if found.statement.cities:
        small["cities"] = tables.city_rows(found.statement.cities)
    if found.statement.numbers:
        counts = base.execute(
            "SELECT kind[8:], max(number) FROM numbers WHERE kind LIKE 'medium:%' GROUP BY 1"
        ).fetchall()
        stated = found.statement.numbers
        small["bins"] = tables.bin_rows(stated, found.digits, numbers, dict(counts))
    for name, cells in small.items():
        tables.write_sheet(folder / f"{name}.csv", _HEADS[name], cells)
    for name in ("lines", *sorted(found.given)):
        tables.write_rules(base, name, folder)


def _apart(found: Moment) -> Iterator[tuple[object, ...]]:
    for key, count in sorted(found.counted.left_out.items()):
        yield (*key, count.rows, count.charge_fen, count.accepted, count.accepted_fen)
    for one in found.beside:
        fen = (one.records, one.fen, one.records, one.fen)
        yield (one.window_id, one.why, "", "", one.acquirer, one.issuer, *fen)


def _shares(found: Moment) -> list[tuple[object, ...]]:
    """The operators' parts of what is apart, in order."""
    totals = dict(found.counted.shares)
    for one in found.beside:
        for operator, fen in one.shares:
            key = (one.window_id, one.acquirer, one.issuer, operator)
            totals[key] = totals.get(key, 0) + fen
    return [(*key, fen) for key, fen in sorted(totals.items()) if fen]


def _manifest(found: Moment, rows: Mapping[str, int], rules: Rulebook, folder: Path) -> bytes:
    content = {
        "format": FORMAT,
        "rulebook": rules.version,
        "windows": [
            {
                "window": one.window_id,
                "state": one.state,
                "rows": rows.get(one.window_id, 0),
                "same_rulebook": one.rulebook_sha256 in ("", rules.sha256),
            }
            for one in found.windows
        ],
        "files": {path.relative_to(folder).as_posix(): _sha256(path) for path in _files_of(folder)},
    }
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _files_of(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
