"""Multilateral netting of one window: who pays how much, and the matrix it comes from.

A sum and nothing else: the order in which records came, or how often they were presented, cannot
show in it. Every fen that one member pays, another member or the hub's fee account receives.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tongxing.hub.fees import Fee, fee_of
from tongxing.hub.rulebook import FeeRules
from tongxing.messages import CaseMoneyKind, Share

FEE_INCOME = "inc_fee"
ESCROW = "escrow_dispute"
POOL = "pool_small_claims"
HUB_ACCOUNTS = (FEE_INCOME, ESCROW, POOL)
"""Accounts of the hub that are no member's position, and may be a side of a `Move`."""


@dataclass(frozen=True, slots=True)
class PairTotal:
    """What one acquirer presented on one issuer in a window and the hub accepted.

    `operators` are the revenue shares of `delta_fen`, ordered by operator; they add up to it.
    `back_fen` is what of it went back to passengers as adjustments: it is in `delta_fen` already,
    and shows in the gross debit and credit only. `adjusted_fen` is what `adjustments` cases added
    to (or took from) the records' money, and in `delta_fen` already as well. `free` are the shares
    of `operators` that bear no clearing fee: rides that were recovered late.
    """

    issuer: str
    acquirer: str
    is_cross_city: bool
    records: int
    delta_fen: int
    operators: tuple[Share, ...]
    back_fen: int = 0
    adjusted_fen: int = 0
    adjustments: int = 0
    is_same_province: bool = False
    free: tuple[Share, ...] = ()

    @property
    def trips_fen(self) -> int:
        """The records' own money."""
        return self.delta_fen - self.adjusted_fen


@dataclass(frozen=True, slots=True)
class Move:
    """Money of a window that is no ride: a fee for an error, an amount into or out of escrow. Each
    side is a member, or one of the hub's own accounts. `kind` is what its statement line says."""

    debtor: str
    creditor: str
    amount_fen: int
    kind: CaseMoneyKind = "error_fee"


class Recovery(NamedTuple):
    """What an operator gives back to its acquirer, because the issuer won a dispute."""

    issuer: str
    acquirer: str
    operator: str
    fen: int


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
    member, and what the hub earned by clearing fees. Positions less that fee and less what `moves`
    brought to the hub's own accounts add up to zero (truth 4). `recoveries` change no position."""

    pairs: tuple[PairNet, ...]
    positions: tuple[Position, ...]
    hub_fee_fen: int
    moves: tuple[Move, ...] = ()
    recoveries: tuple[Recovery, ...] = ()

    def moved_to(self, account: str) -> int:
        """What moves brought to an account of the hub, less what they took from it."""
        return _moved_to(self.moves, account)

    def position(self, member: str) -> Position:
        """The position of a member; zero for one that had nothing in this window."""
        for position in self.positions:
            if position.member == member:
                return position
        return Position(member, 0, 0)


def net(
    totals: Iterable[PairTotal],
    rules: FeeRules,
    moves: Iterable[Move] = (),
    recoveries: Iterable[Recovery] = (),
) -> Netting:
    """Net the totals of a window, and what moves beside them. At most one total per (issuer,
    acquirer).

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
    moved = tuple(moves)
    positions = _positions(pairs, moved)
    hub_fee_fen = sum(pair.fee.hub_fen for pair in pairs)
    own_fen = hub_fee_fen + sum(_moved_to(moved, account) for account in HUB_ACCOUNTS)
    if sum(position.net_fen for position in positions) != own_fen:
        raise ValueError("net positions do not add up to zero")
    return Netting(pairs, positions, hub_fee_fen, moved, tuple(recoveries))


def _moved_to(moves: Iterable[Move], account: str) -> int:
    gained = sum(move.amount_fen for move in moves if move.creditor == account)
    return gained - sum(move.amount_fen for move in moves if move.debtor == account)


def _pair(total: PairTotal, rules: FeeRules) -> PairNet:
    operators = {share.operator: share.share_fen for share in total.operators}
    if sum(operators.values()) != total.delta_fen:
        raise ValueError(f"shares of {total.acquirer} on {total.issuer} do not add up")
    ppm = rules.ppm(is_cross_city=total.is_cross_city, is_same_province=total.is_same_province)
    for share in total.free:
        operators[share.operator] -= share.share_fen
    return PairNet(total, fee_of(sum(operators.values()), ppm, rules, operators))


def _positions(pairs: Iterable[PairNet], moves: Iterable[Move]) -> tuple[Position, ...]:
    debits: dict[str, int] = defaultdict(int)
    credits: dict[str, int] = defaultdict(int)
    for member, owes_fen in (*_owed(pairs), *_moved(moves)):
        if owes_fen > 0:
            debits[member] += owes_fen
        else:
            credits[member] -= owes_fen
    members = sorted({*debits, *credits})
    return tuple(Position(member, debits[member], credits[member]) for member in members)


def _owed(pairs: Iterable[PairNet]) -> Iterator[tuple[str, int]]:
    for pair in pairs:
        issuer, acquirer, fee = pair.total.issuer, pair.total.acquirer, pair.fee
        back_fen = pair.total.back_fen
        gross_fen = pair.total.delta_fen + back_fen
        yield issuer, gross_fen
        yield acquirer, -gross_fen
        yield issuer, -back_fen
        yield acquirer, back_fen
        yield acquirer, fee.leaves_acquirer_fen
        yield issuer, -fee.issuer_fen


def _moved(moves: Iterable[Move]) -> Iterator[tuple[str, int]]:
    for move in moves:
        for party, owes_fen in ((move.debtor, move.amount_fen), (move.creditor, -move.amount_fen)):
            if party not in HUB_ACCOUNTS:
                yield party, owes_fen
