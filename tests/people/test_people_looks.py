"""Staff who look at people, what people are told and tell us, and what is handed out."""

import pytest
from people_world import (
    HOUR_S,
    NAME,
    NOON,
    OTHER_PHONE,
    PHONE,
    THIRD_PHONE,
    World,
    an_id,
    code_of,
    person_of,
)

from tongxing.city.people import LookAlert, notify, people_texts
from tongxing.storage import Database

LOOKS = "SELECT staff, purpose, ticket, what, outcome FROM person_lookup ORDER BY number"


@pytest.mark.req("R-136")
def test_staff_find_a_person_masked_and_reveal_one_field_at_a_time(database: Database) -> None:
    world = World(database)
    person = world.verified()
    for by in ({"phone": PHONE}, {"id_number": an_id(1)}, {"account": person.account}):
        assert world.desk.find("s7", "loss", "T-1", now_s=NOON, **by) == person
    assert world.desk.reveal("s7", person.person_id, "phone", "loss", "T-1", NOON) == PHONE
    assert world.desk.reveal("s7", person.person_id, "name", "loss", "T-1", NOON) == NAME
    assert [row[3:] for row in world.rows(LOOKS)] == [
        ("find:phone", "shown"),
        ("find:id_number", "shown"),
        ("find:account", "shown"),
        ("reveal:phone", "shown"),
        ("reveal:name", "shown"),
    ]
    kinds = [one.kind for one in world.desk.notices(person.person_id)]
    assert kinds[:2] == ["name_shown", "phone_shown"]


def test_a_look_needs_a_purpose_a_ticket_and_one_thing_to_look_by(database: Database) -> None:
    world = World(database)
    person = world.verified()
    find, reveal = world.desk.find, world.desk.reveal
    assert code_of(find("s7", "curiosity", "T-1", phone=PHONE, now_s=NOON)) == "LOOKUP_PURPOSE"
    assert code_of(find("s7", "loss", "", phone=PHONE, now_s=NOON)) == "LOOKUP_TICKET"
    assert code_of(find("", "loss", "T-1", phone=PHONE, now_s=NOON)) == "LOOKUP_TICKET"
    assert code_of(find("s7", "loss", "T-1", now_s=NOON)) == "LOOKUP_ONE"
    both = find("s7", "loss", "T-1", phone=PHONE, account=person.account, now_s=NOON)
    assert code_of(both) == "LOOKUP_ONE"
    assert code_of(reveal("s7", person.person_id, "all", "loss", "T-1", NOON)) == "LOOKUP_FIELD"
    assert code_of(reveal("s7", person.person_id, "name", "", "T-1", NOON)) == "LOOKUP_PURPOSE"
    assert world.rows(LOOKS) == []


def test_a_thousand_looks_in_an_hour_stop_at_the_quota(database: Database) -> None:
    world = World(database, lookup_max=8)
    person = world.verified()
    found = [
        world.desk.reveal("s7", person.person_id, "phone", "loss", "T-1", NOON + second)
        for second in range(20)
    ]
    assert found[:8] == [PHONE] * 8
    assert {code_of(one) for one in found[8:]} == {"LOOKUP_QUOTA"}
    assert [row[4] for row in world.rows(LOOKS)] == ["shown"] * 8 + ["LOOKUP_QUOTA"] * 12
    assert world.desk.look_alerts(NOON + 20) == [
        LookAlert("s7", "quota", 12),
        LookAlert("s7", "same_person", 8),
    ]
    other = world.desk.find("s8", "loss", "T-2", phone=PHONE, now_s=NOON + 20)
    assert person_of(other) == person
    again = world.desk.reveal("s7", person.person_id, "phone", "loss", "T-1", NOON + 2 * HOUR_S)
    assert again == PHONE
    assert world.desk.look_alerts(NOON + 2 * HOUR_S) == []


def test_looking_for_nobody_again_and_again_is_seen(database: Database) -> None:
    world = World(database)
    for number in range(10):
        found = world.desk.find("s7", "loss", "T-1", phone=f"1380000{number:04d}", now_s=NOON)
        assert code_of(found) == "PERSON_NOT_FOUND"
    assert world.desk.look_alerts(NOON) == [LookAlert("s7", "misses", 10)]
    missing = world.desk.reveal("s8", "nobody", "phone", "loss", "T-1", NOON)
    assert code_of(missing) == "PERSON_NOT_FOUND"


def test_notices_reach_whoever_has_the_account(database: Database) -> None:
    world = World(database)
    person, other = world.signed_in().person, world.signed_in(OTHER_PHONE).person
    with world.office.writing() as cursor:
        notify(cursor, person.account, "refund_paid", {"yuan": "3.00"}, NOON + 1)
        notify(cursor, person.person_id, "bound", {}, NOON + 2)
        notify(cursor, "6900000000000016", "bound", {}, NOON)
    newest, money, _ = world.desk.notices(person.person_id)
    assert (newest.kind, money.kind, money.values) == ("bound", "refund_paid", {"yuan": "3.00"})
    world.desk.read_notice(other.person_id, newest.notice_id, NOON + 9)
    assert world.desk.notices(person.person_id)[0].read_s is None
    world.desk.read_notice(person.person_id, newest.notice_id, NOON + 9)
    world.desk.read_notice(person.person_id, newest.notice_id, NOON + 99)
    assert world.desk.notices(person.person_id)[0].read_s == NOON + 9
    assert len(world.desk.notices(other.person_id)) == 1


def test_every_notice_of_this_room_has_its_words(database: Database) -> None:
    words = people_texts()
    kinds = {"account_opened", "identity_verified", "identity_removed", "phone_changed",
             "signed_in", "help_begun", "help_ended", "phone_shown", "name_shown",
             "id_number_shown"}  # fmt: skip
    assert {key[7:] for key in words.entries if key.startswith("notice.")} == kinds
    relations = World(database).desk._house.terms(NOON).relations
    assert all(f"relation.{relation}" in words.entries for relation in relations)


def test_feedback_reaches_the_console_and_is_kept_sealed(database: Database) -> None:
    world = World(database, feedback_max=2)
    person = world.signed_in().person
    give = world.desk.feedback
    first = give(person.person_id, " 闸机 3 号不亮\n我的号码 13800138000 ", "code", NOON)
    assert isinstance(first, str)
    [read] = world.desk.feedback_list(10)
    assert (read.feedback_id, read.account, read.about, read.at_s) == (
        first, person.account, "code", NOON,
    )  # fmt: skip
    assert read.text == "闸机 3 号不亮\n我的号码 13800138000"
    assert PHONE not in repr(read) and PHONE not in str(world.rows("SELECT * FROM person_feedback"))
    assert code_of(give(person.person_id, "\u202e倒", "code", NOON)) == "TEXT_FORBIDDEN_CHAR"
    assert code_of(give(person.person_id, " ", "code", NOON)) == "TEXT_EMPTY"
    assert code_of(give(person.person_id, "好", "weather", NOON)) == "FEEDBACK_ABOUT"
    assert code_of(give("nobody", "好", "code", NOON)) == "PERSON_NOT_FOUND"
    give(person.person_id, "很好", "staff", NOON + 1)
    assert code_of(give(person.person_id, "再写", "code", NOON + 2)) == "FEEDBACK_LIMIT"
    assert [one.text for one in world.desk.feedback_list(1)] == ["很好"]
    assert world.signed_in(THIRD_PHONE).is_new
