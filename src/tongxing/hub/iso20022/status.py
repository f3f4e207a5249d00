"""What a bank says became of a payment: pacs.002 for pacs.009, pain.002 for pain.001.

Only the end-to-end id, the amount and the status are believed, and only when they fit an
instruction; this module reads them out and judges nothing. `status_report` writes such a message,
for whoever plays the bank.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pyiso20022.pacs import pacs_002_001_10 as pacs
from pyiso20022.pain import pain_002_001_10 as pain

from tongxing.hub.instructions import INTERBANK, Instruction
from tongxing.hub.iso20022.common import (
    CURRENCY,
    fen_from_the_wire,
    from_bytes,
    to_bytes,
    unusable,
    xml_moment,
    yuan_on_the_wire,
)
from tongxing.kernel.reasons import Refusal

PACS_002 = "urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10"
PAIN_002 = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"

SETTLED = "ACSC"
REJECTED = "RJCT"


@dataclass(frozen=True, slots=True)
class PaymentStatus:
    """One payment's status. `amount_fen` is None when the bank named no amount in whole fen of
    CNY; `bank_reference` is the bank's own name for it, `reason` its code for a no, or ""."""

    end_to_end_id: str
    status: str
    amount_fen: int | None
    bank_reference: str
    reason: str = ""


def read_status(message: bytes) -> PaymentStatus | Refusal:
    """The status in a pacs.002.001.10 or pain.002.001.10 that speaks of exactly one payment.

    Refuses with PAYMENT_MALFORMED.
    """
    if PAIN_002.encode() in message:
        customer = from_bytes(message, pain.Document)
        if isinstance(customer, Refusal):
            return customer
        report = customer.cstmr_pmt_sts_rpt
        transactions = [
            transaction
            for payment in report.orgnl_pmt_inf_and_sts
            for transaction in payment.tx_inf_and_sts
        ]
    else:
        interbank = from_bytes(message, pacs.Document)
        if isinstance(interbank, Refusal):
            return interbank
        transactions = list(interbank.fito_fipmt_sts_rpt.tx_inf_and_sts)
    return _only_one(transactions)


def status_report(
    instruction: Instruction, status: str, reported_s: int, bank_reference: str
) -> bytes:
    """A bank's report on one instruction, in the message that answers the instruction's own."""
    if instruction.message == INTERBANK:
        return to_bytes(_interbank(instruction, status, reported_s, bank_reference), PACS_002)
    return to_bytes(_customer(instruction, status, reported_s, bank_reference), PAIN_002)


def _only_one(transactions: Iterable[Any]) -> PaymentStatus | Refusal:
    found = list(transactions)
    if len(found) != 1 or not found[0].orgnl_end_to_end_id or not found[0].tx_sts:
        return unusable("PAYMENT_MALFORMED", "not_one")
    only = found[0]
    return PaymentStatus(
        end_to_end_id=only.orgnl_end_to_end_id,
        status=only.tx_sts,
        amount_fen=_amount_fen(only.orgnl_tx_ref),
        bank_reference=only.acct_svcr_ref or "",
        reason=_reason(only.sts_rsn_inf),
    )


def _reason(told: Iterable[Any]) -> str:
    """The first reason that is given: a code of ISO 20022, or one of the bank's own."""
    for one in told:
        if one.rsn is not None:
            return one.rsn.cd or one.rsn.prtry or ""
    return ""


def _amount_fen(reference: Any) -> int | None:
    if reference is None:
        return None
    amount = reference.intr_bk_sttlm_amt
    if amount is None and reference.amt is not None:
        amount = reference.amt.instd_amt
    return None if amount is None else fen_from_the_wire(amount.value, amount.ccy)


def _interbank(
    instruction: Instruction, status: str, reported_s: int, bank_reference: str
) -> object:
    reference = instruction.instruction_id
    return pacs.Document(
        fito_fipmt_sts_rpt=pacs.FitoFipaymentStatusReportV10(
            grp_hdr=pacs.GroupHeader91(msg_id=f"STS-{reference}", cre_dt_tm=xml_moment(reported_s)),
            tx_inf_and_sts=[
                pacs.PaymentTransaction110(
                    orgnl_grp_inf=pacs.OriginalGroupInformation29(
                        orgnl_msg_id=reference, orgnl_msg_nm_id=instruction.message
                    ),
                    orgnl_instr_id=reference,
                    orgnl_end_to_end_id=reference,
                    tx_sts=status,
                    accptnc_dt_tm=xml_moment(reported_s),
                    acct_svcr_ref=bank_reference,
                    orgnl_tx_ref=pacs.OriginalTransactionReference28(
                        intr_bk_sttlm_amt=pacs.ActiveOrHistoricCurrencyAndAmount(
                            value=yuan_on_the_wire(instruction.amount_fen), ccy=CURRENCY
                        )
                    ),
                )
            ],
        )
    )


def _customer(
    instruction: Instruction, status: str, reported_s: int, bank_reference: str
) -> object:
    reference = instruction.instruction_id
    amount = pain.ActiveOrHistoricCurrencyAndAmount(
        value=yuan_on_the_wire(instruction.amount_fen), ccy=CURRENCY
    )
    return pain.Document(
        cstmr_pmt_sts_rpt=pain.CustomerPaymentStatusReportV10(
            grp_hdr=pain.GroupHeader86(msg_id=f"STS-{reference}", cre_dt_tm=xml_moment(reported_s)),
            orgnl_grp_inf_and_sts=pain.OriginalGroupHeader17(
                orgnl_msg_id=reference, orgnl_msg_nm_id=instruction.message
            ),
            orgnl_pmt_inf_and_sts=[
                pain.OriginalPaymentInstruction32(
                    orgnl_pmt_inf_id=reference,
                    tx_inf_and_sts=[
                        pain.PaymentTransaction105(
                            orgnl_instr_id=reference,
                            orgnl_end_to_end_id=reference,
                            tx_sts=status,
                            accptnc_dt_tm=xml_moment(reported_s),
                            acct_svcr_ref=bank_reference,
                            orgnl_tx_ref=pain.OriginalTransactionReference28(
                                amt=pain.AmountType4Choice(instd_amt=amount)
                            ),
                        )
                    ],
                )
            ],
        )
    )
