"""Windows: which one a file belongs to, when its money moves, and the steps it may take."""

from datetime import date
from importlib.resources import files

import pytest

from tongxing.hub.rulebook import load_rulebook, parse_rulebook
from tongxing.hub.windows import (
    TRANSITIONS,
    WindowEvent,
    WindowState,
    closing_day,
    step,
    window_of,
    window_times,
)
from tongxing.kernel.clock import at, stamp
from tongxing.kernel.reasons import Problem, Refusal

RULES = load_rulebook()

# when the file was complete                         its window
ARRIVALS = """
2026-03-17 12:00:00                                  W20260318
2026-03-17 18:00:00                                  W20260318
2026-03-18 06:00:00                                  W20260318
2026-03-18 11:59:59                                  W20260318
2026-03-18 12:00:00                                  W20260319
2026-12-31 12:00:00                                  W20270101
2028-02-28 12:00:00                                  W20280229
"""


@pytest.mark.parametrize("case", ARRIVALS.strip().splitlines())
def test_a_file_belongs_to_the_window_of_the_second_it_was_complete(case: str) -> None:
    day, time, window = case.split()
    hours, minutes, seconds = (int(part) for part in time.split(":"))
    received_s = at(date.fromisoformat(day), hours, minutes, seconds)
    assert window_of(received_s, RULES) == window
    times = window_times(window, RULES)
    assert times.opens_s <= received_s < times.cutoff_s


def test_windows_follow_one_another_without_a_gap() -> None:
    assert window_times("W20260318", RULES).cutoff_s == window_times("W20260319", RULES).opens_s


@pytest.mark.parametrize(
    "text", ["", "W2026031", "W20260230", "w20260318", "W２０２６0318", "W20260318\n"]
)
def test_what_is_no_window_id_is_refused(text: str) -> None:
    refusal = closing_day(text)
    assert isinstance(refusal, Refusal) and refusal.code == "WINDOW_ID"


# window closes on      money moves on       why
BANK_DAYS = """
2026-03-18              2026-03-18           a Wednesday
2026-03-21              2026-03-23           a Saturday waits for Monday
2026-10-01              2026-10-08           the whole National Day holiday is waited out
2026-10-10              2026-10-10           a Saturday on which people make up for a holiday
"""


@pytest.mark.req("R-402")
@pytest.mark.parametrize("case", BANK_DAYS.strip().splitlines())
def test_windows_close_every_day_and_settle_on_bank_days(case: str) -> None:
    closes, settles, *_ = case.split()
    times = window_times(f"W{closes.replace('-', '')}", RULES)
    assert times.settles_on == date.fromisoformat(settles)
    assert stamp(times.cutoff_s) == f"{closes} 12:00:00"
    assert stamp(times.statement_s) == f"{closes} 12:30:00"
    assert stamp(times.debtors_pay_s) == f"{settles} 15:00:00"
    assert stamp(times.creditors_paid_s) == f"{settles} 15:30:00"
    assert stamp(times.operators_paid_s) == f"{settles} 16:00:00"


# state       close    nothing_due  payment    last_payment  return      (- is refused)
STEPS = """
open          closed   -            -          -             -
closed        -        settled      settling   settled       -
settling      -        -            settling   settled       settling
settled       -        -            -          -             settling
"""


def test_every_pair_of_state_and_event_is_decided() -> None:
    events = list(WindowEvent)
    for line in STEPS.strip().splitlines():
        state, *outcomes = line.split()
        for event, expected in zip(events, outcomes, strict=True):
            after = step("W20260318", WindowState(state), event)
            if expected == "-":
                assert isinstance(after, Refusal) and after.code == "WINDOW_STATE"
            else:
                assert after is WindowState(expected)
    allowed = sum(word != "-" for line in STEPS.split("\n") for word in line.split()[1:])
    assert len(TRANSITIONS) == allowed


# what is wrong with a rulebook                      part of the message
BAD_RULES = [
    (b"\xff", "codec"),
    (b"version = ", "Invalid value"),
    (b'cutoff = "12:00"|cutoff = "24:00"', "HH:MM"),
    (b'cutoff = "12:00"|cutoff = "13:00"', "follow in time"),
    (b"reject_after_days = 10|reject_after_days = 1", "must rise"),
    (b"local_ppm = 0|local_ppm = -1", "negative"),
    (b"local_ppm = 0|local_ppm = 0.5", "int"),
    (b"local_ppm = 0|local_ppm = 0\nfree = true", "free"),
    (b'otherwise = "1015"|otherwise = "4711"', "4711"),
    (b'otherwise = "1015"|ANYTHING = "1017"', "otherwise"),
]


@pytest.mark.parametrize(("change", "message"), BAD_RULES)
def test_a_rulebook_that_makes_no_sense_is_not_loaded(change: bytes, message: str) -> None:
    good = _good()
    before, mark, after = change.partition(b"|")
    assert not mark or before in good
    with pytest.raises(Problem) as problem:
        parse_rulebook(good.replace(before, after) if mark else change)
    assert problem.value.refusal.code == "RULEBOOK_INVALID"
    assert problem.value.exit_code == 3
    assert message in problem.value.refusal.message("en")


def test_the_rulebook_is_known_by_the_bytes_of_its_file() -> None:
    assert parse_rulebook(b"# one more remark\n" + _good()).sha256 != RULES.sha256
    assert parse_rulebook(_good()) == RULES


def _good() -> bytes:
    return files("tongxing.hub.data").joinpath("rulebook.toml").read_bytes()
