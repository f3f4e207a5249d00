"""Which card may be bound to which account, and what somebody hears whose card may not."""

from datetime import date, timedelta
from typing import Any

import pytest
from binding_gates import open_gates
from binding_world import (
    CITY,
    DAY,
    NOON,
    Hand,
    Someone,
    World,
    account_no,
    card_no,
    code_of,
    done,
    open_world,
)

from tongxing.city.binding.terms import binding_terms
from tongxing.city.binding.values import Binding
from tongxing.kernel import clock
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database


def proving(world: World, *, now_s: int = NOON, **card: Any) -> Binding | Refusal:
    """A new passenger touches a new card; what comes of it."""
    person, plastic = world.passenger(), world.card(**card)
    begun = done(world.desk().begin(person, "r1", "nfc", now_s))
    return world.desk().prove(begun.binding_id, Hand(plastic), now_s)


def unchanged(world: World) -> None:
    """Nothing is reserved, nothing has moved."""
    assert world.ask("SELECT step, medium_no FROM binding") == [("begun", "")]
    assert world.ask("SELECT count(*) FROM binding_proof") == [(0,)]
    assert world.moves() == []


@pytest.mark.req("R-004")
@pytest.mark.parametrize(("held", "may"), [(179, False), (180, True), (181, True)])
@pytest.mark.parametrize("at", [(0, 0), (23, 59)])
def test_a_card_must_have_been_held_for_180_days_of_china(
    database: Database, held: int, may: bool, at: tuple[int, int]
) -> None:
    world = open_world(database)
    issued = DAY - timedelta(days=held)
    found = proving(world, now_s=clock.at(DAY, *at), issued_on=issued)
    if may:
        assert done(found).step == "proven"
        return
    assert code_of(found) == "CARD_TOO_NEW"
    assert isinstance(found, Refusal)
    assert found.values["from"] == (DAY + timedelta(days=1)).isoformat()
    assert "2026-03-18" in found.message("zh") and "2026-03-18" in found.message("en")
    unchanged(world)


@pytest.mark.req("R-004")
def test_the_books_know_better_than_the_chip_when_it_was_handed_out(database: Database) -> None:
    world = open_world(database)
    old = date(2020, 1, 1)
    found = proving(world, issued_on=DAY - timedelta(days=3), starts=old)
    assert code_of(found) == "CARD_TOO_NEW"


@pytest.mark.req("R-004")
@pytest.mark.parametrize(("days", "may"), [(179, False), (180, True)])
def test_where_the_books_do_not_know_the_chips_first_day_counts(
    database: Database, days: int, may: bool
) -> None:
    world = open_world(database)
    found = proving(world, issued_on=None, starts=DAY - timedelta(days=days))
    assert isinstance(found, Binding) is may


@pytest.mark.req("R-003")
@pytest.mark.parametrize(
    "card", [{"product": "student"}, {"product": "senior"}, {"kind": 2}, {"kind": 0x21}]
)
def test_only_an_ordinary_card_is_bound(database: Database, card: dict[str, Any]) -> None:
    world = open_world(database)
    assert code_of(proving(world, **card)) == "CARD_PRODUCT_NOT_ELIGIBLE"
    unchanged(world)


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({"denied": "MEDIUM_LOST"}, "MEDIUM_DENIED"),
        ({"denied": "CARD_REPLACED"}, "CARD_REPLACED"),
        ({"expires": DAY - timedelta(days=1)}, "CARD_EXPIRED"),
        ({"starts": DAY + timedelta(days=1)}, "CARD_NOT_ACTIVE"),
        ({"sub_type": 0xA1}, "CARD_ALREADY_BOUND"),
    ],
)
def test_a_card_that_cannot_ride_cannot_be_bound(
    database: Database, card: dict[str, Any], code: str
) -> None:
    world = open_world(database)
    assert code_of(proving(world, **card)) == code
    unchanged(world)


def test_a_card_that_somebody_else_issued_is_unknown(database: Database) -> None:
    world = open_world(database)
    person = world.passenger()
    begun = done(world.desk().begin(person, "r1", "nfc", NOON))
    stranger = world.card(7)
    world.execute("UPDATE medium SET medium_no = 'x' WHERE medium_no = %s", card_no(7, "local"))
    found = world.desk().prove(begun.binding_id, Hand(stranger), NOON)
    assert code_of(found) == "MEDIUM_UNKNOWN"


def test_an_old_m1_card_is_never_bound(database: Database) -> None:
    world = open_world(database)
    person, card = world.passenger(), world.card()
    world.execute("UPDATE medium SET trust = 'legacy_untrusted'")
    begun = done(world.desk().begin(person, "r1", "nfc", NOON))
    found = world.desk().prove(begun.binding_id, Hand(card), NOON)
    assert code_of(found) == "LEGACY_BIND_REFUSED"


@pytest.mark.parametrize("uploaded", [False, True])
def test_a_ride_that_is_open_must_end_first(
    database: Database, tmp_path: Any, uploaded: bool
) -> None:
    """On the chip, where the books have not heard of it; and in the books."""
    world = open_world(database)
    gates, card = open_gates(world, tmp_path), world.card()
    person = world.passenger()
    assert gates.hold(card, "in", NOON - 900).opened
    if uploaded:
        gates.upload(NOON - 600)
    desk = world.desk()
    begun = done(desk.begin(person, "r1", "nfc", NOON))
    assert code_of(desk.prove(begun.binding_id, Hand(card), NOON)) == "CARD_HAS_OPEN_TRIP"
    assert gates.hold(card, "out", NOON + 900).opened
    gates.upload(NOON + 1_000)
    assert done(desk.prove(begun.binding_id, Hand(card), NOON + 1_001)).step == "proven"


def test_a_ride_that_is_open_in_the_books_alone_counts_too(database: Database) -> None:
    world = open_world(database)
    person, card = world.passenger(), world.card()
    world.execute("UPDATE rider SET open_since_s = 1 WHERE kind = 'purse'")
    begun = done(world.desk().begin(person, "r1", "nfc", NOON))
    found = world.desk().prove(begun.binding_id, Hand(card), NOON)
    assert code_of(found) == "CARD_HAS_OPEN_TRIP"


def test_money_that_is_on_its_way_onto_the_card_comes_first(database: Database) -> None:
    world = open_world(database)
    person, card = world.passenger(), world.card()
    number = card_no(1, "local")
    world.execute("INSERT INTO replacement_load VALUES ('l1', %s, 100, 1, 's7')", number)
    begun = done(world.desk().begin(person, "r1", "nfc", NOON))
    found = world.desk().prove(begun.binding_id, Hand(card), NOON)
    assert code_of(found) == "CARD_LOAD_WAITING"


@pytest.mark.req("R-005")
def test_an_account_has_one_card(database: Database) -> None:
    world = open_world(database)
    world.bound()
    assert code_of(world.desk().begin("person-1", "r2", "nfc", NOON)) == "CARD_LIMIT_REACHED"
    assert world.ask("SELECT count(*) FROM binding") == [(1,)]


@pytest.mark.req("R-005")
def test_a_second_card_is_refused_also_where_the_first_came_in_between(database: Database) -> None:
    """The account got a card, at a counter, after this binding had begun."""
    world = open_world(database)
    binding_id, card = world.ready()
    world.card(2)
    number = card_no(2, "local")
    world.execute("UPDATE medium SET rider_id = %s WHERE medium_no = %s", account_no(1), number)
    for found in (
        world.desk().prove(binding_id, Hand(card), NOON),
        world.desk().activate(binding_id, Hand(card), NOON),
    ):
        assert code_of(found) == "CARD_LIMIT_REACHED"
    assert (card.balance_fen, world.moves()) == (5_000, [])


@pytest.mark.req("R-005")
def test_a_bound_card_is_bound_to_nobody_else_and_names_no_owner(database: Database) -> None:
    world = open_world(database)
    _, card = world.bound()
    other = world.passenger(2)
    begun = done(world.desk().begin(other, "r2", "nfc", NOON))
    found = world.desk().prove(begun.binding_id, Hand(card), NOON)
    assert isinstance(found, Refusal)
    assert (found.code, found.where, dict(found.values)) == ("CARD_ALREADY_BOUND", "", {})
    world.holds()


def test_a_reserved_card_is_free_again_when_nobody_goes_on(database: Database) -> None:
    world = open_world(database)
    first, card = world.ready()
    other = world.passenger(2)
    desk = world.desk()
    begun = done(desk.begin(other, "r2", "nfc", NOON))
    wait_s = binding_terms(CITY, NOON).reserve_s
    early = desk.prove(begun.binding_id, Hand(card), NOON + wait_s - 1)
    assert code_of(early) == "CARD_ALREADY_BOUND"
    assert done(desk.prove(begun.binding_id, Hand(card), NOON + wait_s)).step == "proven"
    assert done(desk.binding(first)).ended_why == "lapsed"
    assert code_of(desk.activate(first, Hand(card), NOON + wait_s)) == "BINDING_ENDED"


def test_money_on_its_way_is_never_forgotten(database: Database) -> None:
    """A card whose money is moving stays reserved, however long its holder stays away."""
    world = open_world(database)
    binding_id, card = world.ready()
    world.execute("UPDATE binding SET step = 'moving'")
    begun = done(world.desk().begin(world.passenger(2), "r2", "nfc", NOON))
    found = world.desk().prove(begun.binding_id, Hand(card), NOON + 90 * 86_400)
    assert code_of(found) == "CARD_ALREADY_BOUND"
    assert done(world.desk().binding(binding_id)).step == "moving"


def test_a_card_with_more_money_than_its_books_is_not_emptied(database: Database) -> None:
    world = open_world(database)
    binding_id, card = world.ready(balance_fen=5_000, booked_fen=4_999)
    found = world.desk().activate(binding_id, Hand(card), NOON)
    assert code_of(found) == "CARD_MONEY_NOT_IN_BOOKS"
    assert (card.balance_fen, world.moves()) == (5_000, [])
    assert done(world.desk().binding(binding_id)).step == "mandated"
    world.holds()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"offered": False}, "BINDING_NOT_OFFERED"),
        ({"channels": ["machine"]}, "BINDING_NOT_OFFERED"),
        ({"level_min": 2}, "BINDING_NEEDS_LEVEL"),
    ],
)
def test_what_the_city_does_not_offer_is_not_begun(
    database: Database, change: dict[str, Any], code: str
) -> None:
    world = open_world(database)
    person = world.passenger()
    world.terms = change
    assert code_of(world.desk().begin(person, "r1", "nfc", NOON)) == code
    assert world.ask("SELECT count(*) FROM binding") == [(0,)]


@pytest.mark.req("R-026")
def test_before_its_first_day_nothing_is_bound(database: Database) -> None:
    world = open_world(database)
    person = world.passenger()
    eve = clock.at(date(2025, 12, 23), 23, 59)
    assert code_of(world.desk().begin(person, "r1", "nfc", eve)) == "BINDING_NOT_OFFERED"
    assert done(world.desk().begin(person, "r1", "nfc", eve + 60)).step == "begun"


def test_nobody_binds_for_an_account_that_is_closed_or_none(database: Database) -> None:
    world = open_world(database)
    world.folk.known["gone"] = Someone(account_no(9), closed_s=NOON)
    world.folk.known["none"] = Someone(account_no(8))
    desk = world.desk()
    assert code_of(desk.begin("gone", "r1", "nfc", NOON)) == "BINDING_ACCOUNT_CLOSED"
    assert code_of(desk.begin("none", "r1", "nfc", NOON)) == "RIDER_UNKNOWN"
    assert code_of(desk.begin("nobody", "r1", "nfc", NOON)) == "RIDER_UNKNOWN"
