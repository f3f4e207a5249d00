"""Settlement instructions: the payments that bring a window to zero, in three phases.

Debtors pay the hub, the hub pays creditors, acquirers pay their operators. One payment per member
and window, numbered in a fixed order; never merged across windows, so that each can be traced.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from tongxing.hub.netting import Netting
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
    hub, pain.001 where an acquirer asks its bank to pay an operator.
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


def instructions_of(
    window_id: str, netting: Netting, statements: Iterable[Statement], times: WindowTimes
) -> list[Instruction]:
    """All payments of a window, debtors first. Zero positions and payouts need none.

    An operator whose refunds outweigh its trips owes its acquirer: its payment runs the other way.
    """
    legs: list[tuple[Phase, str, str, int]] = []
    for position in netting.positions:
        if position.net_fen > 0:
            legs.append((1, position.member, HUB, position.net_fen))
    for position in netting.positions:
        if position.net_fen < 0:
            legs.append((2, HUB, position.member, -position.net_fen))
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
