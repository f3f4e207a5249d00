"""A card torn from the field at every command and in the middle of every answer: nobody rides
without a record, nobody pays twice, and whoever comes back walks through."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from media_world import (
    BEIJING,
    CHANGTONG,
    EIGHT,
    NOTHING,
    TearingLink,
    World,
    new_card,
    open_world,
)
from msgspec.structs import replace

from tongxing.deciding import MediumToken
from tongxing.gate.touch import UNCONFIRMED
from tongxing.simulation.real_media import PlasticCard

DEBIT = 0x54
WORTH_EVERY_BYTE = (0x50, DEBIT)
STRIDE = 24
RIDES = {
    "City Union": (CHANGTONG, ("cq:rail-1:xiaoshizi", "cq:rail-1:shapingba")),
    "T-Union": (BEIJING, ("bj:rail-1:xidan", "bj:rail-1:guomao")),
}
Tear = tuple[int, bool, int]
"""At which command, whether the card heard it, and how much of its answer arrived."""


def numbered(token: MediumToken, number: int) -> MediumToken:
    """Another card of the same kind."""
    return replace(token, medium_no=f"{token.medium_no[:8]}{number:0{len(token.medium_no) - 8}d}")


def tears_of(link: TearingLink) -> Iterator[Tear]:
    """Every way in which this visit can be torn: before a command, after it, within its answer
    (each byte of the answers that carry codes, some of the long ones)."""
    for number, (command, answer) in enumerate(zip(link.sent, link.answers, strict=True)):
        yield number, False, NOTHING
        yield number, True, NOTHING
        step = 1 if command[1] in WORTH_EVERY_BYTE else STRIDE
        for heard in range(0, len(answer), step):
            yield number, True, heard


def paid_fen(card: PlasticCard, token: MediumToken) -> int:
    return token.balance_fen - card.balance_fen


def check(world: World, card: PlasticCard, token: MediumToken, fare_fen: int) -> None:
    """Once through the gate: one opened tap, signed, and the fare taken once."""
    mine = [tap for tap in world.taps() if tap.medium_no == token.medium_no]
    opened = [tap for tap in mine if tap.outcome == "opened"]
    assert len(opened) == 1
    assert opened[0].proof is not None
    assert paid_fen(card, token) == fare_fen
    assert sum(tap.purse.taken_fen for tap in opened if tap.purse) == fare_fen


@pytest.mark.parametrize("scheme", RIDES)
def test_an_entry_torn_anywhere_is_one_entry(tmp_path: Path, scheme: str) -> None:
    token, where = RIDES[scheme]
    world = open_world(tmp_path, where)
    whole = world.hold(new_card(numbered(token, 1)), "in", EIGHT)[1]
    count = 0
    for count, tear in enumerate(tears_of(whole), start=1):
        mine, now_s = numbered(token, 100 + count), EIGHT + 60 * count
        card = new_card(mine)
        first, _ = world.hold(card, "in", now_s, *tear)
        assert not first.opened, tear
        again, _ = world.hold(card, "in2", now_s + 5)
        assert again.opened, (tear, again.reason)
        check(world, card, mine, 0)
    assert count > 60


@pytest.mark.parametrize("scheme", RIDES)
def test_an_exit_torn_anywhere_takes_the_fare_once(tmp_path: Path, scheme: str) -> None:
    token, where = RIDES[scheme]
    world = open_world(tmp_path, where)
    first = numbered(token, 1)
    card = new_card(first)
    world.hold(card, "in", EIGHT)
    whole = world.hold(card, "out", EIGHT + 1500)[1]
    fare_fen = paid_fen(card, first)
    assert fare_fen > 0
    for count, tear in enumerate(tears_of(whole), start=1):
        mine, now_s = numbered(token, 100 + count), EIGHT + 60 * count
        card = new_card(mine)
        world.hold(card, "in", now_s)
        torn, _ = world.hold(card, "out", now_s + 1500, *tear)
        assert not torn.opened, tear
        again, _ = world.hold(card, "out", now_s + 1506)
        assert (again.opened, again.charge_fen) == (True, fare_fen), (tear, again.reason)
        exits = [tap for tap in world.taps() if tap.medium_no == mine.medium_no][1:]
        opened = [tap for tap in exits if tap.outcome == "opened"]
        assert len(opened) == 1
        assert opened[0].proof is not None
        assert paid_fen(card, mine) == fare_fen


def debit_step(world: World, token: MediumToken, terminal: str = "in") -> int:
    """At which command of a visit the card is asked to sign."""
    link = world.hold(new_card(token), terminal, EIGHT)[1]
    return next(number for number, command in enumerate(link.sent) if command[1] == DEBIT)


def test_a_card_torn_twice_is_still_one_entry(tmp_path: Path) -> None:
    world, mine = open_world(tmp_path), numbered(CHANGTONG, 2)
    step, card = debit_step(world, numbered(CHANGTONG, 1)), new_card(mine)
    assert world.hold(card, "in", EIGHT, step)[0].reason == "CARD_REMOVED"
    for tear_at in range(6):
        assert not world.hold(card, "in", EIGHT + 2 + tear_at, tear_at)[0].opened
    assert world.hold(card, "in", EIGHT + 20)[0].opened
    check(world, card, mine, 0)


def test_it_is_found_after_a_restart(tmp_path: Path) -> None:
    world, mine = open_world(tmp_path), numbered(CHANGTONG, 2)
    step, card = debit_step(world, numbered(CHANGTONG, 1)), new_card(mine)
    world.hold(card, "in", EIGHT, step)
    world.journal.close()
    again = open_world(tmp_path)
    assert again.hold(card, "in", EIGHT + 30)[0].opened
    check(again, card, mine, 0)


def test_what_did_not_happen_is_forgotten(tmp_path: Path) -> None:
    world, mine = open_world(tmp_path), numbered(CHANGTONG, 2)
    step, card = debit_step(world, numbered(CHANGTONG, 1)), new_card(mine)
    world.hold(card, "in", EIGHT, step, False)
    assert card.chip.image.applications[0].purchases == 0
    later, _ = world.hold(card, "in", EIGHT + 3600)
    assert later.opened
    entry = [tap for tap in world.taps() if tap.medium_no == mine.medium_no][-1]
    assert entry.time_s == EIGHT + 3600, "a new entry, at its own time"


def test_an_entry_that_nobody_was_let_in_by_is_no_entry(tmp_path: Path) -> None:
    """Torn in the morning, back in the evening: the lane had stayed shut, so no ride was begun, and
    no highest fare is collected for one."""
    world, mine = open_world(tmp_path), numbered(CHANGTONG, 2)
    step, card = debit_step(world, numbered(CHANGTONG, 1)), new_card(mine)
    world.hold(card, "in", EIGHT, step)
    evening, _ = world.hold(card, "in", EIGHT + 36_000)
    assert (evening.opened, evening.half_trip_fen) == (True, 0)
    taps = [tap for tap in world.taps() if tap.medium_no == mine.medium_no]
    assert [(tap.outcome, tap.reason) for tap in taps] == [
        ("refused", UNCONFIRMED),
        ("opened", "OPEN"),
    ]
    assert paid_fen(card, mine) == 0


def test_a_fare_that_was_taken_is_booked_however_late_the_card_comes_back(tmp_path: Path) -> None:
    world, mine = open_world(tmp_path), numbered(CHANGTONG, 2)
    sample = new_card(numbered(CHANGTONG, 1))
    world.hold(sample, "in", EIGHT)
    whole = world.hold(sample, "out", EIGHT + 1500)[1]
    step = next(number for number, command in enumerate(whole.sent) if command[1] == DEBIT)
    card = new_card(mine)
    world.hold(card, "in", EIGHT)
    world.hold(card, "out", EIGHT + 1500, step)
    fare_fen = paid_fen(card, mine)
    assert fare_fen > 0
    entered, _ = world.hold(card, "in", EIGHT + 90_000)
    assert (entered.opened, entered.half_trip_fen) == (True, 0)
    taps = [tap for tap in world.taps() if tap.medium_no == mine.medium_no]
    assert [(tap.kind, tap.time_s, tap.outcome) for tap in taps] == [
        ("entry", EIGHT, "opened"),
        ("exit", EIGHT + 1500, "opened"),
        ("entry", EIGHT + 90_000, "opened"),
    ]
    assert paid_fen(card, mine) == fare_fen


def test_a_card_that_never_comes_back_is_reported_once(tmp_path: Path) -> None:
    world, mine = open_world(tmp_path), numbered(CHANGTONG, 2)
    step, card = debit_step(world, numbered(CHANGTONG, 1)), new_card(mine)
    world.hold(card, "in", EIGHT, step)
    assert world.site.report_unconfirmed(EIGHT + 86_399) == 0
    assert world.site.report_unconfirmed(EIGHT + 86_400) == 1
    assert world.site.report_unconfirmed(EIGHT + 90_000) == 0
    (told,) = [tap for tap in world.taps() if tap.medium_no == mine.medium_no]
    assert (told.outcome, told.reason, told.proof) == ("refused", UNCONFIRMED, None)


class Impostor:
    """Knows a real card's files and no keys: it tears itself away when it should sign, and comes
    back with a proof of its own making."""

    def __init__(self, card: PlasticCard, made_up: bytes) -> None:
        self._card, self._made_up = card, made_up
        self.leaves = True

    def transmit(self, command: bytes) -> bytes:
        if command[1] == DEBIT:
            if self.leaves:
                self.leaves = False
                return b""
            return self._made_up + b"\x90\x00"
        if command[1] == 0x5A:
            return self._made_up + b"\x90\x00"
        return self._card.chip.transmit(command)


@pytest.mark.parametrize("others_between", [0, 1])
def test_an_impostor_gains_nothing_by_leaving_early(tmp_path: Path, others_between: int) -> None:
    world = open_world(tmp_path)
    impostor = Impostor(new_card(numbered(CHANGTONG, 2)), bytes(8))
    assert not world.site.present_card(impostor, "in", EIGHT).opened
    for other in range(others_between):
        assert world.hold(new_card(numbered(CHANGTONG, 50 + other)), "in", EIGHT + 1)[0].opened
    for wait_s in (5, 10, 500):
        decision = world.site.present_card(impostor, "in", EIGHT + wait_s)
        assert (decision.opened, decision.reason) == (False, "CARD_MAC")


def test_a_genuine_card_is_let_through_though_others_came_between(tmp_path: Path) -> None:
    world, mine = open_world(tmp_path), numbered(CHANGTONG, 2)
    step, card = debit_step(world, numbered(CHANGTONG, 1)), new_card(mine)
    world.hold(card, "in", EIGHT, step)
    assert world.hold(new_card(numbered(CHANGTONG, 3)), "in", EIGHT + 2)[0].opened
    again, link = world.hold(card, "in", EIGHT + 5)
    assert again.opened
    assert sum(command[1] == DEBIT for command in link.sent) == 1, "it signed a purchase of nothing"
    check(world, card, mine, 0)


def test_a_card_that_was_used_too_often_since_begins_anew(tmp_path: Path) -> None:
    """Ten purchases elsewhere have pushed the torn one out of the card's log: nobody can tell any
    more, so the old tap is told as unconfirmed and the new one is dealt with."""
    world, mine = open_world(tmp_path), numbered(CHANGTONG, 2)
    step, card = debit_step(world, numbered(CHANGTONG, 1)), new_card(mine)
    world.hold(card, "in", EIGHT, step)
    (tmp_path / "elsewhere").mkdir()
    elsewhere = open_world(tmp_path / "elsewhere")
    for visit in range(11):
        elsewhere.hold(card, "in" if visit % 2 else "out", EIGHT + 1500 * (visit + 1))
    later, _ = world.hold(card, "in", EIGHT + 40_000)
    assert later.opened
    reasons = [tap.reason for tap in world.taps() if tap.medium_no == mine.medium_no]
    assert reasons == [UNCONFIRMED, "OPEN"]
