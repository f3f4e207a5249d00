"""Helpers and consents: five at most, agreed by code, ended by one tap; a yes in its wording."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from people_world import (
    DAY_S,
    DEVICE,
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
    phones,
)

from tongxing.city.people import Helped, Level, PeopleDesk
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database


def helped_of(found: Helped | Refusal) -> Helped:
    assert isinstance(found, Helped), found
    return found


@pytest.mark.req("R-122", "R-139", "R-153")
def test_somebody_is_helped_who_received_the_code(database: Database) -> None:
    world = World(database)
    helper = world.verified()
    helped = helped_of(world.helped(helper.person_id, OTHER_PHONE, 2))
    assert (helped.name_masked, helped.phone_masked) == ("欧***", "139****5678")
    assert world.inbox.sent[-1][:2] == (OTHER_PHONE, "code_help")
    assert world.desk.helped_by(helper.person_id) == [helped]
    person = person_of(world.desk.person(helped.helped_id))
    assert person.level is Level.IDENTITY
    [told, *_] = world.desk.notices(helped.helped_id)
    [helper_seen] = world.desk.helpers_of(helped.helped_id)
    assert told.kind == "help_begun"
    assert told.values == {"name": "张**", "help_id": helper_seen.help_id}
    assert world.desk.end_help(helped.helped_id, helper_seen.help_id, NOON + 60) is None
    assert world.desk.helped_by(helper.person_id) == []
    assert world.desk.helpers_of(helped.helped_id) == []
    assert world.desk.notices(helper.person_id)[0].kind == "help_ended"
    world.proofs_hold()


def test_a_helper_has_no_way_to_trips_or_money(database: Database) -> None:
    world = World(database)
    helper = world.verified()
    helped = helped_of(world.helped(helper.person_id, OTHER_PHONE, 2))
    account = person_of(world.desk.person(helped.helped_id)).account
    given = (world.desk.helped_by(helper.person_id), world.desk.export(helper.person_id, NOON))
    for secret in (account, OTHER_PHONE, OTHER_NAME, an_id(2)):
        assert secret not in repr(given)
    names = {name for name in dir(PeopleDesk) if not name.startswith("_")}
    assert not {name for name in names if "trip" in name or "balance" in name}


def test_fifty_helpers_at_once_are_exactly_five(database: Database) -> None:
    world = World(database)
    helper = world.verified()
    asked = [
        (phone, number, world.asked(phone, "help", session=helper.person_id, client=phone))
        for number, phone in enumerate(phones(50), start=100)
    ]

    def add(one: tuple[str, int, str]) -> Helped | Refusal:
        phone, number, code = one
        return world.desk.add_helped(
            helper.person_id, phone, code, OTHER_NAME, an_id(number), "parent", DEVICE, NOON
        )

    world.numbers["identity_tries"] = 50
    with ThreadPoolExecutor(12) as threads:
        found = list(threads.map(add, asked))
    assert sum(isinstance(one, Helped) for one in found) == 5
    assert {one.code for one in found if isinstance(one, Refusal)} == {"AGENT_LIMIT_REACHED"}
    assert len(world.desk.helped_by(helper.person_id)) == 5
    assert world.rows("SELECT count(*) FROM person") == [(6,)]
    world.proofs_hold()


@pytest.mark.req("R-122")
def test_the_sixth_is_refused_and_a_freed_slot_cools_down(database: Database) -> None:
    world = World(database, identity_tries=50)
    helper = world.verified().person_id
    helped = [
        helped_of(world.helped(helper, phone, number, device=f"d{number}"))
        for number, phone in enumerate(phones(5), start=100)
    ]
    sixth = world.helped(helper, THIRD_PHONE, 3, device="d9")
    assert isinstance(sixth, Refusal) and (sixth.code, sixth.where) == (
        "AGENT_LIMIT_REACHED",
        "helper",
    )
    assert "5" in sixth.message("zh") and "30" in sixth.message("en")
    assert world.desk.end_help(helper, helped[0].helped_id, NOON) is None
    cooled = NOON + 30 * DAY_S
    early = world.helped(helper, THIRD_PHONE, 3, device="d9", at=cooled - 1)
    assert code_of(early) == "AGENT_LIMIT_REACHED"
    helped_of(world.helped(helper, THIRD_PHONE, 3, device="d9", at=cooled + 60))


def test_slots_are_counted_by_device_and_by_helped_person_too(database: Database) -> None:
    world = World(database, device_max=2, helpers_max=2)
    one, two, three = (
        world.verified(phone, number=number).person_id
        for number, phone in enumerate((PHONE, OTHER_PHONE, THIRD_PHONE), start=1)
    )
    first, second, third = phones(3)
    helped_of(world.helped(one, first, 100, device="kiosk"))
    helped_of(world.helped(two, second, 101, device="kiosk"))
    on_device = world.helped(three, third, 102, device="kiosk")
    assert isinstance(on_device, Refusal) and on_device.where == "device"
    helped_of(world.helped(two, first, 100, device="b", at=NOON + 60))
    of_person = world.helped(three, first, 100, device="c", at=NOON + 120)
    assert isinstance(of_person, Refusal) and of_person.where == "helped"


@pytest.mark.req("R-139", "R-150")
def test_who_cannot_be_helped_and_nothing_is_changed(database: Database) -> None:
    world = World(database)
    helper, other = world.verified(), world.verified(OTHER_PHONE, OTHER_NAME, 2)
    people = world.rows("SELECT * FROM person ORDER BY person_id")

    def add(**changed: str) -> str:
        told = {"phone": THIRD_PHONE, "code": "", "name": OTHER_NAME, "id_number": an_id(3),
                "relation": "parent", "device": DEVICE} | changed  # fmt: skip
        told["code"] = told["code"] or world.inbox.code(told["phone"])
        return code_of(world.desk.add_helped(helper_id=helper.person_id, now_s=NOON + 99, **told))

    for phone in (THIRD_PHONE, OTHER_PHONE, PHONE):
        world.asked(phone, "help", session=helper.person_id, at=NOON + 60)
    assert add(relation="boss") == "HELP_RELATION"
    assert add(name="李4") == "NAME_INVALID"
    assert add(id_number=an_id(3)[:-1] + "?") == "ID_NUMBER_INVALID"
    assert add(code="000000") == "OTP_WRONG"
    assert add(phone="1380013800", code="000000") == "PHONE_INVALID"
    assert add(id_number=an_id(2)) == "IDENTITY_TAKEN"
    assert add(phone=OTHER_PHONE) == "IDENTITY_OTHER"
    assert add(phone=PHONE, id_number=an_id(1)) == "HELP_SELF"
    assert add(id_number=an_id(3, born="20160101")) == "GUARDIAN_NEEDED"
    world.register.answer = False
    world.numbers["identity_tries"] = 50
    assert add() == "IDENTITY_NOT_CONFIRMED"
    assert world.rows("SELECT * FROM person ORDER BY person_id") == people
    assert world.desk.helpers_of(other.person_id) == []
    world.register.answer = True
    helped_of(
        world.desk.add_helped(
            helper.person_id, OTHER_PHONE, world.inbox.code(OTHER_PHONE), OTHER_NAME, an_id(2),
            "spouse", DEVICE, NOON + 99,
        )
    )  # fmt: skip
    assert code_of(world.helped(helper.person_id, OTHER_PHONE, 2, at=NOON + 200)) == "HELP_EXISTS"
    assert code_of(world.desk.end_help(other.person_id, "nobody", NOON)) == "HELP_UNKNOWN"


def test_a_yes_is_of_one_wording_and_can_be_taken_back(database: Database) -> None:
    world = World(database)
    person_id, desk = world.signed_in().person.person_id, world.desk
    assert not desk.has_consent(person_id, "upgrade")
    assert desk.give_consent(person_id, "upgrade", "1", "app", NOON) is None
    assert desk.give_consent(person_id, "upgrade", "1", "web", NOON + 1) is None
    [consent] = desk.consents(person_id)
    assert (consent.channel, consent.given_s, consent.withdrawn_s) == ("app", NOON, None)
    assert desk.withdraw_consent(person_id, "upgrade", NOON + 60) is None
    assert not desk.has_consent(person_id, "upgrade")
    assert code_of(desk.withdraw_consent(person_id, "upgrade", NOON)) == "CONSENT_NOT_GIVEN"
    assert desk.give_consent(person_id, "upgrade", "1", "app", NOON + 90) is None
    assert [one.withdrawn_s for one in desk.consents(person_id)] == [NOON + 60, None]
    for text, version, channel, code in (
        ("upgrade", "2", "app", "CONSENT_TEXT_OLD"),
        ("lottery", "1", "app", "CONSENT_TEXT_UNKNOWN"),
        ("terms", "1", "pigeon", "CONSENT_CHANNEL"),
    ):
        assert code_of(desk.give_consent(person_id, text, version, channel, NOON)) == code
    assert code_of(desk.give_consent("x", "terms", "1", "app", NOON)) == "PERSON_NOT_FOUND"
    assert len(desk.consents(person_id)) == 2


@pytest.mark.req("R-136")
def test_what_a_withdrawal_stops(database: Database) -> None:
    world = World(database)
    person, desk = world.verified(), world.desk
    helped_of(world.helped(person.person_id, OTHER_PHONE, 2))
    for text in ("terms", "identity", "helping"):
        desk.give_consent(person.person_id, text, "1", "app", NOON)
    assert code_of(desk.withdraw_consent(person.person_id, "terms", NOON)) == "CONSENT_NEEDED"
    assert desk.withdraw_consent(person.person_id, "helping", NOON) is None
    assert desk.helped_by(person.person_id) == []
    assert desk.withdraw_consent(person.person_id, "identity", NOON) is None
    left = person_of(desk.person(person.person_id))
    assert (left.level, left.name_masked, left.id_masked) == (Level.PHONE, "", "")
    other = world.verified(THIRD_PHONE, NAME, 1)
    assert other.level is Level.IDENTITY


def test_an_identity_that_is_all_there_is_stays(database: Database) -> None:
    world = World(database)
    elder = an_id(7, born="19380102")
    person = person_of(world.desk.open_for("s7", "王奶奶", elder, "", "", "", NOON, "r1"))
    world.desk.give_consent(person.person_id, "identity", "1", "counter", NOON)
    found = world.desk.withdraw_consent(person.person_id, "identity", NOON)
    assert code_of(found) == "CONSENT_NEEDED"
    assert world.desk.has_consent(person.person_id, "identity")


@pytest.mark.parametrize("table", ["person_consent", "person_lookup"])
@pytest.mark.parametrize("change", ["UPDATE {} SET at_s = 0", "DELETE FROM {}", "TRUNCATE {}"])
def test_evidence_of_people_cannot_be_edited(database: Database, table: str, change: str) -> None:
    world = World(database)
    with pytest.raises(psycopg.errors.RaiseException), world.office.writing() as cursor:
        cursor.execute(change.format(table).encode())
