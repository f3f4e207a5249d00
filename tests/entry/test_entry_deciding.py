"""One tap at a gate with a condition of entry: open, closed or informative, with one reason."""

import msgspec
import pytest
from entry_world import (
    BUS_14,
    CARD,
    DAY,
    KEY_STATION,
    NOON_S,
    OTHER_STATION,
    POLICY,
    SENIOR,
    UNLINKED,
    ask,
    known,
    sampled,
    word,
)

from tongxing.entry import (
    HolderAnswer,
    Lane,
    Medium,
    Result,
    entrance_objection,
    judged,
    prompt_of,
    staff_words,
)
from tongxing.entry.deciding import Answer
from tongxing.entry.policy import WhenDown
from tongxing.kernel.clock import DAY_S, at
from tongxing.kernel.reasons import Refusal, reason

DOWN = HolderAnswer(None, Refusal("ENTRY_PROVIDER_DOWN"))
MANUAL = Lane("manual")
YES, NO = known(True), known(False)
LATE_S = at(POLICY.until, 24 + 3)


def told(answer: Answer) -> tuple[str, str, str]:
    return answer.outcome, answer.reason, answer.staff_action


@pytest.mark.req("R-101", "R-109")
def test_a_yes_opens_and_nothing_is_shown() -> None:
    for medium in (CARD, Medium("code"), Medium("wristband")):
        answer = ask(YES, medium=medium)
        assert told(answer) == ("open", "OPEN", "")
        assert prompt_of(answer, "zh") is None and answer.note == ""


@pytest.mark.req("R-107", "R-108")
def test_who_is_linked_with_nobody_hears_the_exact_words() -> None:
    for holder in (UNLINKED, HolderAnswer(None, None)):
        answer = ask(holder)
        assert told(answer) == ("closed", "ENTRY_NOT_UPGRADED", "help_upgrade")
        prompt = prompt_of(answer, "zh")
        assert prompt is not None
        assert prompt.text == prompt.voice == "未查到健康码信息，请您尽快授权升级"


@pytest.mark.req("R-113")
def test_a_no_turns_the_rider_back() -> None:
    answer = ask(NO)
    assert told(answer) == ("closed", "ENTRY_TURNED_BACK", "turn_back")
    assert staff_words(answer.staff_action, "zh") == "劝返"


@pytest.mark.req("R-113")
@pytest.mark.parametrize(("days", "passes"), [(0, 1), (1, 1), (2, 1), (3, 0), (4, 0), (-1, 0)])
def test_results_of_two_days_pass_and_of_three_do_not(days: int, passes: int) -> None:
    assert judged(POLICY, sampled(days), NOON_S).passed is bool(passes)


@pytest.mark.req("R-113")
def test_a_yes_ends_with_the_last_moment_at_which_the_result_is_young_enough() -> None:
    midnight_s = at(DAY, 24)
    young, old = judged(POLICY, sampled(0), NOON_S), judged(POLICY, sampled(2), NOON_S)
    assert young.expires_s == NOON_S + POLICY.attestation_life_s
    assert old.expires_s == midnight_s and at(DAY) < NOON_S < midnight_s
    assert judged(POLICY, sampled(2), midnight_s - 1).passed
    assert not judged(POLICY, sampled(2), midnight_s).passed


@pytest.mark.req("R-114")
def test_hours_are_the_other_reading_of_the_same_rule() -> None:
    rule = msgspec.structs.replace(POLICY.result, unit="hours", most=48)
    policy = msgspec.structs.replace(POLICY, result=rule)
    assert judged(policy, sampled(2), NOON_S).passed
    assert not judged(policy, sampled(2), NOON_S + 1).passed


def test_no_result_and_a_bad_one_are_a_short_no() -> None:
    for result in (None, Result(NOON_S, good=False)):
        told_now = judged(POLICY, result, NOON_S)
        assert (told_now.passed, told_now.expires_s) == (False, NOON_S + POLICY.refusal_life_s)


@pytest.mark.req("R-110", "R-111")
@pytest.mark.parametrize(
    ("check", "holder", "expected"),
    [
        ("passed", UNLINKED, ("open", "OPEN", "")),
        ("passed", NO, ("open", "OPEN", "")),
        ("passed", DOWN, ("open", "OPEN", "")),
        ("failed", YES, ("closed", "ENTRY_TURNED_BACK", "turn_back")),
        ("none", YES, ("open", "OPEN", "")),
        ("none", NO, ("closed", "ENTRY_TURNED_BACK", "turn_back")),
        ("none", UNLINKED, ("closed", "ENTRY_STAFF_CHECK", "check_by_hand")),
    ],
)
def test_in_the_manual_lane_staff_decide(
    check: str, holder: HolderAnswer, expected: tuple[str, str, str]
) -> None:
    lane = msgspec.convert({"kind": "manual", "staff_check": check}, Lane)
    assert told(ask(holder, lane=lane)) == expected


@pytest.mark.req("R-111")
def test_a_single_ticket_goes_by_the_manual_lane() -> None:
    ticket = Medium("single_ticket")
    assert told(ask(YES, medium=ticket)) == ("closed", "ENTRY_MANUAL_LANE", "check_by_hand")
    assert ask(HolderAnswer(None, None), medium=ticket, lane=Lane("manual", "passed")).opens


@pytest.mark.req("R-115")
def test_category_cards_are_never_asked_to_upgrade() -> None:
    for product in ("elder", "civil_affairs"):
        medium = Medium("card", product)
        assert ask(YES, medium=medium).outcome == "open"
        assert ask(NO, medium=medium).reason == "ENTRY_TURNED_BACK"
        for holder in (UNLINKED, HolderAnswer(None, None), DOWN):
            assert ask(holder, medium=medium).reason == "ENTRY_MANUAL_LANE"
    assert ask(UNLINKED, place=BUS_14, medium=SENIOR).note == ""


@pytest.mark.parametrize(
    ("when_down", "expected"),
    [
        ("open", ("open", "OPEN", "")),
        ("closed", ("closed", "ENTRY_NO_ANSWER", "")),
        ("manual", ("closed", "ENTRY_MANUAL_LANE", "check_by_hand")),
    ],
)
def test_without_an_answer_the_site_does_what_its_policy_says(
    when_down: WhenDown, expected: tuple[str, str, str]
) -> None:
    rows = tuple(msgspec.structs.replace(one, when_down=when_down) for one in POLICY.where)
    policy = msgspec.structs.replace(POLICY, where=rows)
    stale = HolderAnswer(True, word(True, NOON_S - 7200))
    forged = HolderAnswer(None, Refusal("ENTRY_ATTESTATION_FORGED"))
    for holder in (DOWN, stale, forged, HolderAnswer(True, None)):
        assert told(ask(holder, policy=policy)) == expected
        assert ask(holder, policy=policy, lane=Lane("manual", "passed")).opens
    assert ask(UNLINKED, policy=policy).reason == "ENTRY_NOT_UPGRADED"


@pytest.mark.req("R-117", "R-134", "R-135", "R-144")
def test_in_a_trial_the_answer_informs_and_the_staff_decide() -> None:
    informed = [told(ask(holder, place=BUS_14)) for holder in (YES, NO, UNLINKED, DOWN)]
    assert informed == [
        ("informative", "OPEN", ""),
        ("informative", "ENTRY_TRIAL", ""),
        ("informative", "ENTRY_NOT_UPGRADED", ""),
        ("informative", "OPEN", ""),
    ]
    assert ask(YES, place=BUS_14).note == ""
    assert ask(UNLINKED, place=BUS_14, lane=Lane("auto", "passed")).note == ""
    failed = ask(YES, place=BUS_14, lane=Lane("auto", "failed"))
    assert told(failed) == ("closed", "ENTRY_TURNED_BACK", "turn_back")
    before_s = NOON_S - 5 * DAY_S
    assert ask(UNLINKED, place=OTHER_STATION, now_s=before_s).outcome == "informative"


def test_nothing_is_asked_elsewhere_without_a_policy_or_after_its_end() -> None:
    for answer in (
        ask(NO, place=OTHER_STATION),
        ask(NO, policy=None),
        ask(NO, now_s=LATE_S),
        ask(UNLINKED, lane=MANUAL, now_s=LATE_S),
    ):
        assert told(answer) == ("open", "OPEN", "")
    assert not ask(known(False, LATE_S - 1), now_s=LATE_S - 1).opens


@pytest.mark.req("R-110")
def test_an_entrance_without_a_manual_lane_is_refused() -> None:
    assert entrance_objection(POLICY, {"A": ["auto", "manual"], "B": ["manual"]}) is None
    refusal = entrance_objection(POLICY, {"A": ["auto", "manual"], "B": ["auto", "auto"]})
    assert refusal == Refusal("ENTRY_NO_MANUAL_LANE", "B")


@pytest.mark.req("R-127")
def test_what_is_shown_names_nobody_and_nothing_of_anybody() -> None:
    answers = [
        ask(holder, place=place, lane=lane)
        for holder in (YES, NO, UNLINKED, DOWN)
        for place in (KEY_STATION, BUS_14)
        for lane in (Lane(), MANUAL)
    ]
    for code in {answer.reason for answer in answers} - {"OPEN"}:
        found = reason(code)
        texts = (found.zh, found.en, found.next_zh, found.next_en, found.voice_zh, found.voice_en)
        assert all(text and "{" not in text for text in texts)
        assert not any("阳性" in text or "红码" in text for text in texts)
