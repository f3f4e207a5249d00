"""Journeys in Parquet, prices in Parquet, in bounded memory: DuckDB reads, spills and writes.

The file is cut into pieces by a hash of the unit, so no medium straddles two pieces, and each
piece is sorted and priced by itself. How it was sorted before does not matter.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from glob import escape
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from tongxing.fares.city import CityFares
from tongxing.fares.rerating import layout
from tongxing.fares.rerating.codes import Codebook, Codes
from tongxing.fares.rerating.journeys import JourneyTable, table_of
from tongxing.fares.rerating.rating import Rerater
from tongxing.fares.rules import ACCOUNT_MARK, PackRelief

PIECE_ROWS = 4_000_000
MEMORY_MIB = 1_500

_NEEDED = ("medium", "mode", "entered_s")
_TEXTS = {
    "mode": "", "line": "", "vehicle": "", "place": "", "origin": "", "destination": "",
    "missing": "", "medium_kind": "card", "product": "ordinary", "scheme": "", "system": "",
    "pack": "",
}  # fmt: skip
_NUMBERS = {"exited_s": 0, "metres": -1, "slow_metres": 0, "fare_fen": -1}
_CODED = {
    "mode": ("mode",), "line": ("line",), "vehicle": ("vehicle",),
    "station": ("origin", "destination"), "system": ("system",), "pack": ("pack",),
}  # fmt: skip
_WHO = "medium_kind, product, scheme, is_local, visit_mode, visit_place"


class BadJourneys(Exception):
    """A file of journeys that cannot be used; says why (kind and text)."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind, self.text = kind, text


@dataclass(frozen=True)
class FileFigures:
    """What was done: journeys, units, those priced the exact way, refused ones, fen in all."""

    journeys: int
    units: int
    exact_journeys: int
    refused: int
    charge_fen: int
    fare_fen: int


def rerate_file(
    fares: CityFares,
    journeys: Path,
    out: Path,
    *,
    threads: int,
    tell: Callable[[int, int], None],
    piece_rows: int = PIECE_ROWS,
    memory_mib: int = MEMORY_MIB,
) -> FileFigures:
    """Price a Parquet file (or a folder of them) of journeys into a Parquet file.

    `tell` hears of rows done and rows in all. Raises `BadJourneys`, and OSError for `out`.
    """
    with tempfile.TemporaryDirectory(prefix="rerate-", dir=out.parent) as folder:
        store = Path(folder)
        with duckdb.connect() as base:
            base.execute(f"SET memory_limit = '{memory_mib}MiB'")
            base.execute(f"SET temp_directory = '{_quoted(store / 'spill')}'")
            base.execute(f"SET threads = {threads}")
            base.execute("SET preserve_insertion_order = false")
            base.execute("SET enable_progress_bar = false")
            try:
                source = _Source(base, fares, journeys)
                return _rate_pieces(source, store, out, threads, tell, piece_rows)
            except duckdb.Error as error:
                raise BadJourneys("unreadable", str(error).partition("\n")[0]) from error


def _rate_pieces(
    source: "_Source",
    store: Path,
    out: Path,
    threads: int,
    tell: Callable[[int, int], None],
    piece_rows: int,
) -> FileFigures:
    rerater = Rerater(source.fares, source.codes, threads)
    done = units = exact = refused = charge = fare = 0
    (store / "out").mkdir()
    for number, table, ids in source.pieces(store, piece_rows):
        rated = rerater.rate(table)
        outcomes = rated.outcomes
        _write_piece(source.base, rerater, ids, outcomes, store / "out" / f"{number:06}.parquet")
        done += table.rows
        units += table.units
        exact += rated.exact_rows
        refused += int(np.count_nonzero(np.asarray(outcomes.refusal) > 0))
        charge += int(np.asarray(outcomes.charge_fen).sum(dtype=np.int64))
        fare += int(np.asarray(outcomes.fare_fen).sum(dtype=np.int64))
        tell(done, source.rows)
    ready = store / "ready.parquet"
    source.base.execute(
        f"COPY (SELECT * FROM read_parquet('{_all_in(store / 'out')}')) "
        f"TO '{_quoted(ready)}' (FORMAT parquet, COMPRESSION zstd)"
    )
    shutil.move(ready, out)
    return FileFigures(done, units, exact, refused, charge, fare)


class _Source:
    """The journeys behind a view with every column there may be, and the codes of their texts."""

    def __init__(self, base: duckdb.DuckDBPyConnection, fares: CityFares, path: Path) -> None:
        self.base, self.fares = base, fares
        where = _all_in(path) if path.is_dir() else _quoted(escape(str(path)))
        described = base.execute(f"DESCRIBE SELECT * FROM read_parquet('{where}')").fetchall()
        there = {str(row[0]) for row in described}
        for name in _NEEDED:
            if name not in there:
                raise BadJourneys("column", name)
        self.by_account = "account" in there and any(
            name.endswith(ACCOUNT_MARK) for name in _counter_names(fares)
        )
        base.execute(_view(where, there, self.by_account))
        found = base.execute("SELECT count(*) FROM journeys").fetchone()
        self.rows = int(found[0]) if found else 0
        self.codes = self._codes()

    def pieces(
        self, store: Path, piece_rows: int
    ) -> Iterator[tuple[int, JourneyTable, NDArray[np.int64]]]:
        """Every unit's journeys, in order, some units at a time; with the journeys' ids."""
        count = max(1, -(-self.rows // piece_rows))
        if count == 1:
            yield 0, *self._table(f"({self._coded(1)})")
            return
        parts = store / "parts"
        self.base.execute(
            f"COPY ({self._coded(count)}) TO '{_quoted(parts)}' "
            "(FORMAT parquet, COMPRESSION snappy, PARTITION_BY (piece))"
        )
        for number in range(count):
            part = parts / f"piece={number}"
            if part.exists():
                yield number, *self._table(f"read_parquet('{_all_in(part)}')")
                shutil.rmtree(part)

    def _codes(self) -> Codebook:
        codes = Codebook.empty()
        texts: dict[str, Codes] = {}
        for name, columns in _CODED.items():
            union = " UNION ".join(f"SELECT DISTINCT {one} AS v FROM journeys" for one in columns)
            texts_of = f"SELECT v FROM ({union} UNION SELECT '') ORDER BY v"
            self.base.execute(f"CREATE TYPE code_{name} AS ENUM ({texts_of})")
            rows = self.base.execute(f"SELECT unnest(enum_range(NULL::code_{name}))").fetchall()
            texts[name] = Codes(str(row[0]) for row in rows)
        codes.modes, codes.lines, codes.stations = texts["mode"], texts["line"], texts["station"]
        codes.systems = texts["system"]
        self._pack_rules(codes, texts["pack"])
        self.base.execute(
            f"CREATE TABLE whos AS SELECT row_number() OVER (ORDER BY {_WHO}) - 1 AS who, {_WHO} "
            f"FROM (SELECT DISTINCT {_WHO} FROM journeys)"
        )
        rows = self.base.execute(f"SELECT {_WHO} FROM whos ORDER BY who").fetchall()
        codes.whos.extend((a, b, c, bool(local), d, e) for a, b, c, local, d, e in rows)
        return codes

    def _pack_rules(self, codes: Codebook, named: Codes) -> None:
        """Packs are numbered as the tariff book lists them."""
        rules = self.fares.book.rules.values()
        for rule in rules:
            if isinstance(rule, PackRelief):
                codes.packs.of(rule.id)
        for text in named.texts:
            if codes.packs.find(text) < 0:
                raise BadJourneys("pack", text)
        order = [codes.packs.find(text) - 1 for text in named.texts]
        self.base.execute("CREATE TABLE packs AS SELECT unnest(?::INTEGER[]) AS pack_rule", [order])
        self.base.execute("ALTER TABLE packs ADD COLUMN code INTEGER")
        self.base.execute("UPDATE packs SET code = rowid")

    def _coded(self, count: int) -> str:
        coded = ", ".join(
            f"enum_code({column}::code_{name})::INTEGER AS {column}"
            for name, columns in _CODED.items()
            if name != "pack"
            for column in columns
        )
        return (
            f"SELECT journey, unit, medium, entered_s, exited_s, metres, slow_metres, {coded}, "
            "CASE missing WHEN 'exit' THEN 1 WHEN 'entry' THEN 2 ELSE 0 END::TINYINT AS missing, "
            "CASE WHEN system = '' THEN -1 ELSE fare_fen END AS stated_fen, who::INTEGER AS who, "
            f"pack_rule AS pack, (hash(unit) % {count})::INTEGER AS piece "
            "FROM journeys JOIN whos USING (medium_kind, product, scheme, is_local, visit_mode, "
            "visit_place) JOIN packs ON packs.code = enum_code(pack::code_pack)"
        )

    def _table(self, source: str) -> tuple[JourneyTable, NDArray[np.int64]]:
        slot = (
            "dense_rank() OVER (PARTITION BY unit ORDER BY medium) - 1" if self.by_account else "0"
        )
        found = self.base.execute(
            f"SELECT * EXCLUDE (medium, unit, piece), ({slot})::INTEGER AS slot, "
            f"dense_rank() OVER (ORDER BY unit) AS unit FROM {source} ORDER BY unit, "
            "CASE WHEN exited_s <> 0 THEN exited_s ELSE entered_s END, entered_s, journey"
        ).fetchnumpy()
        ids = found.pop("journey")
        unit, slots = found.pop("unit"), found.pop("slot")
        return table_of(found, unit, slots, self.codes), ids


def _counter_names(fares: CityFares) -> Iterator[str]:
    for rule in fares.book.rules.values():
        name = getattr(rule, "counter_name", None)
        if isinstance(name, str):
            yield name


def _view(where: str, there: set[str], by_account: bool) -> str:
    """Every column there may be, without NULLs; `journey` is the file's own or the row's number."""
    parts = [
        "journey::BIGINT AS journey" if "journey" in there else "file_row_number AS journey",
        "medium",
        "coalesce(account::VARCHAR, medium::VARCHAR) AS unit" if by_account else "medium AS unit",
        "coalesce(entered_s::BIGINT, 0) AS entered_s",
    ]
    for name, default in _TEXTS.items():
        text = f"coalesce({name}::VARCHAR, '{default}')" if name in there else f"'{default}'"
        parts.append(f"{text} AS {name}")
    for name, number in _NUMBERS.items():
        cell = f"coalesce({name}::BIGINT, {number})" if name in there else f"{number}::BIGINT"
        parts.append(f"{cell} AS {name}")
    local = "issuer_is_local::BOOLEAN" if "issuer_is_local" in there else "true"
    parts.append(f"coalesce({local}, true) AS is_local")
    for name in ("mode", "place"):
        text = f"coalesce({name}::VARCHAR, '')" if name in there else "''"
        parts.append(f"CASE WHEN coalesce({local}, true) THEN '' ELSE {text} END AS visit_{name}")
    return (
        f"CREATE VIEW journeys AS SELECT {', '.join(parts)} "
        f"FROM read_parquet('{where}', file_row_number = true)"
    )


def _write_piece(
    base: duckdb.DuckDBPyConnection,
    rerater: Rerater,
    ids: NDArray[np.int64],
    outcomes: layout.Outcomes,
    path: Path,
) -> None:
    """The outcome of one piece with its words, as Parquet."""
    found = {"journey": ids, **{k: v for k, v in outcomes._asdict().items() if k != "exact"}}
    words = {
        "version": ["", *(one.name for one in rerater.fares.book.versions)],
        "rule": ["", *rerater.plans.rules.texts],
        "counter": ["", *rerater.plans.counters],
        "refusal": ["", *rerater.refusals.texts],
    }
    base.register("outcome", found)
    names = {"version": "tariff"}
    coded = ", ".join(f"(?::VARCHAR[])[{name} + 2] AS {names.get(name, name)}" for name in words)
    base.execute(
        f"COPY (SELECT journey, charge_fen, fare_fen, counter_fen, counter_rides, {coded} "
        f"FROM outcome) TO '{_quoted(path)}' (FORMAT parquet, COMPRESSION zstd)",
        list(words.values()),
    )
    base.unregister("outcome")


def _all_in(folder: Path) -> str:
    """The pattern of the files of a folder whose name is no pattern."""
    return _quoted(f"{escape(str(folder))}/*.parquet")


def _quoted(path: Path | str) -> str:
    return str(path).replace("'", "''")
