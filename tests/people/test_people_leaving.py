"""Leaving: what keeps an account open, what a person takes along, what is deleted and when."""

import json

import pytest
from people_world import (
    CHONGQING,
    DAY_S,
    NOON,
    OTHER_PHONE,
    PHONE,
    World,
    an_id,
    code_of,
    person_of,
)

from tongxing.city.accounts import top_up
from tongxing.city.people import Closed, OpenItem, Person
from tongxing.city.store import issued, media
from tongxing.kernel.clock import business_date
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

RETENTION_S = 2 * 365 * DAY_S


def pay_in(world: World, account: str, fen: int, reference: str = "p1") -> None:
    with world.office.writing() as cursor:
        day = business_date(NOON)
        assert top_up(cursor, CHONGQING, account, fen, reference, NOON, day) is None


def items(found: object) -> dict[str, int]:
    assert isinstance(found, Refusal) and found.code == "ACCOUNT_HAS_OPEN_ITEMS", found
    listed = found.values["items"]
    assert isinstance(listed, tuple)
    return {one.kind: one.amount for one in listed}


def test_an_empty_account_is_closed_and_its_person_gone(database: Database) -> None:
    world = World(database)
    person, desk = world.verified(), world.desk
    token = world.signed_in(at=NOON + 60).token
    desk.give_consent(person.person_id, "terms", "1", "app", NOON)
    desk.feedback(person.person_id, "再见", "other", NOON)
    closed = desk.close_account(person.person_id, "r1", NOON + 99)
    assert closed == Closed(person.account, NOON + 99)
    assert desk.close_account(person.person_id, "r1", NOON + 999) == closed
    assert code_of(desk.close_account(person.person_id, "r2", NOON)) == "PERSON_NOT_FOUND"
    left = person_of(desk.person(person.person_id))
    assert (left.phone_masked, left.name_masked, left.id_masked) == ("", "", "")
    assert left.closed_s == NOON + 99
    assert desk.person_of(token, NOON + 99) is None
    standing = desk.standing_of(person.account)
    assert standing is not None and standing.closed_s == NOON + 99
    for by in ({"phone": PHONE}, {"id_number": an_id(1)}, {"account": person.account}):
        found = desk.find("s7", "loss", "T-1", now_s=NOON, **by)
        assert code_of(found) == "PERSON_NOT_FOUND"
    assert code_of(desk.export(person.person_id, NOON)) == "PERSON_NOT_FOUND"
    assert world.rows("SELECT count(*) FROM person_cell, person_index") == [(0,)]
    with world.office.reading() as cursor:
        assert media.denial_of(cursor, f"Q{person.account}") == "ACCOUNT_CLOSED"
    assert [one.text_id for one in desk.consents(person.person_id)] == ["terms"]
    world.proofs_hold()


def test_the_same_phone_and_number_may_begin_again(database: Database) -> None:
    world = World(database)
    old = world.verified()
    world.desk.close_account(old.person_id, "r1", NOON)
    new = world.verified(at=NOON + 60)
    assert new.account != old.account and new.person_id != old.person_id
    reused = world.desk.close_account(new.person_id, "r1", NOON + 99)
    assert code_of(reused) == "REQUEST_REUSED"


def test_money_has_to_leave_first_and_the_ledger_stays(database: Database) -> None:
    world = World(database)
    person = world.signed_in().person
    pay_in(world, person.account, 1_234)
    refused = world.desk.close_account(person.person_id, "r1", NOON)
    assert items(refused) == {"balance": 1_234}
    assert isinstance(refused, Refusal)
    assert "12.34" in refused.message("zh") and "12.34" in refused.message("en")
    assert world.desk.person(person.person_id) == person
    assert world.desk.open_items(person.person_id) == [OpenItem("balance", 1_234)]
    with world.office.writing() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM posting_line")
        cursor.execute("DELETE FROM posting")
        cursor.execute("UPDATE rider SET balance_fen = 0")
    assert isinstance(world.desk.close_account(person.person_id, "r1", NOON), Closed)
    world.proofs_hold()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE rider SET balance_fen = -350", {"debt": 350}),
        ("UPDATE rider SET held_fen = 200, open_since_s = 1", {"held": 200, "open_trip": 1}),
        (
            "INSERT INTO half_trip SELECT 't1', rider_id, 'T', 1, 1, '2026-03-17', 'exit', 'rail',"
            " '', 'a', 1, 700, '{}' FROM rider",
            {"half_trip": 1},
        ),
        (
            "INSERT INTO payment_order (order_id, request_id, content, account, kind, channel,"
            " amount_fen, created_s, expires_s, state) SELECT 'o', 'r', '', rider_id, 'top_up',"
            " 'alipay', 500, 0, 1, 'open' FROM rider",
            {"payment": 1},
        ),
        (
            "WITH one AS (INSERT INTO refund SELECT 'f', 'r', '', rider_id, 'source', 300, 1"
            " FROM rider RETURNING refund_id) INSERT INTO refund_part (part_id, refund_id,"
            " order_id, channel, amount_fen, state, next_s) SELECT 'p', refund_id, 'o', 'alipay',"
            " 300, 'asked', 1 FROM one",
            {"refund": 300},
        ),
        (
            "INSERT INTO payment_mandate (mandate_id, request_id, content, account, channel,"
            " asked_s, state) SELECT 'm', 'r', '', rider_id, 'alipay', 1, 'signed' FROM rider",
            {"mandate": 1},
        ),
        (
            "INSERT INTO money_frozen SELECT 'case', rider_id, 700, NULL, false FROM rider",
            {"frozen": 700},
        ),
        (
            "INSERT INTO binding (binding_id, request_id, person_id, account, channel, step,"
            " medium_no, begun_s, changed_s) SELECT 'b', 'r', '', rider_id, 'nfc', 'moving',"
            " '5000000000000001', 1, 1 FROM rider",
            {"binding": 1},
        ),
        (
            "INSERT INTO loss_report SELECT 'l', rider_id, '5000000000000001', 'purse', 1, 2, 3"
            " FROM rider",
            {"loss": 1},
        ),
    ],
)
def test_what_is_open_in_the_books_keeps_the_account(
    database: Database, change: str, found: dict[str, int]
) -> None:
    world = World(database)
    person = world.signed_in().person
    with world.office.writing() as cursor:
        cursor.execute(change.encode())
    before = world.rows("SELECT * FROM person, person_cell")
    assert items(world.desk.close_account(person.person_id, "r1", NOON)) == found
    assert world.rows("SELECT * FROM person, person_cell") == before


def test_a_closed_accounts_card_is_refused_at_the_gates(database: Database) -> None:
    world = World(database)
    person, card = world.signed_in().person, "5000000000000001"
    with world.office.writing() as cursor:
        owner = person.account
        media.write_media(cursor, [(card, owner, "card", "local:500000", "ordinary", "proven")])
    assert isinstance(world.desk.close_account(person.person_id, "r1", NOON), Closed)
    with world.office.reading() as cursor:
        denied = {one.medium_no: one.reason for one in media.denied_media(cursor)}
        told = [(one.medium_no, one.closed_s) for one in issued.closed_media(cursor)]
    assert denied == {card: "ACCOUNT_CLOSED", f"Q{person.account}": "ACCOUNT_CLOSED"}
    assert told == [(card, NOON), (f"Q{person.account}", NOON)], "which the hub is told"


def test_other_rooms_and_wards_keep_it_too(database: Database) -> None:
    world = World(database)
    parent = world.verified()
    child = person_of(
        world.desk.open_for(
            "", "张小宝", an_id(5, born="20160318"), "", "child", parent.person_id, NOON, "r1"
        )
    )
    assert items(world.desk.close_account(parent.person_id, "c1", NOON)) == {"ward": 1}
    desk = world.desk_with(world.cells, open_items=[lambda _, account: [OpenItem("binding", 1)]])
    found = desk.close_account(child.person_id, "c2", NOON)
    assert items(found) == {"binding": 1}
    assert isinstance(found, Refusal) and "绑定" in found.message("zh")
    assert isinstance(world.desk.close_account(child.person_id, "c2", NOON), Closed)
    assert isinstance(world.desk.close_account(parent.person_id, "c1", NOON), Closed)


def test_a_person_takes_everything_along_as_json(database: Database) -> None:
    world = World(database)
    person, desk = world.verified(), world.desk
    pay_in(world, person.account, 500)
    world.helped(person.person_id, OTHER_PHONE, 2)
    desk.give_consent(person.person_id, "terms", "1", "app", NOON)
    desk.feedback(person.person_id, "很好", "code", NOON)
    desk.reveal("s7", person.person_id, "phone", "loss", "T-1", NOON)
    found = desk.export(person.person_id, NOON)
    assert isinstance(found, dict)
    taken = json.loads(json.dumps(found, ensure_ascii=False))
    assert taken["person"] == {
        "account": person.account, "level": 2, "phone": PHONE, "name": "张三丰",
        "id_number": an_id(1), "opened": "2026-03-17 12:00:00",
    }  # fmt: skip
    assert taken["money"] == {"balance_fen": 500, "held_fen": 0}
    assert taken["helped"][0]["name"] == "欧***"
    assert taken["feedback"][0]["text"] == "很好"
    assert taken["looked_at_by_staff"][0]["what"] == "reveal:phone"
    assert [one["text"] for one in taken["consents"]] == ["terms"]
    assert len(taken["sessions"]) == 1 and taken["trips"] == []


def test_retention_takes_what_is_old_and_no_money(database: Database) -> None:
    world = World(database)
    person, desk = world.verified(), world.desk
    pay_in(world, person.account, 500)
    desk.feedback(person.person_id, "很好", "code", NOON)
    money = "SELECT account, sum(amount_fen) FROM posting_line GROUP BY 1 ORDER BY 1"
    before = world.rows(money)
    assert desk.purge(NOON + DAY_S - 1)["codes"] == 0
    gone = desk.purge(NOON + DAY_S)
    assert (gone["codes"], gone["tries"], gone["identity_tries"]) == (1, 1, 1)
    assert (gone["sessions"], gone["notices"], gone["cells"]) == (0, 0, 0)
    gone = desk.purge(NOON + RETENTION_S)
    assert (gone["sessions"], gone["notices"], gone["feedback"], gone["cells"]) == (1, 2, 1, 2)
    assert set(desk.purge(NOON + RETENTION_S).values()) == {0}
    assert world.rows(money) == before
    assert isinstance(desk.person(person.person_id), Person)
    assert {row[0] for row in world.rows("SELECT table_name FROM person_cell")} == {"person"}
    world.proofs_hold()
