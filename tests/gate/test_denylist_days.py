"""A deny list has days: one outside them is not taken, one past them goes on."""

from pathlib import Path

import pytest
from gate_world import (
    CITY_KEY,
    Station,
    code_of,
)
from lists_world import (
    CHONGQING,
    EIGHT,
)
from msgspec.structs import replace

from tongxing.gate.kept_list import PreparedList
from tongxing.messages import DenyList, seal
from tongxing.messages.deltas import delta_between

HOUR = 3_600


@pytest.mark.parametrize(
    ("days", "code"),
    [
        ({"not_after_s": EIGHT}, "LIST_EXPIRED"),
        ({"not_after_s": EIGHT + 1}, ""),
        ({"not_before_s": EIGHT + 1}, "LIST_NOT_YET"),
        ({"not_before_s": EIGHT}, ""),
        ({"not_after_s": -1}, "MESSAGE_BODY"),
    ],
)
def test_a_deny_list_is_taken_within_its_days(
    tmp_path: Path, days: dict[str, int], code: str
) -> None:
    site = Station(tmp_path).site
    first = DenyList(city=CHONGQING, version=1, published_s=1, entries=[])
    assert site.load_deny_list(seal(first, CITY_KEY), EIGHT) is None
    whole = replace(first, version=2, **days)
    assert code_of(site.load_deny_list(seal(whole, CITY_KEY), EIGHT)) == code
    assert site.deny.version == (1 if code else 2)


def test_a_delta_brings_the_days_of_its_version(tmp_path: Path) -> None:
    station = Station(tmp_path)
    first = DenyList(city=CHONGQING, version=1, published_s=1, entries=[])
    second = replace(first, version=2, not_after_s=EIGHT + HOUR)
    assert station.site.load_deny_list(seal(first, CITY_KEY), EIGHT) is None
    assert station.site.load_deny_list(seal(delta_between(first, second), CITY_KEY), EIGHT) is None
    station.restart()
    assert station.site.expired(EIGHT + HOUR) == ["deny"]
    longer = seal(replace(second, not_after_s=EIGHT + 2 * HOUR), CITY_KEY)
    assert code_of(station.site.load_deny_list(longer, EIGHT)) == "LIST_CHANGED"


def test_a_prepared_deny_list_that_another_overtook_is_not_committed(tmp_path: Path) -> None:
    site = Station(tmp_path).site
    second = DenyList(city=CHONGQING, version=2, published_s=1, entries=[])
    prepared = site.prepare_deny(seal(second, CITY_KEY), site.deny, EIGHT)
    assert isinstance(prepared, PreparedList)
    assert site.load_deny_list(seal(replace(second, version=3), CITY_KEY)) is None
    assert code_of(site.take_deny(prepared)) == "LIST_DELTA_GAP"
    assert site.deny.version == 3
