"""Cells and their keys: sealed in their place, found by index, changed under load, destroyed."""

import os
import threading
from pathlib import Path

import pytest
from people_world import DEVICE, NOON, PHONE, Chance, World, an_id, person_of, phones

from tongxing.city.people import Cells, CellUnreadable, Person, SignedIn
from tongxing.city.people.cells import CellKeys
from tongxing.city.people.keyfile import new_keys, read_keys, write_keys
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

PASSPHRASE = "correct horse battery"
PLACE = ("person", "phone", "p1")


def code(found: object) -> str:
    assert isinstance(found, Refusal), found
    return found.code


def test_a_cell_opens_in_its_place_only() -> None:
    cells, draw = Cells.for_tests("a"), Chance()
    cell = cells.seal(*PLACE, PHONE, draw)
    assert cells.open(*PLACE, cell) == PHONE
    assert PHONE.encode() not in cell and cells.seal(*PLACE, PHONE, draw) != cell
    for place in (("person", "phone", "p2"), ("person", "name", "p1"), ("help", "phone", "p1")):
        with pytest.raises(CellUnreadable, match="moved or altered"):
            cells.open(*place, cell)
    for altered in (cell[:-1], cell[:20] + bytes([cell[20] ^ 1]) + cell[21:], cell[:5], b""):
        with pytest.raises(CellUnreadable):
            cells.open(*PLACE, altered)
    with pytest.raises(CellUnreadable):
        Cells.for_tests("b").open(*PLACE, cell)


def test_a_cell_does_not_pass_for_one_of_another_key_version() -> None:
    cells = Cells({v: CellKeys(b"k" * 32, b"i" * 32) for v in (1, 2)})
    cell = cells.seal(*PLACE, PHONE, Chance())
    assert cell[:2] == b"\x00\x02"
    with pytest.raises(CellUnreadable):
        cells.open(*PLACE, b"\x00\x01" + cell[2:])


def test_an_index_is_of_its_domain_and_key_and_no_plain_hash() -> None:
    cells = Cells.for_tests("a", versions=2)
    one = cells.blind_index("phone", PHONE)
    assert one == cells.blind_index("phone", PHONE) and len(one) == 64
    others = {
        cells.blind_index("phone", PHONE, 1),
        cells.blind_index("id_number", PHONE),
        cells.blind_index("phone", "13800138001"),
        Cells.for_tests("b", versions=2).blind_index("phone", PHONE),
    }
    assert len(others | {one}) == 5
    assert list(cells.blind_indexes("phone", PHONE)) == [1, 2]


def test_a_destroyed_key_leaves_its_cells_unreadable() -> None:
    draw = Chance()
    old = new_keys("test", draw)
    cell = old.seal(*PLACE, PHONE, draw)
    both = old.rotate(draw)
    assert both.versions == (1, 2) and both.open(*PLACE, cell) == PHONE
    with pytest.raises(CellUnreadable, match="no key of version 1"):
        both.retire().open(*PLACE, cell)


def test_keys_show_themselves_to_nobody() -> None:
    cells = Cells({1: CellKeys(b"secret-secret-secret-secret-secr", b"i" * 32)}, "prod")
    assert repr(cells) == "Cells([1], prod)"
    assert "secret" not in repr(cells.keys())
    with pytest.raises(TypeError):
        cells.__reduce__()
    for wrong in ({}, {0: CellKeys(b"k" * 32, b"i" * 32)}, {1: CellKeys(b"k", b"i" * 32)}):
        with pytest.raises(ValueError):
            Cells(wrong)


def test_a_key_file_is_its_owners_and_needs_its_passphrase(tmp_path: Path) -> None:
    path, draw = tmp_path / "people.keys", Chance()
    cells = new_keys("prod", draw).rotate(draw)
    assert write_keys(path, cells, PASSPHRASE, draw, log2_cost=10) is None
    assert path.stat().st_mode & 0o777 == 0o600
    read = Cells.from_file(path, PASSPHRASE)
    assert isinstance(read, Cells)
    assert (read.versions, read.environment) == ((1, 2), "prod")
    assert read.open(*PLACE, cells.seal(*PLACE, PHONE, draw)) == PHONE
    assert code(read_keys(path, PASSPHRASE + "!")) == "KEYVAULT_PASSPHRASE"
    content = path.read_text()
    path.write_text(content.replace('"log2_cost": 10', '"log2_cost": 11'))
    assert code(read_keys(path, PASSPHRASE)) == "KEYVAULT_PASSPHRASE"
    for wrong in ("", "{}", content.replace('"salt": "', '"salt": "zz')):
        path.write_text(wrong)
        assert code(read_keys(path, PASSPHRASE)) == "PEOPLE_KEYS_FILE"
    assert code(read_keys(tmp_path / "none", PASSPHRASE)) == "PEOPLE_KEYS_FILE"


def test_a_key_file_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    path, draw = tmp_path / "people.keys", Chance()
    write_keys(path, new_keys("test", draw), PASSPHRASE, draw, log2_cost=10)
    os.chmod(path, 0o640)
    assert code(read_keys(path, PASSPHRASE)) == "PEOPLE_KEYS_OPEN"


def test_test_keys_and_weak_passphrases_seal_nothing_for_real(tmp_path: Path) -> None:
    path, draw = tmp_path / "people.keys", Chance()
    for_real = Cells(Cells.for_tests("a").keys(), "prod")
    assert code(write_keys(path, for_real, PASSPHRASE, draw)) == "TEST_KEY_IN_PROD"
    weak = write_keys(path, Cells.for_tests("a"), "short", draw)
    assert code(weak) == "KEYVAULT_PASSPHRASE_SHORT"
    assert not path.exists()


def test_a_cell_moved_to_another_person_does_not_open(database: Database) -> None:
    world = World(database)
    thief, victim = (world.signed_in(phone).person for phone in phones(2))
    with world.office.writing() as cursor:
        cursor.execute(
            "UPDATE person_cell SET sealed = (SELECT sealed FROM person_cell WHERE row_id = %s)"
            " WHERE row_id = %s",
            (victim.person_id, thief.person_id),
        )
    with pytest.raises(CellUnreadable) as told:
        world.desk.person(thief.person_id)
    assert victim.person_id not in str(told.value)


def test_keys_are_changed_under_load_without_a_failed_read(database: Database) -> None:
    world = World(database)
    people = [world.verified(phone, number=n) for n, phone in enumerate(phones(8))]
    helper = people[0]
    world.helped(helper.person_id, "13600000001", 100)
    both = world.cells.rotate(Chance("new"))
    old_program, new_program = world.desk, world.desk_with(both)
    # Every program gets the new key first; the one that has not got it yet may still read the old.
    reader, stop = world.desk_with(both), threading.Event()
    failures: list[Person] = []

    def read() -> None:
        while not stop.is_set():
            for person in people:
                if reader.person(person.person_id) != person:
                    failures.append(person)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        assert old_program.person(helper.person_id) == helper
        left = new_program.reseal(3)
        late = new_program.sign_in(
            "13600000002", world.asked("13600000002", client="x"), "s1", DEVICE, NOON
        )
        assert isinstance(late, SignedIn)
        while left:
            left, before = new_program.reseal(3), left
            assert left < before
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    check_after(world, both, helper.person_id)


def check_after(world: World, both: Cells, helper_id: str) -> None:
    """Only the new key is left, and everybody and everything is found by it."""
    world.desk_with(both).drop_old_indexes()
    world.desk = world.desk_with(both.retire())
    again = world.signed_in(phones(1)[0], at=NOON + 600)
    assert (again.is_new, again.person.person_id) == (False, helper_id)
    other = world.signed_in("13600000009", at=NOON).person
    taken = world.desk.verify_identity(other.person_id, "某某", an_id(0), NOON)
    assert code(taken) == "IDENTITY_TAKEN"
    assert world.rows("SELECT DISTINCT device_version FROM person_help") == [(2,)]
    assert world.rows("SELECT DISTINCT version FROM person_index") == [(2,)]
    found = world.desk.find("s7", "loss", "T1", phone=phones(2)[1], now_s=NOON)
    assert person_of(found).id_masked == f"5001**********{an_id(1)[-4:]}"
    with pytest.raises(CellUnreadable):
        world.desk_with(Cells.for_tests("world")).person(helper_id)
