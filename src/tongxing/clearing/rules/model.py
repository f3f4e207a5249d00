"""What a rules directory says, once it is read: small things as values, long tables as Parquet."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tongxing.clearing.findings import Findings
from tongxing.hub.liability import LiabilityTable
from tongxing.hub.members import Member
from tongxing.hub.rulebook import Rulebook


class Basis(NamedTuple):
    """What money is split by: operators with whole-number weights, in order of operator."""

    number: int
    weights: tuple[tuple[str, int], ...]


class Period(NamedTuple):
    """A part of a business day: its number, its day type, its seconds after midnight."""

    number: int
    day_type: str
    first_s: int
    until_s: int


class TacKey(NamedTuple):
    """Under which key an issuer's cards sign."""

    issuer_id: bytes
    algorithm: int
    version: int


@dataclass(frozen=True)
class Rules:
    """A rules directory. `members` are by number. `tables` are Parquet files for the engines, by
    name, of the schemas in `compiling`; `sha256` are the files that were read.

    Fares change at midnight: `fare_days` are the first days of their versions. Lines and splits
    change with the business day: `split_days`. Both are day numbers since 1970. `operators` are
    numbered from 1. `given` names the tables that are there, and facts of them (`tables.py`).
    """

    rulebook: Rulebook
    liability: tuple[LiabilityTable, ...]
    findings: Findings
    members: Mapping[int, Member]
    tac_keys: Mapping[int, TacKey]
    fare_days: tuple[int, ...]
    split_days: tuple[int, ...]
    periods: tuple[Period, ...]
    bases: tuple[Basis, ...]
    operators: tuple[str, ...]
    bin_divisor: int
    given: frozenset[str]
    tables: Mapping[str, Path]
    sha256: Mapping[str, str]

    @property
    def periods_count(self) -> int:
        """How many periods there are, with that of everything else, number 0."""
        return 1 + max((period.number for period in self.periods), default=0)
