"""A passenger's own reader may answer in the card's place: nothing that is not signed is money."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from binding_gates import open_gates
from binding_world import (
    MEDIA,
    NOON,
    T_UNION,
    Hand,
    World,
    account_no,
    card_no,
    code_of,
    done,
    open_world,
)
from msgspec.structs import replace

from tongxing.city.binding.card import read_purse
from tongxing.city.binding.desk import BindingDesk
from tongxing.city.store import bound_cards
from tongxing.kernel.reasons import Refusal
from tongxing.media.keys.software import SoftwareVault
from tongxing.media.keys.vault import KEY_USES, MasterName
from tongxing.simulation.real_media import DES, VERSION, PlasticCard
from tongxing.simulation.seeds import secret
from tongxing.storage import Database

BALANCE, PROBE, SEAL = bytes.fromhex("805C0302"), bytes.fromhex("80500002"), bytes.fromhex("04D6")
OK = bytes.fromhex("9000")
Lie = Callable[[bytes, bytes], bytes]
"""What a reader answers to a command that the card answered so."""


class Liar:
    """A reader that gives the card's answers as it likes; a faked seal never reaches the card."""

    def __init__(self, card: PlasticCard, lie: Lie, *, fakes_seal: bool = True) -> None:
        self._card, self._lie, self._fakes_seal = card, lie, fakes_seal
        card.enter_field()

    def transmit(self, command: bytes) -> bytes:
        if self._fakes_seal and command.startswith(SEAL):
            return OK
        return self._lie(command, self._card.chip.transmit(command))


def claims(fen: int, *, probe: bytes | None = None) -> Lie:
    """Says that the card has so much; `probe` is what it answers where a balance is signed."""

    def lie(command: bytes, answer: bytes) -> bytes:
        if command.startswith(BALANCE):
            return fen.to_bytes(4, "big") + OK
        if command.startswith(PROBE):
            return fen.to_bytes(4, "big") + answer[4:] if probe is None else probe
        return answer

    return lie


def truthful(_command: bytes, answer: bytes) -> bytes:
    return answer


def unmoved(world: World, card: PlasticCard, fen: int) -> None:
    """All the money is where it was."""
    assert (card.balance_fen, world.balance(card_no(1)), world.balance(account_no(1))) == (
        fen,
        fen,
        0,
    )
    assert world.moves() == []
    world.holds()


@pytest.mark.parametrize("probe", [None, OK, bytes.fromhex("6985"), bytes.fromhex("6A80")])
def test_a_reader_that_hides_the_cards_money_activates_nothing(
    database: Database, probe: bytes | None
) -> None:
    """It says 0, and changes, drops or refuses the answer in which the card would sign more."""
    world = open_world(database)
    binding_id, card = world.ready()
    found = world.desk().activate(binding_id, Liar(card, claims(0, probe=probe)), NOON)
    assert isinstance(found, Refusal)
    assert done(world.desk().binding(binding_id)).step == "mandated"
    unmoved(world, card, 5_000)
    active = done(world.desk().activate(binding_id, Hand(card), NOON + 1))
    assert (active.moved_fen, card.balance_fen) == (5_000, 0)
    world.holds()


@pytest.mark.parametrize("fen", [0, 4_999, 5_001])
def test_a_reader_that_lies_about_the_money_proves_nothing(database: Database, fen: int) -> None:
    world = open_world(database)
    card = world.card()
    begun = done(world.desk().begin(world.passenger(), "r1", "nfc", NOON))
    found = world.desk().prove(begun.binding_id, Liar(card, claims(fen)), NOON)
    assert code_of(found) == "CARD_PROOF_INVALID"
    assert done(world.desk().binding(begun.binding_id)).step == "begun"


def test_a_signed_balance_of_before_counts_for_nothing(database: Database) -> None:
    """Recorded while the card had 12.30 less: another touch draws other numbers to sign over."""
    world = open_world(database)
    binding_id, card = world.ready()
    kept: list[bytes] = []

    def record(command: bytes, answer: bytes) -> bytes:
        if command.startswith(PROBE):
            kept.append(answer)
        return answer

    desk = world.desk()
    done(desk.prove(binding_id, Liar(card, record), NOON))
    assert len(kept) == 1

    def replay(command: bytes, answer: bytes) -> bytes:
        return kept[0] if command.startswith(PROBE) else answer

    found = desk.activate(binding_id, Liar(card, replay), NOON + 1)
    assert code_of(found) == "CARD_PROOF_INVALID"
    unmoved(world, card, 5_000)


class Unloading:
    """A desk whose vault has no load keys."""

    def __init__(self, world: World) -> None:
        keys = {
            MasterName(use, DES, VERSION): secret(7, "master", use)[:16]
            for use in KEY_USES
            if use != "DLK"
        }
        self.desk = BindingDesk(
            world.office, SoftwareVault(keys), world.folk, world.till, Random(5).randbytes
        )


def test_without_load_keys_a_passengers_reader_is_believed_no_less_than_the_books(
    database: Database,
) -> None:
    """A ride is not told yet, or the reader lies: only a reader of ours may say which."""
    world = open_world(database)
    binding_id, card = world.ready()
    desk = Unloading(world).desk
    liar = Liar(card, claims(0))
    assert code_of(desk.prove(binding_id, liar, NOON)) == "BINDING_NEEDS_BRANCH"
    assert code_of(desk.activate(binding_id, liar, NOON)) == "BINDING_NEEDS_BRANCH"
    unmoved(world, card, 5_000)
    assert done(desk.activate(binding_id, Hand(card), NOON)).moved_fen == 5_000
    world.holds()


def test_without_load_keys_our_own_reader_may_say_that_a_ride_is_not_told_yet(
    database: Database,
) -> None:
    world = open_world(database)
    binding_id, card = world.ready(balance_fen=4_685, booked_fen=5_000)
    desk = Unloading(world).desk
    assert code_of(desk.activate(binding_id, Hand(card), NOON)) == "BINDING_NEEDS_BRANCH"
    assert done(desk.activate(binding_id, Hand(card), NOON, ours=True)).moved_fen == 4_685
    assert world.balance(card_no(1)) == 315
    world.holds()


def test_with_load_keys_a_ride_not_told_yet_is_in_nobodys_way(database: Database) -> None:
    world = open_world(database)
    active, card = world.bound(balance_fen=4_685, booked_fen=5_000)
    assert (active.moved_fen, card.balance_fen, world.balance(card_no(1))) == (4_685, 0, 315)
    world.holds()


def test_another_issuers_card_with_our_number_is_not_ours(database: Database) -> None:
    """The vault derives that issuer's keys too, so its code is right."""
    world = open_world(database)
    ours = world.card(scheme="t_union")
    token = replace(T_UNION, medium_no=card_no(1, "t_union"), issuer="110000")
    begun = done(world.desk().begin(world.passenger(), "r1", "nfc", NOON)).binding_id
    found = world.desk().prove(begun, Hand(MEDIA.card(token, NOON - 86_400)), NOON)
    assert code_of(found) == "CARD_ISSUER_MISMATCH"
    assert done(world.desk().binding(begun)).medium_no == ""
    assert done(world.desk().prove(begun, Hand(ours), NOON)).step == "proven"


def test_only_a_reader_of_ours_has_seen_the_mark(database: Database) -> None:
    """A passenger's reader says 9000; the chip carries no mark until ours has put it there."""
    world = open_world(database)
    binding_id, card = world.ready()
    desk = world.desk()
    done(desk.activate(binding_id, Liar(card, truthful), NOON))
    bound = desk.bound(account_no(1))
    assert bound is not None and (bound.sealed, bound.seen_sealed) == (True, False)
    assert card.balance_fen == 0, "the signed balance was paid, seal or not"
    done(desk.activate(binding_id, Hand(card), NOON + 1))
    done(desk.activate(binding_id, Hand(card), NOON + 2, ours=True))
    after = desk.bound(account_no(1))
    assert after is not None and after.seen_sealed
    seen = read_purse(Hand(card))
    assert not isinstance(seen, Refusal) and seen.marked
    with world.office.reading() as cursor:
        assert bound_cards.seen_sealed(cursor, card_no(1))
        assert not bound_cards.seen_sealed(cursor, card_no(2))
    world.holds()


def test_a_gates_tap_on_the_account_has_seen_the_mark(database: Database, tmp_path: Path) -> None:
    world = open_world(database)
    _, card = world.bound()
    gates = open_gates(world, tmp_path)
    for terminal, after_s in (("in", 600), ("out", 1_200)):
        assert gates.hold(card, terminal, NOON + after_s).opened
    gates.upload(NOON + 1_300)
    with world.office.reading() as cursor:
        assert bound_cards.seen_sealed(cursor, card_no(1))
    world.holds()
