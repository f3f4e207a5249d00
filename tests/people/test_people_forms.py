"""What people write: phones, identity numbers, names and text, and the masks over them."""

from datetime import date
from pathlib import Path

import pytest
from people_world import CHONGQING, NOON, an_id

from tongxing.city.people import consent_texts, people_terms
from tongxing.city.people.consent_texts import all_consent_texts, read_consent_texts
from tongxing.city.people.forms import (
    IdNumber,
    account_number,
    id_check,
    is_account_number,
    is_ticket,
    masked_id,
    masked_name,
    masked_phone,
    phone_objection,
    read_id_number,
    read_name,
    read_text,
)
from tongxing.city.people.one_time import PURPOSES
from tongxing.city.people.terms import read_people_terms
from tongxing.kernel.reasons import Refusal

TERMS = people_terms(CHONGQING, NOON)
TODAY = date(2026, 3, 17)


def where(found: object) -> str:
    assert isinstance(found, Refusal), found
    return f"{found.code} {found.where}".strip()


@pytest.mark.parametrize(
    "phone",
    [
        "１３８００１３８０００", "1380013800", "138001380000", "+13800138000", "+8613800138000",
        "138 0013 800", "13800138O00", "12800138000", "14400138000", "13490013800", "",
        "1380013800٣", "13800138000\n",
    ],
)  # fmt: skip
def test_a_phone_is_eleven_plain_digits_of_the_mainland(phone: str) -> None:
    assert where(phone_objection(phone, TERMS)) == "PHONE_INVALID phone"


def test_phones_that_people_have_are_taken() -> None:
    assert not any(phone_objection(f"{p}00138000", TERMS) for p in TERMS.phone_prefixes)


@pytest.mark.req("R-150")
def test_an_identity_number_is_read_as_its_holder_wrote_it() -> None:
    # The example number of GB 11643 itself.
    found = read_id_number("11010519491231002x", TERMS, TODAY)
    assert found == IdNumber("11010519491231002X", date(1949, 12, 31))
    assert "1949" not in repr(found)
    with_leap_day = read_id_number(" " + an_id(1, born="20040229"), TERMS, TODAY)
    assert isinstance(with_leap_day, IdNumber)
    assert with_leap_day.birthday(14) == date(2018, 3, 1)


@pytest.mark.req("R-150")
@pytest.mark.parametrize(
    ("number", "part"),
    [
        ("110105194912310021", "check"),
        (an_id(1, born="19810231"), "birth"),
        (an_id(1, born="19811301"), "birth"),
        (an_id(1, born="20260318"), "birth"),
        (an_id(1, born="17991231"), "birth"),
        (an_id(1, region="990103"), "region"),
        (an_id(1)[:-1], "form"),
        (an_id(1) + "0", "form"),
        ("11010519491231002Y", "form"),
        ("１１０１０５19491231002X", "form"),
        ("", "form"),
    ],
)
def test_a_wrong_identity_number_says_which_part_and_never_itself(number: str, part: str) -> None:
    found = read_id_number(number, TERMS, TODAY)
    assert where(found) == f"ID_NUMBER_INVALID id_number.{part}"
    assert not number or number not in repr(found)


def test_each_digit_and_each_swap_changes_the_check() -> None:
    digits = an_id(123)[:17]
    changed = [
        digits[:place] + str((int(digit) + step) % 10) + digits[place + 1 :]
        for place, digit in enumerate(digits)
        for step in range(1, 10)
    ]
    assert id_check(digits) not in {id_check(other) for other in changed}


@pytest.mark.parametrize("name", ["张三", "欧阳小红", "买买提·艾力", "Anna-Lena O’Neil", "Ｌｉ"])
def test_names_that_people_have_are_taken(name: str) -> None:
    assert read_name(f" {name} ") == name


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("张\u200b三", "TEXT_FORBIDDEN_CHAR"),
        ("张\u202e三", "TEXT_FORBIDDEN_CHAR"),
        ("张\x00三", "TEXT_FORBIDDEN_CHAR"),
        ("张\ud800", "TEXT_FORBIDDEN_CHAR"),
        ("张", "NAME_INVALID"),
        ("张3", "NAME_INVALID"),
        ("<b>张三</b>", "NAME_INVALID"),
        ("·张三", "NAME_INVALID"),
        ("张" * 51, "NAME_INVALID"),
        ("", "NAME_INVALID"),
    ],
)
def test_what_is_no_name_is_refused(name: str, told: str) -> None:
    assert where(read_name(name)) == f"{told} name"


def test_the_refusal_of_a_character_says_which_and_where() -> None:
    found = read_name("张\u202e三")
    assert isinstance(found, Refusal)
    assert found.values == {"place": 2, "char": "U+202E"}
    assert "U+202E" in found.message("zh") and "2" in found.message("en")


def test_text_is_trimmed_and_bounded() -> None:
    assert read_text(" 闸机不开\n第二行\t完 ", "text") == "闸机不开\n第二行\t完"
    assert where(read_text(" \n ", "text")) == "TEXT_EMPTY text"
    assert where(read_text("长" * 1_001, "text")) == "TEXT_TOO_LONG text"


def test_account_numbers_have_a_platform_a_serial_and_a_check_digit() -> None:
    assert account_number("6900", 1) == "6900000000000016"
    assert is_account_number("6900000000000016")
    assert not is_account_number("6900000000000017")
    assert not is_account_number("690000000000001６")
    with pytest.raises(ValueError, match="eleven"):
        account_number("690", 1)
    with pytest.raises(ValueError, match="eleven"):
        account_number("6900", 10**11)


def test_masks_leave_enough_to_know_ones_own_and_no_more() -> None:
    assert masked_phone("13800138000") == "138****8000"
    assert masked_name("张三") == "张*" and masked_name("欧阳小红小红") == "欧***"
    assert masked_id("500103198002291234") == "5001**********1234"
    assert (masked_phone(""), masked_name(""), masked_id("")) == ("", "", "")


def test_a_ticket_is_a_number_and_no_story() -> None:
    assert is_ticket("KF-2026/0317.1") and not is_ticket("") and not is_ticket("张三 要求")


def test_terms_are_read_strictly() -> None:
    content = (
        b'[[terms]]\ncity = ""\nfrom = 2000-01-01\nsource = "x"\nhelped_max = 5\nunknown_max = 5\n'
    )
    for wrong in (content, content.replace(b"unknown_max = 5", b"device_max = 0"),
                  content + content, content.replace(b'source = "x"\n', b"")):  # fmt: skip
        with pytest.raises(ValueError):
            read_people_terms(wrong, CHONGQING, TODAY)
    assert people_terms("440100", NOON).account_platform == "9999"


def test_each_consent_text_has_a_wording_in_force() -> None:
    in_force = consent_texts(NOON)
    assert {"terms", "privacy", "identity", "password_free", "guardian"} <= set(in_force)
    [text] = [one for one in all_consent_texts() if one.id == "terms"]
    row = (
        f'[[text]]\nid = "terms"\nversion = "1"\nfrom = 2000-01-01\nsource = "x"\nstops = []\n'
        f'title_zh = "{text.title_zh}"\ntitle_en = "x"\nbody_zh = "x"\nbody_en = "x"\n'
    )
    with pytest.raises(ValueError, match="one id"):
        read_consent_texts((row + row).encode())
    newer = row.replace('"1"', '"2"').replace("2000", "2026").replace("01-01", "03-18")
    texts = read_consent_texts((row + newer).encode())
    assert consent_texts(NOON, texts)["terms"].version == "1"
    assert consent_texts(NOON + 86_400, texts)["terms"].version == "2"


def test_the_page_names_the_numbers_that_hold() -> None:
    page = (Path(__file__).parents[2] / "docs" / "people.md").read_text(encoding="utf-8")
    for told in (
        f"| tries of one code | {TERMS.code_tries},",
        f"| codes for one number | {TERMS.codes_a_day} in 24 hours,"
        f" {TERMS.client_codes_a_day} of them",
        f"{TERMS.client_codes_max} codes and {TERMS.client_wrong_max} wrong tries",
        f"{TERMS.breaker_wrong} in ten minutes where they are half",
        f"{TERMS.breaker_wrong_max} always",
        f"| {TERMS.sms_cap_fen // 100} yuan an hour",
        f"| {TERMS.keep_codes_h} hours |",
        f"| {TERMS.keep_sessions_days} days |",
        f"| {TERMS.keep_notices_days} days |",
        f"| {TERMS.keep_requests_days} days |",
    ):
        assert told in page, told
    assert all(f"`{purpose}`" in page for purpose in PURPOSES)
