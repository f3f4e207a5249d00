"""From the city's books to a gate: whole lists and the deltas between them, all sealed."""

import random

from street import CHONGQING, KEYS, moment, open_city
from tongxing.city import City, MediumOpening, RiderOpening
from tongxing.gate.denylist import DenyIndex, ListChange, read_deny_list
from tongxing.kernel.reasons import Refusal
from tongxing.messages import DenyDelta, DenyEntry, DenyList, SigningKey, unseal
from tongxing.storage import Database

CARDS = [f"5000000000{number:06}" for number in range(100, 220)]


def open_with_cards(database: Database) -> City:
    """A city with an account of many cards, so that its list is longer than what changes in it."""
    city = open_city(database)
    cards = tuple(MediumOpening(one, "card", f"local:{CHONGQING}", "ordinary") for one in CARDS)
    city.open_riders([RiderOpening("company", cards, 500, limit_fen=0)], moment("05:00"))
    return city


def lose(city: City, *cards: str) -> None:
    for card in cards:
        assert city.report_lost(card) is None


def test_a_gate_gets_what_changed_since_the_version_it_has(database: Database) -> None:
    city = open_with_cards(database)
    assert city.deny_list_since(0) is None, "nothing has been published"
    lose(city, *CARDS[:40])
    first = city.publish_deny_list(moment("06:00"))
    assert city.deny_list_since(0) == first
    assert city.deny_list_since(1) is None, "nothing is newer"
    lose(city, CARDS[77])
    city.publish_deny_list(moment("07:00"))
    sent = city.deny_list_since(1)
    assert sent is not None
    opened = unseal(sent, DenyDelta, KEYS)
    assert not isinstance(opened, Refusal)
    delta = opened[1]
    assert (delta.from_version, delta.version, delta.count) == (1, 2, 41)
    assert delta.added == [DenyEntry(CARDS[77], "MEDIUM_LOST")]
    assert delta.removed == []
    assert city.deny_list_since(2) is None


def test_a_version_that_was_never_published_gets_the_whole_list(database: Database) -> None:
    city = open_with_cards(database)
    lose(city, *CARDS[:40])
    city.publish_deny_list(moment("06:00"))
    newest = city.publish_deny_list(moment("07:00"))
    for version in (0, -1, 3, 99):
        assert city.deny_list_since(version) == newest


def test_a_delta_longer_than_the_list_is_not_sent(database: Database) -> None:
    city = open_with_cards(database)
    city.publish_deny_list(moment("06:00"))
    lose(city, *CARDS[:40])
    newest = city.publish_deny_list(moment("07:00"))
    assert city.deny_list_since(1) == newest


def test_after_a_change_of_key_old_versions_lead_to_the_whole_list(database: Database) -> None:
    city = open_with_cards(database)
    lose(city, *CARDS[:40])
    city.publish_deny_list(moment("06:00"))
    city._key = SigningKey.from_secret("CITY-500000", b"n" * 32)
    newest = city.publish_deny_list(moment("07:00"))
    assert city.deny_list_since(1) == newest


def test_gates_that_hear_now_and_then_always_have_a_list_that_was_published(
    database: Database,
) -> None:
    city, dice = open_with_cards(database), random.Random(5)
    lose(city, *CARDS[:30])
    gates = [DenyIndex(CHONGQING) for _ in range(5)]
    published, deltas, left = {0: set[tuple[str, str]]()}, 0, CARDS[30:]
    for hour in range(40):
        lose(city, *(left.pop() for _ in range(dice.randint(0, 3)) if left))
        opened = unseal(city.publish_deny_list(moment("06:00") + 60 * hour), DenyList, KEYS)
        assert not isinstance(opened, Refusal)
        body = opened[1]
        published[body.version] = {(entry.medium_no, entry.reason) for entry in body.entries}
        for index, deny in enumerate(gates):
            if dice.random() < 0.4:
                continue
            for _ in range(dice.choice([1, 1, 2])):
                message = city.deny_list_since(deny.version)
                change = None if message is None else read_deny_list(message, KEYS, gates[index])
                assert isinstance(change, ListChange | None), change
                if change is not None:
                    assert change.deny.version > gates[index].version
                    deltas += change.delta is not None
                    gates[index] = change.deny
    assert deltas > 60
    for deny in gates:
        for card in CARDS:
            denied = bool(deny.reason(card))
            assert denied == ((card, "MEDIUM_LOST") in published[deny.version])
