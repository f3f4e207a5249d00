"""Twenty canaries of personal data: they sing in no dump, log, value, exception or export."""

import contextlib
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from people_world import (
    NOON,
    World,
    an_id,
    person_of,
)

from tongxing.city.people import Cells, Helped, SignedIn
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

PHONES = ["13800135501", "13800135502", "13800135503", "18600135504", "19900135505"]
NAMES = ["慕容雪芙蓉", "司马相如月", "欧阳震华林", "上官婉儿秋", "诸葛孔明亮"]
BORN = ["19710203", "19820304", "19930405", "19640506", "20160607"]
NUMBERS = [an_id(801 + place, born=born) for place, born in enumerate(BORN)]
DEVICES = ["慕容的手机 K99", "二楼自助机 Z7"]
TEXTS = ["我叫慕容雪芙蓉，家住朝天门九号", "请打 023-63339999 找我"]
CLIENT = "203.0.113.77"
CANARIES = [*PHONES, *NAMES, *NUMBERS, *DEVICES, *TEXTS, CLIENT]
_DUMPED = (
    "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
    " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
)


def test_there_are_twenty_of_them() -> None:
    assert len(set(CANARIES)) == 20


@pytest.mark.req("R-136")
def test_no_canary_is_heard(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world = World(database, client_codes_max=99, identity_tries=99)
    heard: list[str] = []
    people = everything_that_people_do(world, heard)
    heard += [repr(world.desk), repr(world.desk._house), repr(world.cells), caplog.text]
    heard += exports_for_others(world, people)
    heard += exceptions(world, people)
    heard.append(dump(database))
    for person_id in people[1:3]:
        world.desk.close_account(person_id, f"close {person_id}", NOON + 600)
    world.desk.purge(NOON + 601)
    heard.append(dump(database))
    told = "\n".join(heard)
    assert "person_cell" in told and people[0] in told
    codes = [values["code"] for _, _, values in world.inbox.sent]
    assert [bird for bird in CANARIES if bird in told] == []
    assert not set(codes) & set(dump_words(told))


def test_a_canary_in_a_plain_column_would_be_heard(database: Database) -> None:
    world = World(database)
    with world.office.writing() as cursor:
        cursor.execute("INSERT INTO person_identity_try VALUES (%s, 0)", (PHONES[0],))
    assert PHONES[0] in dump(database)


def everything_that_people_do(world: World, heard: list[str]) -> list[str]:
    """All that writes, right and wrong; what came of it goes to `heard`, person ids come back."""
    desk, people = world.desk, []
    for place, phone in enumerate(PHONES[:3]):
        desk.sign_in(phone, "000000", "s1", DEVICES[0], NOON)
        code = world.asked(phone, client=CLIENT)
        wrong = desk.sign_in(phone, "00000x", "s1", DEVICES[0], NOON)
        signed = desk.sign_in(phone, code, "s1", DEVICES[0], NOON, client=CLIENT)
        assert isinstance(signed, SignedIn)
        people.append(signed.person.person_id)
        found = desk.verify_identity(people[-1], NAMES[place], NUMBERS[place], NOON)
        heard += [repr(wrong), repr(signed.person), repr(found), repr(desk.sessions(people[-1]))]
    code = world.asked(PHONES[3], "help", session=people[0], client=CLIENT)
    helped = desk.add_helped(
        people[0], PHONES[3], code, NAMES[3], NUMBERS[3], "parent", DEVICES[1], NOON
    )
    assert isinstance(helped, Helped)
    child = desk.open_for("", NAMES[4], NUMBERS[4], "", "child", people[0], NOON, "o1")
    heard += [repr(helped), repr(child), repr(desk.helpers_of(helped.helped_id))]
    people += [helped.helped_id, person_of(child).person_id]
    for text in TEXTS:
        heard.append(repr(desk.feedback(people[0], text, "other", NOON)))
    heard += refusals(world, people)
    heard += [repr(desk.notices(person_id)) for person_id in people]
    heard += [repr(desk.consents(person_id)) for person_id in people]
    heard += [repr(desk.code_health(NOON)), repr(desk.look_alerts(NOON))]
    return people


def refusals(world: World, people: list[str]) -> Iterator[str]:
    """Every way to be refused that has personal data in its hands, in words and as a value."""
    desk, (one, other, *_) = world.desk, people
    for found in (
        desk.verify_identity(other, NAMES[0], NUMBERS[0], NOON),
        desk.verify_identity(one, NAMES[0] + "9", NUMBERS[0], NOON),
        desk.verify_identity(one, NAMES[0], NUMBERS[0][:-1] + "Z", NOON),
        desk.open_for("s7", NAMES[0], NUMBERS[0], PHONES[0], "other", "", NOON, "o2"),
        desk.open_for("", NAMES[1], NUMBERS[4], "", "child", one, NOON, "o1"),
        desk.request_code(PHONES[0], "sign_in", "s1", CLIENT, NOON),
        desk.request_code(PHONES[4] + "1", "sign_in", "s1", CLIENT, NOON),
        desk.feedback(one, TEXTS[0] + "\u202e", "other", NOON),
        desk.find("s7", "loss", "T-1", phone=PHONES[4], now_s=NOON),
        desk.find("s7", "loss", NAMES[0], phone=PHONES[0], now_s=NOON),
        desk.find("s7", NAMES[0], "T-1", phone=PHONES[0], now_s=NOON),
        desk.close_account(one, "x1", NOON),
    ):
        assert isinstance(found, Refusal)
        yield f"{found!r} {found.as_json()}"


def exports_for_others(world: World, people: list[str]) -> list[str]:
    """What helpers, staff and the console get, and what the partners' port is called with."""
    desk = world.desk
    found = desk.find("s7", "loss", "T-1", phone=PHONES[0], now_s=NOON)
    of_helper = desk.export(people[0], NOON)
    assert isinstance(of_helper, dict)
    about_others = [of_helper["helped"], of_helper["helpers"], of_helper["notices"]]
    return [
        repr(found),
        repr(desk.helped_by(people[0])),
        repr(about_others),
        repr(desk.feedback_list(9)),
        repr([desk.open_items(person_id) for person_id in people]),
    ]


def exceptions(world: World, people: list[str]) -> list[str]:
    """What is raised when keys are gone, and when the books break in the middle of an opening."""
    found = []
    blind = world.desk_with(Cells.for_tests("another"))
    for call in (lambda: blind.person(people[0]), lambda: blind.export(people[0], NOON)):
        with contextlib.suppress(Exception):
            try:
                call()
            except Exception:
                found.append(traceback.format_exc())
                raise
    code = world.asked(PHONES[4], client=CLIENT)
    with world.office.writing() as cursor:
        cursor.execute("ALTER TABLE person_index ADD CONSTRAINT torn CHECK (value = '') NOT VALID")
    try:
        world.desk.sign_in(PHONES[4], code, "s1", DEVICES[0], NOON)
    except psycopg.errors.CheckViolation:
        found.append(traceback.format_exc())
    finally:
        with world.office.writing() as cursor:
            cursor.execute("ALTER TABLE person_index DROP CONSTRAINT torn")
    assert len(found) == 3
    return found


def dump(database: Database) -> str:
    """Every table of every schema, as COPY writes it, and bytes as the text that they might be."""
    parts = []
    with psycopg.connect(database.dsn) as connection:
        for (table,) in connection.execute(_DUMPED).fetchall():
            with connection.cursor().copy(f"COPY {table} TO STDOUT".encode()) as copy:
                parts += [table, *(bytes(row).decode() for row in copy)]
        cells = connection.execute(_cells_query(connection)).fetchall()
    parts += [bytes(sealed).decode("utf-8", "replace") for (sealed,) in cells]
    return "\n".join(parts)


def _cells_query(connection: psycopg.Connection[tuple[Any, ...]]) -> bytes:
    [(schema,)] = connection.execute(
        "SELECT schemaname FROM pg_tables WHERE tablename = 'person_cell'"
    ).fetchall()
    return f"SELECT sealed FROM {schema}.person_cell".encode()


def dump_words(text: str) -> set[str]:
    """What stands between blanks and quotes: a code of six digits would be a word by itself."""
    return set(text.replace("'", " ").replace('"', " ").replace(",", " ").split())
