"""A member's window as camt.053.001.08, the bank statement every treasury system reads.

The account is the member's position at the hub: it opens a window at zero and closes it at the
net, credit meaning that the member receives. One entry per line of the statement.
"""

from collections.abc import Mapping

from pyiso20022.camt import camt_053_001_08 as camt

from tongxing.hub.iso20022.common import (
    CURRENCY,
    SCHEME,
    to_bytes,
    xml_date,
    xml_moment,
    yuan_on_the_wire,
)
from tongxing.hub.windows import WindowTimes
from tongxing.kernel.clock import calendar_date
from tongxing.messages import Statement, StatementLine

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


def account_statement(statement: Statement, times: WindowTimes, names: Mapping[str, str]) -> bytes:
    """The camt.053 of a statement; `names` are the names of members by id."""
    reference = f"{statement.window_id}-{statement.member}"
    created = xml_moment(times.statement_s)
    document = camt.Document(
        bk_to_cstmr_stmt=camt.BankToCustomerStatementV08(
            grp_hdr=camt.GroupHeader81(msg_id=reference, cre_dt_tm=created),
            stmt=[
                camt.AccountStatement9(
                    id=reference,
                    cre_dt_tm=created,
                    fr_to_dt=camt.DateTimePeriod1(
                        fr_dt_tm=xml_moment(times.opens_s), to_dt_tm=xml_moment(times.cutoff_s)
                    ),
                    acct=_account(statement.member, names),
                    bal=[
                        _balance("OPBD", 0, times.opens_s),
                        _balance("CLBD", statement.net_fen, times.cutoff_s),
                    ],
                    txs_summry=_summary(statement),
                    ntry=[
                        _entry(f"{reference}-{number:03d}", line, times, names)
                        for number, line in enumerate(statement.lines, start=1)
                    ],
                )
            ],
        )
    )
    return to_bytes(document, NAMESPACE)


def _account(member: str, names: Mapping[str, str]) -> object:
    return camt.CashAccount39(
        id=camt.AccountIdentification4Choice(
            othr=camt.GenericAccountIdentification1(id=f"POS-{member}", issr=SCHEME)
        ),
        ccy=CURRENCY,
        ownr=_party(member, names),
    )


def _party(member: str, names: Mapping[str, str]) -> object:
    return camt.PartyIdentification135(
        nm=names.get(member),
        id=camt.Party38Choice(
            org_id=camt.OrganisationIdentification29(
                othr=[
                    camt.GenericOrganisationIdentification1(
                        id=member,
                        schme_nm=camt.OrganisationIdentificationSchemeName1Choice(prtry=SCHEME),
                    )
                ]
            )
        ),
    )


def _amount(amount_fen: int) -> object:
    return camt.ActiveOrHistoricCurrencyAndAmount(
        value=yuan_on_the_wire(abs(amount_fen)), ccy=CURRENCY
    )


def _side(amount_fen: int) -> object:
    return camt.CreditDebitCode.CRDT if amount_fen >= 0 else camt.CreditDebitCode.DBIT


def _balance(code: str, amount_fen: int, time_s: int) -> object:
    return camt.CashBalance8(
        tp=camt.BalanceType13(cd_or_prtry=camt.BalanceType10Choice(cd=code)),
        amt=_amount(amount_fen),
        cdt_dbt_ind=_side(amount_fen),
        dt=camt.DateAndDateTime2Choice(dt_tm=xml_moment(time_s)),
    )


def _summary(statement: Statement) -> object:
    amounts = [line.amount_fen for line in statement.lines]
    return camt.TotalTransactions6(
        ttl_ntries=camt.NumberAndSumOfTransactions4(
            nb_of_ntries=str(len(amounts)),
            sum=yuan_on_the_wire(sum(map(abs, amounts))),
            ttl_net_ntry=camt.AmountAndDirection35(
                amt=yuan_on_the_wire(abs(statement.net_fen)),
                cdt_dbt_ind=_side(statement.net_fen),
            ),
        )
    )


def _entry(
    reference: str, line: StatementLine, times: WindowTimes, names: Mapping[str, str]
) -> object:
    counterparty = camt.Party40Choice(pty=_party(line.counterparty, names))
    parties = (
        camt.TransactionParties6(dbtr=counterparty)
        if line.amount_fen >= 0
        else camt.TransactionParties6(cdtr=counterparty)
    )
    return camt.ReportEntry10(
        ntry_ref=reference,
        amt=_amount(line.amount_fen),
        cdt_dbt_ind=_side(line.amount_fen),
        sts=camt.EntryStatus1Choice(cd="BOOK"),
        bookg_dt=camt.DateAndDateTime2Choice(dt=xml_date(calendar_date(times.cutoff_s))),
        val_dt=camt.DateAndDateTime2Choice(dt=xml_date(times.settles_on)),
        bk_tx_cd=camt.BankTransactionCodeStructure4(
            prtry=camt.ProprietaryBankTransactionCodeStructure1(cd=line.kind.upper(), issr=SCHEME)
        ),
        ntry_dtls=[
            camt.EntryDetails9(
                btch=camt.BatchInformation2(nb_of_txs=str(line.count)),
                tx_dtls=[camt.EntryTransaction10(rltd_pties=parties)],
            )
        ],
    )
