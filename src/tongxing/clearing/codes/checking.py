"""Which codes are wrong: rows are laid by issuer, and checked with the keys of a vault."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray

from tongxing.clearing.codes.laying import NEEDED, Layout, layout_for
from tongxing.clearing.codes.signed import Numbers
from tongxing.clearing.engines.duck import quoted
from tongxing.clearing.engines.engine import WATCHED_ROWS
from tongxing.clearing.engines.streams import Stretch, batches, stretches
from tongxing.clearing.layout import COLUMNS, NUMBER_MAX, ROW, ROWS_OF_A_FILE_MAX, SQL_TYPES
from tongxing.clearing.rules.model import TacKey
from tongxing.media.keys import KeyVault, family
from tongxing.media.tac.columns import IssuerKey, TacColumns, check_columns
from tongxing.media.tac.engines import engine_for

Flags = NDArray[np.bool_]


class CodesChecked(NamedTuple):
    """The keys of rows whose code is wrong, in order; how many were checked, or could not be."""

    wrong: Numbers
    checked: int
    unchecked: int


class Codes:
    """Checks codes, some stretches of rows after others, also of several threads at once. There
    will be some `rows` in all, which says what is worth loading for them."""

    def __init__(self, keys: Mapping[int, TacKey], vault: KeyVault, rows: int) -> None:
        self._vault = vault
        numbers = sorted(keys, key=lambda number: (family(keys[number].algorithm), number))
        self._issuers = tuple(
            IssuerKey(keys[number].issuer_id, keys[number].algorithm, keys[number].version)
            for number in numbers
        )
        places = np.full(NUMBER_MAX + 1, -1, np.int32)
        places[numbers] = np.arange(len(numbers))
        for algorithm in {key.algorithm for key in self._issuers}:
            engine_for(algorithm, rows)
        self._layout: Layout = layout_for(places, rows)
        self._adding = Lock()
        self._wrong: list[Numbers] = []
        self._checked = self._unchecked = 0

    def found(self) -> CodesChecked:
        """What was found so far."""
        together = np.sort(np.concatenate([np.zeros(0, np.int64), *self._wrong]))
        return CodesChecked(together, self._checked, self._unchecked)

    def wrong_in(self, file: int, batch: Sequence[Stretch]) -> list[Flags]:
        """Which rows of stretches of a file (by its number) have a wrong code."""
        flags = [np.zeros(stretch.rows, np.bool_) for stretch in batch]
        if not batch or "tac" not in batch[0].columns:
            return flags
        laid = self._layout.lay(batch)
        signed = TacColumns(self._issuers, laid.issuer, laid.factors, laid.data, laid.tacs)
        verdicts = check_columns(self._vault, signed)
        wrong = np.sort(laid.rows[~verdicts.right & ~verdicts.unchecked])
        ends = np.cumsum([stretch.rows for stretch in batch])
        keys = []
        for stretch, told, end in zip(batch, flags, ends, strict=True):
            first = end - stretch.rows
            here = wrong[np.searchsorted(wrong, first) : np.searchsorted(wrong, end)] - first
            told[here] = True
            keys.append(stretch.columns[ROW][here] + file * ROWS_OF_A_FILE_MAX)
        refused = int(np.count_nonzero(verdicts.unchecked))
        with self._adding:
            self._wrong += keys
            self._checked += len(laid.rows) - refused
            self._unchecked += laid.unknown + refused
        return flags


def check_codes(files: Sequence[Path], codes: Codes, threads: int) -> None:
    """Checks every code of the files. Raises duckdb.Error."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[list[Flags]]] = deque()
        for number, batch in _batches(files):
            waiting.append(pool.submit(codes.wrong_in, number, batch))
            if len(waiting) > threads:
                waiting.popleft().result()
        for one in waiting:
            one.result()


def _batches(files: Sequence[Path]) -> Iterator[tuple[int, list[Stretch]]]:
    """The rows of one file after the other, with what is needed of them."""
    kinds = {column.name: SQL_TYPES[column.kind] for column in COLUMNS if column.name in NEEDED}
    cells = ", ".join(f"TRY_CAST({name} AS {kind}) AS {name}" for name, kind in kinds.items())
    with duckdb.connect() as base:
        base.execute("SET threads = 1")
        for number, path in enumerate(files):
            source = f"read_parquet('{quoted(path)}', file_row_number = true)"
            there = {row[0] for row in base.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
            if "tac" in there:
                sql = f"SELECT file_row_number AS {ROW}, {cells} FROM {source}"
                for batch in batches(stretches(base, sql), WATCHED_ROWS):
                    yield number, batch
