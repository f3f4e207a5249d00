"""Transaction codes by the million: records held in columns, checked issuer by issuer.

What an issuer checks in a day stands in arrays of fixed width; no object is made per record. Memory
beyond the columns is bounded: 16 bytes of card key and 4 of code a record, and what one stretch of
an engine needs (`sliced.MIB_AT_ONCE`, `tabled.MIB_AT_ONCE`). A record whose key a vault refuses is
never right and never wrong: it is unchecked, and the refusal says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto.suites import KEY_BYTES
from tongxing.media.keys import KeyVault, family
from tongxing.media.tac.blocks import Bytes
from tongxing.media.tac.engines import Engine, engine_for
from tongxing.media.tac.fields import (
    FACTOR_BYTES,
    LOAD_TAC_INPUT_BYTES,
    TAC_BYTES,
    TAC_INPUT_BYTES,
    TacFields,
    signed_input,
    unfit,
)

Flags = NDArray[np.bool_]
_SHORT = 1 << 16
"""So many keys have numbers of 16 bits, which numpy sorts several times faster."""
_DATA_WIDTHS = (TAC_INPUT_BYTES, LOAD_TAC_INPUT_BYTES)


class IssuerKey(NamedTuple):
    """Whose TAC key: the issuer (8 bytes), the algorithm byte and the version of the key."""

    issuer_id: bytes
    algorithm: int
    version: int


@dataclass(frozen=True, slots=True)
class TacColumns:
    """Records in columns, n rows each: `card_factor` (n, 8), `data` (n, 22), or (n, 24) for loads,
    `tac` (n, 4), all unsigned bytes; `issuer` (n) says which of `issuers` a record belongs to.

    Raises ValueError for columns of other shapes.
    """

    issuers: tuple[IssuerKey, ...]
    issuer: NDArray[np.int32]
    card_factor: Bytes
    data: Bytes
    tac: Bytes

    def __post_init__(self) -> None:
        _must_agree(self.card_factor, self.data, self.tac)
        if self.issuer.shape != (len(self.tac),):
            raise ValueError("every record belongs to one issuer")
        if len(self.issuer) and not 0 <= self.issuer.min() <= self.issuer.max() < len(self.issuers):
            raise ValueError("a record names an issuer that is not on the list")


@dataclass(frozen=True, slots=True)
class TacVerdicts:
    """What came of a batch: `right` and `unchecked` by record; the rest is wrong. `refusals` says
    of each issuer key why its records could not be checked."""

    right: Flags
    unchecked: Flags
    refusals: dict[IssuerKey, Refusal] = field(default_factory=dict)


def columns_of(records: Sequence[tuple[TacFields, bytes]]) -> TacColumns | Refusal:
    """Columns from single records and their codes. Refuses TAC_FIELDS, naming the first row.

    Loads and payments sign different things and cannot stand in the same columns: ValueError.
    """
    issuers: dict[IssuerKey, int] = {}
    rows = []
    for number, (fields, tac) in enumerate(records):
        refusal = unfit(fields, tac)
        if refusal:
            return Refusal(refusal.code, f"{number}:{refusal.where}", refusal.values)
        key = IssuerKey(fields.issuer_id, fields.algorithm, fields.key_version)
        rows.append((issuers.setdefault(key, len(issuers)), fields, tac))
    data = [signed_input(fields) for _, fields, _ in rows]
    if len(set(map(len, data))) > 1:
        raise ValueError("loads and payments need columns of their own")
    return TacColumns(
        tuple(issuers),
        np.array([issuer for issuer, _, _ in rows], np.int32),
        _column(FACTOR_BYTES, [fields.card_factor for _, fields, _ in rows]),
        _column(len(data[0]) if data else TAC_INPUT_BYTES, data),
        _column(TAC_BYTES, [tac for _, _, tac in rows]),
    )


def check_columns(vault: KeyVault, columns: TacColumns) -> TacVerdicts:
    """Checks every record with the card keys of a vault, which is asked once per issuer key.

    Records are laid by algorithm and issuer first, so that all that follows works on stretches;
    those that lie so already are left where they are.
    """
    count = len(columns.tac)
    order, groups = _by_issuer(columns)
    factors, data, tacs = columns.card_factor, columns.data, columns.tac
    if order is not None:
        factors, data, tacs = factors[order], data[order], tacs[order]
    keys = np.empty((count, KEY_BYTES), np.uint8)
    right, unchecked = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    refusals: dict[IssuerKey, Refusal] = {}
    stretches: list[tuple[int, slice]] = []
    for issuer, rows in groups:
        algorithm, version = issuer.algorithm, issuer.version
        found = vault.card_keys("DTK", algorithm, version, issuer.issuer_id, factors[rows])
        if isinstance(found, Refusal):
            refusals[issuer] = found
            unchecked[rows if order is None else order[rows]] = True
            continue
        keys[rows] = found
        before = stretches[-1] if stretches else None
        if before and (before[0], before[1].stop) == (family(algorithm), rows.start):
            rows = slice(stretches.pop()[1].start, rows.stop)
        stretches.append((family(algorithm), rows))
    for algorithm, rows in stretches:
        codes = engine_for(algorithm, rows.stop - rows.start).codes(keys[rows], data[rows])
        right[rows if order is None else order[rows]] = _same(codes, tacs[rows])
    return TacVerdicts(right, unchecked, refusals)


def check_tacs(
    issuer_key: bytes,
    algorithm: int,
    card_factors: Bytes,
    data: Bytes,
    tacs: Bytes,
    engine: Engine | None = None,
) -> Flags:
    """Which codes (n, 4) are right, for cards whose keys come from one issuer's 16-byte TAC key.

    `card_factors` are (n, 8), `data` (n, 22) or, of loads, (n, 24). `engine` is whichever suits the
    number of records, unless one is named. Raises ValueError for other shapes, another length of
    key, or an algorithm byte that nobody knows.
    """
    _must_agree(card_factors, data, tacs)
    chosen = engine or engine_for(algorithm, len(tacs))
    return _same(chosen.issuer_codes(_checked(issuer_key), card_factors, data), tacs)


def check_tacs_of_cards(
    card_keys_16: Bytes, algorithm: int, data: Bytes, tacs: Bytes, engine: Engine | None = None
) -> Flags:
    """The same for card keys (n, 16) that somebody else derived. Raises as `check_tacs` does."""
    _must_be(card_keys_16, KEY_BYTES, len(tacs))
    _must_agree(None, data, tacs)
    chosen = engine or engine_for(algorithm, len(tacs))
    return _same(chosen.codes(card_keys_16, data), tacs)


def card_keys(
    issuer_key: bytes, algorithm: int, card_factors: Bytes, engine: Engine | None = None
) -> Bytes:
    """Card keys (n, 16) from one issuer's 16-byte key and card factors (n, 8).

    Raises ValueError as `check_tacs` does.
    """
    _must_be(card_factors, FACTOR_BYTES, len(card_factors))
    chosen = engine or engine_for(algorithm, len(card_factors))
    return chosen.card_keys(_checked(issuer_key), card_factors)


def _by_issuer(
    columns: TacColumns,
) -> tuple[NDArray[np.intp] | None, list[tuple[IssuerKey, slice]]]:
    """The order in which records lie by algorithm and issuer key (None: as they do), and the
    stretch of each key that has any."""
    named = sorted(
        range(len(columns.issuers)), key=lambda one: family(columns.issuers[one].algorithm)
    )
    places = np.empty(len(named), np.uint16 if len(named) <= _SHORT else np.int64)
    places[named] = np.arange(len(named))
    placed = places[columns.issuer]
    is_laid = bool(np.greater_equal(placed[1:], placed[:-1]).all())
    order = None if is_laid else np.argsort(placed, kind="stable")
    edges = [0, *np.cumsum(np.bincount(placed, minlength=len(named))).tolist()]
    return order, [
        (columns.issuers[number], slice(edges[place], edges[place + 1]))
        for place, number in enumerate(named)
        if edges[place] < edges[place + 1]
    ]


def _same(codes: Bytes, tacs: Bytes) -> Flags:
    mine, theirs = (np.ascontiguousarray(column).view(np.uint32) for column in (codes, tacs))
    flags: Flags = (mine == theirs)[:, 0]
    return flags


def _column(width: int, rows: list[bytes]) -> Bytes:
    return np.frombuffer(b"".join(rows), np.uint8).reshape(-1, width)


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError("a TAC key has 16 bytes")
    return key


def _must_agree(card_factors: Bytes | None, data: Bytes, tacs: Bytes) -> None:
    count = len(tacs)
    _must_be(tacs, TAC_BYTES, count)
    if data.ndim != 2 or data.shape[1] not in _DATA_WIDTHS:
        raise ValueError("a code is computed over 22 bytes, or 24 of a load")
    _must_be(data, data.shape[1], count)
    if card_factors is not None:
        _must_be(card_factors, FACTOR_BYTES, count)


def _must_be(column: Bytes, width: int, count: int) -> None:
    if column.dtype != np.uint8 or column.shape != (count, width):
        raise ValueError(f"a column of {count} rows of {width} bytes is needed")
