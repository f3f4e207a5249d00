"""Accounts of people: opened with a phone, known by an identity, one person each."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from people_world import (
    CHONGQING,
    DAY_S,
    HOUR_S,
    NAME,
    NOON,
    OTHER_NAME,
    OTHER_PHONE,
    PHONE,
    THIRD_PHONE,
    World,
    an_id,
    code_of,
    person_of,
)

from tongxing.city.people import Level, SignedIn
from tongxing.city.people.forms import is_account_number
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database


@pytest.mark.req("R-010")
def test_signing_in_opens_an_account_and_its_rider_together(database: Database) -> None:
    world = World(database)
    first = world.signed_in()
    person = first.person
    assert first.is_new and person.level is Level.PHONE and not person.is_minor
    assert (person.phone_masked, person.name_masked, person.id_masked) == ("138****8000", "", "")
    assert is_account_number(person.account) and person.account.startswith("6900")
    assert world.rows(
        "SELECT rider.kind, liability, balance_fen, limit_fen, medium_no, medium_kind, scheme,"
        " product FROM rider JOIN medium USING (rider_id) WHERE rider_id = %s",
        person.account,
    ) == [
        ("account", f"liab_acct:{person.account}", 0, 2_000, f"Q{person.account}", "code",
         f"local:{CHONGQING}", "ordinary"),
    ]  # fmt: skip
    world.proofs_hold()


def test_the_same_phone_is_the_same_person_and_another_one_is_not(database: Database) -> None:
    world = World(database)
    first = world.signed_in()
    again = world.signed_in(at=NOON + HOUR_S)
    assert (again.is_new, again.person) == (False, first.person)
    assert again.token != first.token
    other = world.signed_in(OTHER_PHONE)
    assert other.person.account != first.person.account
    standing = world.desk.standing_of(other.person.account)
    assert standing is not None and standing.person_id == other.person.person_id
    assert world.desk.standing_of("6900000000000001") is None


def test_two_sign_ins_of_one_new_phone_open_one_account(database: Database) -> None:
    world = World(database, code_wait_s=1, client_codes_a_day=5)
    codes = [(f"s{n}", world.asked(session=f"s{n}", at=NOON + n)) for n in range(5)]
    with ThreadPoolExecutor(5) as threads:
        found = list(
            threads.map(lambda one: world.desk.sign_in(PHONE, one[1], one[0], "", NOON + 9), codes)
        )
    signed = [one for one in found if isinstance(one, SignedIn)]
    assert len(signed) == 5 and sum(one.is_new for one in signed) == 1
    assert len({one.person.account for one in signed}) == 1
    assert world.rows("SELECT count(*) FROM person, rider") == [(1,)]


def test_nothing_is_opened_when_the_books_refuse(database: Database) -> None:
    world = World(database)
    code = world.asked()
    with world.office.writing() as cursor:
        cursor.execute("ALTER TABLE medium ADD CONSTRAINT nobody CHECK (medium_kind <> 'code')")
    try:
        with pytest.raises(psycopg.errors.CheckViolation):
            world.desk.sign_in(PHONE, code, "s1", "", NOON)
    finally:
        with world.office.writing() as cursor:
            cursor.execute("ALTER TABLE medium DROP CONSTRAINT nobody")
    assert world.rows("SELECT count(*) FROM person") == [(0,)]
    assert world.rows("SELECT count(*) FROM rider") == [(0,)]


@pytest.mark.req("R-010", "R-150")
def test_an_identity_is_confirmed_by_the_register_or_not_kept(database: Database) -> None:
    world = World(database)
    person = world.signed_in().person
    world.register.answer = False
    verify = world.desk.verify_identity
    assert code_of(verify(person.person_id, NAME, an_id(1), NOON)) == "IDENTITY_NOT_CONFIRMED"
    world.register.answer = Refusal("PARTNER_NO_ANSWER")
    assert code_of(verify(person.person_id, NAME, an_id(1), NOON)) == "IDENTITY_UNKNOWN_NOW"
    assert world.desk.person(person.person_id) == person
    world.register.answer = True
    verified = person_of(verify(person.person_id, NAME, an_id(1).lower(), NOON))
    assert verified.level is Level.IDENTITY
    assert (verified.name_masked, verified.id_masked) == ("张**", f"5001**********{an_id(1)[-4:]}")
    assert [one.kind for one in world.desk.notices(person.person_id)] == [
        "identity_verified",
        "account_opened",
    ]


def test_one_verified_number_is_one_person_without_a_hint_whose(database: Database) -> None:
    world = World(database)
    owner = world.verified()
    other = world.signed_in(OTHER_PHONE).person
    refusal = world.desk.verify_identity(other.person_id, OTHER_NAME, an_id(1), NOON)
    assert isinstance(refusal, Refusal) and refusal.code == "IDENTITY_TAKEN"
    told = repr(refusal) + refusal.message("zh") + refusal.message("en")
    assert owner.account not in told and owner.person_id not in told and an_id(1) not in told
    assert world.desk.person(other.person_id) == other
    again = world.desk.verify_identity(owner.person_id, NAME, an_id(2), NOON)
    assert code_of(again) == "IDENTITY_OTHER"
    corrected = world.desk.verify_identity(owner.person_id, "李四", an_id(1), NOON)
    assert person_of(corrected).name_masked == "李*"


def test_many_claims_of_one_number_give_it_to_one(database: Database) -> None:
    world = World(database)
    people = [
        world.signed_in(phone).person.person_id for phone in (PHONE, OTHER_PHONE, THIRD_PHONE)
    ] * 4
    with ThreadPoolExecutor(8) as threads:
        found = list(
            threads.map(lambda one: world.desk.verify_identity(one, NAME, an_id(3), NOON), people)
        )
    owners = {one.person_id for one in found if not isinstance(one, Refusal)}
    assert len(owners) == 1
    assert {one.code for one in found if isinstance(one, Refusal)} == {"IDENTITY_TAKEN"}


def test_the_register_is_asked_five_times_a_day(database: Database) -> None:
    world = World(database)
    person_id, world.register.answer = world.signed_in().person.person_id, False
    for _ in range(5):
        world.desk.verify_identity(person_id, NAME, an_id(1), NOON)
    refused = world.desk.verify_identity(person_id, NAME, an_id(1), NOON + HOUR_S)
    assert (code_of(refused), world.register.asked) == ("IDENTITY_TRIES", 5)
    world.desk.verify_identity(person_id, NAME, "5001", NOON + DAY_S)
    assert world.register.asked == 5
    world.desk.verify_identity(person_id, NAME, an_id(1), NOON + DAY_S)
    assert world.register.asked == 6


@pytest.mark.req("R-153")
def test_a_child_needs_a_guardian_and_grows_up(database: Database) -> None:
    world = World(database)
    child_id = an_id(5, born="20160318")
    parent = world.verified()
    opened = world.desk.open_for("", "张小宝", child_id, "", "child", parent.person_id, NOON, "r1")
    child = person_of(opened)
    assert child.is_minor and child.level is Level.IDENTITY and child.phone_masked == ""
    [consent] = world.desk.consents(child.person_id)
    assert (consent.text_id, consent.channel) == ("guardian", "app")
    assert world.rows("SELECT given_by FROM person_consent") == [(parent.person_id,)]
    assert [one.helped_id for one in world.desk.helped_by(parent.person_id)] == [child.person_id]
    again = world.desk.open_for(
        "", "张小宝", child_id, "", "child", parent.person_id, NOON + 9, "r1"
    )
    assert again == child
    other = world.desk.open_for("", "张大宝", child_id, "", "child", parent.person_id, NOON, "r1")
    assert code_of(other) == "REQUEST_REUSED"
    world.desk.purge(NOON + 4 * 365 * DAY_S)
    assert person_of(world.desk.person(child.person_id)).is_minor
    world.desk.purge(NOON + (4 * 365 + 2) * DAY_S)
    assert not person_of(world.desk.person(child.person_id)).is_minor
    world.proofs_hold()


@pytest.mark.req("R-153")
def test_staff_open_an_account_for_an_elder_without_a_phone(database: Database) -> None:
    world = World(database)
    elder = an_id(7, born="19380102")
    opened = person_of(world.desk.open_for("s7", "王奶奶", elder, "", "other", "", NOON, "r1"))
    assert (opened.level, opened.is_minor, opened.phone_masked) == (Level.IDENTITY, False, "")
    again = world.desk.open_for("s7", "王奶奶", elder, "", "other", "", NOON, "r2")
    assert code_of(again) == "IDENTITY_TAKEN"
    world.proofs_hold()


@pytest.mark.parametrize(
    ("staff", "born", "phone", "guardian", "code"),
    [
        ("", "19380102", "", True, "OPEN_NEEDS_STAFF"),
        ("", "20160101", OTHER_PHONE, True, "OPEN_NEEDS_STAFF"),
        ("s7", "20160101", "", False, "GUARDIAN_NEEDED"),
        ("s7", "19380102", "1380013800", False, "PHONE_INVALID"),
        ("s7", "19380102", PHONE, False, "PHONE_TAKEN"),
        ("s7", "19380102", THIRD_PHONE, None, "GUARDIAN_NOT_VERIFIED"),
    ],
)
def test_who_cannot_be_opened_for(
    database: Database, staff: str, born: str, phone: str, guardian: bool | None, code: str
) -> None:
    world = World(database)
    parent, child = world.verified(), an_id(9, born=born)
    guardian_id = parent.person_id if guardian else ""
    if guardian is None:
        guardian_id = world.signed_in(OTHER_PHONE).person.person_id
    before = world.rows("SELECT count(*) FROM person, person_cell")
    found = world.desk.open_for(staff, "张小宝", child, phone, "child", guardian_id, NOON, "r1")
    assert code_of(found) == code
    assert world.rows("SELECT count(*) FROM person, person_cell") == before


def test_a_child_does_not_verify_itself(database: Database) -> None:
    world = World(database)
    person = world.signed_in().person
    child = an_id(1, born="20160101")
    found = world.desk.verify_identity(person.person_id, NAME, child, NOON)
    assert code_of(found) == "GUARDIAN_NEEDED"
    assert world.desk.person(person.person_id) == person
