"""Multilateral netting of one window: who pays how much, and the matrix it comes from.

A sum and nothing else: the order in which records came, or how often they were presented, cannot
show in it. Every fen that one member pays, another member or the hub's fee account receives.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tongxing.hub.fees import Fee, fee_of
from tongxing.hub.rulebook import FeeRules
from tongxing.messages import Share


@dataclass(frozen=True, slots=True)
class PairTotal:
    """What one acquirer presented on one issuer in a window and the hub accepted.

    `operators` are the revenue shares of `delta_fen`, ordered by operator; they add up to it.
    """

    issuer: str
    acquirer: str
    is_cross_city: bool
    records: int
    delta_fen: int
    operators: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class PairNet:
    """One cell of the bilateral matrix: the trips and the fee on them."""

    total: PairTotal
    fee: Fee


@dataclass(frozen=True, slots=True)
class Position:
    """A member's place in a window, from the hub's side: debit is what it owes, credit what it
    is owed, in fen. `net_fen` above zero means that the member pays."""

    member: str
    debit_fen: int
    credit_fen: int

    @property
    def net_fen(self) -> int:
        return self.debit_fen - self.credit_fen


@dataclass(frozen=True, slots=True)
class Netting:
    """A window's money: the matrix in order of (acquirer, issuer), the positions in order of
    member, and what the hub earned. Positions less the hub's fee add up to zero (truth 4)."""

    pairs: tuple[PairNet, ...]
    positions: tuple[Position, ...]
    hub_fee_fen: int

    def position(self, member: str) -> Position:
        """The position of a member; zero for one that had nothing in this window."""
        for position in self.positions:
            if position.member == member:
                return position
        return Position(member, 0, 0)


def net(totals: Iterable[PairTotal], rules: FeeRules) -> Netting:
    """Net the totals of a window. At most one total per (issuer, acquirer).

    Raises ValueError when a pair comes twice, or when operators' shares do not add up: such a
    window must not close.
    """
    pairs = tuple(
        _pair(total, rules)
        for total in sorted(totals, key=lambda total: (total.acquirer, total.issuer))
    )
    keys = {(pair.total.issuer, pair.total.acquirer) for pair in pairs}
    if len(keys) != len(pairs):
        raise ValueError("a pair of members stands twice in the totals")
    positions = _positions(pairs)
    hub_fee_fen = sum(pair.fee.hub_fen for pair in pairs)
    if sum(position.net_fen for position in positions) != hub_fee_fen:
        raise ValueError("net positions do not add up to zero")
    return Netting(pairs, positions, hub_fee_fen)


def _pair(total: PairTotal, rules: FeeRules) -> PairNet:
    operators = {share.operator: share.share_fen for share in total.operators}
    if sum(operators.values()) != total.delta_fen:
        raise ValueError(f"shares of {total.acquirer} on {total.issuer} do not add up")
    ppm = rules.cross_city_ppm if total.is_cross_city else rules.local_ppm
    return PairNet(total, fee_of(total.delta_fen, ppm, rules, operators))


def _positions(pairs: Iterable[PairNet]) -> tuple[Position, ...]:
    debits: dict[str, int] = defaultdict(int)
    credits: dict[str, int] = defaultdict(int)
    for pair in pairs:
        issuer, acquirer, fee = pair.total.issuer, pair.total.acquirer, pair.fee
        for member, owes_fen in (
            (issuer, pair.total.delta_fen),
            (acquirer, -pair.total.delta_fen),
            (acquirer, fee.leaves_acquirer_fen),
            (issuer, -fee.issuer_fen),
        ):
            if owes_fen > 0:
                debits[member] += owes_fen
            else:
                credits[member] -= owes_fen
    members = sorted({*debits, *credits})
    return tuple(Position(member, debits[member], credits[member]) for member in members)
