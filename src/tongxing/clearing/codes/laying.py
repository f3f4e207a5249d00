"""Rows laid by issuer, with the bytes that their codes are made from."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tongxing.clearing.codes.signed import Bytes, Numbers, card_factors, code_bytes, signed_bytes
from tongxing.clearing.engines.streams import Stretch
from tongxing.clearing.layout import COLUMNS, FEN_MAX
from tongxing.media.tac.engines import COMPILED_FROM
from tongxing.media.tac.fields import FACTOR_BYTES, TAC_BYTES, TAC_INPUT_BYTES
from tongxing.media.tac.machine import can_compile

NEEDED = (
    "issuer", "terminal", "terminal_seq", "card", "entered_s", "exited_s", "charge_fen", "tac",
)  # fmt: skip
LIMITS = {
    column.name: (column.least, column.most) for column in COLUMNS if column.name in NEEDED
} | {"charge_fen": (0, FEN_MAX)}
"""A code is asked of rides that can be, and that cost no less than nothing."""
_NEAR_ROWS = 1 << 15
"""Rows whose bytes are put together at a time: they stay near the processor, twice as fast."""
_WIDTHS = (FACTOR_BYTES, TAC_INPUT_BYTES, TAC_BYTES)


class Laid(NamedTuple):
    """Rows with a code, by the place of their issuer: these places (n), card factors (n, 8), what
    is signed (n, 22), codes (n, 4), and which row each one is of all that were laid. `unknown` is
    how many have a code of an issuer without a place."""

    issuer: NDArray[np.int32]
    factors: Bytes
    data: Bytes
    tacs: Bytes
    rows: Numbers
    unknown: int


class Layout(Protocol):
    """Lays stretches of rows. Safe in several threads."""

    def lay(self, batch: Sequence[Stretch]) -> Laid:
        """The rows of stretches that have what is `NEEDED`."""


def layout_for(places: NDArray[np.int32], rows: int) -> Layout:
    """The layout that is the faster one for so many rows; `places` are those of issuers by their
    number, -1 for one without. All lay alike."""
    if rows >= COMPILED_FROM and can_compile():
        from tongxing.clearing.codes.compiled import CompiledLayout

        return CompiledLayout(places)
    return PlainLayout(places)


class PlainLayout:
    """See `Layout`: by numpy."""

    def __init__(self, places: NDArray[np.int32]) -> None:
        self._places = places

    def lay(self, batch: Sequence[Stretch]) -> Laid:
        """As `Layout.lay` says."""
        columns = {
            name: np.concatenate([one.columns[name].astype(np.int64) for one in batch])
            for name in NEEDED
        }
        fit = np.ones(len(columns["tac"]), np.bool_)
        for name, (least, most) in LIMITS.items():
            fit &= (columns[name] >= least) & (columns[name] <= most) & ~_empty(batch, name)
        places = np.where(fit, self._places[np.where(fit, columns["issuer"], 0)], -1)
        order = np.argsort(places, kind="stable")
        rows = order[np.count_nonzero(places < 0) :]
        factors, data, tacs = (np.empty((len(rows), width), np.uint8) for width in _WIDTHS)
        for first in range(0, len(rows), _NEAR_ROWS):
            near = slice(first, first + _NEAR_ROWS)
            told = {name: column[rows[near]] for name, column in columns.items()}
            factors[near] = card_factors(told["card"])
            data[near] = signed_bytes(told)
            tacs[near] = code_bytes(told["tac"])
        unknown = int(np.count_nonzero(fit)) - len(rows)
        return Laid(places[rows].astype(np.int32), factors, data, tacs, rows, unknown)


def _empty(batch: Sequence[Stretch], name: str) -> NDArray[np.bool_]:
    nowhere = [one.empty.get(name, np.zeros(one.rows, np.bool_)) for one in batch]
    return np.concatenate(nowhere)
