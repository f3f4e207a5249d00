"""Which kind of code comes first: the one ridden or chosen last, if it may be shown."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from codes_world import (
    ANNA,
    BEN,
    CARD,
    CHONGQING,
    EIGHT,
    Gate,
    Handset,
    World,
    granted,
    open_gate,
    open_world,
    refused,
    send,
)

from tongxing.city.codes import code_rules
from tongxing.gate.reading.kinds import kind_of, product_of
from tongxing.kernel.clock import at
from tongxing.media.code.layout import RideCode, parse_code
from tongxing.storage import Database

HOUR_S = 3_600


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    opened = open_world(database)
    yield opened
    opened.office.close()


def ride(world: World, gate: Gate, phone: Handset, kind: str, at_s: int, terminal: str) -> None:
    """Show a code of a kind at a gate, and bring the tap to the city."""
    assert gate.show(phone.show(at_s, kind), at_s, terminal).opened
    send(world, gate, at_s + 60)


@pytest.mark.req("R-017")
def test_the_kind_is_told_by_frame_and_words_and_stands_in_the_code_itself(world: World) -> None:
    offered = world.desk.types(ANNA, EIGHT)
    assert [(one.code_type, one.gold, one.available) for one in offered] == [
        ("changtong", True, True),
        ("ride", False, True),
    ]
    assert [one.title_key for one in offered] == ["code.type.changtong", "code.type.ride"]
    phone, rules = Handset(ANNA), code_rules(CHONGQING, EIGHT)
    for kind in ("changtong", "ride"):
        granted(phone.ask(world.desk, EIGHT, kind))
        code = parse_code(phone.show(EIGHT, kind))
        assert isinstance(code, RideCode)
        found = rules.kind_in(code.custom)
        assert found is not None
        assert found.name == kind
        assert code.account_type == 0, "the frame gives no relief"
    assert rules.kind_in(b"") is None
    assert rules.kind_in(bytes(32)) is None


def test_a_changtong_code_needs_a_card_that_is_bound_and_good(world: World) -> None:
    changtong, ride_code = world.desk.types(BEN, EIGHT)
    assert refused(changtong.why) == "CODE_TYPE_NEEDS_CARD"
    assert (changtong.available, ride_code.available) == (False, True)
    phone = Handset(BEN, 2)
    assert refused(phone.ask(world.desk, EIGHT, "changtong")) == "CODE_TYPE_NEEDS_CARD"
    assert refused(world.desk.choose_type(BEN, "changtong", EIGHT)) == "CODE_TYPE_NEEDS_CARD"
    world.deny(CARD, "MEDIUM_LOST")
    assert refused(Handset(ANNA).ask(world.desk, EIGHT, "changtong")) == "CODE_TYPE_NEEDS_CARD"
    assert world.desk.last_type(ANNA, EIGHT) == "ride"


def test_there_is_no_other_kind(world: World) -> None:
    assert refused(world.desk.choose_type(ANNA, "golden", EIGHT)) == "CODE_TYPE_UNKNOWN"
    assert refused(world.desk.choose_type("9" * 16, "ride", EIGHT)) == "RIDER_UNKNOWN"
    assert refused(Handset(ANNA).ask(world.desk, EIGHT, "golden")) == "CODE_TYPE_UNKNOWN"


@pytest.mark.req("R-018")
def test_what_was_ridden_or_chosen_last_comes_first(world: World, tmp_path: Path) -> None:
    desk, gate, phone = world.desk, open_gate(tmp_path), Handset(ANNA)
    for kind in ("changtong", "ride"):
        granted(phone.ask(desk, EIGHT, kind))
    now_s = EIGHT
    assert desk.last_type(ANNA, now_s) == "changtong", "nothing yet: the rules' own order"
    ride(world, gate, phone, "ride", now_s, "in")
    assert desk.last_type(ANNA, now_s + 60) == "ride"
    desk.choose_type(ANNA, "changtong", now_s + 120)
    assert desk.last_type(ANNA, now_s + 180) == "changtong"
    ride(world, gate, phone, "ride", now_s + 1_800, "out")
    assert desk.last_type(ANNA, now_s + 1_900) == "ride"
    ride(world, gate, phone, "changtong", now_s + HOUR_S * 3, "in")
    assert desk.last_type(ANNA, now_s + HOUR_S * 4) == "changtong"
    world.proofs_hold()


@pytest.mark.req("R-018")
def test_a_tap_that_comes_late_does_not_undo_a_newer_choice(world: World, tmp_path: Path) -> None:
    desk, gate, phone = world.desk, open_gate(tmp_path), Handset(ANNA)
    granted(phone.ask(desk, EIGHT, "ride"))
    desk.choose_type(ANNA, "changtong", EIGHT + 60)
    assert gate.show(phone.show(EIGHT), EIGHT, "in").opened
    send(world, gate, EIGHT + HOUR_S)
    assert desk.last_type(ANNA, EIGHT + HOUR_S) == "changtong"


def test_a_refused_code_is_no_ride(world: World, tmp_path: Path) -> None:
    desk, gate, phone = world.desk, open_gate(tmp_path), Handset(ANNA)
    granted(phone.ask(desk, EIGHT, "ride"))
    assert not gate.show(phone.show(EIGHT), EIGHT + 600, "in").opened
    send(world, gate, EIGHT + 660)
    assert desk.last_type(ANNA, EIGHT + 700) == "changtong"


def test_before_card_and_code_were_one_there_is_only_the_ordinary_code() -> None:
    kinds = code_rules(CHONGQING, at(date(2025, 12, 23))).kinds
    assert [kind.name for kind in kinds] == ["ride"]
    assert [kind.name for kind in code_rules("110000", EIGHT).kinds] == ["ride"]


@pytest.mark.parametrize("city", ["500000", "110000", "330100"])
def test_the_gates_read_the_same_products_from_the_account_type(city: str) -> None:
    products = code_rules(city, EIGHT).products
    assert products
    for product, number in products.items():
        assert kind_of(city, "code", product) == number
        assert product_of(city, "code", number) == product
