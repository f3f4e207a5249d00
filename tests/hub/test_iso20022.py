"""ISO 20022 out of the clearing house: valid, exact to the fen, and always the same bytes."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso_rules import broken_rules, library_errors, read_strictly
from pyiso20022.camt import camt_053_001_08 as camt
from pyiso20022.pacs import pacs_002_001_10 as pacs_002
from pyiso20022.pacs import pacs_009_001_08 as pacs_009
from pyiso20022.pain import pain_001_001_09 as pain_001
from pyiso20022.pain import pain_002_001_10 as pain_002

from tongxing.hub.instructions import HUB, INTERBANK, PAYOUT, Instruction
from tongxing.hub.iso20022 import account_statement, payment_message, read_status, status_report
from tongxing.hub.iso20022.common import fen_from_the_wire, yuan_on_the_wire
from tongxing.hub.rulebook import load_rulebook
from tongxing.hub.windows import window_times
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Statement, StatementLine

TIMES = window_times("W20260321", load_rulebook())  # a Saturday: settles on Monday
NAMES = {"ISS-990100": "甲市发卡方", "ACQ-990200": "乙市收单方 & <Söhne>"}

STATEMENT = Statement(
    window_id="W20260321",
    member="ISS-990100",
    cutoff_s=TIMES.cutoff_s,
    lines=[
        StatementLine(counterparty="ACQ-990100", kind="trips", count=2, amount_fen=-81_000_000_005),
        StatementLine(counterparty="ACQ-990200", kind="trips", count=1, amount_fen=-180),
        StatementLine(counterparty="ACQ-990200", kind="fee", count=1, amount_fen=1),
        StatementLine(counterparty="ACQ-990300", kind="trips", count=3, amount_fen=0),
    ],
    net_fen=-81_000_000_184,
    fee_income_fen=1,
    operator_fees=[],
    operator_payouts=[],
)


def payment(phase: Any = 1, amount_fen: int = 188_800) -> Instruction:
    debtor, creditor = {
        1: ("ISS-990100", HUB),
        2: (HUB, "ACQ-990200"),
        3: ("ACQ-990200", "OP-METRO-NORTH"),
    }[phase]
    return Instruction(
        instruction_id=f"W20260321-{phase:04d}",
        window_id="W20260321",
        phase=phase,
        message=PAYOUT if phase == 3 else INTERBANK,
        debtor=debtor,
        creditor=creditor,
        amount_fen=amount_fen,
        settles_on=date(2026, 3, 23),
        due_s=TIMES.debtors_pay_s,
    )


def messages() -> list[tuple[str, bytes, type[Any]]]:
    created_s = TIMES.statement_s
    made = [("camt.053", account_statement(STATEMENT, TIMES, NAMES), camt.Document)]
    for phase in (1, 2, 3):
        document = pain_001.Document if phase == 3 else pacs_009.Document
        made.append((f"phase {phase}", payment_message(payment(phase), created_s, NAMES), document))
        answer = pain_002.Document if phase == 3 else pacs_002.Document
        report = status_report(payment(phase), "ACSC", created_s, "BANK-1")
        made.append((f"answer {phase}", report, answer))
    return made


@pytest.mark.parametrize(
    ("what", "message", "document"), messages(), ids=[row[0] for row in messages()]
)
def test_a_message_fits_its_published_structure(
    what: str, message: bytes, document: type[Any]
) -> None:
    found = read_strictly(message, document)
    assert not broken_rules(found)
    assert not library_errors(found)
    assert message.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:')


def test_messages_are_the_same_bytes_whenever_they_are_made() -> None:
    assert messages() == messages()


def test_what_breaks_a_rule_is_found() -> None:
    """The checks above can fail: a name too long, a currency in small letters, a missing part."""
    found = read_strictly(account_statement(STATEMENT, TIMES, NAMES), camt.Document)
    found.bk_to_cstmr_stmt.grp_hdr.msg_id = "X" * 36
    found.bk_to_cstmr_stmt.stmt[0].bal[0].amt.ccy = "cny"
    found.bk_to_cstmr_stmt.stmt[0].bal[1].amt.value = Decimal("1.000001")
    found.bk_to_cstmr_stmt.stmt[0].acct = None
    assert len(broken_rules(found)) == 4
    assert library_errors(found)


def test_a_statement_reads_as_its_member_s_account() -> None:
    """It opens at zero and closes at the net; credits and debits carry their counterparty."""
    found = read_strictly(account_statement(STATEMENT, TIMES, NAMES), camt.Document)
    statement = found.bk_to_cstmr_stmt.stmt[0]
    assert statement.id == "W20260321-ISS-990100"
    assert str(statement.cre_dt_tm) == "2026-03-21T12:30:00+08:00"
    assert str(statement.fr_to_dt.fr_dt_tm) == "2026-03-20T12:00:00+08:00"
    assert statement.acct.ownr.nm == "甲市发卡方"
    assert [
        (item.tp.cd_or_prtry.cd, str(item.amt.value), item.cdt_dbt_ind.value, item.amt.ccy)
        for item in statement.bal
    ] == [("OPBD", "0.00", "CRDT", "CNY"), ("CLBD", "810000001.84", "DBIT", "CNY")]
    entries = [
        (
            str(entry.amt.value),
            entry.cdt_dbt_ind.value,
            entry.bk_tx_cd.prtry.cd,
            entry.ntry_dtls[0].btch.nb_of_txs,
        )
        for entry in statement.ntry
    ]
    assert entries == [
        ("810000000.05", "DBIT", "TRIPS", "2"),
        ("1.80", "DBIT", "TRIPS", "1"),
        ("0.01", "CRDT", "FEE", "1"),
        ("0.00", "CRDT", "TRIPS", "3"),
    ]
    parties = statement.ntry[1].ntry_dtls[0].tx_dtls[0].rltd_pties
    assert parties.cdtr.pty.nm == "乙市收单方 & <Söhne>" and parties.dbtr is None
    assert str(statement.ntry[0].bookg_dt.dt) == "2026-03-21"
    assert str(statement.ntry[0].val_dt.dt) == "2026-03-23"
    assert str(statement.txs_summry.ttl_ntries.sum) == "810000001.86"


def test_a_settlement_payment_says_who_pays_whom_and_when() -> None:
    found = read_strictly(payment_message(payment(1), TIMES.statement_s, NAMES), pacs_009.Document)
    transfer = found.ficdt_trf.cdt_trf_tx_inf[0]
    assert transfer.pmt_id.end_to_end_id == found.ficdt_trf.grp_hdr.msg_id == "W20260321-0001"
    assert (str(transfer.intr_bk_sttlm_amt.value), transfer.intr_bk_sttlm_amt.ccy) == (
        "1888.00",
        "CNY",
    )
    assert transfer.dbtr.fin_instn_id.othr.id == "ISS-990100"
    assert transfer.cdtr.fin_instn_id.othr.id == "HUB"
    assert str(found.ficdt_trf.grp_hdr.intr_bk_sttlm_dt) == "2026-03-23"
    assert str(transfer.sttlm_tm_req.clstm) == "15:00:00+08:00"


def test_a_payout_asks_the_acquirer_s_bank_to_pay_the_operator() -> None:
    found = read_strictly(payment_message(payment(3), TIMES.statement_s, NAMES), pain_001.Document)
    order = found.cstmr_cdt_trf_initn.pmt_inf[0]
    assert order.dbtr.id.org_id.othr[0].id == "ACQ-990200"
    transfer = order.cdt_trf_tx_inf[0]
    assert transfer.cdtr.id.org_id.othr[0].id == "OP-METRO-NORTH"
    assert str(transfer.amt.instd_amt.value) == "1888.00"
    assert str(found.cstmr_cdt_trf_initn.grp_hdr.ctrl_sum) == "1888.00"


@given(st.integers(1 - 10**15, 10**15 - 1))
def test_fen_go_to_the_wire_and_back_unchanged(amount_fen: int) -> None:
    on_the_wire = yuan_on_the_wire(amount_fen)
    text = f"{on_the_wire:f}"
    assert (
        text
        == f"{'-' if amount_fen < 0 else ''}{abs(amount_fen) // 100}.{abs(amount_fen) % 100:02d}"
    )
    assert fen_from_the_wire(Decimal(text), "CNY") == amount_fen


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("1.001", "CNY"),
        ("1.00", "USD"),
        ("NaN", "CNY"),
        ("Infinity", "CNY"),
        ("1.00", ""),
        ("10000000000000.00", "CNY"),
        ("1E+999999", "CNY"),
        ("1E-999999", "CNY"),
    ],
)
def test_what_is_not_whole_fen_of_yuan_is_no_amount(amount: str, currency: str) -> None:
    assert fen_from_the_wire(Decimal(amount), currency) is None


@pytest.mark.parametrize("phase", [1, 2, 3])
def test_a_bank_s_report_is_read_back(phase: int) -> None:
    status = read_status(status_report(payment(phase), "ACSC", TIMES.debtors_pay_s, "BANK-1"))
    assert not isinstance(status, Refusal)
    assert status.end_to_end_id == f"W20260321-{phase:04d}"
    assert (status.status, status.amount_fen, status.bank_reference) == ("ACSC", 188_800, "BANK-1")


REPORT = status_report(payment(1), "ACSC", TIMES.debtors_pay_s, "BANK-1")
ONE = REPORT[REPORT.index(b"<TxInfAndSts>") : REPORT.index(b"</FIToFIPmtStsRpt>")]
PAYLOAD = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'

BAD_REPORTS = {
    "nothing": b"",
    "no XML": b"ACSC",
    "cut": REPORT[:-20],
    "another message": payment_message(payment(1), 0, NAMES),
    "an entity": REPORT.replace(b"<Document", PAYLOAD + b"<Document"),
    "a NUL": REPORT.replace(b"BANK", b"BA\0K"),
    "UTF-16": REPORT.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "another encoding than it says": REPORT.replace(b"UTF-8", b"GBK"),
    "an unknown element": REPORT.replace(b"<TxSts>", b"<Odd/><TxSts>"),
    "an unknown attribute": REPORT.replace(b"<TxInfAndSts>", b'<TxInfAndSts odd="1">'),
    "an amount in words": REPORT.replace(b">1888.00<", b">many<"),
    "no payment": REPORT.replace(ONE, b""),
    "two payments": REPORT.replace(ONE, ONE + ONE),
    "no reference": REPORT.replace(b"<OrgnlEndToEndId>W20260321-0001</OrgnlEndToEndId>", b""),
    "no status": REPORT.replace(b"<TxSts>ACSC</TxSts>", b""),
    "too large": REPORT + b" " * 1_048_576,
}


@pytest.mark.parametrize("report", BAD_REPORTS.values(), ids=BAD_REPORTS)
def test_a_report_that_cannot_be_read_is_refused(report: bytes) -> None:
    refusal = read_status(report)
    assert isinstance(refusal, Refusal) and refusal.code == "PAYMENT_MALFORMED"


@given(st.integers(0, len(REPORT) - 1), st.integers(0, 255))
def test_a_report_with_any_byte_changed_is_read_or_refused(place: int, byte: int) -> None:
    wrong = bytearray(REPORT)
    wrong[place] = byte
    answer = read_status(bytes(wrong))
    assert not isinstance(answer, Refusal) or answer.code == "PAYMENT_MALFORMED"
