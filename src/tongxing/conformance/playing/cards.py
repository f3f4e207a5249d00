"""Decisions on cards, which the kit lends over the card relay."""

from collections.abc import Callable, Mapping

from tongxing.conformance.cards import card_number, lent, made_card
from tongxing.conformance.cases import Case
from tongxing.conformance.playing.lists import LOST, in_force
from tongxing.conformance.port import Shown
from tongxing.conformance.world import Presented, World
from tongxing.media.card.chip import SoftwareCard
from tongxing.media.conformance.results import Differs


def _held(world: World, card: SoftwareCard, number: str, role: str = "entry") -> Shown:
    """Hold a card to a lane."""
    lane = world.book.terminal(role)
    with lent(card, world.host) as address:
        answer = world.port.card(lane, address)
    world.presented.append(Presented(lane, number, b"", answer, world.clock()))
    return answer


def _new(world: World, balance_fen: int) -> tuple[SoftwareCard, str]:
    facts = world.book.cards
    number = card_number(facts, world.next_number())
    return made_card(facts, number, balance_fen), number


def good(world: World, _case: Case) -> None:
    """A card with money opens an entry; its tap has what the purse said and a proof by the card,
    and at an exit the fare is taken once."""
    balance_fen = world.book.cards.balance_fen
    card, number = _new(world, balance_fen)
    world.expect(_held(world, card, number), True, ["OPEN"], "a good card")
    world.expect(_held(world, card, number, "exit"), True, ["OPEN"], "the same card at an exit")
    taken_fen = 0
    world.wait(lambda: len(world.new_taps()) >= 2, "taps_missing", 2)
    for tap in world.new_taps():
        if tap.purse is None or tap.proof is None:
            raise Differs("tap_field", expected="purse, proof", found=str(tap.ref))
        if tap.medium_no != number or tap.proof.number != number or tap.funding != "purse":
            raise Differs("tap_field", expected=number, found=tap.medium_no)
        taken_fen += tap.purse.taken_fen
    left_fen = card.image.purses[0]
    if left_fen + taken_fen != balance_fen:
        raise Differs("purse", expected=f"{balance_fen - taken_fen}", found=f"{left_fen}")
    world.settled()


def poor(world: World, _case: Case) -> None:
    """A card without money stays outside, and nothing is taken."""
    card, number = _new(world, 0)
    world.expect(_held(world, card, number), False, ["INSUFFICIENT_BALANCE"], "an empty card")
    world.settled()


def denied(world: World, _case: Case) -> None:
    """A card on the deny list hears why, and nothing is taken."""
    balance_fen = world.book.cards.balance_fen
    card, number = _new(world, balance_fen)
    with world.city.lock:
        version = world.city.lists.publish({number: LOST})
    in_force(world, version)
    world.expect(_held(world, card, number), False, [LOST], "a denied card")
    if card.image.purses[0] != balance_fen:
        raise Differs("purse", expected=str(balance_fen), found=str(card.image.purses[0]))
    world.settled()


PROCEDURES: Mapping[str, Callable[[World, Case], None]] = {
    "card_good": good,
    "card_poor": poor,
    "card_denied": denied,
}
