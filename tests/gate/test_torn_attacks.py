"""What somebody could try with a card that leaves too early: ride free, make another pay, fill a
gate's memory, or have a genuine card locked."""

from dataclasses import replace as changed
from pathlib import Path

import pytest
from media_world import BEIJING, CHANGTONG, EIGHT, MEDIA, World, new_card, open_world
from msgspec.structs import replace

from tongxing.deciding import MediumToken
from tongxing.gate import journal_file
from tongxing.gate.reading.setup import MediaSetup, RecoveryRules
from tongxing.gate.touch import UNCONFIRMED
from tongxing.media.card.chip import Switches
from tongxing.media.card.link import CardGone
from tongxing.simulation.real_media import PlasticCard

INITIALISE, DEBIT, PROVE = 0x50, 0x54, 0x5A
MINE = replace(CHANGTONG, medium_no="4000000000000101")
OTHER = replace(CHANGTONG, medium_no="4000000000000102")


class Relay:
    """A genuine card whose owner sits on the line: the debit is swallowed, the proof made up."""

    def __init__(self, card: PlasticCard) -> None:
        self.card, self.swallows = card, True

    def transmit(self, command: bytes) -> bytes:
        if command[1] == DEBIT and self.swallows:
            self.swallows = False
            raise CardGone
        if command[1] == PROVE:
            return bytes(8) + b"\x90\x00"
        return self.card.chip.transmit(command)


def inside(world: World, token: MediumToken) -> PlasticCard:
    card = new_card(token)
    assert world.hold(card, "in", EIGHT)[0].opened
    return card


def fares_of(world: World, token: MediumToken) -> int:
    """What the opened taps of a card say it has paid."""
    mine = [tap for tap in world.taps() if tap.medium_no == token.medium_no]
    return sum(tap.purse.taken_fen for tap in mine if tap.purse and tap.outcome == "opened")


@pytest.mark.parametrize("between", ["another passenger", "a restart"])
def test_a_made_up_proof_of_a_genuine_card_opens_nothing_for_free(
    tmp_path: Path, between: str
) -> None:
    world = open_world(tmp_path)
    relay = Relay(inside(world, MINE))
    assert not world.site.present_card(relay, "out", EIGHT + 1500).opened
    if between == "a restart":
        world.journal.close()
        world = open_world(tmp_path)
    else:
        world.hold(new_card(OTHER), "in", EIGHT + 1502)
    decision = world.site.present_card(relay, "out", EIGHT + 1510)
    paid_fen = MINE.balance_fen - relay.card.balance_fen
    assert paid_fen == fares_of(world, MINE)
    assert not decision.opened or paid_fen > 0


class Lookalike:
    """Has a victim's files and number and no keys; its counter stands where it likes."""

    def __init__(self, card: PlasticCard, counter: int) -> None:
        self._card, self._counter = card, counter

    def transmit(self, command: bytes) -> bytes:
        if command[1] == DEBIT:
            raise CardGone
        answer = self._card.chip.transmit(command)
        if command[1] == INITIALISE:
            return answer[:4] + self._counter.to_bytes(2, "big") + answer[6:]
        return answer


def test_nobody_books_a_ride_on_another_ones_card(tmp_path: Path) -> None:
    """The victim's card still proves its last ride; that ride is not the one torn in its name."""
    world = open_world(tmp_path)
    victim = inside(world, MINE)
    assert world.hold(victim, "out", EIGHT + 1500)[0].opened
    paid_fen = fares_of(world, MINE)
    twin = Lookalike(new_card(MINE), 1)
    assert not world.site.present_card(twin, "in", EIGHT + 2000).opened
    later, _ = world.hold(victim, "in", EIGHT + 9000)
    assert later.opened
    assert fares_of(world, MINE) == paid_fen
    assert MINE.balance_fen - victim.balance_fen == paid_fen
    mine = [tap for tap in world.taps() if tap.medium_no == MINE.medium_no]
    proofs = [tap.proof.tac for tap in mine if tap.proof]
    assert len(proofs) == len(set(proofs))


def test_a_full_journal_takes_no_money(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = open_world(tmp_path)
    card = inside(world, MINE)
    monkeypatch.setattr(journal_file, "has_room", lambda *_arguments: False)
    for second in (0, 5):
        decision, _ = world.hold(card, "out", EIGHT + 1500 + second)
        assert decision.reason == "JOURNAL_FULL"
    assert card.balance_fen == MINE.balance_fen


def test_the_tap_of_a_card_that_has_signed_is_always_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room was left for it before the card signed, however full the disk has become since."""
    world = open_world(tmp_path)
    card = inside(world, MINE)
    relay = Relay(card)
    relay.swallows = False

    class Filling:
        def transmit(self, command: bytes) -> bytes:
            if command[1] == DEBIT:
                monkeypatch.setattr(journal_file, "has_room", lambda *_arguments: False)
            return card.chip.transmit(command)

    card.enter_field()
    assert world.site.present_card(Filling(), "out", EIGHT + 1500).opened
    assert fares_of(world, MINE) == MINE.balance_fen - card.balance_fen > 0


def test_a_wrong_setting_locks_no_card(tmp_path: Path) -> None:
    """Cards that sign their 9-byte code too, at a gate that was not told so: the first wrong code
    is the last one that the card is made to see."""
    world = open_world(tmp_path)
    card = MEDIA.card(
        MINE, EIGHT, switches=Switches(code_in_mac1=True), security_code=b"\x85\x01\x02" * 3
    )
    for visit in range(6):
        assert world.hold(card, "in", EIGHT + 10 * visit)[0].reason == "CARD_MAC"
    keys = [key for key in card.chip.image.applications[0].keys if key.use == "DPK"]
    assert max(key.wrong for key in keys) == 1
    told = open_world(_folder(tmp_path), change=_signing_codes)
    assert told.hold(card, "in", EIGHT + 100)[0].opened


def _signing_codes(setup: MediaSetup) -> MediaSetup:
    return changed(setup, signs_code=True)


def _folder(tmp_path: Path) -> Path:
    made = tmp_path / "told"
    made.mkdir()
    return made


def test_many_torn_cards_do_not_fill_a_gate(tmp_path: Path) -> None:
    few = RecoveryRules(most=5)
    world = open_world(tmp_path, change=lambda setup: changed(setup, recovery=few))
    for number in range(12):
        token = replace(CHANGTONG, medium_no=f"40000000000002{number:02d}")
        world.site.present_card(Relay(new_card(token)), "in", EIGHT + number)
    assert world.site.report_unconfirmed(EIGHT + 60) == 7
    names = world.journal.kept_names("torn/")
    assert isinstance(names, list)
    assert len(names) == 5
    assert {tap.reason for tap in world.taps()} == {UNCONFIRMED}
    assert world.site.report_unconfirmed(EIGHT + 90 * 86_400) == 5
    assert world.journal.kept_names("torn/") == []


def test_an_entry_of_another_form_is_a_refusal_and_no_crash(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    world.journal.keep(f"torn/{MINE.medium_no}", b'{"form": "older"}')
    assert world.hold(new_card(MINE), "in", EIGHT)[0].reason == "JOURNAL_CORRUPT"


def test_an_issuer_that_is_not_on_the_list_does_not_travel(tmp_path: Path) -> None:
    where = ("bj:rail-1:xidan", "bj:rail-1:guomao")
    world = open_world(tmp_path, where)
    nobody = MEDIA.card(BEIJING, EIGHT, issuer_id=bytes.fromhex("99991000FFFFFFFF"))
    assert world.hold(nobody, "in", EIGHT)[0].reason == "CARD_ISSUER_UNKNOWN"
    wrong = MEDIA.card(BEIJING, EIGHT, number="3104910000000000017")
    assert world.hold(wrong, "in", EIGHT)[0].reason == "CARD_ISSUER_MISMATCH"
