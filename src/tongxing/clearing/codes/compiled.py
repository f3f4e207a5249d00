"""The same layout in one pass over the columns, compiled. Importing needs numba."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongxing.clearing.codes.laying import LIMITS, NEEDED, Laid
from tongxing.clearing.codes.signed import PURCHASE, QUADS_OF, dates_from
from tongxing.clearing.engines.streams import Stretch
from tongxing.clearing.layout import EARLIEST_S, LATEST_S
from tongxing.kernel.clock import CHINA_OFFSET_S, DAY_S
from tongxing.kernel.compiling import cache_folder, entrance, inner
from tongxing.media.tac.fields import FACTOR_BYTES, TAC_BYTES, TAC_INPUT_BYTES

_FIRST_DAY = (EARLIEST_S + CHINA_OFFSET_S) // DAY_S
_LAST_DAY = (LATEST_S + CHINA_OFFSET_S) // DAY_S
_LEAST, _MOST = (np.array([LIMITS[name][end] for name in NEEDED], np.int64) for end in range(2))
_TWO = np.array([number // 10 * 16 + number % 10 for number in range(100)], np.uint8)
"""Two decimal digits as one byte."""


class CompiledLayout:
    """See `laying.Layout`."""

    def __init__(self, places: NDArray[np.int32]) -> None:
        self._places, self._issuers = places, int(places.max()) + 1
        self._dates = dates_from(_FIRST_DAY, _LAST_DAY)

    def lay(self, batch: Sequence[Stretch]) -> Laid:
        """As `Layout.lay` says."""
        placed = [np.empty(one.rows, np.int32) for one in batch]
        counts = np.zeros(self._issuers + 1, np.int64)
        columns = [[one.columns[name] for name in NEEDED] for one in batch]
        for one, found, there in zip(batch, placed, columns, strict=True):
            empty = np.zeros(one.rows, np.bool_)
            for name in NEEDED:
                if name in one.empty:
                    empty |= one.empty[name]
            _place(*there, empty, _LEAST, _MOST, self._places, found, counts)
        unknown, ends = int(counts[-1]), np.cumsum(counts[:-1])
        rows = int(ends[-1]) if len(ends) else 0
        factors, data, tacs = (np.empty((rows, width), np.uint8) for width in _WIDTHS)
        issuer = np.repeat(np.arange(self._issuers, dtype=np.int32), counts[:-1])
        laid = Laid(issuer, factors, data, tacs, np.empty(rows, np.int64), unknown)
        following = ends - counts[:-1]
        first = 0
        for one, found, there in zip(batch, placed, columns, strict=True):
            _put(*there, found, following, first, QUADS_OF, _TWO, self._dates, laid.factors,
                 laid.data, laid.tacs, laid.rows)  # fmt: skip
            first += one.rows
        return laid


_WIDTHS = (FACTOR_BYTES, TAC_INPUT_BYTES, TAC_BYTES)


@cache
def _folder() -> Path:
    return cache_folder(sorted(Path(__file__).parent.glob("*.py")))


def _entrance(function: Any) -> Any:
    return entrance(function, _folder())


@inner
def _put_number(row: Any, place: int, width: int, number: Any) -> None:
    """The lowest bytes of a number, the highest of them first."""
    for byte in range(width):
        row[place + byte] = np.uint8((number >> (8 * (width - 1 - byte))) & 0xFF)


@_entrance
def _place(
    issuer: Any, terminal: Any, terminal_seq: Any, card: Any, entered_s: Any, exited_s: Any,
    charge_fen: Any, tac: Any, empty: Any, least: Any, most: Any, places: Any, found: Any,
    counts: Any,
) -> None:  # fmt: skip
    """The place of each row's issuer, -1 where its code is not asked; how many each place has,
    those without one last."""
    for row in range(len(issuer)):
        found[row] = -1
        fits = (
            (not empty[row])
            & (issuer[row] >= least[0]) & (issuer[row] <= most[0])
            & (terminal[row] >= least[1]) & (terminal[row] <= most[1])
            & (terminal_seq[row] >= least[2]) & (terminal_seq[row] <= most[2])
            & (card[row] >= least[3]) & (card[row] <= most[3])
            & (entered_s[row] >= least[4]) & (entered_s[row] <= most[4])
            & (exited_s[row] >= least[5]) & (exited_s[row] <= most[5])
            & (charge_fen[row] >= least[6]) & (charge_fen[row] <= most[6])
            & (tac[row] >= least[7]) & (tac[row] <= most[7])
        )  # fmt: skip
        if fits:
            place = places[issuer[row]]
            found[row] = place
            counts[place] += 1  # of -1: the last


@_entrance
def _put(
    issuer: Any, terminal: Any, terminal_seq: Any, card: Any, entered_s: Any, exited_s: Any,
    charge_fen: Any, tac: Any, found: Any, following: Any, first: Any, quads: Any, two: Any,
    dates: Any, factors: Any, data: Any, tacs: Any, rows: Any,
) -> None:  # fmt: skip
    """Each row with a place into the next that is free there."""
    for row in range(len(issuer)):
        if found[row] < 0:
            continue
        at = following[found[row]]
        following[found[row]] = at + 1
        rows[at] = first + row
        rest = card[row]
        for quad in range(3, -1, -1):
            higher = rest // 10_000
            digits = quads[rest - higher * 10_000]
            factors[at, 2 * quad] = digits & 0xFF
            factors[at, 2 * quad + 1] = digits >> 8
            rest = higher
        signed = data[at]
        _put_number(signed, 0, 4, np.int64(charge_fen[row]))
        signed[4] = PURCHASE
        _put_number(signed, 5, 6, terminal[row])
        _put_number(signed, 11, 4, terminal_seq[row])
        local_s = exited_s[row] + CHINA_OFFSET_S
        day = local_s // DAY_S
        second = local_s - day * DAY_S
        _put_number(signed, 15, 4, dates[day - _FIRST_DAY])
        signed[19] = two[second // 3_600]
        signed[20] = two[second // 60 % 60]
        signed[21] = two[second % 60]
        _put_number(tacs[at], 0, 4, tac[row])
