"""Transaction codes of all rows, checked beside the pipeline: streamed in batches of columns.

What cannot be said in both engines' words is done here once, over the same files, and handed to the
pipeline as marks. A row without a code is not asked; one whose key the vault lacks is counted.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray

from tongxing.clearing.engines.duck import quoted
from tongxing.clearing.engines.streams import Stretch, stretches
from tongxing.clearing.layout import COLUMNS, NUMBER_MAX, ROWS_OF_A_FILE_MAX
from tongxing.clearing.rules.model import TacKey
from tongxing.kernel.clock import CHINA_OFFSET_S, DAY_S
from tongxing.media.keys import KeyVault
from tongxing.media.tac.columns import IssuerKey, TacColumns, check_columns
from tongxing.media.tac.fields import FACTOR_BYTES, TAC_BYTES, TAC_INPUT_BYTES

BATCH_ROWS = 1_000_000
"""What is handed to the kernels at a time: large enough that they are worth their start."""
_NEAR_ROWS = 1 << 15
"""Rows whose bytes are put together at a time: they stay near the processor, twice as fast."""
PURCHASE = 0x06
"""The type byte of the rides in a clearing file."""

Numbers = NDArray[np.int64]
Bytes = NDArray[np.uint8]
_NEEDED = ("issuer", "terminal", "terminal_seq", "card", "exited_s", "charge_fen", "tac")
_QUADS = 4
_WIDTHS = (FACTOR_BYTES, TAC_INPUT_BYTES, TAC_BYTES)


class CodesChecked(NamedTuple):
    """The keys of rows whose code is wrong, in order; how many were checked, or could not be."""

    wrong: Numbers
    checked: int
    unchecked: int


def check_codes(
    files: Sequence[Path], keys: Mapping[int, TacKey], vault: KeyVault, threads: int
) -> CodesChecked:
    """Checks every code of the files. Raises duckdb.Error."""
    issuers = _Issuers(keys)
    wrong: list[Numbers] = []
    checked = unchecked = 0

    def one(batch: _Batch) -> CodesChecked:
        return _check(batch, issuers, vault)

    with ThreadPoolExecutor(threads) as pool:
        for found in _ahead(pool, one, _batches(files), threads + 1):
            wrong.append(found.wrong)
            checked, unchecked = checked + found.checked, unchecked + found.unchecked
    together = np.sort(np.concatenate(wrong)) if wrong else np.zeros(0, np.int64)
    return CodesChecked(together, checked, unchecked)


class _Batch(NamedTuple):
    """Rows of a file (by its number) that have a code."""

    file: int
    stretches: list[Stretch]


class _Issuers:
    """Issuer numbers as places in a list of keys."""

    def __init__(self, keys: Mapping[int, TacKey]) -> None:
        self.keys = tuple(
            IssuerKey(keys[number].issuer_id, keys[number].algorithm, keys[number].version)
            for number in sorted(keys)
        )
        self._places = np.full(NUMBER_MAX + 1, -1, np.int32)
        self._places[sorted(keys)] = np.arange(len(keys))

    def places(self, issuers: NDArray[Any]) -> NDArray[np.int32]:
        """The place of each, -1 for one without a key."""
        found: NDArray[np.int32] = self._places[issuers]
        return found


def _batches(files: Sequence[Path]) -> Iterator[_Batch]:
    """Batches of one file after the other."""
    limits = {column.name: column for column in COLUMNS}
    sound = " AND ".join(
        f"{name} BETWEEN {limits[name].least} AND {limits[name].most}"
        for name in (*_NEEDED, "entered_s")
        if name != "charge_fen"
    )
    cells = ", ".join(_NEEDED)
    with duckdb.connect() as base:
        base.execute("SET threads = 1")
        for number, path in enumerate(files):
            source = f"read_parquet('{quoted(path)}', file_row_number = true)"
            there = {row[0] for row in base.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
            if "tac" not in there:
                continue
            sql = (
                f"SELECT file_row_number AS row_no, {cells} FROM {source} "
                f"WHERE charge_fen BETWEEN 0 AND 1000000000 AND {sound}"
            )
            waiting: list[Stretch] = []
            for stretch in stretches(base, sql):
                waiting.append(stretch)
                if sum(one.rows for one in waiting) >= BATCH_ROWS:
                    yield _Batch(number, waiting)
                    waiting = []
            if waiting:
                yield _Batch(number, waiting)


def _ahead(
    pool: ThreadPoolExecutor,
    work: Callable[[_Batch], CodesChecked],
    batches: Iterator[_Batch],
    most: int,
) -> Iterator[CodesChecked]:
    """What the work makes of each batch, in order, with no more than so many under way."""
    waiting: deque[Future[CodesChecked]] = deque()
    for batch in batches:
        waiting.append(pool.submit(work, batch))
        if len(waiting) >= most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _check(batch: _Batch, issuers: _Issuers, vault: KeyVault) -> CodesChecked:
    rows = sum(stretch.rows for stretch in batch.stretches)
    keys, places = np.empty(rows, np.int64), np.empty(rows, np.int32)
    factors, data, tacs = (np.empty((rows, width), np.uint8) for width in _WIDTHS)
    filled = 0
    for columns in _near(batch.stretches):
        found = issuers.places(columns["issuer"])
        known = found >= 0
        if not known.all():
            columns = {name: column[known] for name, column in columns.items()}
            found = found[known]
        taken = slice(filled, filled + len(found))
        if not len(found):
            continue
        keys[taken] = columns["row_no"] + batch.file * ROWS_OF_A_FILE_MAX
        places[taken] = found
        factors[taken] = card_factors(columns["card"])
        data[taken] = signed_bytes(columns)
        tacs[taken] = _big_endian(columns["tac"], TAC_BYTES)
        filled = taken.stop
    if not filled:
        return CodesChecked(keys[:0], 0, rows)
    signed = TacColumns(
        issuers.keys, places[:filled], factors[:filled], data[:filled], tacs[:filled]
    )
    verdicts = check_columns(vault, signed)
    wrong = ~verdicts.right & ~verdicts.unchecked
    unknown = int(np.count_nonzero(verdicts.unchecked))
    return CodesChecked(keys[:filled][wrong], filled - unknown, rows - filled + unknown)


def _near(batch: Iterable[Stretch]) -> Iterator[dict[str, Numbers]]:
    """The columns as numbers of one width, few rows at a time."""
    for stretch in batch:
        for first in range(0, stretch.rows, _NEAR_ROWS):
            rows = slice(first, first + _NEAR_ROWS)
            yield {name: column[rows].astype(np.int64) for name, column in stretch.columns.items()}


def card_factors(cards: Numbers) -> Bytes:
    """The last sixteen digits of card numbers, two to a byte."""
    factors = np.empty((len(cards), _QUADS), np.uint16)
    rest = cards
    for place in reversed(range(_QUADS)):
        higher = rest // 10_000
        factors[:, place] = _QUAD[rest - higher * 10_000]
        rest = higher
    return factors.view(np.uint8).reshape(len(cards), FACTOR_BYTES)


def signed_bytes(columns: Mapping[str, Numbers]) -> Bytes:
    """The 22 bytes that a purchase signs (`media.tac.fields.tac_input`), row by row."""
    rows = np.empty(len(columns["card"]), _SIGNED)
    rows["amount"] = columns["charge_fen"]
    rows["kind"] = PURCHASE
    rows["terminal_high"] = columns["terminal"] >> 32
    rows["terminal_low"] = columns["terminal"] & 0xFFFFFFFF
    rows["serial"] = columns["terminal_seq"]
    local_s = columns["exited_s"] + CHINA_OFFSET_S
    days = local_s // DAY_S
    rows["date"] = _dates(days)
    clock = _CLOCK[local_s - days * DAY_S]
    rows["hour"], rows["rest"] = clock >> 16, clock & 0xFFFF
    return rows.view(np.uint8).reshape(len(rows), TAC_INPUT_BYTES)


def _big_endian(numbers: Numbers, width: int) -> Bytes:
    return numbers.astype(">i8").view(np.uint8).reshape(-1, 8)[:, 8 - width :]


def _dates(days: Numbers) -> Numbers:
    """YYYYMMDD of days since 1970 as the number that its digits are in hexadecimal; few days are
    asked of many rows."""
    first = int(days.min())
    asked = np.arange(first, int(days.max()) + 1).astype("datetime64[D]").astype(str)
    table = np.array([int(text.replace("-", ""), 16) for text in asked.tolist()], np.int64)
    found: Numbers = table[days - first]
    return found


_QUAD = np.frombuffer(
    bytes.fromhex("".join(f"{number:04d}" for number in range(10_000))), np.uint16
)
_CLOCK = np.array(
    [
        int(f"{second // 3600:02d}{second // 60 % 60:02d}{second % 60:02d}", 16)
        for second in range(DAY_S)
    ],
    np.int64,
)
_SIGNED = np.dtype(
    [
        ("amount", ">u4"), ("kind", "u1"), ("terminal_high", ">u2"), ("terminal_low", ">u4"),
        ("serial", ">u4"), ("date", ">u4"), ("hour", "u1"), ("rest", ">u2"),
    ]
)  # fmt: skip
"""What is signed, byte for byte; dates and times are decimal digits, two to a byte."""
