"""One clearing run: files and rules in, a directory of results out, whole or not at all.

The steps are the same for both engines. What is written depends on the rows and the rules alone:
not on the engine, the clock, the machine, or how often it is run.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb
import ibis.expr.types as ir

from tongxing.clearing.codes import Codes, CodesChecked, check_codes
from tongxing.clearing.engines.duck import faults_told
from tongxing.clearing.engines.engine import Engine
from tongxing.clearing.findings import Meaning
from tongxing.clearing.layout import SQL_TYPES, misfit
from tongxing.clearing.money import OperatorRow, PairRow, Window, windows_of
from tongxing.clearing.rules.compiling import SCHEMAS
from tongxing.clearing.rules.model import Rules
from tongxing.clearing.steps import duplicates, marks, purses, sifting, totals
from tongxing.clearing.steps.checks import found_of_rows
from tongxing.kernel.reasons import Refusal
from tongxing.media.keys import KeyVault

STEPS = ("tables", "purses", "duplicates", "rows", "marks", "money")
_MISFITS = {
    "column": "CLEARING_COLUMN",
    "type": "CLEARING_TYPE",
    "unknown": "CLEARING_UNKNOWN",
}
Tell = Callable[[str], None]
MEANINGS = {"meant_bits": "int64", "is_accepted": "boolean"}


@dataclass(frozen=True)
class Given:
    """What a run is made of: the files to read in the order of their arrival, the files that were
    given and their names in the results, the rules, and the vault that codes are checked with
    (None: they are not checked)."""

    files: Sequence[Path]
    originals: Sequence[Path]
    names: Sequence[str]
    rules: Rules
    vault: KeyVault | None = None
    every_row: bool = False
    threads: int = 1


class FileFacts(NamedTuple):
    """An input file: its name, rows and SHA-256."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class Cleared:
    """What the pipeline found, before it is written. `listed`, `marked` and `gaps` are patterns of
    Parquet files; `counts` are records and fen by window, members and findings."""

    files: tuple[FileFacts, ...]
    meanings: Mapping[int, Meaning]
    counts: tuple[tuple[int, int, int, int, int, int], ...]
    windows: tuple[Window, ...]
    codes: CodesChecked | None
    listed: str
    marked: str
    gaps: str | None = None


def columns_fault(files: Sequence[Path]) -> Refusal | None:
    """Why one of the files cannot be cleared: no Parquet (CLEARING_PARQUET), or columns of another
    layout (CLEARING_COLUMNS)."""
    with duckdb.connect() as base:
        for path in files:
            try:
                described = base.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)])
                found = [(str(row[0]), str(row[1])) for row in described.fetchall()]
            except duckdb.Error as error:
                detail = " ".join(str(error).split())[:200]
                return Refusal("CLEARING_PARQUET", str(path), {"detail": detail})
            fault = misfit(found)
            if fault is not None:
                kind, name = fault
                return Refusal(_MISFITS[kind], str(path), {"name": name})
    return None


def clear(engine: Engine, given: Given, scratch: Path, tell: Tell) -> Cleared:
    """Runs the pipeline; `tell` hears of each step as it begins. Raises EngineFault."""
    run = _Run(engine, given, scratch)
    with _hashing(given) as facts:
        tell("tables")
        run.read()
        tell("purses")
        run.look_at_purses()
        tell("duplicates")
        run.count_numbers()
        tell("rows")
        run.sift()
        tell("marks")
        run.mark()
        tell("money")
        return run.count(facts())


class _Run:
    """The steps, each leaving tables with the engine for the next."""

    def __init__(self, engine: Engine, given: Given, scratch: Path) -> None:
        self.engine, self.given, self.rules, self.scratch = engine, given, given.rules, scratch
        self.tables: dict[str, ir.Table] = {}
        self.cards: ir.Table | None = None
        self.codes: CodesChecked | None = None
        self.gaps: str | None = None

    def read(self) -> None:
        """The rows, and the tables of the rules."""
        self.rows = self.engine.read_rows(self.given.files)
        for name, path in self.rules.tables.items():
            self.tables[name] = self.engine.read_table(name, path, SCHEMAS[name])

    def look_at_purses(self) -> None:
        """Cards with a fork or a break, where any file tells of purses."""
        if self._tells_purses():
            self.links = self.engine.keep("links", purses.links(self.rows))
            self.cards = self.engine.keep("strange_cards", purses.strange_cards(self.links))

    def count_numbers(self) -> None:
        """Numbers of terminals that came twice."""
        self.repeated = self.engine.keep("repeated", duplicates.repeated_numbers(self.rows))

    def sift(self) -> None:
        """Judges the rows that can be judged by themselves, sets the others aside, and checks
        transaction codes: all at once where the engine can."""
        given, codes = self.given, self._codes()
        watch = codes.wrong_in if codes else None
        counted = totals.judged(found_of_rows(self.rows, self.tables, self.rules), given.every_row)
        sifted = self.engine.sift(self._flagged(), counted, watch)
        if sifted is None and codes:
            faults_told(lambda: check_codes(given.files, codes, given.threads))
        self.codes = codes.found() if codes else None
        keys = self.codes.wrong.tolist() if self.codes else []
        bit = self.rules.findings.bit("tac")
        self.wrong = self._small("wrong_codes", marks.MARKS, [(key, bit, None) for key in keys])
        if sifted is None:
            aside = self.engine.keep("aside", sifting.set_aside(self._flagged(self.wrong)))
            others = sifting.others(self.rows, aside)
            found = found_of_rows(others, self.tables, self.rules)
            counted = self.engine.keep("counted", totals.judged(found, given.every_row))
            sifted = aside, counted
        self.aside, self.counted = sifted

    def mark(self) -> None:
        """What is found of rows set aside beside the checks, and then of these rows in all."""
        found = found_of_rows(self.aside, self.tables, self.rules, denied=True)
        found = self.engine.keep("found_aside", found)
        parts = [duplicates.duplicate_marks(self.aside, found, self.rules), self.wrong]
        if self.cards is not None:
            parts.append(purses.purse_marks(self.links, self.cards, self.wrong, self.rules))
            gaps = purses.gaps(self.links, self.wrong)
            self.gaps = self.engine.store(gaps, self.scratch / "gaps")
        kept = [self.engine.keep(f"marks_{n}", part) for n, part in enumerate(parts)]
        self.marks = self.engine.keep("marks", marks.all_marks(kept))
        marked = marks.with_marks(found, self.marks, self.rules)
        judged = totals.judged(marked, self.given.every_row)
        self.judged = self.engine.keep("judged", self.counted.union(judged))

    def _flagged(self, wrong: ir.Table | None = None) -> ir.Table:
        return sifting.flagged(self.rows, self.tables, self.rules, self.repeated, self.cards, wrong)

    def _codes(self) -> Codes | None:
        """None without a vault: then no code is asked of."""
        vault = self.given.vault
        if vault is None:
            return None
        return Codes(self.rules.tac_keys, vault, sum(_rows_of(self.given.files)))

    def count(self, facts: tuple[FileFacts, ...]) -> Cleared:
        """Money: only what was accepted moves any."""
        counts = self.engine.fetch(totals.counts(self.judged))
        findings = self.rules.findings
        meanings = {row[3]: findings.meaning(row[3]) for row in counts}
        rows = [(bits, meaning.status == "accepted") for bits, meaning in sorted(meanings.items())]
        known = self._small("meanings", MEANINGS, rows)
        groups = self.engine.keep("accepted", totals.accepted(self.judged, known))
        pairs = [PairRow(*row) for row in self.engine.fetch(totals.pair_totals(groups))]
        shares = totals.operator_totals(groups, self.tables["r_shares"])
        operators = [OperatorRow(*row) for row in self.engine.fetch(shares)]
        rules = self.rules
        return Cleared(
            files=facts,
            meanings=meanings,
            counts=tuple(counts),
            windows=tuple(
                windows_of(pairs, operators, rules.members, rules.operators, rules.rulebook)
            ),
            codes=self.codes,
            listed=self.engine.store(totals.listed(self.judged), self.scratch / "listed"),
            marked=self.engine.store(self.marks, self.scratch / "marked"),
            gaps=self.gaps,
        )

    def _small(
        self, name: str, schema: Mapping[str, str], rows: Sequence[Sequence[object]]
    ) -> ir.Table:
        """Rows from here as a table of the engine's."""
        path = self.scratch / f"{name}.parquet"
        with duckdb.connect() as base:
            columns = ", ".join(f"{column} {SQL_TYPES[kind]}" for column, kind in schema.items())
            base.execute(f"CREATE TABLE small ({columns})")
            if rows:
                columns_of = [list(column) for column in zip(*rows, strict=True)]
                cells = ", ".join("unnest(?)" for _ in schema)
                base.execute(f"INSERT INTO small SELECT {cells}", columns_of)
            base.execute("COPY small TO ? (FORMAT parquet)", [str(path)])
        return self.engine.read_table(name, path, schema)

    def _tells_purses(self) -> bool:
        """Whether any file has both columns of purses."""
        paths = [str(path) for path in self.given.files]
        with duckdb.connect() as base:
            told = base.execute(
                "SELECT file_name, count(DISTINCT name) FROM parquet_schema(?) "
                "WHERE name IN ('card_counter', 'balance_before_fen') GROUP BY ALL",
                [paths],
            ).fetchall()
        return any(found == 2 for _, found in told)


@contextmanager
def _hashing(given: Given) -> Iterator[Callable[[], tuple[FileFacts, ...]]]:
    """Hashes the files beside the pipeline; what it yields waits for the hashes."""
    with ThreadPoolExecutor(1) as pool:
        waiting = [pool.submit(_sha256, path) for path in given.originals]
        rows = _rows_of(given.files)

        def facts() -> tuple[FileFacts, ...]:
            found = zip(given.names, rows, waiting, strict=True)
            return tuple(FileFacts(name, count, one.result()) for name, count, one in found)

        try:
            yield facts
        finally:  # after a fault nobody asks for the rest
            pool.shutdown(cancel_futures=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _rows_of(files: Sequence[Path]) -> list[int]:
    """How many rows each file has."""
    with duckdb.connect() as base:
        told = base.execute(
            "SELECT file_name, num_rows FROM parquet_file_metadata(?)",
            [sorted({str(path) for path in files})],
        ).fetchall()
    counts = dict(told)
    return [int(counts[str(path)]) for path in files]
