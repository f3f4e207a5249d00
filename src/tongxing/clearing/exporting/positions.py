"""Positions of a window of which something stands apart: whose differ, by how much, and whether
what stands apart is why.

A member's position is what its pairs come to with their fees, and what cases move beside the pairs.
What stands apart says of cases between whom they are and how much they move; it does not always
say which of the two pays. So the money of cases bounds a position and does not always settle it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tongxing.hub.cases.netted import ADJUSTING, WON

Row = Mapping[str, str]
OF_PAIRS = tuple(f"case_{kind}" for kind in ADJUSTING)
_TAKEN, _PAID, _GIVEN = "case_chargeback", "case_small_claim", f"case_{WON}"


class Sheets(NamedTuple):
    """One side's positions and pairs of a window."""

    positions: list[dict[str, str]]
    pairs: list[dict[str, str]]


class Shifted(NamedTuple):
    """A member whose position was settled and cleared differently. `least_fen` and `most_fen` bound
    what was to be settled by what was cleared and what stands apart."""

    member: str
    settled_fen: int
    cleared_fen: int
    least_fen: int
    most_fen: int

    @property
    def is_explained(self) -> bool:
        """Whether what stands apart can be why."""
        return self.least_fen <= self.settled_fen <= self.most_fen


def shifted(settled: Sheets, cleared: Sheets, apart: Iterable[Row]) -> list[Shifted]:
    """The members whose positions differ, or should and do not, in order."""
    nets = _nets(settled.positions), _nets(cleared.positions)
    of_pairs = _of_pairs(settled.pairs), _of_pairs(cleared.pairs)
    least, most = _of_cases(apart)
    found = []
    for member in sorted({*nets[0], *nets[1], *of_pairs[0], *of_pairs[1], *least, *most}):
        before = nets[1].get(member, 0)
        without_cases = before + of_pairs[0].get(member, 0) - of_pairs[1].get(member, 0)
        bounds = without_cases + least.get(member, 0), without_cases + most.get(member, 0)
        one = Shifted(member, nets[0].get(member, 0), before, *bounds)
        if one.settled_fen != one.cleared_fen or not one.is_explained:
            found.append(one)
    return found


def _nets(positions: Iterable[Row]) -> dict[str, int]:
    return {row["member"]: int(row["net_fen"]) for row in positions}


def _of_pairs(pairs: Iterable[Row]) -> dict[str, int]:
    """What members pay by their pairs; a pair with several operators stands in several rows."""
    seen = {(row["acquirer"], row["issuer"]): row for row in pairs}
    found: dict[str, int] = defaultdict(int)
    for (acquirer, issuer), row in seen.items():
        charge_fen, issuer_fen = int(row["charge_fen"]), int(row["fee_issuer_fen"])
        found[issuer] += charge_fen - issuer_fen
        found[acquirer] -= charge_fen - issuer_fen - int(row["fee_hub_fen"])
    return found


def _of_cases(apart: Iterable[Row]) -> tuple[dict[str, int], dict[str, int]]:
    """The least and the most that each member pays by cases beside the pairs."""
    least: dict[str, int] = defaultdict(int)
    most: dict[str, int] = defaultdict(int)
    for row in apart:
        why, fen = row["why"], int(row["accepted_fen"])
        if not why.startswith("case_") or why in OF_PAIRS:
            continue
        acquirer, issuer = row["acquirer"], row["issuer"]
        if why == _TAKEN:
            least[acquirer] += fen
            most[acquirer] += fen
        elif why == _PAID:
            least[issuer] -= fen
            most[issuer] -= fen
        else:  # one of the two, or both in parts
            for member in (acquirer, issuer):
                bound = least if why == _GIVEN else most
                bound[member] += -fen if why == _GIVEN else fen
    return least, most
