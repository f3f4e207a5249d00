"""The hub's own books: every window and every payment as balanced postings of one entity.

`pos:<member>` mirrors the member's own `due_hub`. A window's postings are the netting and nothing
else; when all its payments are confirmed, every `pos:` is back at zero and the settlement bank
holds what the hub earned.
"""

from tongxing.hub.instructions import HUB, Instruction
from tongxing.hub.netting import FEE_INCOME, HUB_ACCOUNTS, Move, Netting, PairNet
from tongxing.hub.windows import WindowTimes
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.ids import digest
from tongxing.ledger import Posting, credit, debit

SETTLE_BANK = "settle_bank"
POSITION_PREFIX = "pos:"


def position_account(member: str) -> str:
    """The hub's account that carries a member's position."""
    return POSITION_PREFIX + member


def window_postings(window_id: str, netting: Netting, times: WindowTimes) -> list[Posting]:
    """The postings of a closing: one for the trips of each pair, one for each fee, one for each
    move beside them."""
    postings = []
    for pair in netting.pairs:
        postings.append(_trips(window_id, pair, times))
        if pair.fee.leaves_acquirer_fen:
            postings.append(_fee(window_id, pair, times))
    postings += [_move(window_id, n, move, times) for n, move in enumerate(netting.moves, 1)]
    return postings


def payment_posting(instruction: Instruction, confirmed_s: int) -> Posting:
    """A debtor's money coming in, or a creditor's going out, as the bank confirmed it.

    Raises ValueError for a payout to an operator: that money never touches the hub's books.
    """
    amount_fen = instruction.amount_fen
    if instruction.phase == 1:
        lines = (
            debit(HUB, SETTLE_BANK, amount_fen),
            credit(HUB, position_account(instruction.debtor), amount_fen),
        )
    elif instruction.phase == 2:
        lines = (
            debit(HUB, position_account(instruction.creditor), amount_fen),
            credit(HUB, SETTLE_BANK, amount_fen),
        )
    else:
        raise ValueError(f"{instruction.instruction_id} does not pass through the hub")
    return Posting(
        posting_id=digest("hub", "payment", instruction.instruction_id),
        kind="settle_in" if instruction.phase == 1 else "settle_out",
        occurred_s=confirmed_s,
        booked_on=calendar_date(confirmed_s),
        source=instruction.window_id,
        lines=lines,
    )


def _trips(window_id: str, pair: PairNet, times: WindowTimes) -> Posting:
    total = pair.total
    return Posting(
        posting_id=digest("hub", "trips", window_id, total.issuer, total.acquirer),
        kind="net_trips",
        occurred_s=times.cutoff_s,
        booked_on=calendar_date(times.cutoff_s),
        source=window_id,
        lines=(
            debit(HUB, position_account(total.issuer), total.delta_fen),
            credit(HUB, position_account(total.acquirer), total.delta_fen),
        ),
    )


def _fee(window_id: str, pair: PairNet, times: WindowTimes) -> Posting:
    total, fee = pair.total, pair.fee
    return Posting(
        posting_id=digest("hub", "fee", window_id, total.issuer, total.acquirer),
        kind="net_fee",
        occurred_s=times.cutoff_s,
        booked_on=calendar_date(times.cutoff_s),
        source=window_id,
        lines=(
            debit(HUB, position_account(total.acquirer), fee.leaves_acquirer_fen),
            credit(HUB, position_account(total.issuer), fee.issuer_fen),
            credit(HUB, FEE_INCOME, fee.hub_fen),
        ),
    )


def _move(window_id: str, number: int, move: Move, times: WindowTimes) -> Posting:
    def account(party: str) -> str:
        return party if party in HUB_ACCOUNTS else position_account(party)

    return Posting(
        posting_id=digest("hub", "move", window_id, str(number)),
        kind="net_move",
        occurred_s=times.cutoff_s,
        booked_on=calendar_date(times.cutoff_s),
        source=window_id,
        lines=(
            debit(HUB, account(move.debtor), move.amount_fen),
            credit(HUB, account(move.creditor), move.amount_fen),
        ),
    )
