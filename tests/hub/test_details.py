"""What a check found, told in both languages: the books keep it in English."""

import ast
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

import tongxing.hub
from tongxing.hub.details import is_told, told_detail
from tongxing.hub.liability import liability_tables
from tongxing.hub.life import RecordState
from tongxing.hub.rulebook import load_rulebook
from tongxing.hub.running.steps import Step
from tongxing.hub.settlement import PaymentState
from tongxing.hub.windows import WindowState
from tongxing.hub.words import in_both

HOUSE = Path(tongxing.hub.__file__).parent
SPEAKERS = ("admission", "checks", "displays", "issued_cards", "signatures")
AS_IT_STANDS = ("T+7",)

CASES = [
    ("the line belongs to OP-1 or OP-2", "该线路属于 OP-1 或 OP-2"),
    ("the tariff charges 300 fen at most", "按票价最多收 300 分"),
    ("the tariff charges 300 fen", "按票价应收 300 分"),
    ("tariff none was in force", "当时没有生效的票价"),
    ("older_list; no such line", "终端的黑名单过旧；没有这条线路"),
    ("counter 40 stands twice: t2.1", "交易序号 40 出现两次，另见 t2.1"),
    ("T+4", "T+4"),
    ("good until 2026-01-31 (v 3)", "有效期至 2026-01-31（v 3）"),
    ("closed before the tap, in_grace (v 3)", "刷卡前已停用，挂失后，名单下发期限之内（v 3）"),
]


@pytest.mark.parametrize(("detail", "chinese"), CASES)
def test_a_detail_is_told_in_chinese(detail: str, chinese: str) -> None:
    assert told_detail(detail, "zh") == chinese


def test_a_short_name_is_never_shown_and_a_sentence_is_as_it_was_written() -> None:
    assert told_detail("PLACE_LEFT; no such line", "en") == "the place had left; no such line"


@pytest.mark.parametrize("name", SPEAKERS)
def test_every_detail_that_a_check_can_find_is_told(name: str) -> None:
    details = list(written(HOUSE / f"{name}.py"))
    assert details
    untold = [one for one in details if not is_told(one) and one not in AS_IT_STANDS]
    assert not untold


def test_every_case_of_liability_and_every_reason_on_hold_is_told() -> None:
    names = [
        rule.name
        for table in liability_tables()
        for rule in (*table.deny.case, *table.city.case)
        if rule.code
    ]
    reasons = [reason for reason in load_rulebook().acceptance if reason != "otherwise"]
    assert [one for one in names + reasons if not is_told(one)] == []


@pytest.mark.parametrize("state", [*RecordState, *WindowState, *PaymentState, *Step])
def test_every_state_and_step_has_a_word_for_refusals(state: StrEnum) -> None:
    room = {RecordState: "record", WindowState: "window", PaymentState: "payment", Step: "step"}
    told = in_both("state", f"{room[type(state)]}.{state}")
    assert told["state_zh"] and told["state_en"]


def written(path: Path) -> Iterator[str]:
    """The details in a module's findings, with 7 for whatever is put into one."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in (
            "Finding",
            "Fault",
            "CardFault",
        ):
            for text in call.args[1:2]:
                if isinstance(text, ast.Constant):
                    yield str(text.value)
                elif isinstance(text, ast.JoinedStr):
                    yield "".join(part_of(part) for part in text.values)


def part_of(part: ast.expr) -> str:
    """A part of a sentence; ``{by}`` is itself a part in brackets."""
    if isinstance(part, ast.Constant):
        return str(part.value)
    value = part.value if isinstance(part, ast.FormattedValue) else None
    return " (7)" if isinstance(value, ast.Name) and value.id == "by" else "7"
