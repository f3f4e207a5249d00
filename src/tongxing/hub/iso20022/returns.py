"""A payment that the bank sends back, told in a message of its own: pacs.004.

It names the payment and how much of it comes back, not which way: that follows from the payment.
This module reads and judges nothing but whether the message agrees with itself.
"""

from dataclasses import replace
from typing import Any

from pyiso20022.pacs import pacs_004_001_09 as pacs

from tongxing.hub.iso20022.bank_statements import (
    UNUSABLE,
    BankLine,
    BankStatement,
    Odd,
    fen_of,
    short,
)
from tongxing.hub.iso20022.common import CURRENCY, fen_from_the_wire, from_bytes, unusable
from tongxing.kernel.money import yuan
from tongxing.kernel.payments import RETURNED_ONLY
from tongxing.kernel.reasons import Refusal

PACS_004 = "pacs.004.001.09"
_NOT_PROVIDED = "NOTPROVIDED"


def read_returns(message: bytes) -> BankStatement | Refusal:
    """The returns of a pacs.004.001.09, as lines that are told and not yet seen on the account:
    above zero, whichever way the money goes. Names of message and returns begin with ``pacs.004:``,
    for a bank may number its lines alike.

    Refuses with BANK_STATEMENT: what cannot be read, no return, one without a name of its own or
    that names two payments, an amount in another currency or of no whole fen, sums that differ.
    """
    found = from_bytes(message, pacs.Document)
    if isinstance(found, Refusal):
        return replace(found, code=UNUSABLE)
    try:
        head, told = found.pmt_rtr.grp_hdr, found.pmt_rtr.tx_inf
        lines = tuple(_line(one, found.pmt_rtr.orgnl_grp_inf) for one in told)
        _agrees(head, lines)
        name = _named(head.msg_id)
    except Odd as odd:
        return odd.refusal
    except (ValueError, TypeError, AttributeError) as error:
        return unusable(UNUSABLE, "incomplete", str(error))
    return BankStatement(name, PACS_004, lines)


def _line(told: Any, group: Any) -> BankLine:
    if not told.rtr_id:
        raise Odd("no_reference")
    names = {told.orgnl_end_to_end_id, told.orgnl_instr_id} - {None, "", _NOT_PROVIDED}
    if len(names) > 1:
        raise Odd("two_payments")
    paid = told.orgnl_intr_bk_sttlm_amt
    reasons = [*told.rtr_rsn_inf, *([] if group is None else group.rtr_rsn_inf)]
    return BankLine(
        bank_reference=_named(told.rtr_id),
        end_to_end_id=short(next(iter(names), "")),
        amount_fen=_above_zero(fen_of(told.rtrd_intr_bk_sttlm_amt)),
        return_reason=short(next((code for one in reasons if (code := _code(one))), RETURNED_ONLY)),
        is_told=True,
        original_fen=None if paid is None else fen_of(paid),
    )


def _code(told: Any) -> str:
    return "" if told.rsn is None else told.rsn.cd or told.rsn.prtry or ""


def _above_zero(fen: int) -> int:
    if fen <= 0:
        raise Odd("nothing_back")
    return fen


def _agrees(head: Any, lines: tuple[BankLine, ...]) -> None:
    """Raises Odd for what in the message does not fit the rest of it."""
    total_fen = sum(line.amount_fen for line in lines)
    sums = [] if head.ctrl_sum is None else [fen_from_the_wire(head.ctrl_sum, CURRENCY)]
    if head.ttl_rtrd_intr_bk_sttlm_amt is not None:
        sums.append(fen_of(head.ttl_rtrd_intr_bk_sttlm_amt))
    if not lines or str(len(lines)) != head.nb_of_txs.lstrip("0"):
        raise Odd("count", found=len(lines), told=head.nb_of_txs[:15])
    if any(one != total_fen for one in sums):
        raise Odd("sum", found=yuan(total_fen))
    if len({line.bank_reference for line in lines}) != len(lines):
        raise Odd("twice")


def _named(reference: str) -> str:
    return f"pacs.004:{short(reference)}"
