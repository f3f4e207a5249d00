"""Statements as people and sheets read them."""

import csv
import xml.etree.ElementTree as ET
from dataclasses import replace
from io import StringIO

from hub_world import BY_ID, RULES

from tongxing.hub.statement_page import as_html
from tongxing.hub.statements import as_csv, as_text, in_words
from tongxing.kernel.clock import at, calendar_date
from tongxing.kernel.texts import LANGUAGES, load_catalogue
from tongxing.messages import Share, Statement, StatementLine

CUTOFF_S = at(calendar_date(1_773_800_000), 12)
TEXTS = load_catalogue("tongxing.hub")


def statement(*lines: StatementLine, **changes: object) -> Statement:
    values: dict[str, object] = {
        "window_id": "W20260318",
        "member": "ACQ-990100",
        "cutoff_s": CUTOFF_S,
        "lines": list(lines),
        "net_fen": sum(line.amount_fen for line in lines),
        "fee_income_fen": 2,
        "operator_fees": [Share("OP1", 6), Share("OP2", 2)],
        "operator_payouts": [Share("OP1", 126_859), Share("OP2", 443)],
    }
    return Statement(**(values | changes))


FULL = statement(
    StatementLine(counterparty="HUB", kind="fee", count=2, amount_fen=-2),
    StatementLine(counterparty="ISS-990100", kind="trips", count=2, amount_fen=123_456_789),
    StatementLine(counterparty="ISS-990200", kind="fee", count=2, amount_fen=-4),
)

CHINESE = """\
清分对账单 W20260318
机构：甲市收单方（ACQ-990100）
截止：2026-03-18 12:00:00，规则版本 2026.1

对方        项目        笔数    金额（元）
------------------------------------------
清分中心    清分手续费     2         -0.02
甲市发卡方  行程           2  1,234,567.89
乙市发卡方  清分手续费     2         -0.04

头寸：应收 1,234,567.83 元
其中手续费收入：0.02 元

运营商  承担手续费（元）  应付运营商（元）
------------------------------------------
OP1                 0.06          1,268.59
OP2                 0.02              4.43
"""

ENGLISH = """\
Clearing statement W20260318
Member: City A acquirer (ACQ-990100)
Cut-off: 2026-03-18 12:00:00, rulebook 2026.1

Counterparty    Item          Records  Amount (CNY)
---------------------------------------------------
Clearing house  clearing fee        2         -0.02
City A issuer   trips               2  1,234,567.89
City B issuer   clearing fee        2         -0.04

Position: 1,234,567.83 CNY to receive
Fee income of the member: 0.02 CNY

Operator  Fee borne (CNY)  Payable to operator (CNY)
----------------------------------------------------
OP1                  0.06                   1,268.59
OP2                  0.02                       4.43
"""


def test_a_statement_in_chinese_and_in_english() -> None:
    assert as_text(FULL, BY_ID, RULES.version, "zh", TEXTS) == CHINESE
    assert as_text(FULL, BY_ID, RULES.version, "en", TEXTS) == ENGLISH


def test_who_pays_and_who_had_nothing_is_said_in_words() -> None:
    pays = statement(
        StatementLine(counterparty="ACQ-990200", kind="trips", count=1, amount_fen=-180),
        member="ISS-990100",
        fee_income_fen=0,
        operator_fees=[],
        operator_payouts=[],
    )
    text = as_text(pays, BY_ID, RULES.version, "en", TEXTS)
    assert "Position: 1.80 CNY to pay\n" in text and "Operator" not in text and "income" not in text
    nothing = as_text(
        statement(fee_income_fen=0, operator_payouts=[]), BY_ID, RULES.version, "zh", TEXTS
    )
    assert "本场次没有往来\n\n头寸：0.00 元，无需收付\n" in nothing


def test_the_sheet_has_fixed_columns_and_whole_fen() -> None:
    sheet = as_csv(FULL, BY_ID)
    assert sheet.startswith(b"window,member,counterparty,counterparty_name_zh,")
    assert sheet.count(b"\r\n") == 4 and sheet.endswith(b"\r\n")
    rows = list(csv.DictReader(StringIO(sheet.decode("utf-8"))))
    assert rows[1]["counterparty_name_zh"] == "甲市发卡方"
    assert [int(row["amount_fen"]) for row in rows] == [-2, 123_456_789, -4]
    assert [row["counterparty_name_en"] for row in rows] == ["", "City A issuer", "City B issuer"]


def test_the_page_says_what_the_text_says_and_nothing_of_a_name_becomes_markup() -> None:
    for language in LANGUAGES:
        strange = dict(BY_ID)
        strange["ISS-990100"] = replace(BY_ID["ISS-990100"], name_zh="<b>&甲", name_en="<b>&A")
        page = as_html(in_words(FULL, strange, RULES.version, language, TEXTS), language)
        root = ET.fromstring(
            page.replace("<!doctype html>", "")
            .replace('-8">', '-8"/>')
            .replace('scale=1">', 'scale=1"/>')
        )
        words = [text.strip() for text in root.find("body").itertext() if text.strip()]
        assert any(name in words for name in ("<b>&甲", "<b>&A"))
        text = as_text(FULL, strange, RULES.version, language, TEXTS)
        assert "".join("".join(words).split()) == "".join(
            "".join(line for line in text.splitlines() if set(line) != {"-"}).split()
        )
