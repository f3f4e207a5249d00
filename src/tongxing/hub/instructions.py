"""Settlement instructions: the payments that bring a window to zero, in three phases.

Debtors pay the hub, the hub pays creditors, acquirers pay their operators. How many payments that
are is the rulebook's settlement model; as a rule one per member and window. They are numbered in a
fixed order, and never merged across windows, so that each can be traced.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from tongxing.hub.netting import HUB_ACCOUNTS, Netting
from tongxing.hub.rulebook import SettlementModel
from tongxing.hub.windows import WindowTimes
from tongxing.messages import HUB_SENDER, Statement

HUB = HUB_SENDER

Phase = Literal[1, 2, 3]

INTERBANK = "pacs.009.001.08"
PAYOUT = "pain.001.001.09"


@dataclass(frozen=True, slots=True)
class Instruction:
    """One payment. `instruction_id` is also its end-to-end id at the bank; `amount_fen` > 0.

    `message` names the ISO 20022 message that carries it: pacs.009 between the members and the
    hub, pain.001 where an acquirer asks its bank to pay an operator. `replaces` names the payment
    that the bank turned down, when this one is sent in its place (`reissuing`).
    """

    instruction_id: str
    window_id: str
    phase: Phase
    message: str
    debtor: str
    creditor: str
    amount_fen: int
    settles_on: date
    due_s: int
    replaces: str = ""


def instructions_of(
    window_id: str,
    netting: Netting,
    statements: Iterable[Statement],
    times: WindowTimes,
    model: SettlementModel = "multilateral",
) -> list[Instruction]:
    """All payments of a window, debtors first. Zero positions and payouts need none.

    An operator whose refunds outweigh its trips owes its acquirer: its payment runs the other way.
    """
    owed = obligations(netting, model)
    legs: list[tuple[Phase, str, str, int]] = [
        (1, debtor, HUB, fen) for debtor, _, fen in owed if debtor != HUB
    ]
    legs += [(2, HUB, creditor, fen) for _, creditor, fen in owed if creditor != HUB]
    for statement in sorted(statements, key=lambda statement: statement.member):
        for operator, amount_fen in (
            (share.operator, share.share_fen) for share in statement.operator_payouts
        ):
            if amount_fen > 0:
                legs.append((3, statement.member, operator, amount_fen))
            elif amount_fen < 0:
                legs.append((3, operator, statement.member, -amount_fen))
    due_s = {1: times.debtors_pay_s, 2: times.creditors_paid_s, 3: times.operators_paid_s}
    return [
        Instruction(
            instruction_id=f"{window_id}-{number:04d}",
            window_id=window_id,
            phase=phase,
            message=PAYOUT if phase == 3 else INTERBANK,
            debtor=debtor,
            creditor=creditor,
            amount_fen=amount_fen,
            settles_on=times.settles_on,
            due_s=due_s[phase],
        )
        for number, (phase, debtor, creditor, amount_fen) in enumerate(legs, start=1)
    ]


def obligations(netting: Netting, model: SettlementModel) -> list[tuple[str, str, int]]:
    """Who pays whom how much, all of it through the hub: debtor, creditor and fen above zero.

    "multilateral": each member what it is net debtor or creditor of, with the hub. "bilateral":
    each pair of members, and each member with the hub, what is left between the two. "gross":
    every kind of money of a pair by itself. Whatever the model, each member's payments add up to
    its position.
    """
    if model == "multilateral":
        owed = [(position.member, HUB, position.net_fen) for position in netting.positions]
    else:
        owed = list(_gross(netting))
    if model == "bilateral":
        between: dict[tuple[str, str], int] = defaultdict(int)
        for debtor, creditor, fen in owed:
            is_in_order = debtor < creditor
            pair = (debtor, creditor) if is_in_order else (creditor, debtor)
            between[pair] += fen if is_in_order else -fen
        owed = [(*pair, fen) for pair, fen in sorted(between.items())]
    turned = [one if one[2] > 0 else (one[1], one[0], -one[2]) for one in owed]
    return [one for one in turned if one[2] and one[0] != one[1]]


def _gross(netting: Netting) -> Iterator[tuple[str, str, int]]:
    for pair in netting.pairs:
        issuer, acquirer = pair.total.issuer, pair.total.acquirer
        yield issuer, acquirer, pair.total.delta_fen + pair.total.back_fen
        yield acquirer, issuer, pair.total.back_fen
        yield acquirer, issuer, pair.fee.issuer_fen
        yield acquirer, HUB, pair.fee.hub_fen
    for move in netting.moves:
        debtor, creditor = (
            HUB if one in HUB_ACCOUNTS else one for one in (move.debtor, move.creditor)
        )
        yield debtor, creditor, move.amount_fen
