"""Tariffs, conditions of entry and whom a gate believes: signed lists, in force at their time."""

from pathlib import Path

import msgspec
import pytest
from gate_world import CITY_KEY, Station, site_key
from lists_world import (
    BEIJING,
    CHONGQING,
    EIGHT,
    base_fen,
    bring,
    listed,
    sealed,
    tariff,
)
from msgspec.structs import replace

from deciding_world import ACCOUNT_CARD, CARD
from tongxing.kernel.reasons import Refusal
from tongxing.messages import DenyList, SigningKey, seal
from tongxing.messages.lists import CONTENT_BYTES_MAX
from tongxing.published import bundled

HOUR = 3_600


def tariffs_of(station: Station) -> list[str]:
    taps = station.journal.newest(100)
    assert not isinstance(taps, Refusal)
    return [tap.tariff for tap in taps]


def test_a_list_is_in_force_from_its_time_on_and_taps_name_it(tmp_path: Path) -> None:
    station = Station(tmp_path)
    site = station.site
    assert (base_fen(site, EIGHT), site.versions(EIGHT)) == (200, {"deny": 0})
    site.present(CARD, "IN", EIGHT)
    assert bring(site, sealed(listed(version=3, begins_s=EIGHT + HOUR))) == ""
    site.present(ACCOUNT_CARD, "IN", EIGHT + HOUR - 1)
    assert base_fen(site, EIGHT + HOUR - 1) == 200
    assert site.versions(EIGHT + HOUR - 1) == {"deny": 0, "tariff.next": 3}
    assert site.versions(EIGHT + HOUR) == {"deny": 0, "tariff": 3}
    site.present(replace(ACCOUNT_CARD, medium_no="4000000000000033"), "IN", EIGHT + HOUR)
    assert base_fen(site, EIGHT + HOUR) == 500
    first, second, third = tariffs_of(station)
    assert first == second != third
    assert third == site.tariff_name(EIGHT + HOUR)


GOOD = listed(version=5)
REFUSED: dict[str, tuple[bytes, str]] = {
    "half delivered": (sealed(GOOD)[:-1], "MESSAGE_MALFORMED"),
    "nothing": (b"", "MESSAGE_MALFORMED"),
    "another kind": (
        seal(DenyList(city=CHONGQING, version=9, published_s=1, entries=[]), CITY_KEY),
        "MESSAGE_KIND",
    ),
    "another's signature": (sealed(GOOD, site_key("500001")), "SIGNATURE_INVALID"),
    "another's signature in the city's name": (
        sealed(GOOD, SigningKey(CHONGQING, site_key("thief").private)),
        "SIGNATURE_INVALID",
    ),
    "another city": (sealed(replace(GOOD, city=BEIJING)), "LIST_OTHER_CITY"),
    "another name": (
        sealed(listed("legacy", 9, bundled("legacy", CHONGQING))),
        "LIST_OTHER_NAME",
    ),
    "a lower version": (sealed(listed(version=4)), "LIST_ROLLBACK"),
    "the same version with other content": (
        sealed(replace(GOOD, content=tariff(900))),
        "LIST_CHANGED",
    ),
    "the same version with another day": (sealed(replace(GOOD, not_after_s=1)), "LIST_CHANGED"),
    "past its last moment": (sealed(listed(version=6, ends_s=EIGHT)), "LIST_EXPIRED"),
    "over before it begins": (
        sealed(listed(version=6, begins_s=EIGHT + 60, ends_s=EIGHT + 60)),
        "LIST_EXPIRED",
    ),
    "a tariff of another city": (
        sealed(listed(version=6, content=tariff(city=BEIJING))),
        "LIST_UNFIT",
    ),
    "no tariff": (sealed(listed(version=6, content=b"[[rule]]")), "LIST_UNFIT"),
    "not even text": (sealed(listed(version=6, content=b"\xff\x00" * 9)), "LIST_UNFIT"),
    "rules of a later time": (
        sealed(listed(version=6, content=tariff() + b'\n[[rule]]\nid="X"\nkind="by_weather"\n')),
        "LIST_UNFIT",
    ),
    "a name of a later time": (
        sealed(GOOD).replace(b'"name":"tariff"', b'"name":"tarifs"'),
        "SIGNATURE_INVALID",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_believed_or_used_leaves_the_list_in_force(
    tmp_path: Path, what: str
) -> None:
    station = Station(tmp_path)
    assert bring(station.site, sealed(GOOD)) == ""
    message, code = REFUSED[what]
    assert bring(station.site, message) == code
    for _ in range(2):
        assert station.site.versions(EIGHT) == {"deny": 0, "tariff": 5}
        assert base_fen(station.site, EIGHT) == 700
        station.restart()


def test_a_later_form_of_messages_is_refused_before_anything_else(tmp_path: Path) -> None:
    parts = msgspec.msgpack.decode(sealed(GOOD))
    parts[1] = 2
    assert bring(Station(tmp_path).site, msgspec.msgpack.encode(parts)) == "SCHEMA_TOO_NEW"


@pytest.mark.parametrize(
    "field", [("version", 0), ("version", -1), ("not_before_s", -1), ("city", "5000")]
)
def test_a_body_out_of_its_bounds_is_refused(tmp_path: Path, field: tuple[str, object]) -> None:
    wrong = seal(replace(GOOD, **dict([field])), CITY_KEY)
    assert bring(Station(tmp_path).site, wrong) == "MESSAGE_BODY"


def test_a_content_beyond_its_bound_is_refused(tmp_path: Path) -> None:
    long = seal(replace(GOOD, content=b"#" * (CONTENT_BYTES_MAX + 1)), CITY_KEY)
    assert bring(Station(tmp_path).site, long) == "MESSAGE_BODY"


def test_no_flipped_bit_is_ever_taken(tmp_path: Path) -> None:
    site, message = Station(tmp_path).site, sealed(GOOD)
    for position in range(0, len(message) * 8, 61):
        broken = bytearray(message)
        broken[position // 8] ^= 1 << position % 8
        assert bring(site, bytes(broken)), position
    assert site.versions(EIGHT) == {"deny": 0}
    assert bring(site, message) == ""


def test_the_same_list_again_is_nothing_new(tmp_path: Path) -> None:
    station = Station(tmp_path)
    assert bring(station.site, sealed(GOOD)) == bring(station.site, sealed(GOOD)) == ""
    assert len(station.site.lists.held("tariff")) == 1


def test_lists_wait_in_order_and_one_that_begins_sooner_takes_their_place(tmp_path: Path) -> None:
    station = Station(tmp_path)

    def kept() -> list[int]:
        return [one.listed.version for one in station.site.lists.held("tariff")]

    for version, hours in ((1, 0), (2, 2), (3, 4)):
        begins_s = EIGHT + hours * HOUR
        assert bring(station.site, sealed(listed(version=version, begins_s=begins_s))) == ""
    assert kept() == [1, 2, 3]
    assert bring(station.site, sealed(listed(version=4, begins_s=EIGHT + 2 * HOUR))) == ""
    assert kept() == [1, 4]
    station.restart()
    assert kept() == [1, 4]
    assert station.site.versions(EIGHT + HOUR)["tariff"] == 1
    assert station.site.versions(EIGHT + 2 * HOUR)["tariff"] == 4
    assert bring(station.site, sealed(listed(version=5)), now_s=EIGHT + HOUR) == ""
    assert kept() == [5]


def test_only_so_many_wait(tmp_path: Path) -> None:
    site = Station(tmp_path).site
    codes = [bring(site, sealed(listed(version=one, begins_s=EIGHT + one))) for one in range(1, 8)]
    assert codes[:4] == [""] * 4
    assert codes[-1] == "LIST_WAITS"
    assert site.versions(EIGHT + 4)["tariff"] == 4


def test_a_list_past_its_day_goes_on_and_is_told(tmp_path: Path) -> None:
    station = Station(tmp_path)
    deny = DenyList(
        city=CHONGQING, version=1, published_s=1, entries=[], not_after_s=EIGHT + 2 * HOUR
    )
    assert station.site.load_deny_list(seal(deny, CITY_KEY), EIGHT) is None
    bring(station.site, sealed(listed(version=1, ends_s=EIGHT + HOUR)))
    for _ in range(2):
        assert station.site.expired(EIGHT + HOUR - 1) == []
        assert station.site.expired(EIGHT + HOUR) == ["tariff"]
        assert station.site.expired(EIGHT + 2 * HOUR) == ["deny", "tariff"]
        assert base_fen(station.site, EIGHT + 3 * HOUR) == 300
        station.restart()
