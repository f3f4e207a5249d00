"""What a card may not do away from home, by scheme: each prohibition of the rules."""

from datetime import date

import pytest

from tongxing.kernel.reasons import Refusal, reason
from tongxing.network import load_registry
from tongxing.network.registry import ACTIONS

REGISTRY = load_registry()
DAY = date(2026, 3, 17)


def answer(scheme, action, on=DAY, **who):
    row = REGISTRY.permission(scheme, action, on, **who)
    assert not isinstance(row, Refusal)
    return row.answer, row.reason


@pytest.mark.req("R-205")
def test_t_union_no_top_up_away_from_home_only():
    assert answer("t_union", "remote_top_up") == ("no", "REMOTE_TOP_UP_REFUSED")
    assert answer("t_union", "remote_top_up", away=False) == ("not_stated", "")


@pytest.mark.req("R-206")
def test_t_union_no_refund_away_from_home_only():
    assert answer("t_union", "remote_refund") == ("no", "REMOTE_REFUND_REFUSED")
    assert answer("t_union", "remote_refund", away=False) == ("not_stated", "")


@pytest.mark.req("R-207")
def test_t_union_no_overdraft_anywhere():
    assert answer("t_union", "overdraft") == ("no", "OVERDRAFT_REFUSED")
    assert answer("t_union", "overdraft", away=False) == ("no", "OVERDRAFT_REFUSED")


@pytest.mark.req("R-203")
def test_t_union_no_loss_report_of_an_anonymous_card():
    assert answer("t_union", "loss_report") == ("no", "LOSS_REPORT_REFUSED")
    assert answer("t_union", "loss_report", holder="real_name") == ("not_stated", "")


@pytest.mark.req("R-309")
def test_city_union_remote_top_up_is_the_opposite_and_only_announced():
    row = REGISTRY.permission("city_union", "remote_top_up", DAY)
    assert (row.answer, row.certain) == ("yes", False)
    assert "2013" in row.note_zh
    assert answer("city_union", "remote_top_up", on=date(2012, 12, 31)) == ("not_stated", "")


@pytest.mark.req("R-303")
def test_city_union_m1_cards_need_a_new_card():
    assert answer("city_union", "m1_card") == ("no", "M1_CARD_REFUSED")
    assert answer("city_union", "m1_upgrade_in_place") == ("no", "M1_UPGRADE_REFUSED")
    assert "CPU" in reason("M1_UPGRADE_REFUSED").next_en


@pytest.mark.req("R-304")
def test_the_end_of_m1_is_a_notice_of_2018():
    notices = [fact for fact in REGISTRY.facts("city_union") if fact.kind == "notice"]
    assert [fact.on.text for fact in notices] == ["2013", "2018"]
    assert "M1" in notices[1].en


@pytest.mark.req("R-010")
def test_chongqing_binds_a_card_to_a_name_so_that_it_can_be_reported_lost():
    assert answer("local:500000", "loss_report") == ("no", "LOSS_REPORT_REFUSED")
    assert answer("local:500000", "loss_report", holder="real_name") == ("yes", "")
    before = date(2025, 12, 23)
    assert answer("local:500000", "loss_report", on=before, holder="real_name")[0] != "yes"


def test_what_no_rule_states_is_never_made_up():
    assert answer("city_union", "overdraft") == ("not_stated", "")
    assert answer("local:110000", "remote_refund") == ("not_stated", "")


def test_unknown_scheme_or_service_is_refused():
    assert REGISTRY.permission("octopus", "overdraft", DAY).code == "SCHEME_UNKNOWN"
    assert REGISTRY.permission("t_union", "fly", DAY).code == "ACTION_UNKNOWN"


def test_every_prohibition_names_a_reason_with_a_next_step():
    for scheme in REGISTRY.schemes:
        for row in REGISTRY.stated(scheme, DAY):
            assert row.source in REGISTRY.sources
            if row.answer == "no":
                assert reason(row.reason).next_zh
    for action in ACTIONS:
        assert REGISTRY.word(f"action.{action}", "zh")
