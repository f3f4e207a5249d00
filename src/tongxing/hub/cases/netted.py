"""What the money of cases is in a window: part of a pair's money, moves, what operators give back;
and what each member is told of it. Pure.

An adjustment belongs to the pair whose ride it is about, so that the clearing fee follows it. All
other money of cases is a move between a member and the hub.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace

from tongxing.hub.members import Member, same_province
from tongxing.hub.netting import ESCROW, Move, PairTotal, Recovery
from tongxing.hub.split import share_totals
from tongxing.messages import CaseDetail, CaseMoney, CaseNews, Share

ADJUSTING = ("adjustment", "presentment")
WON = "dispute_won"


def adjusted(
    totals: Iterable[PairTotal],
    money: Iterable[CaseMoney],
    members: Mapping[str, Member],
    free: Container[str] = (),
) -> list[PairTotal]:
    """The totals of a window's pairs with its adjustments in them, in order of pair. Those of
    `free` records bear no fee, as their rides bore none."""
    found = {(total.issuer, total.acquirer): total for total in totals}
    for item in money:
        if item.kind not in ADJUSTING:
            continue
        key = (item.issuer, item.acquirer)
        total = found.get(key) or _nothing(item, members)
        sign = -1 if item.kind == "adjustment" else 1
        shares = [Share(share.operator, sign * share.share_fen) for share in item.shares]
        operators = share_totals([*total.operators, *shares])
        without_fee = [*total.free, *(shares if item.record_id in free else ())]
        found[key] = replace(
            total,
            delta_fen=total.delta_fen + sign * item.amount_fen,
            operators=tuple(Share(name, fen) for name, fen in sorted(operators.items())),
            free=tuple(Share(name, fen) for name, fen in sorted(share_totals(without_fee).items())),
            back_fen=total.back_fen + (item.amount_fen if sign < 0 else 0),
            adjusted_fen=total.adjusted_fen + sign * item.amount_fen,
            adjustments=total.adjustments + 1,
        )
    return [found[key] for key in sorted(found)]


def _nothing(item: CaseMoney, members: Mapping[str, Member]) -> PairTotal:
    issuer, acquirer = members[item.issuer], members[item.acquirer]
    is_near = same_province(issuer, acquirer)
    is_cross_city = issuer.city != acquirer.city
    return PairTotal(item.issuer, item.acquirer, is_cross_city, 0, 0, (), is_same_province=is_near)


def moves(money: Iterable[CaseMoney]) -> list[Move]:
    """What moves beside the rides, in order of case."""
    return [
        Move(item.debtor, item.creditor, item.amount_fen, item.kind)
        for item in money
        if item.kind not in ADJUSTING
    ]


def recoveries(money: Iterable[CaseMoney]) -> list[Recovery]:
    """What operators give back to their acquirers, because an issuer won."""
    return [
        Recovery(item.issuer, item.acquirer, share.operator, share.share_fen)
        for item in money
        if item.kind == WON
        for share in item.shares
    ]


def details(
    window_id: str, money: Sequence[CaseMoney], news: Sequence[tuple[CaseNews, str, str]]
) -> dict[str, CaseDetail]:
    """What a window says of its cases, by the member that it says it to."""
    told: dict[str, list[CaseNews]] = {}
    for item, issuer, acquirer in news:
        for member in dict.fromkeys((issuer, acquirer)):
            told.setdefault(member, []).append(item)
    moved: dict[str, list[CaseMoney]] = {}
    for line in money:
        for member in (line.issuer, line.acquirer):
            if concerns(line, member):
                moved.setdefault(member, []).append(line)
    return {
        member: CaseDetail(
            window_id=window_id,
            member=member,
            news=told.get(member, []),
            money=moved.get(member, []),
        )
        for member in sorted({*told, *moved})
    }


def concerns(line: CaseMoney, member: str) -> bool:
    """Whether a member books a move: one side of it, or the acquirer whose operators give back."""
    gives_back = line.debtor == ESCROW and bool(line.shares) and member == line.acquirer
    return member in (line.debtor, line.creditor) or gives_back
