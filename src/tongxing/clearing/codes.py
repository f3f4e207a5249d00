"""Transaction codes of all rows, checked beside the pipeline: streamed in batches of columns.

What cannot be said in both engines' words is done here once, over the same files, and handed to the
pipeline as marks. A row without a code is not asked; one whose key the vault lacks is counted.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray

from tongxing.clearing.engines.duck import quoted
from tongxing.clearing.layout import COLUMNS, ROWS_OF_A_FILE_MAX
from tongxing.clearing.rules.model import TacKey
from tongxing.kernel.clock import CHINA_OFFSET_S, DAY_S
from tongxing.media.keys import KeyVault
from tongxing.media.tac.columns import IssuerKey, TacColumns, check_columns
from tongxing.media.tac.fields import FACTOR_BYTES, TAC_BYTES, TAC_INPUT_BYTES

BATCH_ROWS = 1_000_000
"""A row group of files that are written well: less would read each more than once."""
_STRETCH_ROWS = 1 << 15
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
    files: Sequence[Path],
    keys: Mapping[int, TacKey],
    vault: KeyVault,
    threads: int,
    tell: Callable[[int], None],
) -> CodesChecked:
    """Checks every code of the files. `tell` hears of rows done. Raises duckdb.Error."""
    issuers = _Issuers(keys)
    wrong: list[Numbers] = []
    checked = unchecked = 0

    def one(batch: _Batch) -> _Answer:
        return (batch.rows, *_check(batch, issuers, vault))

    with ThreadPoolExecutor(threads) as pool:
        for rows, bad, right, unknown in _ahead(pool, one, _batches(files), threads + 1):
            wrong.append(bad)
            checked, unchecked = checked + right, unchecked + unknown
            tell(rows)
    found = np.sort(np.concatenate(wrong)) if wrong else np.zeros(0, np.int64)
    return CodesChecked(found, checked, unchecked)


class _Batch(NamedTuple):
    """Rows with a code: their keys, their columns as the file has them, and how many rows they were
    among."""

    keys: Numbers
    columns: dict[str, NDArray[Any]]
    rows: int


_Answer = tuple[int, Numbers, int, int]
"""Of a batch: its rows, the keys of wrong ones, how many were checked, how many could not be."""


class _Issuers:
    """Issuer numbers as places in a list of keys."""

    def __init__(self, keys: Mapping[int, TacKey]) -> None:
        self.numbers = np.array(sorted(keys), np.int64)
        self.keys = tuple(
            IssuerKey(keys[number].issuer_id, keys[number].algorithm, keys[number].version)
            for number in sorted(keys)
        )

    def places(self, issuers: Numbers) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """The place of each, and whether it has one."""
        if not len(self.numbers):
            return np.zeros(len(issuers), np.int32), np.zeros(len(issuers), np.bool_)
        found = np.minimum(np.searchsorted(self.numbers, issuers), len(self.numbers) - 1)
        return found.astype(np.int32), self.numbers[found] == issuers


def _batches(files: Sequence[Path]) -> Iterator[_Batch]:
    """Batches of one file after the other, each read a stretch at a time."""
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
            row = base.execute(f"SELECT count(*) FROM {source}").fetchone()
            count = int(row[0]) if row else 0
            if "tac" not in there:
                continue
            for first in range(0, count, BATCH_ROWS):
                found = base.execute(
                    f"SELECT file_row_number AS row_no, {cells} FROM {source} WHERE "
                    f"file_row_number >= {first} AND file_row_number < {first + BATCH_ROWS} "
                    f"AND charge_fen BETWEEN 0 AND 1000000000 AND {sound}"
                ).fetchnumpy()
                keys = found.pop("row_no") + number * ROWS_OF_A_FILE_MAX
                yield _Batch(keys, found, min(BATCH_ROWS, count - first))


def _ahead(
    pool: ThreadPoolExecutor,
    work: Callable[[_Batch], _Answer],
    batches: Iterator[_Batch],
    most: int,
) -> Iterator[_Answer]:
    """What the work makes of each batch, in order, with no more than so many under way."""
    waiting: deque[Future[_Answer]] = deque()
    for batch in batches:
        waiting.append(pool.submit(work, batch))
        if len(waiting) >= most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _check(batch: _Batch, issuers: _Issuers, vault: KeyVault) -> tuple[Numbers, int, int]:
    places, known = issuers.places(batch.columns["issuer"])
    if not known.all():
        columns = {name: column[known] for name, column in batch.columns.items()}
        keys, places = batch.keys[known], places[known]
    else:
        columns, keys = batch.columns, batch.keys
    strange = len(known) - len(keys)
    if not len(keys):
        return keys, 0, strange
    factors, data, tacs = (np.empty((len(keys), width), np.uint8) for width in _WIDTHS)
    for first in range(0, len(keys), _STRETCH_ROWS):
        rows = slice(first, first + _STRETCH_ROWS)
        plain = {name: np.asarray(column[rows], np.int64) for name, column in columns.items()}
        factors[rows] = card_factors(plain["card"])
        data[rows] = signed_bytes(plain)
        tacs[rows] = _big_endian(plain["tac"], TAC_BYTES)
    signed = TacColumns(issuers.keys, places, factors, data, tacs)
    verdicts = check_columns(vault, signed)
    wrong = ~verdicts.right & ~verdicts.unchecked
    unknown = int(np.count_nonzero(verdicts.unchecked))
    return keys[wrong], len(keys) - unknown, strange + unknown


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
