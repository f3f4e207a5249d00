"""Possession is proven by what the card signs for this binding now: nothing else binds."""

import inspect
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from random import Random
from threading import Barrier
from typing import Any

import msgspec
import pytest
from binding_world import (
    CITY,
    MEDIA,
    NOON,
    Hand,
    World,
    account_no,
    card_no,
    code_of,
    done,
    open_world,
)

from tongxing.city.binding import proving
from tongxing.city.binding.card import PurseSeen, begin_purchase, read_purse
from tongxing.city.binding.desk import BindingDesk
from tongxing.city.binding.proving import Signed
from tongxing.city.binding.terms import binding_terms
from tongxing.city.store import binding as store
from tongxing.city.store.binding import BindingRow
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.chip import MemoryStore, SoftwareCard
from tongxing.media.card.terminal import finish
from tongxing.media.tac.fields import TacFields
from tongxing.simulation.real_media import PlasticCard
from tongxing.storage import Database

TERMS = binding_terms(CITY, NOON)
DRAWN = count(1)


def asked(world: World, binding_id: str, card: PlasticCard, now_s: int) -> tuple[PurseSeen, Signed]:
    """What a card answers to a nonce of this binding."""
    hand = Hand(card)
    seen = read_purse(hand)
    assert not isinstance(seen, Refusal), seen
    with world.office.writing() as cursor:
        nonce = proving.ask_nonce(
            cursor, CITY, binding_id, TERMS, lambda n: next(DRAWN).to_bytes(n, "big"), now_s
        )
    begun = begin_purchase(hand, MEDIA.vault, seen.names, nonce, 0)
    assert not isinstance(begun, Refusal), begun
    debit = finish(hand, begun[1], begun[0])
    assert not isinstance(debit, Refusal), debit
    return seen, Signed(debit.fields, debit.tac)


def taken(
    world: World, binding_id: str, seen: PurseSeen, signed: Signed, now_s: int
) -> BindingRow | Refusal:
    with world.office.writing() as cursor:
        row = store.find(cursor, binding_id, lock=True)
        assert row is not None
        return proving.take_proof(cursor, MEDIA.vault, row, seen, signed, TERMS, now_s)


def begun(world: World, number: int = 1) -> str:
    person = world.passenger(number)
    return done(world.desk().begin(person, f"r{number}", "nfc", NOON)).binding_id


@pytest.mark.req("R-014")
def test_there_is_no_way_to_bind_a_typed_number() -> None:
    """No method of the desk takes a card's number; the card itself is always asked."""
    for name, method in inspect.getmembers(BindingDesk, inspect.isfunction):
        if not name.startswith("_") and name != "in_force":
            names = set(inspect.signature(method).parameters)
            assert not names & {"medium_no", "card_no", "number", "number10"}, name


def test_an_answer_counts_for_120_seconds_and_once(database: Database) -> None:
    world = open_world(database)
    card, binding_id = world.card(), begun(world)
    seen, signed = asked(world, binding_id, card, NOON)
    late = taken(world, binding_id, seen, signed, NOON + 121)
    assert code_of(late) == "CARD_PROOF_EXPIRED"
    assert not isinstance(taken(world, binding_id, seen, signed, NOON + 120), Refusal)
    assert code_of(taken(world, binding_id, seen, signed, NOON + 120)) == "CARD_PROOF_INVALID"


def test_the_clock_is_asked_when_the_card_has_answered(database: Database) -> None:
    world = open_world(database)
    card, binding_id = world.card(), begun(world)
    desk = world.desk()
    late = desk.prove(binding_id, Hand(card), NOON, clock=lambda: NOON + 121)
    assert code_of(late) == "CARD_PROOF_EXPIRED"
    assert done(desk.prove(binding_id, Hand(card), NOON, clock=lambda: NOON + 119)).step == "proven"


def test_an_answer_for_another_binding_is_none_for_this(database: Database) -> None:
    """Somebody recorded what a card answered, and plays it for an account of their own."""
    world = open_world(database)
    card, first, second = world.card(), begun(world, 1), begun(world, 2)
    seen, signed = asked(world, first, card, NOON)
    assert code_of(taken(world, second, seen, signed, NOON)) == "CARD_PROOF_INVALID"
    assert not isinstance(taken(world, first, seen, signed, NOON), Refusal)


def test_an_answer_to_numbers_that_nobody_drew_is_none(database: Database) -> None:
    """A gate's purchase of the same card is signed as well, and no proof of anything here."""
    world = open_world(database)
    card, binding_id = world.card(), begun(world)
    seen, signed = asked(world, binding_id, card, NOON)
    fields = signed.fields
    for other in (
        {"serial": fields.serial + 1},
        {"terminal_no": bytes(6)},
        {"time": "20260317120001"},
    ):
        changed = Signed(_changed(fields, other), signed.tac)
        assert code_of(taken(world, binding_id, seen, changed, NOON)) == "CARD_PROOF_INVALID"


def test_a_wrong_code_or_another_cards_is_no_proof(database: Database) -> None:
    world = open_world(database)
    card, other, binding_id = world.card(1), world.card(2), begun(world)
    seen, signed = asked(world, binding_id, card, NOON)
    flipped = Signed(signed.fields, bytes((signed.tac[0] ^ 1, *signed.tac[1:])))
    assert code_of(taken(world, binding_id, seen, flipped, NOON)) == "CARD_PROOF_INVALID"
    stranger = read_purse(Hand(other))
    assert not isinstance(stranger, Refusal)
    assert code_of(taken(world, binding_id, stranger, signed, NOON)) == "CARD_PROOF_INVALID"
    renamed = Signed(_changed(signed.fields, {"card_factor": stranger.names.ids.card8}), signed.tac)
    assert code_of(taken(world, binding_id, stranger, renamed, NOON)) == "CARD_PROOF_INVALID"


def test_a_lookalike_with_the_number_and_no_keys_is_refused(database: Database) -> None:
    """A card with a stranger's number written on it, but keys of its own."""
    world = open_world(database)
    real, binding_id = world.card(), begun(world)
    image = real.chip.image
    application = image.applications[0]
    keys = tuple(msgspec.structs.replace(key, value=bytes(range(16))) for key in application.keys)
    forged = msgspec.structs.replace(application, keys=keys)
    copied = msgspec.structs.replace(image, applications=(forged,))
    lookalike = PlasticCard(SoftwareCard(MemoryStore(copied), Random(1).randbytes), real.aid)
    found = world.desk().prove(binding_id, Hand(lookalike), NOON)
    assert code_of(found) == "CARD_PROOF_INVALID"
    assert world.ask("SELECT step, medium_no FROM binding") == [("begun", "")]
    assert done(world.desk().prove(binding_id, Hand(real), NOON + 61)).step == "proven"


def test_the_second_touch_must_be_of_the_same_card(database: Database) -> None:
    world = open_world(database)
    binding_id, card = world.ready()
    other = world.card(2)
    desk = world.desk()
    assert code_of(desk.prove(binding_id, Hand(other), NOON)) == "CARD_PROOF_INVALID"
    assert code_of(desk.activate(binding_id, Hand(other), NOON)) == "CARD_PROOF_INVALID"
    assert (other.balance_fen, card.balance_fen, world.moves()) == (5_000, 5_000, [])


def test_a_source_of_chance_that_repeats_itself_is_not_used(database: Database) -> None:
    world = open_world(database)
    card, binding_id = world.card(), begun(world)
    desk = BindingDesk(world.office, MEDIA.vault, world.folk, world.till, bytes)
    done(desk.prove(binding_id, Hand(card), NOON))
    with pytest.raises(ValueError, match="repeats itself"):
        desk.prove(binding_id, Hand(card), NOON + 61)


@pytest.mark.req("R-005")
def test_of_fifty_people_who_bind_one_card_at_once_one_does(database: Database) -> None:
    world = open_world(database)
    card = world.card(99)
    people = world.crowd(50, mandated=False)
    desk = world.desk()
    ids = [done(desk.begin(one.person, one.binding_id, "nfc", NOON)).binding_id for one in people]
    answers = [(binding_id, *asked(world, binding_id, card, NOON)) for binding_id in ids]
    together = Barrier(len(ids))

    def race(answer: tuple[str, PurseSeen, Signed]) -> str:
        together.wait()
        found = taken(world, *answer, NOON + 1)
        return found.code if isinstance(found, Refusal) else found.step

    with ThreadPoolExecutor(len(ids)) as pool:
        came = sorted(pool.map(race, answers))
    assert came == ["CARD_ALREADY_BOUND"] * 49 + ["proven"]
    [(step, number)] = world.ask("SELECT step, medium_no FROM binding WHERE medium_no <> ''")
    assert (step, number) == ("proven", card_no(99, "local"))
    [winner] = [one for one in ids if done(desk.binding(one)).step == "proven"]
    done(desk.mandated(winner, NOON + 2))
    done(desk.activate(winner, Hand(card), NOON + 3))
    assert len(world.moves()) == 1
    world.holds()


def test_one_person_who_asks_twenty_times_at_once_begins_once(database: Database) -> None:
    world = open_world(database)
    person = world.passenger()
    desk, together = world.desk(), Barrier(20)

    def begin(number: int) -> str:
        together.wait()
        found = desk.begin(person, f"r{number}", "nfc", NOON)
        return found.code if isinstance(found, Refusal) else found.step

    with ThreadPoolExecutor(20) as pool:
        came = sorted(pool.map(begin, range(20)))
    assert came == ["BINDING_UNDER_WAY"] * 19 + ["begun"]


def test_what_is_kept_of_a_card_can_be_computed_again(database: Database) -> None:
    """The evidence holds the answer whole, once for the proof and once for the money."""
    world = open_world(database)
    world.bound(balance_fen=1_230)
    rows = world.ask("SELECT amount_fen, medium_no FROM binding_proof ORDER BY amount_fen")
    assert rows == [(0, card_no(1, "local")), (1_230, card_no(1, "local"))]
    assert world.balance(account_no(1)) == 1_230


def _changed(fields: TacFields, changes: dict[str, Any]) -> TacFields:
    return msgspec.structs.replace(fields, **changes)
