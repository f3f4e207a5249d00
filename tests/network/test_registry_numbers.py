"""Printed numbers: what they can belong to, and what is no card number at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongxing.kernel.reasons import Refusal
from tongxing.network import identify, load_registry
from tongxing.network.numbers import KINDS, luhn_digit

REGISTRY = load_registry()


def readings(number):
    matches = identify(REGISTRY, number)
    assert not isinstance(matches, Refusal), matches
    return [(match.scheme, match.issuer, match.kind) for match in matches]


@pytest.mark.req("R-208", "R-218")
@pytest.mark.parametrize(
    ("number", "issuer", "kind", "brand"),
    [
        ("3104920012345678901", "500000", "issuer", "宜居畅通卡"),
        ("3104920112345678901", "500000", "issuer", "交运通"),
        ("3104870412345678901", "440300", "issuer", "深圳通"),
        ("3104870312345678901", "440100", "issuer", "羊城通"),
        ("3105170012345678901", "110000", "issuer", "北京互通卡"),
        ("3104770012345678901", "310000", "issuer", "上海公共交通卡"),
        ("3105120012345678901", "210200", "issuer", "大连明珠卡"),
        ("3104990612345678901", "341100", "issuer", "亭城通"),
        ("3104991512345678901", "340400", "issuer", "淮南畅通卡"),
        ("3104925512345678901", "500000", "province", ""),
        ("3199010012345678901", "", "test", ""),
        ("3111111112345678901", "", "unknown", ""),
    ],
)
def test_19_digits_from_31_are_t_union_and_the_longest_prefix_names_the_issuer(
    number, issuer, kind, brand
):
    (match,) = identify(REGISTRY, number)
    found = (match.scheme, match.issuer, match.kind, match.brand)
    assert found == ("t_union", issuer, kind, brand)


def test_printed_groups_are_read_as_one_number():
    assert readings("3104 8704 1234 5678 901") == readings("3104870412345678901")
    assert readings(" 3104-8704-1234-5678-901 ") == readings("3104870412345678901")


def test_16_digits_begin_with_the_city_code_of_city_union():
    assert readings("2000123412341234")[0] == ("city_union", "310000", "member")
    assert readings("3150123412341234")[0] == ("city_union", "330200", "member")
    assert readings("9000123412341234")[0] == ("city_union", "370100", "outside")


def test_4000_is_chongqing_in_city_union_numbering_and_a_local_card():
    assert readings("4000123412341234") == [
        ("local:500000", "500000", "local"),
        ("city_union", "500000", "outside"),
    ]


@pytest.mark.req("R-106")
def test_beijing_has_numbers_of_two_lengths_and_both_are_valid():
    assert readings("1000751512345678")[0] == ("local:110000", "110000", "local")
    assert readings("3105170012345678901")[0] == ("t_union", "110000", "issuer")


@pytest.mark.req("R-106")
def test_one_digit_short_of_one_kind_is_refused_with_the_lengths_that_exist():
    refusal = identify(REGISTRY, "310517001234567890")
    assert refusal.code == "NUMBER_LENGTH"
    assert refusal.values == {"length": 18, "lengths": "8, 9, 10, 11, 16, 19"}


def test_ten_digits_can_be_several_things_and_all_are_told():
    assert readings("1234567891") == [
        ("local:440100", "440100", "local"),
        ("local:820000", "820000", "local"),
        ("city_union", "", "unknown"),
    ]


def test_shenzhens_own_number_has_a_digit_sum_of_tens():
    assert ("local:440300", "440300", "local") in readings("123456789" + "05")
    assert ("local:440300", "440300", "local") not in readings("1234567891")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("", "NUMBER_EMPTY"),
        ("   ", "NUMBER_EMPTY"),
        ("- -", "NUMBER_EMPTY"),
        ("３１０４８７０４１２３４５６７８９０１", "NUMBER_FULL_WIDTH"),
        ("310487041234567890１", "NUMBER_FULL_WIDTH"),
        ("31048704123456789²1", "NUMBER_FULL_WIDTH"),
        ("31048704123456789O1", "NUMBER_NOT_DIGITS"),
        ("3104870412345678_01", "NUMBER_NOT_DIGITS"),
        ("+310487041234567890", "NUMBER_NOT_DIGITS"),
        ("31048704\u00a012345678901", "NUMBER_NOT_DIGITS"),
        ("1", "NUMBER_LENGTH"),
        ("9" * 100_000, "NUMBER_LENGTH"),
        ("6222021234567890123", "NUMBER_NOT_T_UNION"),
    ],
)
@pytest.mark.req("R-208")
def test_what_is_no_card_number_is_refused_with_a_clear_reason(number, code):
    refusal = identify(REGISTRY, number)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code
    assert "{" not in refusal.message("zh") + refusal.message("en")


def test_luhn_of_a_known_number():
    """79927398713 is the textbook example."""
    assert luhn_digit("7992739871") == "3"


@pytest.mark.req("R-208")
def test_a_wrong_check_digit_is_reported_and_refused_only_on_request():
    good = "310492001234567890"
    right = good + luhn_digit(good)
    wrong = good + str((int(right[-1]) + 1) % 10)
    assert identify(REGISTRY, right)[0].check_ok is True
    assert identify(REGISTRY, wrong)[0].check_ok is False
    refusal = identify(REGISTRY, wrong, require_check=True)
    assert refusal.code == "NUMBER_CHECK_DIGIT"
    assert refusal.values == {"expected": right[-1]}
    assert not isinstance(identify(REGISTRY, right, require_check=True), Refusal)
    assert not isinstance(identify(REGISTRY, "2000123412341234", require_check=True), Refusal)


@pytest.mark.parametrize(
    ("aid", "code"),
    [
        ("", "AID_MALFORMED"),
        ("A00", "AID_MALFORMED"),
        ("A0000000G3", "AID_MALFORMED"),
        ("A0" * 17, "AID_MALFORMED"),
        ("A000000333010101", "AID_UNKNOWN"),
    ],
)
@pytest.mark.req("R-212")
def test_an_application_id_of_another_world_is_refused(aid, code):
    assert REGISTRY.scheme_of_application(aid).code == code


@given(st.text(max_size=30))
def test_any_text_gets_readings_or_a_refusal(text):
    matches = identify(REGISTRY, text)
    if isinstance(matches, Refusal):
        assert matches.message("zh")
    else:
        assert matches
        assert all(match.kind in KINDS for match in matches)


@given(st.integers(0, 10**17 - 1))
def test_every_19_digit_number_from_31_is_t_union(serial):
    body = f"31{serial:017d}"
    (match,) = identify(REGISTRY, body)
    assert match.scheme == "t_union"
    assert match.check_ok == (luhn_digit(body[:-1]) == body[-1])
