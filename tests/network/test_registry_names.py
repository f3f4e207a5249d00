"""Finding a place by what people write, and the traps of names that look or sound alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongxing.kernel.reasons import Refusal
from tongxing.network import Place, find_city, load_registry

REGISTRY = load_registry()


def code_of(text, level=None):
    found = find_city(REGISTRY, text, level)
    assert isinstance(found, Place), found
    return found.code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("宁波", "330200"),
        ("宁波市", "330200"),
        (" 宁波市 ", "330200"),
        ("330200", "330200"),
        ("Ningbo", "330200"),
        ("NING BO", "330200"),
        ("ningbo", "330200"),
        ("Xi'an", "610100"),
        ("xian", "610100"),
        ("Lüliang", "141100"),
        ("luliang", "141100"),
        ("lvliang", "141100"),
        ("台州", "331000"),
        ("泰州", "321200"),
        ("福州", "350100"),
        ("抚州", "361000"),
        ("苏州", "320500"),
        ("宿州", "341300"),
        ("宜春", "360900"),
        ("伊春", "230700"),
        ("榆林", "610800"),
        ("玉林", "450900"),
        ("吉林市", "220200"),
        ("吉林省", "220000"),
        ("海南省", "460000"),
        ("海南州", "632500"),
        ("Taizhou (Zhejiang)", "331000"),
        ("Taizhou, Jiangsu", "321200"),
        ("上海", "310000"),
        ("昆山", "320583"),
        ("江阴市", "320281"),
        ("余姚", "330281"),
        ("长兴县", "330522"),
        ("望城区", "430112"),
        ("湘西州", "433100"),
        ("延边", "222400"),
        ("大理市", "532901"),
        ("Dali City", "532901"),
        ("Jilin City", "220200"),
        ("大理州", "532900"),
        ("毫州市", "341600"),
        ("毫州", "341600"),
        ("杨凌", "610403"),
        ("杨凌示范区", "610403"),
        ("新疆兵团八师", "659001"),
        ("长白山管委会", "220000-changbaishan"),
        ("万盛经开区", "500110-wansheng"),
        ("500110-wansheng", "500110-wansheng"),
        ("重庆", "500000"),
        ("香港", "810000"),
        ("南昌", "360100"),
    ],
)
def test_a_name_a_code_and_pinyin_find_the_place(text, code):
    assert code_of(text) == code


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Taizhou", {"321200", "331000"}),
        ("Suzhou", {"320500", "341300"}),
        ("Fuzhou", {"350100", "361000"}),
        ("Yichun", {"360900", "230700"}),
        ("Yulin", {"610800", "450900"}),
        ("Wuxi", {"320200", "500238"}),
        ("吉林", {"220000", "220200"}),
        ("Jilin", {"220000", "220200"}),
        ("海南", {"460000", "632500"}),
        ("大理", {"532900", "532901"}),
        ("Dali", {"532900", "532901"}),
    ],
)
def test_a_name_of_two_places_is_refused_with_both(text, codes):
    refusal = find_city(REGISTRY, text)
    assert refusal.code == "CITY_AMBIGUOUS"
    assert set(refusal.values["codes"]) == codes
    for code in codes:
        assert code in refusal.message("zh")
        assert code in refusal.message("en")


def test_many_places_of_one_name_are_listed_with_their_provinces():
    refusal = find_city(REGISTRY, "鼓楼区")
    assert refusal.code == "CITY_AMBIGUOUS"
    assert "江苏省" in refusal.message("zh")
    assert "Fujian Province" in refusal.message("en")


def test_a_level_settles_what_the_name_leaves_open():
    assert code_of("吉林", "province") == "220000"
    assert code_of("吉林", "prefecture") == "220200"
    assert find_city(REGISTRY, "宁波", "province").code == "CITY_UNKNOWN_NEAR"


@pytest.mark.parametrize(
    ("text", "near"),
    [("宁坡", "宁波市"), ("Ningbp", "Ningbo"), ("Shanghia", "Shanghai"), ("常舟", "常州市")],
)
def test_a_near_miss_brings_what_may_have_been_meant(text, near):
    refusal = find_city(REGISTRY, text)
    assert refusal.code == "CITY_UNKNOWN_NEAR"
    assert near in refusal.message("zh") + refusal.message("en")


@pytest.mark.parametrize("text", ["Atlantis", "𠮷𠮷𠮷", "999999", "12", "\x1b[31m"])
def test_what_is_no_place_is_refused(text):
    refusal = find_city(REGISTRY, text)
    assert isinstance(refusal, Refusal)
    assert refusal.code in ("CITY_UNKNOWN", "CITY_UNKNOWN_NEAR", "CITY_NAME_EMPTY")
    assert "\x1b" not in refusal.message("en")


@pytest.mark.parametrize("text", ["", "   ", "——", "\u200b"])
def test_an_empty_name_is_refused(text):
    assert find_city(REGISTRY, text).code == "CITY_NAME_EMPTY"


def test_full_width_letters_and_digits_of_a_name_are_read():
    """Names are forgiving where card numbers are not: a wrong width changes no meaning here."""
    assert code_of("Ｎｉｎｇｂｏ") == "330200"
    assert code_of("３３０２００") == "330200"


def test_every_listed_place_is_found_by_its_own_name_code_and_english_name():
    for scheme in ("t_union", "city_union"):
        for entry in REGISTRY.rows_of(scheme):
            place = REGISTRY.place(entry.place)
            assert code_of(place.code) == place.code
            assert code_of(place.name_zh) == place.code
            assert code_of(entry.listed_as) in (place.code, "810000", "820000")
            assert code_of(place.name_en) == place.code


def test_a_very_long_name_is_refused_quickly():
    assert isinstance(find_city(REGISTRY, "宁" * 100_000), Refusal)


@given(st.text(max_size=20))
def test_any_text_finds_a_place_or_a_refusal(text):
    found = find_city(REGISTRY, text)
    if isinstance(found, Refusal):
        assert found.message("zh")
        assert len(found.message("en")) < 400
    else:
        assert REGISTRY.place(found.code) is found
