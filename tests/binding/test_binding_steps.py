"""The order of a binding's steps is fixed, each can be asked for again, and nothing skips one."""

import itertools

import psycopg
import pytest
from binding_world import NOON, Hand, Signature, account_no, code_of, done, open_world

from tongxing.city.binding.steps import EVENTS, STEPS, TABLE, step_after
from tongxing.city.store import binding as store
from tongxing.storage import Database

ALLOWED = """
begun     proved     proven
begun     abandoned  ended
begun     refused    ended
begun     lapsed     ended
begun     disputed   ended
begun     closed     ended
proven    proved     proven
proven    mandated   mandated
proven    abandoned  ended
proven    refused    ended
proven    lapsed     ended
proven    disputed   ended
proven    closed     ended
mandated  proved     mandated
mandated  mandated   mandated
mandated  moving     moving
mandated  moved      sealing
mandated  abandoned  ended
mandated  refused    ended
mandated  lapsed     ended
mandated  disputed   ended
mandated  closed     ended
moving    moved      sealing
moving    not_moved  mandated
sealing   moved      sealing
sealing   sealed     active
sealing   disputed   ended
sealing   closed     ended
sealing   released   ended
active    moved      active
active    sealed     active
active    disputed   ended
active    closed     ended
active    released   ended
ended     moved      ended
"""


@pytest.mark.req("R-014")
def test_every_pair_of_step_and_event_is_decided() -> None:
    rows = [line.split() for line in ALLOWED.split("\n") if line]
    expected = {(step, event): after for step, event, after in rows}
    for step, event in itertools.product(STEPS, EVENTS):
        assert step_after(step, event) == expected.get((step, event)), (step, event)
    assert len(TABLE) == len(expected)


@pytest.mark.req("R-014")
def test_nothing_leads_to_active_but_proof_mandate_money_and_seal() -> None:
    """Take any one of these events away, and no other way leads there."""
    needed = ("proved", "mandated", "moved", "sealed")
    for without in needed:
        reached, before = {"begun"}, set[str]()
        while reached != before:
            before = set(reached)
            reached |= {
                after
                for (step, event), after in TABLE.items()
                if step in before and event != without
            }
        assert "active" not in reached, without


@pytest.mark.req("R-014")
def test_a_step_that_is_missing_is_asked_for(database: Database) -> None:
    world = open_world(database)
    person, card = world.passenger(agreed=False), world.card()
    desk = world.desk()
    begun = done(desk.begin(person, "r1", "nfc", NOON)).binding_id
    for found in (desk.mandated(begun, NOON), desk.activate(begun, Hand(card), NOON)):
        assert code_of(found) == "CARD_PROOF_REQUIRED"
    done(desk.prove(begun, Hand(card), NOON))
    for found in (desk.mandated(begun, NOON), desk.activate(begun, Hand(card), NOON)):
        assert code_of(found) == "BINDING_NEEDS_CONSENT"
    world.folk.agreed.add((person, "binding"))
    for state in (None, "asked", "ended"):
        if state is not None:
            world.till.signed[account_no(1)] = Signature(state)
        for found in (desk.mandated(begun, NOON), desk.activate(begun, Hand(card), NOON)):
            assert code_of(found) == "BINDING_NEEDS_MANDATE", state
    world.till.signed[account_no(1)] = Signature("signed")
    assert code_of(desk.activate(begun, Hand(card), NOON)) == "BINDING_NEEDS_MANDATE"
    assert (card.balance_fen, world.moves()) == (5_000, [])
    assert done(desk.mandated(begun, NOON)).step == "mandated"
    assert done(desk.activate(begun, Hand(card), NOON)).step == "active"


@pytest.mark.req("R-014")
def test_a_mandate_that_ended_before_the_money_moved_stops_it(database: Database) -> None:
    world = open_world(database)
    binding_id, card = world.ready()
    world.till.signed[account_no(1)] = Signature("ended")
    found = world.desk().activate(binding_id, Hand(card), NOON)
    assert code_of(found) == "BINDING_NEEDS_MANDATE"
    assert (card.balance_fen, world.moves()) == (5_000, [])


def test_each_step_answers_the_same_when_it_is_asked_again(database: Database) -> None:
    world = open_world(database)
    person, card = world.passenger(), world.card()
    desk = world.desk()
    begun = done(desk.begin(person, "r1", "nfc", NOON))
    assert desk.begin(person, "r1", "nfc", NOON + 5) == begun
    assert code_of(desk.begin(person, "r1", "branch", NOON + 5)) == "REQUEST_REUSED"
    assert code_of(desk.begin(person, "r2", "nfc", NOON + 5)) == "BINDING_UNDER_WAY"
    proven = done(desk.prove(begun.binding_id, Hand(card), NOON))
    assert done(desk.prove(begun.binding_id, Hand(card), NOON + 9)) == proven
    mandated = done(desk.mandated(begun.binding_id, NOON))
    assert done(desk.mandated(begun.binding_id, NOON + 9)) == mandated
    assert done(desk.prove(begun.binding_id, Hand(card), NOON + 10)) == mandated
    active = done(desk.activate(begun.binding_id, Hand(card), NOON + 20))
    gone = Hand(card, 0, executed=False)
    for again in (
        desk.activate(begun.binding_id, gone, NOON + 99),
        desk.prove(begun.binding_id, gone, NOON + 99),
        desk.mandated(begun.binding_id, NOON + 99),
        desk.current(person),
        desk.begin(person, "r1", "nfc", NOON + 99),
    ):
        assert again == active
    assert gone.sent == []
    with world.office.reading() as cursor:
        events = store.events_of(cursor, begun.binding_id)
    assert [event for event, *_ in events] == [
        "begun", "proved", "proved", "mandated", "proved", "moving", "moved", "sealed",
    ]  # fmt: skip


def test_a_binding_is_given_up_before_money_moves_and_not_after(database: Database) -> None:
    world = open_world(database)
    binding_id, card = world.ready()
    desk = world.desk()
    ended = done(desk.abandon(binding_id, NOON + 5))
    assert (ended.step, ended.ended_why) == ("ended", "abandoned")
    assert done(desk.abandon(binding_id, NOON + 9)) == ended
    assert code_of(desk.activate(binding_id, Hand(card), NOON + 9)) == "BINDING_ENDED"
    assert code_of(desk.prove(binding_id, Hand(card), NOON + 9)) == "BINDING_ENDED"
    again = done(desk.begin("person-1", "r2", "branch", NOON + 10))
    done(desk.prove(again.binding_id, Hand(card), NOON + 11))
    done(desk.mandated(again.binding_id, NOON + 12))
    active = done(desk.activate(again.binding_id, Hand(card), NOON + 13))
    assert code_of(desk.abandon(again.binding_id, NOON + 14)) == "BINDING_CANNOT_STOP"
    assert desk.current("person-1") == active


def test_staff_can_turn_a_binding_down(database: Database) -> None:
    world = open_world(database)
    binding_id, _ = world.ready()
    ended = done(world.desk().refuse(binding_id, "s7", NOON))
    assert ended.ended_why == "refused"
    with world.office.reading() as cursor:
        assert store.events_of(cursor, binding_id)[-1] == (
            "refused",
            "mandated",
            "ended",
            NOON,
            "s7",
        )


def test_an_unknown_binding_is_told_so(database: Database) -> None:
    world, desk = open_world(database), None
    card, desk = world.card(), world.desk()
    for found in (
        desk.binding("x"),
        desk.prove("x", Hand(card), NOON),
        desk.mandated("x", NOON),
        desk.activate("x", Hand(card), NOON),
        desk.abandon("x", NOON),
        desk.release("x", "q1", "s7", "card", NOON),
        desk.settle_by_hand("x", True, "s7", NOON),
    ):
        assert code_of(found) == "BINDING_UNKNOWN"
    assert desk.current("person-1") is None
    assert desk.bound(account_no(1)) is None


@pytest.mark.parametrize(
    "table",
    ["binding_event", "binding_nonce", "binding_proof", "binding_move", "binding_move_end"],
)
def test_what_a_binding_shows_cannot_be_edited(database: Database, table: str) -> None:
    world = open_world(database)
    world.bound()
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET binding_id = 'x'"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            world.execute(statement)
