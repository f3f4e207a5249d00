"""City codes on cards: T-Union's region codes and City Union's postal codes, never one for both."""

import pytest

from tongxing.network import city_union_city, load_registry, region_code_of, region_of
from tongxing.network.loading import RegionRow, load_regions
from tongxing.network.regions import RegionTable

KNOWN = {
    "1000": "110000",
    "1121": "120000",
    "1210": "130100",
    "2220": "210200",
    "2610": "230100",
    "2900": "310000",
    "3010": "320100",
    "3450": "331000",
    "3610": "340100",
    "3640": "340400",
    "3750": "341100",
    "4530": "370300",
    "5810": "440100",
    "5840": "440300",
    "6510": "510100",
    "6900": "500000",
    "7910": "610100",
}


@pytest.mark.parametrize(("code", "division"), KNOWN.items())
def test_a_region_code_names_its_city_and_the_city_its_code(code: str, division: str) -> None:
    found = region_of(code)
    assert found and found.division == division
    assert region_code_of(division) == code


def test_both_directions_agree_for_every_division() -> None:
    rows = load_regions()
    divisions = {row.division for row in rows.values() if row.division}
    assert len(rows) == 2170 and len(divisions) > 2000
    for division in divisions:
        code = region_code_of(division)
        assert code and rows[code].division == division


def test_every_division_of_a_region_code_exists() -> None:
    registry = load_registry()
    rows = load_regions().values()
    assert not [row.code for row in rows if row.division and not registry.place(row.division)]


def test_a_code_that_is_no_longer_given_out_is_still_understood() -> None:
    for code, division in (("1100", "120000"), ("6530", "500000")):
        found = region_of(code)
        assert found and found.division == division
        assert region_code_of(division) != code


def test_a_county_that_became_part_of_a_town_keeps_its_name() -> None:
    found = region_of("1271")
    assert found and found.name_zh == "邯郸县" and found.division == ""
    assert found.name("en") == "邯郸县"


@pytest.mark.parametrize("code", ["", "0000", "9999", "１０００", "100", "10000", "FFFF"])
def test_what_is_no_region_code_has_no_place(code: str) -> None:
    assert region_of(code) is None


def test_the_two_systems_are_never_mixed() -> None:
    t_union, city_union = region_of("6900"), city_union_city("4000")
    assert t_union and city_union and t_union.division == city_union.division == "500000"
    assert region_of("4000") is None
    assert city_union_city("6900") is None
    shenyang, tianjin = city_union_city("1100"), region_of("1100")
    assert shenyang and shenyang.division == "210100"
    assert tianjin and tianjin.division == "120000"


def test_a_city_union_code_without_a_city_keeps_its_name() -> None:
    found = city_union_city("a004")
    assert found and found.division == "" and found.name("en") == "全国景区一卡通"


def test_two_codes_to_be_written_for_one_division_are_a_mistake_in_the_table() -> None:
    rows = [
        RegionRow("1100", "天津市", "120000", True),
        RegionRow("1121", "天津市", "120000", True),
    ]
    with pytest.raises(ValueError, match="120000"):
        RegionTable({row.code: row for row in rows})
