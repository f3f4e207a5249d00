"""Reasons: one list, both languages, a next step for each, and messages that always print."""

import pytest

from tongxing.kernel.ids import digest, masked
from tongxing.kernel.reasons import Problem, Refusal, all_reasons, reason
from tongxing.kernel.texts import load_catalogue


def test_every_reason_says_what_and_what_next_in_both_languages() -> None:
    for code, entry in all_reasons().items():
        assert all((entry.zh, entry.en, entry.next_zh, entry.next_en)), code
        assert any("\u4e00" <= letter <= "\u9fff" for letter in entry.zh), code


def test_a_refusal_reads_in_both_languages_and_as_json() -> None:
    refusal = Refusal("DB_UNAVAILABLE", "host", {"detail": "refused"})
    assert refusal.message("zh") == "无法连接数据库：refused"
    assert refusal.message("en") == "The database cannot be reached: refused"
    assert set(refusal.as_json()) == {
        "code", "message_zh", "message_en", "next_step_zh", "next_step_en", "where",
    }  # fmt: skip


def test_a_missing_value_never_stops_a_message() -> None:
    assert Refusal("DB_UNAVAILABLE").message("en") == "The database cannot be reached: {detail}"


def test_an_unknown_code_is_a_bug() -> None:
    with pytest.raises(KeyError):
        reason("NO_SUCH_REASON")


def test_a_problem_knows_its_exit_code() -> None:
    assert Problem("DB_UNAVAILABLE").exit_code == 6
    assert Problem("UNSAFE_DURABILITY").exit_code == 3


def test_ids_come_from_content_alone_and_parts_do_not_run_together() -> None:
    assert digest("ab", "c") == digest("ab", "c")
    assert digest("ab", "c") != digest("a", "bc")
    assert len(digest(1)) == 32


@pytest.mark.parametrize(
    ("number", "shown"),
    [("3104200000000000001", "310420*********0001"), ("12345678", "12******"), ("1", "1")],
)
def test_a_masked_number_keeps_its_secret(number: str, shown: str) -> None:
    assert masked(number) == shown


def test_an_unknown_text_key_fails_at_once() -> None:
    with pytest.raises(KeyError):
        load_catalogue("tongxing.fares").text("NO_SUCH", "zh")
