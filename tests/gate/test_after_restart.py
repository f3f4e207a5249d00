"""A power cut between the journal and the door: whoever comes again is the same passenger."""

from pathlib import Path

import pytest
from gate_world import Station
from media_world import CHANGTONG, new_card, open_world
from test_torn_cards import debit_step, numbered

from deciding_world import ACCOUNT_CARD, CARD, DAY
from tongxing.deciding.token import MediumToken
from tongxing.kernel.clock import at

EIGHT = at(DAY, 8)


@pytest.mark.parametrize("token", [CARD, ACCOUNT_CARD], ids=["purse", "account"])
def test_a_second_touch_after_a_restart_is_no_second_ride(
    tmp_path: Path, token: MediumToken
) -> None:
    station = Station(tmp_path)
    entered, after = station.site.present(token, "IN", EIGHT)
    assert entered.opened
    station.restart()
    again, held = station.site.present(after, "IN", EIGHT + 30)
    assert (again.reason, again.half_trip_fen) == ("DOUBLE_TAP", 0)
    assert held is after
    later, _ = station.site.present(after, "IN", EIGHT + 31)
    assert later.opened, "half a minute later it is another passenger, or another ride"


def test_a_touch_the_other_way_after_a_restart_is_no_second_touch(tmp_path: Path) -> None:
    station = Station(tmp_path)
    _, after = station.site.present(CARD, "IN", EIGHT)
    station.restart()
    assert station.site.present(after, "OUT", EIGHT + 20)[0].opened


def test_whoever_was_refused_may_try_again_after_a_restart(tmp_path: Path) -> None:
    station = Station(tmp_path)
    assert station.site.present(CARD, "OUT", EIGHT)[0].reason == "EXIT_WITHOUT_ENTRY"
    station.restart()
    assert station.site.present(CARD, "OUT", EIGHT + 5)[0].reason == "EXIT_WITHOUT_ENTRY"


def test_a_real_card_is_not_charged_for_a_power_cut(tmp_path: Path) -> None:
    world, card = open_world(tmp_path), new_card(CHANGTONG)
    assert world.hold(card, "in", EIGHT)[0].opened
    world.journal.close()
    again = open_world(tmp_path)
    decision, _ = again.hold(card, "in", EIGHT + 20)
    assert (decision.reason, decision.half_trip_fen) == ("DOUBLE_TAP", 0)
    assert card.balance_fen == CHANGTONG.balance_fen


def test_a_torn_card_that_came_back_counts_from_when_it_walked_through(tmp_path: Path) -> None:
    """Torn at eight, back after 50 s, the power goes, and back again after 20 s more: the tap says
    eight, and still it is the same touch."""
    world, mine = open_world(tmp_path), numbered(CHANGTONG, 2)
    step, card = debit_step(world, numbered(CHANGTONG, 1)), new_card(mine)
    assert not world.hold(card, "in", EIGHT, step)[0].opened
    assert world.hold(card, "in", EIGHT + 50)[0].opened
    world.journal.close()
    again = open_world(tmp_path)
    decision, _ = again.hold(card, "in", EIGHT + 70)
    assert (decision.reason, decision.half_trip_fen) == ("DOUBLE_TAP", 0)
    assert card.balance_fen == mine.balance_fen
    assert again.hold(card, "in", EIGHT + 81)[0].opened


def test_a_torn_entry_that_waits_for_its_card_opens_after_the_restart(tmp_path: Path) -> None:
    world, mine = open_world(tmp_path), numbered(CHANGTONG, 2)
    step, card = debit_step(world, numbered(CHANGTONG, 1)), new_card(mine)
    world.hold(card, "in", EIGHT, step)
    world.journal.close()
    again = open_world(tmp_path)
    assert again.hold(card, "in", EIGHT + 20)[0].opened
    assert again.hold(card, "in", EIGHT + 25)[0].reason == "DOUBLE_TAP"
