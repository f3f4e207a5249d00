"""Phones of one account: how many, how they are ended, and what many do at the same moment."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from codes_world import (
    ANNA,
    BEN,
    CHONGQING,
    CITY_KEY,
    DAY_S,
    EIGHT,
    Handset,
    World,
    draws,
    granted,
    open_gate,
    open_world,
    refused,
)

from tongxing.city.codes import Authorised, DeviceEnded
from tongxing.kernel.reasons import Refusal
from tongxing.messages import DenyEntry, DenyList, seal
from tongxing.storage import Database


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    opened = open_world(database)
    yield opened
    opened.office.close()


def test_at_most_three_phones_show_codes_and_an_ended_one_makes_room(world: World) -> None:
    desk = world.desk
    for number in (1, 2, 3):
        granted(Handset(ANNA, number).ask(desk, EIGHT + number))
    assert refused(Handset(ANNA, 4).ask(desk, EIGHT)) == "CODE_DEVICE_LIMIT"
    ended = desk.end_device(ANNA, Handset(ANNA, 1).device_id, EIGHT + 60)
    assert isinstance(ended, DeviceEnded)
    assert (ended.ended_s, ended.still_until_s) == (EIGHT + 60, EIGHT + 1 + 7 * DAY_S)
    granted(Handset(ANNA, 4).ask(desk, EIGHT + 90))
    assert refused(Handset(ANNA, 1).ask(desk, EIGHT + 90)) == "CODE_DEVICE_ENDED"
    assert desk.end_device(ANNA, Handset(ANNA, 1).device_id, EIGHT + 90) == DeviceEnded(
        ended.device_id, EIGHT + 60, ended.still_until_s, ended.most_lost_fen
    )
    numbers = [int(one.device_id, 16) for one in desk.devices(ANNA)]
    assert numbers == [4, 3, 2, 1]
    assert refused(desk.end_device(BEN, Handset(ANNA, 2).device_id, EIGHT)) == "CODE_DEVICE_UNKNOWN"


def test_a_phone_whose_codes_are_over_takes_no_place(world: World) -> None:
    for number in (1, 2, 3):
        granted(Handset(ANNA, number).ask(world.desk, EIGHT))
    granted(Handset(ANNA, 4).ask(world.desk, EIGHT + 7 * DAY_S))


def test_phones_cannot_be_changed_without_end(world: World) -> None:
    for number in range(1, 11):
        granted(Handset(ANNA, number).ask(world.desk, EIGHT))
        world.desk.end_device(ANNA, Handset(ANNA, number).device_id, EIGHT)
    assert refused(Handset(ANNA, 11).ask(world.desk, EIGHT)) == "CODE_NEW_DEVICE_LIMIT"
    granted(Handset(ANNA, 11).ask(world.desk, EIGHT + 8 * DAY_S))


def test_what_an_ended_phone_can_still_do_is_bounded_by_the_told_formula(world: World) -> None:
    """The smaller of: rides that fit in the time, at the limit each; what the account covers, and
    one ride more until the last gate knows."""
    phone = Handset(ANNA)
    granted(phone.ask(world.desk, EIGHT))
    by_money = world.desk.end_device(ANNA, phone.device_id, EIGHT + 60)
    assert isinstance(by_money, DeviceEnded)
    assert by_money.most_lost_fen == 5_000 + 2_000 + 1 * 2_000
    soon_over = world.desk.end_device(ANNA, phone.device_id, EIGHT + 7 * DAY_S - 240)
    assert isinstance(soon_over, DeviceEnded)
    assert soon_over.most_lost_fen == 2 * 2_000
    over = world.desk.end_device(ANNA, phone.device_id, EIGHT + 8 * DAY_S)
    assert isinstance(over, DeviceEnded)
    assert over.most_lost_fen == 0


def test_an_ended_phone_is_stopped_at_once_by_denying_the_account(
    world: World, tmp_path: Path
) -> None:
    """Gates know accounts and never phones: until the deny list comes, an ended phone opens."""
    phone = Handset(ANNA)
    granted(phone.ask(world.desk, EIGHT))
    world.desk.end_device(ANNA, phone.device_id, EIGHT)
    gate = open_gate(tmp_path)
    assert gate.show(phone.show(EIGHT + 60), EIGHT + 60).opened
    entries = [DenyEntry(f"Q{ANNA}", "MEDIUM_LOST")]
    listed = DenyList(city=CHONGQING, version=1, published_s=EIGHT, entries=entries)
    assert gate.site.load_deny_list(seal(listed, CITY_KEY)) is None
    assert gate.show(phone.show(EIGHT + 200), EIGHT + 200).reason == "MEDIUM_LOST"


def together(count: int, work: Callable[[int], object]) -> list[object]:
    """The answers of many who begin at the same moment."""
    start = threading.Barrier(count)

    def one(number: int) -> object:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_fifty_phones_at_once_and_exactly_three_get_codes(world: World) -> None:
    def ask(number: int) -> object:
        phone = Handset(ANNA, number + 1)
        nonce = nonces[number]
        proof = proofs[number]
        return world.desk.authorise(
            ANNA, phone.device_id, "ride", phone.public, nonce, proof, EIGHT
        )

    with world.office.writing() as cursor:
        nonces = [draws(number)(32).hex() for number in range(50)]
        cursor.executemany(
            "INSERT INTO code_nonce VALUES (%s, %s, %s)", [(one, ANNA, EIGHT) for one in nonces]
        )
    proofs = [Handset(ANNA, number + 1).answer(nonces[number]) for number in range(50)]
    answers = together(50, ask)
    assert sum(isinstance(one, Authorised) for one in answers) == 3
    assert {one.code for one in answers if isinstance(one, Refusal)} == {"CODE_DEVICE_LIMIT"}
    assert world.count("code_authorisation") == 3


def test_one_answer_sent_twenty_times_at_once_counts_once(world: World) -> None:
    phone = Handset(ANNA)
    nonce = world.desk.nonce(ANNA, EIGHT)
    assert isinstance(nonce, str)
    asked = (ANNA, phone.device_id, "ride", phone.public, nonce, phone.answer(nonce))
    answers = together(20, lambda _: world.desk.authorise(*asked, EIGHT))
    assert sum(isinstance(one, Authorised) for one in answers) == 1
    assert world.count("code_authorisation") == 1


def test_one_key_on_two_accounts_at_once_serves_one(world: World) -> None:
    nonces = [world.desk.nonce(account, EIGHT) for account in (ANNA, BEN)]
    phones = [Handset(ANNA, 7), Handset(BEN, 7)]

    def ask(number: int) -> object:
        phone, nonce = phones[number], str(nonces[number])
        return world.desk.authorise(
            phone.account, phone.device_id, "ride", phone.public, nonce, phone.answer(nonce), EIGHT
        )

    answers = together(2, ask)
    assert sum(isinstance(one, Authorised) for one in answers) == 1
    assert [one.code for one in answers if isinstance(one, Refusal)] == ["CODE_KEY_IN_USE"]
