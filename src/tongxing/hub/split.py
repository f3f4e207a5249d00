"""Revenue split: who ran the ride, in metres, and each one's fen of the charge.

A *basis* is frozen when a record is admitted: the parts per million of the split table in force, or
without one the path it was priced over and its metres by operator; a version and a hash of all. The
same record never splits differently later, and every share can be explained from its basis alone. A
revision is split as the difference of two whole splits, so the shares of a trip's revisions add up
to the split of its last charge.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import gcd, prod
from typing import Literal

from msgspec import Struct

from tongxing.kernel.ids import digest
from tongxing.kernel.money import split_largest_remainder
from tongxing.messages import Share

METHOD = "fare-metres-1"
TABLE_METHOD = "split-table-1"

BasisKind = Literal["path", "line", "table", "agreement"]


class Stretch(Struct, frozen=True, array_like=True):
    """Metres of one operator on one line, in travel order. Where a split table or an agreement
    decides there is no line, and `metres` are the operator's parts of the leg (of a table: per
    million)."""

    line: str
    operator: str
    metres: int


class SplitLeg(Struct, frozen=True, array_like=True):
    """A part of the path that asked its own fare (an airport line beside the main network)."""

    fare_system: str
    fare_fen: int
    stretches: tuple[Stretch, ...]

    @property
    def metres(self) -> int:
        return sum(stretch.metres for stretch in self.stretches)


class SplitBasis(Struct, frozen=True):
    """What a charge is split by.

    `kind` is "table" when a split table of the ride's day has it, "path" when only the pricing path
    is known, "agreement" when the operators agreed on it, else "line": the operator of the tapped
    line gets all of it (single taps, half trips).

    `weights` are operators with whole-number weights, in order of operator id, which settles who
    gets an odd fen. On a path of one leg they are metres; on several legs each leg counts with its
    fare, shared by metres inside the leg. `basis_id` is the hash of everything else.
    """

    basis_id: str
    kind: BasisKind
    version: str
    city: str
    origin: str
    destination: str
    legs: tuple[SplitLeg, ...]
    weights: tuple[tuple[str, int], ...]


def path_basis(
    city: str, data_version: str, origin: str, destination: str, legs: Sequence[SplitLeg]
) -> SplitBasis:
    """The basis of a ride whose path is known. Raises ValueError for a leg without metres."""
    if not legs or any(leg.metres <= 0 for leg in legs):
        raise ValueError(f"{origin} to {destination}: every leg needs metres")
    return _basis("path", data_version, city, origin, destination, tuple(legs), _weights(legs))


def line_basis(city: str, data_version: str, line: str, operator: str) -> SplitBasis:
    """The basis of a ride that belongs whole to the operator of the line it was tapped on."""
    whole = (SplitLeg("", 0, (Stretch(line, operator, 0),)),)
    return _basis("line", data_version, city, "", "", whole, ((operator, 1),))


def table_basis(
    city: str, versions: str, origin: str, destination: str, legs: Sequence[SplitLeg]
) -> SplitBasis:
    """The basis of a ride that a split table has: in each leg the operators' parts per million."""
    return _basis("table", versions, city, origin, destination, tuple(legs), _weights(legs))


def agreed_basis(
    city: str, version: str, origin: str, destination: str, weights: Iterable[tuple[str, int]]
) -> SplitBasis:
    """The basis of a trip that is split by agreement. Raises ValueError without any weight."""
    leg = SplitLeg("", 0, tuple(Stretch("", who, weight) for who, weight in weights))
    if leg.metres <= 0:
        raise ValueError("an agreement gives the money to somebody")
    return _basis("agreement", version, city, origin, destination, (leg,), _weights((leg,)))


def with_overtime(
    basis: SplitBasis, overtime_fen: int, weights: Iterable[tuple[str, int]]
) -> SplitBasis:
    """The basis with the charge for overtime as a leg of its own, shared by these weights."""
    leg = SplitLeg("overtime", overtime_fen, tuple(Stretch("", who, part) for who, part in weights))
    legs = (*basis.legs, leg)
    version = basis.version.partition("/")[2]
    return _basis(
        basis.kind, version, basis.city, basis.origin, basis.destination, legs, _weights(legs)
    )


def _weights(legs: Sequence[SplitLeg]) -> tuple[tuple[str, int], ...]:
    """Fare of the leg times the operator's part of its metres, over all legs, as whole numbers."""
    all_metres = prod(leg.metres for leg in legs)
    without_fare = all(leg.fare_fen == 0 for leg in legs)
    weights: dict[str, int] = defaultdict(int)
    for leg in legs:
        counts = leg.metres if without_fare else leg.fare_fen
        for stretch in leg.stretches:
            weights[stretch.operator] += counts * stretch.metres * (all_metres // leg.metres)
    if len(legs) == 1:
        divisor = legs[0].metres if without_fare else legs[0].fare_fen
    else:
        divisor = gcd(*weights.values())
    return tuple((operator, weight // divisor) for operator, weight in sorted(weights.items()))


def split_charge(charge_fen: int, basis: SplitBasis) -> tuple[Share, ...]:
    """Each operator's part of a whole charge, in order of operator; zero parts are left out."""
    if charge_fen == 0:
        return ()
    if len(basis.weights) == 1:
        return (Share(basis.weights[0][0], charge_fen),)
    parts = split_largest_remainder(charge_fen, [weight for _, weight in basis.weights])
    return tuple(
        Share(operator, part)
        for (operator, _), part in zip(basis.weights, parts, strict=True)
        if part
    )


def difference(now: Iterable[Share], before: Iterable[Share]) -> tuple[Share, ...]:
    """What a revision adds to (or takes from) each operator, in order of operator."""
    change: dict[str, int] = defaultdict(int)
    for share in now:
        change[share.operator] += share.share_fen
    for share in before:
        change[share.operator] -= share.share_fen
    return tuple(Share(operator, fen) for operator, fen in sorted(change.items()) if fen)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a record was split as it was: everything a person needs to do the sum again."""

    record_id: str
    basis: SplitBasis
    metres: int
    charge_fen: int
    whole: tuple[Share, ...]
    before: tuple[Share, ...]
    shares: tuple[Share, ...]


def explain(
    record_id: str, charge_fen: int, basis: SplitBasis, before: Iterable[Share]
) -> Explanation:
    """The split of a record done again from its frozen basis. `before` is how the charge of the
    revision before it was split; empty for the first."""
    whole, earlier = split_charge(charge_fen, basis), tuple(before)
    metres = sum(leg.metres for leg in basis.legs)
    shares = difference(whole, earlier)
    return Explanation(record_id, basis, metres, charge_fen, whole, earlier, shares)


def share_totals(shares: Iterable[Share]) -> Mapping[str, int]:
    """Fen by operator."""
    totals: dict[str, int] = defaultdict(int)
    for share in shares:
        totals[share.operator] += share.share_fen
    return totals


def _basis(
    kind: BasisKind,
    data_version: str,
    city: str,
    origin: str,
    destination: str,
    legs: tuple[SplitLeg, ...],
    weights: tuple[tuple[str, int], ...],
) -> SplitBasis:
    version = f"{TABLE_METHOD if kind == 'table' else METHOD}/{data_version}"
    parts = [
        f"{leg.fare_system} {leg.fare_fen} {stretch.line} {stretch.operator} {stretch.metres}"
        for leg in legs
        for stretch in leg.stretches
    ]
    basis_id = digest(kind, version, city, origin, destination, *parts)
    return SplitBasis(basis_id, kind, version, city, origin, destination, legs, weights)
