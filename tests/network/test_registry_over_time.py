"""Membership moves with time, every refusal has its words, and answers are remembered."""

from dataclasses import replace
from datetime import date

import pytest

from tongxing.kernel.reasons import reason
from tongxing.network import ACCEPTED, Registry, load_registry
from tongxing.network.loading import load_book
from tongxing.network.schemes import known_date

REGISTRY = load_registry()


@pytest.fixture
def dated() -> Registry:
    """A registry in which Shijiazhuang was in from 2018 to 2020-06-30, and again from 2022."""
    book = load_book()
    row = book.entries["t_union"]["130100"][0]
    first = replace(row, valid_from=known_date("2018-01-01"), valid_until=date(2020, 6, 30))
    again = replace(row, valid_from=known_date("2022-01-01"))
    places = {**book.entries["t_union"], "130100": (first, again)}
    return Registry(replace(book, entries={**book.entries, "t_union": places}))


@pytest.mark.req("R-219")
@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2017-12-31", "PLACE_NOT_YET"),
        ("2018-01-01", ACCEPTED),
        ("2020-06-30", ACCEPTED),
        ("2020-07-01", "PLACE_LEFT"),
        ("2021-12-31", "PLACE_LEFT"),
        ("2022-01-01", ACCEPTED),
    ],
)
def test_a_place_can_leave_and_come_back(dated, on, expected):
    day = date.fromisoformat(on)
    assert dated.acceptance("t_union", "110000", "130100", "bus", day).reason == expected
    assert dated.acceptance("t_union", "110000", "130102", "bus", day).reason == expected


@pytest.mark.req("R-405", "R-219")
def test_terminals_have_30_days_to_add_and_7_to_drop_a_place(dated):
    changes = dated.changes("t_union", date(2019, 1, 1), date(2022, 12, 31))
    assert [(c.kind, c.effective, c.terminals_by) for c in changes] == [
        ("removed", date(2020, 7, 1), date(2020, 7, 8)),
        ("added", date(2022, 1, 1), date(2022, 1, 31)),
    ]


def test_every_refusal_reason_has_words_and_a_voice_for_the_gate():
    codes = (
        "PLACE_NOT_IN_SCHEME",
        "PLACE_OF_OTHER_SCHEME",
        "METRO_ONLY",
        "METRO_UNAVAILABLE",
        "LINE_NOT_CONVERTED",
        "VISITOR_MODE_NOT_OFFERED",
        "LOCAL_SCHEME_ELSEWHERE",
    )
    for code in codes:
        words = reason(code)
        assert words.voice_zh
        assert words.voice_en


def test_a_question_asked_again_is_not_judged_again():
    day = date(2026, 3, 17)
    question = ("t_union", "110000", "310115", "bus", day, "L1", ("t_union",))
    first = REGISTRY.acceptance(*question)
    assert REGISTRY.acceptance(*question) is first
    assert REGISTRY.acceptance(*question[:3], "metro", *question[4:]) is not first
