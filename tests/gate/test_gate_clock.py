"""A gate's clock that jumps, stands at 2000 or runs ahead; and phones whose clocks do the same."""

from pathlib import Path

import pytest
from gate_world import fill, open_journal
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from deciding_world import CODE, DAY, context, expected, validator
from tongxing.deciding.checks import code_window
from tongxing.gate.clock import KEPT, Correction, GateClock
from tongxing.kernel.clock import DAY_S, at
from tongxing.kernel.reasons import Refusal

EIGHT = at(DAY, 8)
YEAR_S = 365 * DAY_S
YEAR_2000 = 946_656_000
KEPT_AN_HOUR_AGO = b'{"time_s":%d}' % (EIGHT - 3_600)
FACTS = validator("entry", "cq:rail-1:xiaoshizi")


def started(wall_s: float, kept: bytes | None = KEPT_AN_HOUR_AGO) -> GateClock:
    """A gate that starts at eight; its monotonic clock stands at 100."""
    return GateClock(wall_s, 100.0, kept)


def code_of(answer: Refusal | Correction | None) -> str:
    return answer.code if isinstance(answer, Refusal) else ""


# --- the grid: phone against gate -----------------------------------------------------------------

PHONES = {"-400d": -400 * DAY_S, "-61s": -61, "-60s": -60, "0": 0, "+90s": 90, "+91s": 91,
          "+400d": 400 * DAY_S}  # fmt: skip
GATES = {"2000": YEAR_2000 - EIGHT, "-600s": -600, "-30s": -30, "0": 0, "+30s": 30, "+600s": 600,
         "+10y": 10 * YEAR_S}  # fmt: skip

AT_THE_START = """
phone  2000    -600s    -30s     0        +30s     +600s    +10y
-400d  unsure  EXPIRED  EXPIRED  EXPIRED  EXPIRED  EXPIRED  unsure
-61s   unsure  SKEW     opens    EXPIRED  EXPIRED  EXPIRED  unsure
-60s   unsure  SKEW     opens    opens    EXPIRED  EXPIRED  unsure
0      unsure  SKEW     opens    opens    opens    EXPIRED  unsure
+90s   unsure  SKEW     SKEW     opens    opens    EXPIRED  unsure
+91s   unsure  SKEW     SKEW     SKEW     opens    EXPIRED  unsure
+400d  unsure  SKEW     SKEW     SKEW     SKEW     SKEW     unsure
"""
AFTER_THE_CITY_WAS_HEARD = """
phone  2000     -600s    -30s     0        +30s     +600s    +10y
-400d  EXPIRED  EXPIRED  EXPIRED  EXPIRED  EXPIRED  EXPIRED  EXPIRED
-61s   EXPIRED  EXPIRED  EXPIRED  EXPIRED  EXPIRED  EXPIRED  EXPIRED
-60s   opens    opens    opens    opens    opens    opens    opens
0      opens    opens    opens    opens    opens    opens    opens
+90s   opens    opens    opens    opens    opens    opens    opens
+91s   SKEW     SKEW     SKEW     SKEW     SKEW     SKEW     SKEW
+400d  SKEW     SKEW     SKEW     SKEW     SKEW     SKEW     SKEW
"""


def played(is_heard: bool) -> str:
    """Show a code, just made by each phone, to each gate."""
    rows = [" ".join(["phone", *GATES])]
    for phone, phone_off_s in PHONES.items():
        row = [phone]
        for gate_off_s in GATES.values():
            clock = started(EIGHT + gate_off_s)
            if is_heard:
                clock.heard(EIGHT, 100.0, 100.0)
            made_s = EIGHT + phone_off_s
            shown = replace(CODE, code_issued_s=made_s, code_expires_s=made_s + 60)
            if clock.refusal(100.0) is not None:
                row.append("unsure")
                continue
            refusal = code_window(shown, FACTS, context(FACTS, clock.now_s(100.0)))
            row.append(refusal.code.rsplit("_", 1)[-1] if refusal else "opens")
        rows.append(" ".join(row))
    return "\n".join("  ".join(row.split()) for row in rows)


def test_phone_against_gate_at_the_start() -> None:
    """A gate that is minutes off without knowing it refuses good codes; it opens to no old one of
    days ago, and none at all when its clock cannot be right."""
    assert played(is_heard=False) == expected(AT_THE_START)


def test_phone_against_gate_once_the_city_was_heard() -> None:
    """No gate may be wrong any more, whatever its own clock shows: the phone alone decides."""
    assert played(is_heard=True) == expected(AFTER_THE_CITY_WAS_HEARD)


# --- the start ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wall_s", "kept", "found"),
    [
        (EIGHT, KEPT_AN_HOUR_AGO, "believed"),
        (YEAR_2000, KEPT_AN_HOUR_AGO, "behind"),
        (EIGHT - 3_601, KEPT_AN_HOUR_AGO, "behind"),
        (EIGHT + 45 * DAY_S, KEPT_AN_HOUR_AGO, "far_ahead"),
        (EIGHT + 10 * YEAR_S, KEPT_AN_HOUR_AGO, "far_ahead"),
        (EIGHT, None, "no_good_time"),
        (EIGHT, b"", "no_good_time"),
        (EIGHT, b'{"time_s":"now"}', "no_good_time"),
        (EIGHT, b"\xff", "no_good_time"),
    ],
)
def test_what_becomes_of_the_machines_own_clock(
    wall_s: int, kept: bytes | None, found: str
) -> None:
    clock = started(wall_s, kept)
    assert clock.found == found
    assert code_of(clock.refusal(100.0)) == ("" if found == "believed" else "GATE_CLOCK_UNSURE")


def test_a_clock_reset_to_2000_goes_on_from_the_last_good_time() -> None:
    clock = started(YEAR_2000)
    assert [clock.now_s(100.0), clock.now_s(160.5)] == [EIGHT - 3_600, EIGHT - 3_540]
    assert clock.band_s(100.0) is None


def test_after_days_without_power_the_clock_is_believed_less() -> None:
    assert started(EIGHT).band_s(100.0) == 31
    assert code_of(started(EIGHT + 11 * DAY_S).refusal(100.0)) == ""
    assert code_of(started(EIGHT + 12 * DAY_S).refusal(100.0)) == "GATE_CLOCK_UNSURE"


# --- running --------------------------------------------------------------------------------------


def test_nobody_can_set_a_clock_that_runs() -> None:
    """There is nothing to set: after the start the machine's clock is never looked at."""
    clock = started(EIGHT)
    assert [clock.now_s(100.0 + second) - EIGHT for second in (0, 1.9, 60, 86_400)] == [
        0, 1, 60, 86_400,
    ]  # fmt: skip


def test_the_band_grows_until_the_city_is_heard_again() -> None:
    clock = started(EIGHT)
    assert clock.heard(EIGHT + 3.0, 100.0, 102.0) == Correction(2.0, False)
    assert clock.now_s(102.0) == EIGHT + 4
    assert clock.band_s(102.0) == 2
    assert clock.band_s(102.0 + 7 * DAY_S) == 39
    assert clock.refusal(102.0 + 16 * DAY_S) is None
    assert code_of(clock.refusal(102.0 + 18 * DAY_S)) == "GATE_CLOCK_UNSURE"
    clock.heard(EIGHT + 18 * DAY_S, 102.0 + 18 * DAY_S, 102.0 + 18 * DAY_S)
    assert clock.refusal(102.0 + 18 * DAY_S) is None


def test_a_small_lead_is_waited_out_standing_still() -> None:
    clock = started(EIGHT + 60)
    assert clock.now_s(100.0) == EIGHT + 60
    assert clock.heard(EIGHT, 100.0, 100.0) == Correction(-60.0, False)
    assert [clock.now_s(100.0 + second) - EIGHT for second in (0, 30, 60, 61)] == [60, 60, 60, 61]


def test_while_it_stands_still_the_lead_is_in_the_band() -> None:
    clock = started(EIGHT + 120)
    clock.now_s(100.0)
    clock.heard(EIGHT, 100.0, 100.0)
    assert clock.band_s(100.0) == 121
    assert code_of(clock.refusal(100.0)) == "GATE_CLOCK_UNSURE"
    assert clock.refusal(140.0) is None


def test_a_large_lead_ends_the_epoch_and_then_time_goes_back(tmp_path: Path) -> None:
    journal = open_journal(tmp_path, epoch=5)
    fill(journal, 2)
    clock = started(EIGHT + 20 * DAY_S)
    assert clock.now_s(100.0) == EIGHT + 20 * DAY_S
    assert clock.heard(EIGHT, 100.0, 100.0) == Correction(-20.0 * DAY_S, True)
    assert journal.begin_epoch(6, "clock_set_back") is None
    assert clock.now_s(100.0) == EIGHT
    assert str(fill(journal, 1)[0].ref) == "G1/6/1"


def test_a_city_that_answers_late_sets_nothing() -> None:
    clock = started(EIGHT)
    assert code_of(clock.heard(EIGHT, 100.0, 121.0)) == "CITY_TIME_SLOW"
    assert code_of(clock.heard(EIGHT, 101.0, 100.0)) == "CITY_TIME_SLOW"
    assert clock.now_s(100.0) == EIGHT and clock.band_s(100.0) == 31
    assert clock.to_keep(100.0) is None


# --- what is kept ---------------------------------------------------------------------------------


def test_only_time_that_the_city_has_confirmed_is_kept_and_not_too_often() -> None:
    assert started(YEAR_2000).to_keep(100.0) is None
    clock = started(EIGHT)
    assert not clock.is_confirmed and clock.to_keep(100.0) is None
    clock.heard(EIGHT, 100.0, 100.0)
    assert clock.is_confirmed and clock.to_keep(100.0) == b'{"time_s":%d}' % EIGHT
    assert clock.to_keep(699.0) is None
    assert clock.to_keep(700.0) == b'{"time_s":%d}' % (EIGHT + 600)
    assert clock.to_keep(100.0 + 18 * DAY_S) is None


def test_a_machine_clock_that_was_ahead_at_the_start_is_put_right_by_the_first_answer() -> None:
    """Off for an hour, eight hours ahead, and the city cannot be reached at first."""
    clock = started(EIGHT + 8 * 3_600)
    assert clock.found == "believed"
    for second in (0, 600, 3_600):
        assert clock.now_s(100.0 + second) == EIGHT + 8 * 3_600 + second
        assert clock.to_keep(100.0 + second) is None
    assert clock.heard(EIGHT + 3_600, 3_700.0, 3_700.0) == Correction(-8 * 3_600.0, True)
    assert clock.to_keep(3_700.0) == b'{"time_s":%d}' % (EIGHT + 3_600)


def test_restarts_cannot_walk_a_clock_ahead_beyond_what_one_may_be_off() -> None:
    kept = KEPT_AN_HOUR_AGO
    for days in (40, 80):
        clock = started(EIGHT + days * DAY_S, kept)
        kept = clock.to_keep(100.0) or kept
    assert clock.found == "far_ahead"


@pytest.mark.parametrize(("wall_s", "found"), [(EIGHT, "behind"), (EIGHT + 9 * 3_600, "believed")])
def test_a_kept_time_that_was_never_true_gives_way_to_the_city(wall_s: int, found: str) -> None:
    """Software before this kept what nobody had confirmed: eight hours ahead, here."""
    clock = started(wall_s, b'{"time_s":%d}' % (EIGHT + 8 * 3_600))
    assert clock.found == found
    answer = clock.heard(EIGHT, 100.0, 100.0)
    assert isinstance(answer, Correction) and answer.ends_epoch
    assert answer.kept_ahead_s == 8 * 3_600
    assert clock.refusal(100.0) is None and clock.now_s(100.0) == EIGHT
    assert clock.to_keep(100.0) == b'{"time_s":%d}' % EIGHT
    again = clock.heard(EIGHT + 4 * 3_600, 14_500.0, 14_500.0)
    assert again == Correction(0.0, False)


def test_a_kept_time_ahead_by_no_more_than_the_band_is_nothing_to_tell() -> None:
    clock = started(EIGHT, b'{"time_s":%d}' % (EIGHT + 90))
    answer = clock.heard(EIGHT, 100.0, 100.0)
    assert isinstance(answer, Correction) and answer.kept_ahead_s == 0
    assert clock.to_keep(110.0) == b'{"time_s":%d}' % (EIGHT + 10)


def test_the_last_good_time_survives_in_the_journal(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    clock = started(EIGHT)
    clock.heard(EIGHT, 100.0, 100.0)
    kept = clock.to_keep(100.0)
    assert kept is not None and journal.keep(KEPT, kept) is None
    journal.close()
    body = open_journal(tmp_path).kept(KEPT)
    assert isinstance(body, bytes)
    assert started(YEAR_2000, body).now_s(100.0) == EIGHT


@given(
    st.floats(-50 * YEAR_S, 50 * YEAR_S),
    st.lists(st.tuples(st.floats(0, 3 * DAY_S), st.floats(-200, 200), st.floats(0, 30))),
)
def test_the_time_shown_never_goes_back_within_an_epoch(
    wall_off_s: float, answers: list[tuple[float, float, float]]
) -> None:
    clock, mono_s, last_s = started(EIGHT + wall_off_s), 100.0, 0
    for passed_s, city_off_s, way_s in answers:
        mono_s += passed_s
        shown_s = clock.now_s(mono_s)
        assert shown_s >= last_s
        asked_s, mono_s = mono_s, mono_s + way_s
        answer = clock.heard(EIGHT + mono_s - 100 + city_off_s, asked_s, mono_s)
        ends = isinstance(answer, Correction) and answer.ends_epoch
        last_s = 0 if ends else shown_s
