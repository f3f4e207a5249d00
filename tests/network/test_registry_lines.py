"""The lines of the demo's cities, asked with their own city's card and with visitors' cards."""

from datetime import date

import pytest

from tongxing.network import ACCEPTED, load_registry
from tongxing.network.transport import load_network

REGISTRY = load_registry()
DAY = date(2026, 3, 17)


def reasons(city: str, scheme: str, issuer: str) -> dict[str, str]:
    """By line: the answer a gate of that line gives."""
    return {
        line.id: REGISTRY.acceptance(
            scheme, issuer, line.place, line.mode, DAY, line.id, line.schemes
        ).reason
        for line in load_network(city).lines.values()
    }


@pytest.mark.req("R-008", "R-009")
def test_chongqings_own_card_on_every_line_of_chongqing():
    found = reasons("500000", "local:500000", "500000")
    lines = load_network("500000").lines
    refused = {line: reason for line, reason in found.items() if reason != ACCEPTED}
    county_lines = {line.id for line in lines.values() if "t_union" in line.schemes}
    assert refused == {"rail-yunba": "LINE_EXCLUDED"} | dict.fromkeys(
        county_lines, "MODE_NOT_COVERED"
    )
    for place in ("500116", "500231", "500153", "500110"):
        assert any(line.place == place for line in lines.values() if found[line.id] == ACCEPTED)
    assert {lines[line].mode for line in found if found[line] == ACCEPTED} == {
        "bus",
        "rail",
        "cableway",
        "escalator",
        "lift",
    }


@pytest.mark.req("R-213")
def test_a_t_union_card_rides_only_marked_county_buses_in_chongqing():
    found = reasons("500000", "t_union", "110000")
    lines = load_network("500000").lines
    accepted = {line for line, reason in found.items() if reason == ACCEPTED}
    assert accepted == {line.id for line in lines.values() if "t_union" in line.schemes}
    assert accepted


@pytest.mark.req("R-202")
@pytest.mark.parametrize(
    ("scheme", "issuer"), [("local:110000", "110000"), ("t_union", "110000"), ("t_union", "310000")]
)
def test_beijing_takes_its_own_cards_and_t_union_on_every_line(scheme, issuer):
    assert set(reasons("110000", scheme, issuer).values()) == {ACCEPTED}


@pytest.mark.req("R-311")
def test_a_city_union_card_rides_nowhere_in_the_two_cities():
    for city in ("110000", "500000"):
        assert ACCEPTED not in reasons(city, "city_union", "310000").values()


def test_a_line_named_as_converted_needs_no_mark():
    named = REGISTRY.acceptance("local:500000", "500000", "500110", "bus", DAY, "bus-wansheng-101")
    other = REGISTRY.acceptance("local:500000", "500000", "500110", "bus", DAY, "bus-qijiang-101")
    assert (named.reason, other.reason) == (ACCEPTED, "LINE_NOT_CONVERTED")
