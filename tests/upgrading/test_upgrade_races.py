"""Many at once: one card has one holder, and a limit holds however many ask at the same moment."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from upgrade_world import (
    CARDS,
    NOW,
    World,
    form,
    opened,
)

from tongxing.city.upgrading import Upgrade
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

AT_ONCE = 50


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with opened(database) as found:
        yield found


def at_once(
    calls: Sequence[Callable[[], Upgrade | Refusal]],
) -> tuple[list[Upgrade], list[Refusal]]:
    """All calls in parallel: what was granted, what was refused."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        found = list(pool.map(lambda call: call(), calls))
    granted = [one for one in found if isinstance(one, Upgrade)]
    return granted, [one for one in found if isinstance(one, Refusal)]


@pytest.mark.req("R-121")
def test_fifty_people_upgrade_one_card_and_one_of_them_has_it(world: World) -> None:
    people = [world.elder(number) for number in range(100, 100 + AT_ONCE)]

    def asking(number: int) -> Callable[[], Upgrade | Refusal]:
        person = people[number].person_id
        return lambda: world.desk.upgrade_card(person, f"r{number}", form(), NOW)

    granted, refused = at_once([asking(number) for number in range(AT_ONCE)])
    assert len(granted) == 1
    assert {one.code for one in refused} == {"UPGRADE_NUMBER_NOT_HERE"}
    assert (world.count("upgrade_link"), world.count("upgrade_now")) == (1, 1)
    [holder] = [one for one in people if world.linked(one)]
    consents = [one for one in people if world.people.has_consent(one.person_id, "upgrade")]
    assert (granted[0].person_id, consents) == (holder.person_id, [holder])


@pytest.mark.req("R-121")
def test_one_person_upgrades_fifty_cards_and_has_one(world: World) -> None:
    person = world.elder(100).person_id

    def asking(number: int) -> Callable[[], Upgrade | Refusal]:
        return lambda: world.desk.upgrade_card(person, f"r{number}", form(CARDS[number]), NOW)

    granted, refused = at_once([asking(number) for number in range(AT_ONCE)])
    assert len(granted) == 1
    assert {one.code for one in refused} == {"UPGRADE_LIMIT_REACHED"}


@pytest.mark.req("R-122")
def test_a_helper_upgrades_fifty_tickets_and_has_five(world: World) -> None:
    helper = world.verified()
    helped = world.helps(helper, "13712345678", 2)

    def asking(number: int) -> Callable[[], Upgrade | Refusal]:
        one = form(f"20220518000000{number:02d}", kind="commemorative_ticket")
        return lambda: world.desk.upgrade_for(helper.person_id, helped, f"h{number}", one, NOW)

    granted, refused = at_once([asking(number) for number in range(AT_ONCE)])
    assert len(granted) == 5
    assert {one.code for one in refused} == {"UPGRADE_OTHERS_LIMIT"}


@pytest.mark.req("R-152")
def test_one_request_fifty_times_at_once_is_one_upgrade(world: World) -> None:
    person = world.elder(100).person_id
    calls = [lambda: world.desk.upgrade_card(person, "r1", form(), NOW)] * AT_ONCE
    granted, refused = at_once(calls)
    assert refused == [] and len({repr(one) for one in granted}) == 1
    assert world.count("upgrade_link") == 1


def test_a_card_that_two_desks_move_at_once_has_one_holder(world: World) -> None:
    first = world.elder(100)
    world.desk.upgrade_card(first.person_id, "r1", form(), NOW)
    others = [world.elder(number) for number in range(101, 109)]
    desk = form(channel="station_desk")

    def moving(number: int) -> Callable[[], Upgrade | Refusal]:
        whom = others[number].person_id
        return lambda: world.desk.upgrade_at_desk("s7", f"d{number}", whom, desk, NOW, in_hand=True)

    granted, _ = at_once([moving(number) for number in range(len(others))])
    holders = [one for one in [first, *others] if world.linked(one)]
    assert len(holders) == 1 and granted
    links, ends = world.count("upgrade_link"), world.count("upgrade_end")
    assert (links - ends, world.count("upgrade_now")) == (1, 1)
