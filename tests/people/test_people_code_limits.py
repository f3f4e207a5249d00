"""What bounds one-time codes: sprays, the pause they lead to, clients, and tries side by side."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from people_world import (
    CLIENT,
    DAY_S,
    DEVICE,
    HOUR_S,
    NAME,
    NOON,
    OTHER_PHONE,
    PHONE,
    THIRD_PHONE,
    World,
    an_id,
    code_of,
    other_than,
    phones,
    refused,
)

from tongxing.city.people import Helped, SignedIn
from tongxing.city.people.store import asking as store
from tongxing.city.people.terms import people_terms
from tongxing.storage import Database


def sprayed(world: World, count: int, at: int = NOON) -> list[str]:
    """One wrong guess at each of so many numbers whose codes went out; what was answered."""
    answers = []
    for number, phone in enumerate(phones(count)):
        wrong = other_than(world.asked(phone, session="bot", client=f"bot{number}", at=at))
        answers.append(code_of(world.desk.sign_in(phone, wrong, "bot", "", at)))
    return answers


def test_tries_that_no_code_could_meet_do_not_stop_the_city(database: Database) -> None:
    world = World(database, breaker_wrong=20, client_wrong_max=10**6)
    used = world.asked(THIRD_PHONE, session="old", at=NOON - 700)
    assert isinstance(world.desk.sign_in(THIRD_PHONE, used, "old", "", NOON - 700), SignedIn)
    world.asked(OTHER_PHONE, session="late", at=NOON - 700)
    answers = []
    for number in range(20):
        for phone, visit in ((PHONE, "none"), (THIRD_PHONE, "old"), (THIRD_PHONE, "other")):
            found = world.desk.sign_in(phone, "000000", visit, "", NOON, f"bot{number}")
            answers.append(refused(found))
        late = world.desk.sign_in(OTHER_PHONE, "000000", "late", "", NOON, f"bot{number}")
        assert code_of(late) == "OTP_EXPIRED"
    assert answers == [("OTP_WRONG", {"left": 0})] * 60
    health = world.desk.code_health(NOON)
    assert (health.is_paused, health.wrong) == (False, 0)
    assert isinstance(world.signed_in(), SignedIn)
    # Nor do they make the share of wrong tries look small.
    assert sprayed(world, 20) == ["OTP_WRONG"] * 20
    assert world.desk.code_health(NOON).is_paused


def test_a_locked_code_is_nothing_that_a_try_could_meet(database: Database) -> None:
    world = World(database, breaker_wrong=6, client_wrong_max=10**6)
    code = world.asked()
    for _ in range(12):
        world.desk.sign_in(PHONE, other_than(code), "s1", "", NOON)
    health = world.desk.code_health(NOON)
    assert (health.is_paused, health.wrong) == (False, 5)


def test_tries_that_no_code_could_meet_count_for_their_client(database: Database) -> None:
    world = World(database, client_wrong_max=4)
    code = world.asked()
    for visit in "abcd":
        found = world.desk.sign_in(OTHER_PHONE, "000000", visit, "", NOON, CLIENT)
        assert refused(found) == ("OTP_WRONG", {"left": 0})
    assert code_of(world.desk.sign_in(PHONE, code, "s1", "", NOON, CLIENT)) == "OTP_RATE_LIMIT"
    assert isinstance(world.desk.sign_in(PHONE, code, "s1", "", NOON, "another"), SignedIn)


def test_a_code_sent_before_the_pause_signs_in_while_it_lasts(database: Database) -> None:
    world = World(database, breaker_wrong=20)
    code, other = world.asked(PHONE, client="a"), world.asked(OTHER_PHONE, client="b")
    assert sprayed(world, 20) == ["OTP_WRONG"] * 20
    asked = world.desk.request_code(THIRD_PHONE, "sign_in", "s1", "c", NOON)
    assert code_of(asked) == "OTP_PAUSED"
    assert isinstance(world.desk.sign_in(PHONE, code, "s1", "", NOON + 1, "a"), SignedIn)
    # One look for each code: whoever misses it waits, and is told nothing more than anybody.
    nothing = refused(world.desk.sign_in(THIRD_PHONE, "000000", "s1", "", NOON + 1, "c"))
    for shown in (other_than(other), other):
        missed = world.desk.sign_in(OTHER_PHONE, shown, "s1", "", NOON + 1, "b")
        assert refused(missed) == nothing and code_of(missed) == "OTP_PAUSED"
    assert world.desk.code_health(NOON + 1).wrong == 21


def test_one_client_alone_does_not_use_up_a_numbers_day(database: Database) -> None:
    world = World(database)
    for number in range(3):
        world.asked(session=f"evil{number}", client="stranger", at=NOON + 60 * number)
    fourth = world.desk.request_code(PHONE, "help", "evil4", "stranger", NOON + HOUR_S)
    assert refused(fourth) == ("OTP_RATE_LIMIT", {"minutes": 1_380, "wait_s": DAY_S - HOUR_S})
    world.asked(OTHER_PHONE, client="stranger", at=NOON + HOUR_S)
    for number in range(2):
        world.asked(at=NOON + HOUR_S + 60 * number)
    sixth = world.desk.request_code(PHONE, "sign_in", "s1", "third", NOON + 2 * HOUR_S)
    assert refused(sixth)[1]["wait_s"] == DAY_S - 2 * HOUR_S
    world.asked(client="stranger", at=NOON + DAY_S)


def test_how_many_codes_of_a_number_one_client_gets_is_dated_data(database: Database) -> None:
    world = World(database, client_codes_a_day=1)
    world.asked()
    found = world.desk.request_code(PHONE, "sign_in", "s1", CLIENT, NOON + 60)
    assert refused(found)[1]["wait_s"] == DAY_S - 60
    world.asked(client="another", at=NOON + 60)
    terms = people_terms("500000", NOON)
    assert 0 < terms.client_codes_a_day < terms.codes_a_day


def test_wrong_tries_of_one_client_side_by_side_are_counted_one_by_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(database, client_wrong_max=6)
    write_try = store.write_try

    def slowly(*row: Any) -> None:
        time.sleep(0.02)
        write_try(*row)

    monkeypatch.setattr(store, "write_try", slowly)

    def tried(number: int) -> str:
        return code_of(world.desk.sign_in(PHONE, "000000", f"v{number}", "", NOON, CLIENT))

    with ThreadPoolExecutor(8) as threads:
        answers = Counter(threads.map(tried, range(24)))
    assert answers == {"OTP_WRONG": 6, "OTP_RATE_LIMIT": 18}


def test_helping_and_signing_in_from_one_address_do_not_block_each_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The helped person signs in at home while the helper shows the other code."""
    world = World(database)
    helper = world.verified(OTHER_PHONE).person_id
    own = world.asked()
    code = world.asked(purpose="help", session=helper, at=NOON + 60)
    write_try, is_trying = store.write_try, threading.Event()
    with ThreadPoolExecutor(1) as threads:

        def slowly(*row: Any) -> None:
            write_try(*row)
            if threading.current_thread() is not threading.main_thread():
                is_trying.set()
                time.sleep(0.3)

        def check(*_: str) -> bool:
            monkeypatch.setattr(store, "write_try", slowly)
            signing.append(threads.submit(world.desk.sign_in, PHONE, own, "s1", "", NOON + 60))
            return is_trying.wait(10)

        signing: list[Any] = []
        monkeypatch.setattr(world.register, "check", check)
        helped = world.desk.add_helped(
            helper, PHONE, code, NAME, an_id(2), "parent", DEVICE, NOON + 60
        )
        assert isinstance(helped, Helped), helped
        assert isinstance(signing[0].result(), SignedIn)


def test_a_client_is_told_when_it_may_go_on(database: Database) -> None:
    world = World(database, client_codes_max=2, client_wrong_max=2)
    world.asked(at=NOON)
    world.asked(OTHER_PHONE, at=NOON + 600)
    found = world.desk.request_code(THIRD_PHONE, "sign_in", "s1", CLIENT, NOON + 900)
    assert refused(found) == ("OTP_RATE_LIMIT", {"minutes": 45, "wait_s": 2_700})
    world.asked(THIRD_PHONE, at=NOON + HOUR_S)
    for at in (NOON, NOON + 630):
        world.desk.sign_in(PHONE, "000000", "s2", "", at, "another")
    stopped = world.desk.sign_in(PHONE, "000000", "s2", "", NOON + 900, "another")
    assert refused(stopped) == ("OTP_RATE_LIMIT", {"minutes": 45, "wait_s": 2_700})
    again = world.desk.sign_in(PHONE, "000000", "s2", "", NOON + HOUR_S, "another")
    assert code_of(again) == "OTP_WRONG"


def test_a_client_that_asked_for_all_its_codes_may_still_show_them(database: Database) -> None:
    """A machine in a station is one client: its last passenger of the hour comes in as well."""
    world = World(database, client_codes_max=2, client_wrong_max=2)
    codes = [(phone, world.asked(phone)) for phone in (PHONE, OTHER_PHONE)]
    for phone, code in codes:
        found = world.desk.sign_in(phone, code, "s1", "", NOON, CLIENT)
        assert isinstance(found, SignedIn), found
