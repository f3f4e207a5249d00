"""How a card leaves its account, and what draws on an account now."""

import pytest
from binding_world import (
    CITY,
    NOON,
    Hand,
    account_no,
    card_no,
    code_of,
    done,
    open_world,
)

from tongxing.city import NewCard, Replaced, Replacing
from tongxing.city.binding import leaving
from tongxing.city.store.losing import undeny
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

AFTER_HOLD = NOON + 259_200
CARD, NEW = card_no(1, "local"), card_no(77, "local")


def test_staff_release_a_card_and_its_money_stays_in_the_account(database: Database) -> None:
    world = open_world(database)
    active, card = world.bound()
    desk = world.desk()
    ended = done(desk.release(active.binding_id, "q1", "s7", "identity", AFTER_HOLD + 9))
    assert (ended.step, ended.ended_why) == ("ended", "released")
    assert done(desk.release(active.binding_id, "q1", "s7", "identity", AFTER_HOLD + 99)) == ended
    again = desk.release(active.binding_id, "q2", "s7", "identity", NOON + 99)
    assert code_of(again) == "BINDING_ENDED"
    assert desk.bound(account_no(1)) is None
    assert world.balance(account_no(1)) == 5_000
    assert world.ask("SELECT denied FROM medium WHERE medium_no = %s", CARD) == [("CARD_UNBOUND",)]
    fresh = world.card(2)
    begun = done(desk.begin("person-1", "r2", "nfc", NOON + 20))
    assert done(desk.prove(begun.binding_id, Hand(fresh), NOON + 20)).step == "proven"
    other = world.passenger(3)
    third = done(desk.begin(other, "r3", "nfc", NOON + 20))
    found = desk.prove(third.binding_id, Hand(card), NOON + 20)
    assert code_of(found) == "CARD_ALREADY_BOUND", "a sealed card is never made a purse again"
    world.holds()


def test_nobody_releases_a_card_while_its_money_is_held(database: Database) -> None:
    """A thief with an account and a document would end what its true holder can dispute."""
    world = open_world(database)
    active, _ = world.bound()
    desk = world.desk()
    assert active.hold_until_s is not None
    early = active.hold_until_s - 1
    found = desk.release(active.binding_id, "q1", "s7", "card", early)
    assert isinstance(found, Refusal) and found.code == "BINDING_ON_HOLD"
    assert found.values == {"until": "2026-03-20 12:00"}
    assert done(desk.binding(active.binding_id)).step == "active"
    seen = done(desk.release(active.binding_id, "q2", "s7", "card", early + 1))
    assert seen.ended_why == "released"
    world.holds()


def test_nobody_releases_a_card_that_is_disputed(database: Database) -> None:
    world = open_world(database)
    active, _ = world.bound()
    world.execute(
        "INSERT INTO dispute VALUES ('c1', %s, %s, %s, false, 'p1', 'person-9', 5000, %s, %s, %s,"
        " '')",
        active.binding_id, account_no(1), CARD, NOON, NOON + 1, AFTER_HOLD + 99,
    )  # fmt: skip
    desk = world.desk()
    found = desk.release(active.binding_id, "q1", "s7", "card", AFTER_HOLD)
    assert code_of(found) == "BINDING_DISPUTED"
    world.execute("INSERT INTO dispute_end VALUES ('c1', 'released', 0, 0, %s)", NOON + 2)
    assert done(desk.release(active.binding_id, "q3", "s7", "card", AFTER_HOLD)).step == "ended"


def test_a_released_card_stays_denied_when_its_loss_report_is_taken_back(
    database: Database,
) -> None:
    world = open_world(database)
    active, _ = world.bound()
    world.execute("UPDATE medium SET denied = 'MEDIUM_LOST' WHERE medium_no = %s", CARD)
    done(world.desk().release(active.binding_id, "q1", "s7", "identity", AFTER_HOLD))
    with world.office.writing() as cursor:
        undeny(cursor, CARD, "MEDIUM_LOST")
    assert world.ask("SELECT denied FROM medium WHERE medium_no = %s", CARD) == [("CARD_UNBOUND",)]


def test_a_card_that_is_not_bound_cannot_be_released(database: Database) -> None:
    world = open_world(database)
    binding_id, _ = world.ready()
    found = world.desk().release(binding_id, "q1", "s7", "card", NOON)
    assert code_of(found) == "BINDING_CANNOT_STOP"


@pytest.mark.req("R-010")
def test_the_card_that_takes_a_bound_ones_place_draws_on_the_account(database: Database) -> None:
    world = open_world(database)
    active, _ = world.bound()
    asked = Replacing("p1", "s7", CARD, NewCard(NEW, f"local:{CITY}"), "damaged")
    assert isinstance(world.city.replace_medium(asked, NOON + 60), Replaced)
    bound = world.desk().bound(account_no(1))
    assert bound is not None
    assert (bound.medium_no, bound.bound_no, bound.denied) == (NEW, CARD, "")
    assert code_of(world.desk().begin("person-1", "r2", "nfc", NOON + 70)) == "CARD_LIMIT_REACHED"
    done(world.desk().release(active.binding_id, "q1", "s7", "identity", AFTER_HOLD))
    assert world.ask("SELECT denied FROM medium WHERE medium_no = %s", NEW) == [("CARD_UNBOUND",)]
    world.holds()


def test_closing_an_account_ends_its_binding(database: Database) -> None:
    world = open_world(database)
    active, _ = world.bound()
    with world.office.alone() as cursor:
        assert leaving.close_account(cursor, account_no(1), NOON + 9) is None
        assert leaving.close_account(cursor, account_no(1), NOON + 9) is None
    assert done(world.desk().binding(active.binding_id)).ended_why == "closed"
    assert world.ask("SELECT denied FROM medium WHERE medium_no = %s", CARD) == [("CARD_UNBOUND",)]


def test_an_account_is_not_closed_while_its_money_is_on_its_way(database: Database) -> None:
    world = open_world(database)
    binding_id, _ = world.ready()
    world.execute("UPDATE binding SET step = 'moving'")
    with world.office.alone() as cursor:
        found = leaving.close_account(cursor, account_no(1), NOON + 9)
    assert isinstance(found, Refusal) and found.code == "BINDING_CANNOT_STOP"
    assert done(world.desk().binding(binding_id)).step == "moving"


def test_a_binding_that_has_not_moved_money_ends_with_its_account(database: Database) -> None:
    world = open_world(database)
    binding_id, card = world.ready()
    with world.office.alone() as cursor:
        assert leaving.close_account(cursor, account_no(1), NOON + 9) is None
    assert done(world.desk().binding(binding_id)).ended_why == "closed"
    assert card.balance_fen == 5_000
    assert world.ask("SELECT denied FROM medium WHERE medium_no = %s", CARD) == [("",)]


@pytest.mark.req("R-010")
def test_a_dispute_finds_what_was_moved_and_ends_the_binding(database: Database) -> None:
    world = open_world(database)
    active, _ = world.bound(balance_fen=1_230)
    desk = world.desk()
    with world.office.alone() as cursor:
        bound = desk.in_force(cursor, CARD)
        assert bound is not None
        told = (bound.binding_id, bound.account, bound.medium_no, bound.moved_fen, bound.from_s)
        assert told == (active.binding_id, account_no(1), CARD, 1_230, NOON)
        desk.end(cursor, bound.binding_id, "disputed", NOON + 9)
        desk.end(cursor, bound.binding_id, "disputed", NOON + 9)
        assert desk.in_force(cursor, CARD) is None
    assert done(desk.binding(active.binding_id)).ended_why == "disputed"
