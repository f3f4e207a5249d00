"""A phone's clock against a gate's: the verdict of every pair stands in a table written by hand.

A = accepted, F = from the future, X = expired, T = the authorisation is over.
"""

import pytest
from code_world import DAY_S, MADE_S, TRUST, made, read, told
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxing.media.code.caching import CodeCaches
from tongxing.media.code.verify import verify

CACHES = CodeCaches()
VERDICTS = {
    "A": ("", "OPEN"),
    "F": ("CODE_EXPIRED", "QR_CLOCK_SKEW"),
    "X": ("CODE_EXPIRED", "QR_EXPIRED"),
    "T": ("AUTH_EXPIRED", "QR_TICKET_EXPIRED"),
}
GATES_S = (-600, -91, -60, -31, -30, -29, -1, 0, 1, 29, 30, 31, 60, 61, 91, 600)
ORACLE = {
    #                  gate: -600 -91 -60 -31 -30 -29  -1   0   1  29  30  31  60  61  91 600
    -400 * DAY_S: "            X   X   X   X   X   X   X   X   X   X   X   X   X   X   X   X",
    -DAY_S: "                  X   X   X   X   X   X   X   X   X   X   X   X   X   X   X   X",
    -3600: "                   X   X   X   X   X   X   X   X   X   X   X   X   X   X   X   X",
    -600: "                    A   X   X   X   X   X   X   X   X   X   X   X   X   X   X   X",
    -91: "                     F   A   A   A   X   X   X   X   X   X   X   X   X   X   X   X",
    -61: "                     F   A   A   A   A   A   A   X   X   X   X   X   X   X   X   X",
    -60: "                     F   F   A   A   A   A   A   A   X   X   X   X   X   X   X   X",
    -31: "                     F   F   A   A   A   A   A   A   A   A   X   X   X   X   X   X",
    -30: "                     F   F   A   A   A   A   A   A   A   A   A   X   X   X   X   X",
    -1: "                      F   F   F   A   A   A   A   A   A   A   A   A   X   X   X   X",
    0: "                       F   F   F   F   A   A   A   A   A   A   A   A   A   X   X   X",
    1: "                       F   F   F   F   F   A   A   A   A   A   A   A   A   A   X   X",
    30: "                      F   F   F   F   F   F   F   A   A   A   A   A   A   A   X   X",
    31: "                      F   F   F   F   F   F   F   F   A   A   A   A   A   A   A   X",
    60: "                      F   F   F   F   F   F   F   F   F   F   A   A   A   A   A   X",
    61: "                      F   F   F   F   F   F   F   F   F   F   F   A   A   A   A   X",
    91: "                      F   F   F   F   F   F   F   F   F   F   F   F   F   A   A   X",
    600: "                     F   F   F   F   F   F   F   F   F   F   F   F   F   F   F   A",
    3600: "                    F   F   F   F   F   F   F   F   F   F   F   F   F   F   F   F",
    DAY_S: "                   F   F   F   F   F   F   F   F   F   F   F   F   F   F   F   F",
    400 * DAY_S: "             F   F   F   F   F   F   F   F   F   F   F   F   F   F   F   F",
}
"""For a display that is good for 60 s: how wrong the phone is (rows) and how wrong the gate is."""


@pytest.mark.parametrize("phone_s", ORACLE)
def test_phone_and_gate_agree_about_the_time_as_the_table_says(phone_s: int) -> None:
    raw = made(made_s=MADE_S + phone_s)
    row = [verify(raw, TRUST, MADE_S + gate_s, caches=CACHES) for gate_s in GATES_S]
    assert [told(verdict) for verdict in row] == [VERDICTS[one] for one in ORACLE[phone_s].split()]


@pytest.mark.parametrize(
    ("after_s", "verdict"),
    [(6 * DAY_S, "A"), (7 * DAY_S - 1, "A"), (7 * DAY_S, "T"), (7 * DAY_S + 1, "T"),
     (400 * DAY_S, "T")],
)  # fmt: skip
def test_an_authorisation_ends_whatever_the_phone_says(after_s: int, verdict: str) -> None:
    for phone_s in (0, -10, 10):
        raw = made(made_s=MADE_S + after_s + phone_s)
        assert told(verify(raw, TRUST, MADE_S + after_s, caches=CACHES)) == VERDICTS[verdict]
    set_back = made(made_s=MADE_S)
    assert told(verify(set_back, TRUST, MADE_S + after_s, caches=CACHES))[1] != "OPEN"


@pytest.mark.parametrize(
    ("validity_s", "age_s", "verdict"),
    [(0, 0, "A"), (0, 1, "X"), (1, 1, "A"), (30, 30, "A"), (30, 31, "X"), (600, 600, "A"),
     (600, 601, "X"), (601, 601, "X"), (65_535, 600, "A"), (65_535, 601, "X")],
)  # fmt: skip
def test_a_display_is_good_for_as_long_as_its_issuer_signed_but_ten_minutes(
    validity_s: int, age_s: int, verdict: str
) -> None:
    raw = made(validity_s=validity_s)
    assert told(verify(raw, TRUST, MADE_S + age_s, caches=CACHES)) == VERDICTS[verdict]
    assert read(raw).last_good_s == MADE_S + min(validity_s, 600)


@pytest.mark.parametrize(("skew_s", "verdict"), [(0, "F"), (29, "F"), (30, "A"), (90, "A")])
def test_a_gate_says_how_far_a_phone_may_be_ahead(skew_s: int, verdict: str) -> None:
    raw = made(made_s=MADE_S + 30)
    assert told(verify(raw, TRUST, MADE_S, caches=CACHES, skew_s=skew_s)) == VERDICTS[verdict]


@settings(deadline=None)
@given(st.integers(-(2**40), 2**40))
def test_no_time_of_a_gate_is_too_strange_for_a_verdict(now_s: int) -> None:
    found = told(verify(made(), TRUST, now_s, caches=CACHES))
    assert found[0] in {"", "CODE_EXPIRED", "AUTH_EXPIRED", "CERT_EXPIRED"}
    assert (found[1] == "OPEN") == (-30 <= now_s - MADE_S <= 60)


@pytest.mark.parametrize("made_s", [0, 1, 2**31 - 1, 2**31, 2**32 - 1])
def test_the_whole_range_of_a_codes_clock_is_judged(made_s: int) -> None:
    last = made(made_s=made_s, ends_s=2**32 - 1)
    assert told(verify(last, TRUST, MADE_S, caches=CACHES))[0] == "CODE_EXPIRED"
