"""The bank pays what it is told, once, and only what is there."""

from typing import Any

import pytest
from pyiso20022.pacs import pacs_002_001_10 as pacs_002
from pyiso20022.pain import pain_002_001_10 as pain_002
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig

from tongxing.simulation.bank import (
    DUPLICATE,
    TOO_LITTLE_MONEY,
    UNKNOWN_CREDITOR,
    UNKNOWN_DEBTOR,
    UNREADABLE,
    WRONG_AMOUNT,
    WRONG_CURRENCY,
    Bank,
    fen_of,
    read_status,
)

NOON_S = 1_773_720_000


def transfer(
    instruction: str, debtor: str, creditor: str, amount: str, currency: str = "CNY"
) -> str:
    return f"""<CdtTrfTxInf>
      <PmtId><InstrId>{instruction}</InstrId><EndToEndId>E-{instruction}</EndToEndId></PmtId>
      <IntrBkSttlmAmt Ccy="{currency}">{amount}</IntrBkSttlmAmt>
      <Dbtr><FinInstnId/></Dbtr><DbtrAcct><Id><Othr><Id>{debtor}</Id></Othr></Id></DbtrAcct>
      <Cdtr><FinInstnId/></Cdtr><CdtrAcct><Id><Othr><Id>{creditor}</Id></Othr></Id></CdtrAcct>
    </CdtTrfTxInf>"""


def pacs_009(message_id: str, *transfers: str) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
    <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.009.001.08"><FICdtTrf>
    <GrpHdr><MsgId>{message_id}</MsgId></GrpHdr>{"".join(transfers)}
    </FICdtTrf></Document>""".encode()


def strictly(message: bytes, document: type[Any]) -> Any:
    """The message read by the published classes; unknown elements fail."""
    parser = XmlParser(config=ParserConfig(fail_on_unknown_properties=True))
    return parser.from_bytes(message, document)


@pytest.fixture
def bank() -> Bank:
    found = Bank("Simulated bank")
    found.deposit("ISS-1", 10_000, NOON_S, "float")
    found.deposit("HUB", 0, NOON_S, "settlement")
    found.deposit("ACQ-1", 0, NOON_S, "acquirer")
    return found


def test_money_moves_once_however_often_the_message_comes(bank: Bank) -> None:
    message = pacs_009("M1", transfer("I1", "ISS-1", "HUB", "12.34"))
    answer = bank.execute(message, NOON_S)
    assert bank.execute(message, NOON_S + 60) == answer
    assert read_status(answer) == {"I1": ""}
    assert bank.balances_fen == {"ISS-1": 8_766, "HUB": 1_234, "ACQ-1": 0}
    assert [(line.amount_fen, line.balance_after_fen) for line in bank.statement("HUB")] == [
        (1_234, 1_234)
    ]


def test_lines_always_add_up_to_balances(bank: Bank) -> None:
    bank.execute(
        pacs_009(
            "M1", transfer("I1", "ISS-1", "HUB", "50"), transfer("I2", "HUB", "ACQ-1", "49.9")
        ),
        NOON_S,
    )
    for account, balance_fen in bank.balances_fen.items():
        assert sum(line.amount_fen for line in bank.statement(account)) == balance_fen
    assert sum(bank.balances_fen.values()) == 10_000


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (transfer("I1", "ISS-1", "HUB", "100.01"), TOO_LITTLE_MONEY),
        (transfer("I1", "NOBODY", "HUB", "1"), UNKNOWN_DEBTOR),
        (transfer("I1", "ISS-1", "NOBODY", "1"), UNKNOWN_CREDITOR),
        (transfer("I1", "ISS-1", "HUB", "1.005"), WRONG_AMOUNT),
        (transfer("I1", "ISS-1", "HUB", "-1"), WRONG_AMOUNT),
        (transfer("I1", "ISS-1", "HUB", "0.00"), WRONG_AMOUNT),
        (transfer("I1", "ISS-1", "HUB", "１"), WRONG_AMOUNT),
        (transfer("I1", "ISS-1", "HUB", "1", "USD"), WRONG_CURRENCY),
    ],
)
def test_what_cannot_be_paid_is_refused_with_its_reason(bank: Bank, item: str, reason: str) -> None:
    before = dict(bank.balances_fen)
    assert read_status(bank.execute(pacs_009("M1", item), NOON_S)) == {"I1": reason}
    assert bank.balances_fen == before


def test_a_known_instruction_or_message_id_is_not_paid_again_under_another_content(
    bank: Bank,
) -> None:
    bank.execute(pacs_009("M1", transfer("I1", "ISS-1", "HUB", "1")), NOON_S)
    again = bank.execute(pacs_009("M2", transfer("I1", "ISS-1", "HUB", "1")), NOON_S)
    other = bank.execute(pacs_009("M1", transfer("I3", "ISS-1", "HUB", "2")), NOON_S)
    assert read_status(again) == {"I1": DUPLICATE}
    assert read_status(other) == {"I3": DUPLICATE}
    assert bank.balances_fen["HUB"] == 100


@pytest.mark.parametrize(
    "message",
    [b"", b"<Document>", b"<!DOCTYPE x><Document/>", b"<Document xmlns='urn:x:camt.053'/>"],
)
def test_what_is_no_payment_message_is_answered_and_moves_nothing(
    bank: Bank, message: bytes
) -> None:
    assert UNREADABLE in bank.execute(message, NOON_S).decode()
    assert bank.balances_fen["HUB"] == 0


def test_the_answer_has_the_form_of_pacs_002(bank: Bank) -> None:
    message = pacs_009(
        "M1", transfer("I1", "ISS-1", "HUB", "1"), transfer("I2", "ISS-1", "HUB", "9999")
    )
    report = strictly(bank.execute(message, NOON_S), pacs_002.Document).fito_fipmt_sts_rpt
    assert report.orgnl_grp_inf_and_sts[0].grp_sts == "PART"
    assert [item.tx_sts for item in report.tx_inf_and_sts] == ["ACSC", "RJCT"]
    assert report.tx_inf_and_sts[1].sts_rsn_inf[0].rsn.cd == TOO_LITTLE_MONEY


def test_an_institution_without_an_account_number_is_served_in_its_own_name(bank: Bank) -> None:
    item = transfer("I1", "", "", "1").replace(
        "<FinInstnId/>", "<FinInstnId><Othr><Id>{}</Id></Othr></FinInstnId>"
    )
    message = pacs_009("M1", item.replace("{}", "ISS-1", 1).replace("{}", "HUB"))
    assert read_status(bank.execute(message, NOON_S)) == {"I1": ""}


def test_a_customers_payment_is_paid_and_answered_with_pain_002(bank: Bank) -> None:
    message = b"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">
    <CstmrCdtTrfInitn>
    <GrpHdr><MsgId>P1</MsgId></GrpHdr><PmtInf><Dbtr/>
    <DbtrAcct><Id><Othr><Id>ISS-1</Id></Othr></Id></DbtrAcct><CdtTrfTxInf>
    <PmtId><InstrId>P1</InstrId><EndToEndId>P1</EndToEndId></PmtId>
    <Amt><InstdAmt Ccy="CNY">3.21</InstdAmt></Amt>
    <CdtrAcct><Id><Othr><Id>ACQ-1</Id></Othr></Id></CdtrAcct></CdtTrfTxInf></PmtInf>
    </CstmrCdtTrfInitn></Document>"""
    answer = bank.execute(message, NOON_S)
    read = strictly(answer, pain_002.Document).cstmr_pmt_sts_rpt.orgnl_pmt_inf_and_sts[0]
    assert bank.balances_fen["ACQ-1"] == 321
    assert read.tx_inf_and_sts[0].tx_sts == "ACSC"
    assert str(read.tx_inf_and_sts[0].orgnl_tx_ref.amt.instd_amt.value) == "3.21"


@pytest.mark.parametrize(
    ("amount", "fen"),
    [("12.34", 1_234), ("12.3", 1_230), ("12", 1_200), ("0.01", 1), ("1.", None), (".5", None),
     ("1.234", None), ("", None), ("1e3", None), ("+1", None), ("１２", None)],
)  # fmt: skip
def test_amounts_are_read_to_the_fen_or_not_at_all(amount: str, fen: int | None) -> None:
    assert fen_of(amount) == fen
