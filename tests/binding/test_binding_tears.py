"""Cards torn away and machines that die, at every step: money moves once, the binding goes on."""

from collections.abc import Iterator
from random import Random

import pytest
from binding_world import (
    LATER_S,
    NOON,
    FragileOffice,
    Hand,
    Killed,
    Power,
    Waiting,
    World,
    account_no,
    card_no,
    code_of,
    done,
    open_world,
)
from msgspec.structs import replace

from tongxing.city.binding.moving import unfinished_of
from tongxing.city.binding.values import Binding
from tongxing.city.office import Office
from tongxing.city.store import binding as store
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.chip import MemoryStore, SoftwareCard
from tongxing.media.card.terminal import Unfinished
from tongxing.simulation.real_media import PlasticCard
from tongxing.storage import Database

DEBIT, SEAL = 0x54, 0xD6
MONEY_FEN = 1_230
CROWD = 50
Tear = tuple[int, bool, int]
"""At which command, whether the card heard it, how much of its answer arrived."""


def tears_of(hand: Hand, *, by_byte: bool = False) -> Iterator[Tear]:
    """Every way in which a visit can be torn: before each command and after it; `by_byte`: also
    within the answers that carry money or the mark, and before and after those only."""
    for number, (command, answer) in enumerate(zip(hand.sent, hand.answers, strict=True)):
        matters = command[1] in (DEBIT, SEAL)
        if matters or not by_byte:
            yield number, False, -1
            yield number, True, -1
        if matters and by_byte:
            for heard in range(len(answer)):
                yield number, True, heard
        elif by_byte:
            yield number, True, 1


def finished(world: World, one: Waiting, now_s: int) -> Binding:
    """The card is held to the reader again, and all is well; once more changes nothing."""
    desk = world.desk()
    active = done(desk.activate(one.binding_id, Hand(one.card), now_s))
    assert done(desk.activate(one.binding_id, Hand(one.card), now_s + 5)) == active
    return active


def moved_once(world: World, one: Waiting, active: Binding, scheme: str = "local") -> None:
    """The whole purse is the account's, the chip is empty and sealed, and it was booked once."""
    number, purse = card_no(one.number, scheme), f"liab_purse:{card_no(one.number, scheme)}"
    assert (active.step, active.moved_fen, one.card.balance_fen) == ("active", MONEY_FEN, 0)
    assert world.balance(account_no(one.number)) == MONEY_FEN
    assert world.balance(number) == 0
    assert [move for move in world.moves() if move[0] == purse] == [(purse, MONEY_FEN)]


@pytest.mark.req("R-014")
@pytest.mark.parametrize("scheme", ["local", "t_union"])
def test_a_card_torn_anywhere_moves_its_money_once(database: Database, scheme: str) -> None:
    world = open_world(database)
    first, *others = world.crowd(CROWD, balance_fen=MONEY_FEN, scheme=scheme)
    whole = Hand(first.card)
    active = done(world.desk().activate(first.binding_id, whole, NOON))
    moved_once(world, first, active, scheme)
    assert sum(command[1] == DEBIT for command in whole.sent) == 1
    tears = list(tears_of(whole, by_byte=scheme == "t_union"))
    assert 20 < len(tears) <= len(others)
    for one, tear in zip(others, tears, strict=False):
        torn = world.desk().activate(one.binding_id, Hand(one.card, *tear), NOON)
        assert isinstance(torn, Refusal), tear
        moved_once(world, one, finished(world, one, NOON + 2), scheme)
    world.holds()


def test_a_machine_that_dies_between_any_two_commands_loses_nothing(database: Database) -> None:
    world, power = open_world(database), Power()
    first, *others = world.crowd(CROWD, balance_fen=MONEY_FEN)
    whole = Hand(first.card)
    done(world.desk().activate(first.binding_id, whole, NOON))
    office = FragileOffice(database, power)
    for one, (tear_at, executed, _) in zip(others, tears_of(whole), strict=False):
        power.restart()
        with pytest.raises(Killed):
            hand = Hand(one.card, tear_at, executed, power=power)
            world.desk(office).activate(one.binding_id, hand, NOON)
        moved_once(world, one, finished(world, one, NOON + LATER_S), "local")
    world.holds()


def test_a_machine_that_dies_between_any_two_transactions_loses_nothing(
    database: Database,
) -> None:
    world, power = open_world(database), Power()
    office, deaths = FragileOffice(database, power), 0
    for one in world.crowd(CROWD, mandated=False, balance_fen=MONEY_FEN):
        at, committed = divmod(one.number - 1, 2)
        power.restart(at, committed=bool(committed))
        try:
            walk(world, office, one, NOON)
        except Killed:
            deaths += 1
        if not power.dead:
            break
        moved_once(world, one, walk(world, world.office, one, NOON + LATER_S), "local")
    assert 20 < deaths < CROWD - 1
    world.holds()


def walk(world: World, office: Office, one: Waiting, now_s: int) -> Binding:
    """Every step from the beginning, as somebody would who does not know how far it came."""
    desk = world.desk(office)
    begun = done(desk.begin(one.person, one.binding_id, "nfc", NOON))
    done(desk.prove(begun.binding_id, Hand(one.card), now_s))
    done(desk.mandated(begun.binding_id, now_s))
    return done(desk.activate(begun.binding_id, Hand(one.card), now_s))


def test_a_desk_that_died_keeps_others_from_its_card_for_a_minute_only(
    database: Database,
) -> None:
    world = open_world(database)
    binding_id, card = world.ready()
    power = Power()
    office = FragileOffice(database, power)
    with pytest.raises(Killed):
        world.desk(office).activate(binding_id, Hand(card, 3, power=power), NOON)
    office.close()
    assert code_of(world.desk().activate(binding_id, Hand(card), NOON + 59)) == "BINDING_BUSY"
    assert done(world.desk().activate(binding_id, Hand(card), NOON + 60)).step == "active"


def test_a_torn_card_comes_back_after_a_month(database: Database) -> None:
    world = open_world(database)
    binding_id, card = world.ready(balance_fen=MONEY_FEN)
    step = debit_step(world)
    assert code_of(world.desk().activate(binding_id, Hand(card, step), NOON)) == "CARD_REMOVED"
    assert (card.balance_fen, world.balance(account_no(1))) == (0, 0)
    assert done(world.desk().binding(binding_id)).step == "moving"
    world.holds()
    later_s = NOON + 31 * 86_400
    one = Waiting(1, "person-1", binding_id, card)
    moved_once(world, one, finished(world, one, later_s))
    world.holds()


def debit_step(world: World) -> int:
    """At which command of a visit the card is told to pay."""
    binding_id, card = world.ready(99)
    hand = Hand(card)
    done(world.desk().activate(binding_id, hand, NOON))
    return next(at for at, command in enumerate(hand.sent) if command[1] == DEBIT)


class Liar:
    """A reader that says that a torn purchase was made: with a code, and in the card's log."""

    def __init__(self, card: PlasticCard, torn: Unfinished) -> None:
        self._card = card
        self._line = (
            (torn.counter_before + 1).to_bytes(2, "big")
            + bytes(3)
            + torn.amount_fen.to_bytes(4, "big")
            + bytes((torn.kind,))
            + torn.terminal_no
            + bytes.fromhex(torn.time)
        )
        card.enter_field()

    def transmit(self, command: bytes) -> bytes:
        if command[1] == 0x5A:
            return bytes(range(8)) + b"\x90\x00"
        if command[1] == 0xB2 and command[3] >> 3 == 0x18:
            return self._line + b"\x90\x00"
        return self._card.chip.transmit(command)


def test_only_the_cards_own_code_makes_money(database: Database) -> None:
    """The card was torn before it paid; a reader that says it has paid gets nothing for it."""
    world = open_world(database)
    binding_id, card = world.ready(balance_fen=MONEY_FEN)
    hand = Hand(card, debit_step(world), executed=False)
    assert code_of(world.desk().activate(binding_id, hand, NOON)) == "CARD_REMOVED"
    with world.office.reading() as cursor:
        [move] = store.moves_of(cursor, binding_id)
    liar = Liar(card, unfinished_of(move))
    assert code_of(world.desk().activate(binding_id, liar, NOON + 2)) == "CARD_PROOF_INVALID"
    assert (card.balance_fen, world.balance(account_no(1))) == (MONEY_FEN, 0)
    one = Waiting(1, "person-1", binding_id, card)
    moved_once(world, one, finished(world, one, NOON + 9))
    world.holds()


def test_another_card_cannot_take_a_torn_ones_place(database: Database) -> None:
    world = open_world(database)
    binding_id, card = world.ready(balance_fen=MONEY_FEN)
    other = world.card(2, balance_fen=9_000)
    world.desk().activate(binding_id, Hand(card, debit_step(world)), NOON)
    found = world.desk().activate(binding_id, Hand(other), NOON + 2)
    assert code_of(found) == "RECOVERY_OTHER_CARD"
    assert (other.balance_fen, world.balance(account_no(1))) == (9_000, 0)


def test_what_a_card_has_forgotten_is_settled_by_hand(database: Database) -> None:
    """It paid, its answer was lost, and another purchase has taken the place of its codes."""
    world = open_world(database)
    binding_id, card = world.ready(balance_fen=MONEY_FEN)
    world.desk().activate(binding_id, Hand(card, debit_step(world)), NOON)
    card = forgetful(card)
    found = world.desk().activate(binding_id, Hand(card), NOON + 2)
    assert code_of(found) == "BINDING_NEEDS_BRANCH"
    assert code_of(world.desk().abandon(binding_id, NOON + 3)) == "BINDING_CANNOT_STOP"
    proposed = done(world.desk().settle_by_hand(binding_id, True, "s7", NOON + 5))
    assert (proposed.step, world.balance(account_no(1))) == ("moving", 0)
    alone = world.desk().settle_by_hand(binding_id, True, "s7", NOON + 6)
    assert code_of(alone) == "FOUR_EYES"
    other = done(world.desk().settle_by_hand(binding_id, False, "s8", NOON + 7))
    assert other.step == "moving", "they do not agree, and nothing is settled"
    done(world.desk().settle_by_hand(binding_id, True, "s7", NOON + 8))
    settled = done(world.desk().settle_by_hand(binding_id, True, "s8", NOON + 9))
    assert (settled.step, settled.moved_fen) == ("sealing", MONEY_FEN)
    assert done(world.desk().settle_by_hand(binding_id, True, "s7", NOON + 9)) == settled
    assert done(world.desk().activate(binding_id, Hand(card), NOON + 20)).step == "active"
    assert world.balance(account_no(1)) == MONEY_FEN
    world.holds()


def forgetful(card: PlasticCard) -> PlasticCard:
    """The card after another purchase has taken the place of its last one's codes."""
    image = card.chip.image
    application = image.applications[0]
    newest = application.purchase_proof
    assert newest is not None
    newer = replace(newest, counter=application.purchases + 1)
    changed = replace(application, purchases=application.purchases + 1, purchase_proof=newer)
    kept = replace(image, applications=(changed, *image.applications[1:]))
    return PlasticCard(SoftwareCard(MemoryStore(kept), Random(3).randbytes), card.aid)
