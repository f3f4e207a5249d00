"""What a transaction code covers: the bytes, and what cannot be a transaction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tac_world import CASES, fields_of

from tongxing.kernel.reasons import Refusal
from tongxing.media.tac.fields import (
    LOAD,
    TacFields,
    load_tac_input,
    signed_input,
    tac_input,
    unfit,
)

PURCHASE = CASES["transactions"][0]
CODE = bytes(4)


@pytest.mark.parametrize("case", CASES["transactions"], ids=lambda case: case["name"])
def test_a_known_transaction_signs_the_known_bytes(case):
    assert signed_input(fields_of(case)).hex() == case["signed"]


def test_a_payment_signs_22_bytes_and_a_load_24():
    fields = fields_of(PURCHASE)
    assert len(tac_input(fields)) == 22
    load = fields_of(PURCHASE, kind=LOAD)
    assert signed_input(load) == load_tac_input(load)
    assert len(load_tac_input(load)) == 24


def test_the_fields_of_a_payment_are_not_those_of_a_load():
    with pytest.raises(ValueError, match="load"):
        load_tac_input(fields_of(PURCHASE))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issuer_id", bytes(7)),
        ("card_factor", bytes(9)),
        ("terminal_no", b""),
        ("time", "2026010809050"),
        ("time", "2026010809050x"),
        ("time", "٢٠٢٦٠١٠٨٠٩٠٥٠٠"),
        ("amount_fen", -1),
        ("amount_fen", 1 << 32),
        ("kind", 256),
        ("serial", 1 << 32),
        ("counter_before", 1 << 16),
        ("balance_before_fen", -1),
        ("key_version", 256),
        ("algorithm", -1),
    ],
)
def test_a_field_that_does_not_fit_is_named(name, value):
    fields = fields_of(PURCHASE, **{name: value})
    assert unfit(fields, CODE) == Refusal("TAC_FIELDS", name, {"field": name})
    with pytest.raises(ValueError, match=name):
        tac_input(fields)


def test_the_widest_values_fit():
    widest = fields_of(
        PURCHASE,
        amount_fen=(1 << 32) - 1,
        serial=(1 << 32) - 1,
        kind=255,
        counter_before=(1 << 16) - 1,
        balance_before_fen=(1 << 32) - 1,
    )
    assert unfit(widest, CODE) is None
    assert tac_input(widest)[:5] == b"\xff" * 5


def test_a_load_beyond_what_four_bytes_hold_does_not_fit():
    full = fields_of(PURCHASE, kind=LOAD, balance_before_fen=(1 << 32) - 1, amount_fen=1)
    assert unfit(full, CODE) == Refusal(
        "TAC_FIELDS", "balance_before_fen", {"field": "balance_before_fen"}
    )
    assert unfit(fields_of(PURCHASE, kind=LOAD, balance_before_fen=0), CODE) is None


@pytest.mark.parametrize("tac", [b"", bytes(3), bytes(5)])
def test_a_code_of_another_length_is_no_code(tac):
    assert unfit(fields_of(PURCHASE), tac) == Refusal("TAC_FIELDS", "tac", {"field": "tac"})


ANYTHING = st.builds(
    TacFields,
    issuer_id=st.binary(max_size=10),
    card_factor=st.binary(max_size=10),
    number=st.text(max_size=20),
    key_version=st.integers(),
    algorithm=st.integers(),
    amount_fen=st.integers(),
    kind=st.integers(-1, 256),
    terminal_no=st.binary(max_size=8),
    serial=st.integers(),
    time=st.text(max_size=15),
    counter_before=st.integers(),
    balance_before_fen=st.integers(),
)


@given(ANYTHING, st.binary(max_size=5))
def test_whatever_arrives_either_fits_and_can_be_signed_or_is_refused(fields, tac):
    refusal = unfit(fields, tac)
    if refusal is None:
        assert len(signed_input(fields)) in (22, 24)
    else:
        assert refusal.code == "TAC_FIELDS"
        assert refusal.message("en")
