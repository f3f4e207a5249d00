"""Real cards at a gate: they sign what they pay, and say afterwards what happened."""

from pathlib import Path

import pytest
from gate_world import Station
from media_world import (
    ACCOUNT,
    BEIJING,
    CHANGTONG,
    EIGHT,
    MEDIA,
    TIANJIN,
    new_card,
    open_world,
)
from msgspec.structs import replace

from deciding_world import context, validator
from tongxing.deciding import MediumToken, decide
from tongxing.gate import announce
from tongxing.kernel.reasons import all_reasons
from tongxing.media.card.chip import SoftwareCard
from tongxing.media.card.face import CardFace
from tongxing.media.card.files import own_part, parse_journey, parse_transit
from tongxing.media.card.legacy import recognise_atr
from tongxing.media.card.reading import read_card
from tongxing.media.tac.fields import fields_of
from tongxing.media.tac.single import check_tac
from tongxing.messages import CardProof
from tongxing.simulation.real_media import PlasticCard, RunMedia
from tongxing.simulation.scenario import load_scenario

BEIJING_RAIL = ("bj:rail-1:xidan", "bj:rail-1:guomao")
CHONGQING_RAIL = ("cq:rail-1:xiaoshizi", "cq:rail-1:shapingba")
CARDS = {
    "Changtong": (CHANGTONG, CHONGQING_RAIL),
    "Beijing": (BEIJING, BEIJING_RAIL),
    "a visitor of Tianjin": (TIANJIN, BEIJING_RAIL),
    "a student": (replace(CHANGTONG, product="student"), CHONGQING_RAIL),
}


def price_of(token: MediumToken, where: tuple[str, str]) -> int:
    """What the same ride costs with a token in the place of the card."""
    entry = validator("entry", where[0])
    exit_ = validator("exit", where[1])
    inside = decide(token, entry, context(entry, EIGHT)).token_after
    return decide(inside, exit_, context(exit_, EIGHT + 1500)).charge_fen


def is_signed(proof: CardProof | None) -> bool:
    """Whether the issuer finds the card's code right."""
    assert proof is not None
    return check_tac(MEDIA.vault, fields_of(proof), proof.tac) is True


@pytest.mark.parametrize("who", CARDS)
def test_a_card_pays_what_a_token_pays_and_signs_it(tmp_path: Path, who: str) -> None:
    token, where = CARDS[who]
    world, card = open_world(tmp_path, where), new_card(token)
    fare_fen = price_of(token, where)
    entered, _ = world.hold(card, "in", EIGHT)
    left, _ = world.hold(card, "out", EIGHT + 1500)
    assert (entered.opened, left.opened, left.charge_fen) == (True, True, fare_fen)
    assert card.balance_fen == token.balance_fen - fare_fen
    entry, exit_ = world.taps()
    assert is_signed(entry.proof)
    assert is_signed(exit_.proof)
    assert exit_.purse is not None
    assert (exit_.purse.counter, exit_.purse.taken_fen) == (2, fare_fen)
    assert [decision.outcome for decision in world.told] == ["opened", "opened"]


def test_no_other_amount_time_or_card_fits_the_signature(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    world.hold(new_card(CHANGTONG), "in", EIGHT)
    proof = world.taps()[0].proof
    assert proof is not None
    for wrong in (
        replace(proof, amount_fen=1),
        replace(proof, time="20260317080001"),
        replace(proof, serial=proof.serial + 1),
        replace(proof, card_factor=bytes(8)),
        replace(proof, tac=bytes(4)),
    ):
        assert not is_signed(wrong)


def test_the_card_can_tell_everybody_where_it_was(tmp_path: Path) -> None:
    world, card = open_world(tmp_path, BEIJING_RAIL), new_card(BEIJING)
    world.hold(card, "in", EIGHT)
    world.hold(card, "out", EIGHT + 1500)
    face = read_card(card.enter_field(), journeys=True)
    assert isinstance(face, CardFace)
    image = card.chip.image.applications[0]
    newest = parse_journey(image.file(0x1E).records[0])
    trip = parse_transit(image.file(0x1A).records[0])
    assert (newest.kind, newest.time, newest.city) == (4, "20260317082500", "1000")
    assert (newest.amount_fen, newest.balance_fen) == (50_00 - card.balance_fen, card.balance_fen)
    assert (trip.status, trip.entry_time, trip.exit_time) == (
        2,
        "20260317080000",
        "20260317082500",
    )
    assert own_part(trip) is not None
    assert trip.actual_fen == newest.amount_fen


def test_a_card_on_an_account_signs_a_purchase_of_nothing(tmp_path: Path) -> None:
    world, card = open_world(tmp_path), new_card(ACCOUNT)
    assert world.hold(card, "in", EIGHT)[0].opened
    assert world.hold(card, "out", EIGHT + 1500)[0].opened
    for tap in world.taps():
        assert tap.funding == "account"
        assert tap.purse is None
        assert tap.proof is not None
        assert tap.proof.amount_fen == 0
        assert is_signed(tap.proof)


def test_what_is_journalled_survives_a_restart(tmp_path: Path) -> None:
    world, card = open_world(tmp_path), new_card(CHANGTONG)
    world.hold(card, "in", EIGHT)
    serial = world.taps()[0].proof
    world.journal.close()
    again = open_world(tmp_path)
    again.hold(card, "out", EIGHT + 1500)
    first, second = again.taps()
    assert first.proof == serial
    assert second.proof is not None and first.proof is not None
    assert second.proof.serial > first.proof.serial or second.proof.terminal_no != (
        first.proof.terminal_no
    )


def test_a_serial_is_never_used_twice_by_a_terminal(tmp_path: Path) -> None:
    serials = []
    for visit in range(3):
        world = open_world(tmp_path)
        number = replace(CHANGTONG, medium_no=f"40000000000001{visit:02d}")
        world.hold(new_card(number), "in", EIGHT + visit)
        proof = world.taps()[-1].proof
        assert proof is not None
        serials.append(proof.serial)
        world.journal.close()
    assert serials == sorted(set(serials))


@pytest.mark.parametrize("token", [CHANGTONG, BEIJING], ids=["City Union", "T-Union"])
def test_a_denied_card_of_our_own_is_locked_on_the_spot(tmp_path: Path, token: MediumToken) -> None:
    where = CHONGQING_RAIL if token is CHANGTONG else BEIJING_RAIL
    world = open_world(tmp_path, where, denied=(token.medium_no,))
    card = new_card(token)
    decision, _ = world.hold(card, "in", EIGHT)
    assert decision.reason == "CARD_LOCKED_HERE"
    assert world.hold(card, "in", EIGHT + 60)[0].reason == "CARD_LOCKED"
    assert card.balance_fen == token.balance_fen


def test_a_denied_card_of_another_city_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    world = open_world(tmp_path, BEIJING_RAIL, denied=(TIANJIN.medium_no,))
    card = new_card(TIANJIN)
    decision, _ = world.hold(card, "in", EIGHT)
    assert (decision.reason, decision.note) == ("MEDIUM_LOST", "")
    assert world.hold(card, "in", EIGHT + 60)[0].reason == "MEDIUM_LOST"


def personalised(token: MediumToken, **profile: object) -> PlasticCard:
    """A card of `token` with something about it changed."""
    return MEDIA.card(token, EIGHT, **profile)


REFUSED = {
    "does not travel": ({"interoperable": False}, "CARD_NOT_INTEROPERABLE"),
    "a test card": ({"kind": 4}, "CARD_TEST_KIND"),
    "not enabled": ({"version": 0}, "CARD_NOT_ACTIVE"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_no_token_can_say_is_refused_with_its_own_reason(tmp_path: Path, why: str) -> None:
    changes, reason = REFUSED[why]
    world, card = open_world(tmp_path, BEIJING_RAIL), personalised(TIANJIN, **changes)
    decision, link = world.hold(card, "in", EIGHT)
    assert (decision.outcome, decision.reason) == ("refused", reason)
    assert world.taps()[0].reason == reason
    assert not any(command[1] == 0x50 for command in link.sent), "nothing was begun on the card"
    for language in ("zh", "en"):
        assert announce(decision, language)[0].next_step


class Nonsense:
    """A card that answers one command of a visit with other bytes than it should."""

    def __init__(self, chip: SoftwareCard, at: int, answer: bytes) -> None:
        self._chip, self._at, self._answer = chip, at, answer
        self.count = 0

    def transmit(self, command: bytes) -> bytes:
        answer = self._chip.transmit(command)
        here = self.count == self._at
        self.count += 1
        return self._answer if here else answer


ANSWERS = {
    "no status": b"\x90",
    "nothing": b"",
    "300 bytes": bytes(300),
    "a status alone": b"\x90\x00",
    "app missing": b"\x6a\x82",
    "state": b"\x69\x85",
    "unknown": b"\x12\x34",
    "a lying length": b"\x6f\x7f\x84\x90\x00",
}


@pytest.mark.parametrize("what", ANSWERS)
def test_nonsense_at_any_step_opens_no_gate_and_takes_no_money(tmp_path: Path, what: str) -> None:
    world = open_world(tmp_path, BEIJING_RAIL)
    steps = len(world.hold(new_card(BEIJING), "in", EIGHT)[1].sent)
    for step in range(steps):
        number = replace(BEIJING, medium_no=f"31051700000000{step:05d}")
        card = new_card(number)
        link = Nonsense(card.enter_field(), step, ANSWERS[what])
        before = len(world.taps())
        decision = world.site.present_card(link, "in", EIGHT + 100 * (step + 1))
        opened = [tap for tap in world.taps()[before:] if tap.outcome == "opened"]
        assert bool(opened) == decision.opened
        assert card.balance_fen == number.balance_fen, "an entry takes nothing"
        if not decision.opened:
            assert decision.reason in all_reasons()


def dual_card(purse: int) -> PlasticCard:
    """A Changtong card that also carries T-Union: two systems, each with its own money."""
    return personalised(
        BEIJING,
        balance_fen=purse,
        second=MEDIA.profile(CHANGTONG, EIGHT),
    )


@pytest.mark.req("R-211")
@pytest.mark.parametrize(
    ("where", "scheme"), [(BEIJING_RAIL, "t_union"), (CHONGQING_RAIL, "local:500000")]
)
def test_a_card_with_both_systems_rides_with_the_one_that_is_accepted(
    tmp_path: Path, where: tuple[str, str], scheme: str
) -> None:
    world, card = open_world(tmp_path, where), dual_card(77_00)
    assert world.hold(card, "in", EIGHT)[0].opened
    assert world.hold(card, "out", EIGHT + 1500)[0].opened
    assert {tap.scheme for tap in world.taps()} == {scheme}
    t_union_fen, changtong_fen = card.chip.image.purses
    assert (t_union_fen < 77_00, changtong_fen < 50_00) == (
        scheme == "t_union",
        scheme != "t_union",
    )


@pytest.mark.req("R-305")
def test_cities_share_cards_once_they_share_a_standard_and_its_keys(tmp_path: Path) -> None:
    """One module at one gate, and cards of two cities: each passes under its scheme's keys. The
    same card made under a city's own keys, the standard being the same, does not."""
    world = open_world(tmp_path, BEIJING_RAIL)
    for number, token in enumerate((BEIJING, TIANJIN)):
        card = new_card(token)
        assert world.hold(card, "in", EIGHT + 100 * number)[0].opened
    assert all(is_signed(tap.proof) for tap in world.taps())
    foreign = RunMedia(8, load_scenario()).card(TIANJIN, EIGHT)
    decision, _ = world.hold(foreign, "in", EIGHT + 1500)
    assert (decision.opened, decision.reason) == (False, "CARD_MAC")
    assert foreign.balance_fen == TIANJIN.balance_fen


def test_a_card_of_another_application_is_told_apart(tmp_path: Path) -> None:
    world = open_world(tmp_path)

    class Bank:
        def transmit(self, command: bytes) -> bytes:
            return b"\x6a\x82"

    decision = world.site.present_card(Bank(), "in", EIGHT)
    assert decision.reason == "CARD_APP_MISSING"
    assert world.taps()[0].medium_no == "unread"


@pytest.mark.req("R-303")
def test_an_old_card_is_known_by_its_answer_and_sent_to_the_desk(tmp_path: Path) -> None:
    """MIFARE Classic 1K as a contactless reader announces it: no command is sent to it."""
    atr = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")
    face = recognise_atr(bytes.fromhex("04A1B2C3"), atr)
    assert face is not None
    world = open_world(tmp_path)
    decision = world.site.present_card(face, "in", EIGHT)
    assert decision.reason == "LEGACY_NOT_READ"
    (tap,) = world.taps()
    assert (tap.outcome, tap.medium_no, tap.proof) == ("refused", "M1:04a1b2c3", None)
    for language in ("zh", "en"):
        assert announce(decision, language)[0].voice


def test_a_site_without_readers_says_so(tmp_path: Path) -> None:
    station = Station(tmp_path)
    with pytest.raises(ValueError, match="reads no real media"):
        station.site.present_code(b"", "IN", EIGHT)
    assert station.site.report_unconfirmed(EIGHT) == 0
