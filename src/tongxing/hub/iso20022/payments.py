"""Settlement instructions as messages: pacs.009 through the hub, pain.001 for payouts.

Members are named by the ids this network gives them; a bank that wants its own numbers gets an
adapter beside this file, never a change to it. A bank that is not known is NOTPROVIDED, as the
market practice for these messages has it.
"""

from collections.abc import Mapping
from typing import Any

from pyiso20022.pacs import pacs_009_001_08 as pacs
from pyiso20022.pain import pain_001_001_09 as pain

from tongxing.hub.instructions import INTERBANK, Instruction
from tongxing.hub.iso20022.common import (
    CURRENCY,
    SCHEME,
    to_bytes,
    xml_date,
    xml_moment,
    xml_time,
    yuan_on_the_wire,
)

PACS_009 = "urn:iso:std:iso:20022:tech:xsd:pacs.009.001.08"
PAIN_001 = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
NOT_PROVIDED = "NOTPROVIDED"


def payment_message(instruction: Instruction, created_s: int, names: Mapping[str, str]) -> bytes:
    """The message of an instruction, created at the window's statement time."""
    if instruction.message == INTERBANK:
        return to_bytes(_interbank(instruction, created_s, names), PACS_009)
    return to_bytes(_payout(instruction, created_s, names), PAIN_001)


def _interbank(instruction: Instruction, created_s: int, names: Mapping[str, str]) -> object:
    amount = pacs.ActiveCurrencyAndAmount(
        value=yuan_on_the_wire(instruction.amount_fen), ccy=CURRENCY
    )
    day = xml_date(instruction.settles_on)
    reference = instruction.instruction_id
    return pacs.Document(
        ficdt_trf=pacs.FinancialInstitutionCreditTransferV08(
            grp_hdr=pacs.GroupHeader93(
                msg_id=reference,
                cre_dt_tm=xml_moment(created_s),
                nb_of_txs="1",
                ttl_intr_bk_sttlm_amt=amount,
                intr_bk_sttlm_dt=day,
                sttlm_inf=pacs.SettlementInstruction7(
                    sttlm_mtd=pacs.SettlementMethod1Code.CLRG,
                    clr_sys=pacs.ClearingSystemIdentification3Choice(prtry=SCHEME),
                ),
            ),
            cdt_trf_tx_inf=[
                pacs.CreditTransferTransaction36(
                    pmt_id=pacs.PaymentIdentification7(instr_id=reference, end_to_end_id=reference),
                    intr_bk_sttlm_amt=amount,
                    sttlm_tm_req=pacs.SettlementTimeRequest2(clstm=xml_time(instruction.due_s)),
                    dbtr=_institution(instruction.debtor, names),
                    cdtr=_institution(instruction.creditor, names),
                    rmt_inf=pacs.RemittanceInformation2(ustrd=_told(instruction)),
                )
            ],
        )
    )


def _told(instruction: Instruction) -> list[str]:
    """What the payment is for, and which one it takes the place of."""
    old = instruction.replaces
    return [instruction.window_id, *([f"replaces {old}"] if old else [])]


def _institution(member: str, names: Mapping[str, str]) -> object:
    return pacs.BranchAndFinancialInstitutionIdentification6(
        fin_instn_id=pacs.FinancialInstitutionIdentification18(
            nm=names.get(member),
            othr=pacs.GenericFinancialIdentification1(
                id=member,
                schme_nm=pacs.FinancialIdentificationSchemeName1Choice(prtry=SCHEME),
            ),
        )
    )


def _payout(instruction: Instruction, created_s: int, names: Mapping[str, str]) -> object:
    reference = instruction.instruction_id
    amount = yuan_on_the_wire(instruction.amount_fen)
    return pain.Document(
        cstmr_cdt_trf_initn=pain.CustomerCreditTransferInitiationV09(
            grp_hdr=pain.GroupHeader85(
                msg_id=reference,
                cre_dt_tm=xml_moment(created_s),
                nb_of_txs="1",
                ctrl_sum=amount,
                initg_pty=_party(instruction.debtor, names),
            ),
            pmt_inf=[
                pain.PaymentInstruction30(
                    pmt_inf_id=reference,
                    pmt_mtd=pain.PaymentMethod3Code.TRF,
                    reqd_exctn_dt=pain.DateAndDateTime2Choice(dt_tm=xml_moment(instruction.due_s)),
                    dbtr=_party(instruction.debtor, names),
                    dbtr_acct=_account(instruction.debtor),
                    dbtr_agt=pain.BranchAndFinancialInstitutionIdentification6(
                        fin_instn_id=pain.FinancialInstitutionIdentification18(
                            othr=pain.GenericFinancialIdentification1(id=NOT_PROVIDED)
                        )
                    ),
                    cdt_trf_tx_inf=[_credit_transfer(instruction, amount, names)],
                )
            ],
        )
    )


def _credit_transfer(instruction: Instruction, amount: Any, names: Mapping[str, str]) -> object:
    return pain.CreditTransferTransaction34(
        pmt_id=pain.PaymentIdentification6(
            instr_id=instruction.instruction_id, end_to_end_id=instruction.instruction_id
        ),
        amt=pain.AmountType4Choice(
            instd_amt=pain.ActiveOrHistoricCurrencyAndAmount(value=amount, ccy=CURRENCY)
        ),
        cdtr=_party(instruction.creditor, names),
        cdtr_acct=_account(instruction.creditor),
        rmt_inf=pain.RemittanceInformation16(ustrd=_told(instruction)),
    )


def _party(party: str, names: Mapping[str, str]) -> object:
    return pain.PartyIdentification135(
        nm=names.get(party),
        id=pain.Party38Choice(
            org_id=pain.OrganisationIdentification29(
                othr=[
                    pain.GenericOrganisationIdentification1(
                        id=party,
                        schme_nm=pain.OrganisationIdentificationSchemeName1Choice(prtry=SCHEME),
                    )
                ]
            )
        ),
    )


def _account(party: str) -> object:
    return pain.CashAccount38(
        id=pain.AccountIdentification4Choice(
            othr=pain.GenericAccountIdentification1(id=party, issr=SCHEME)
        ),
        ccy=CURRENCY,
    )
