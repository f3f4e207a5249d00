"""Staff sign in with a secret, stay signed in while they work, and leave a trace of their acts."""

import itertools
from collections.abc import Iterator

import psycopg
import pytest

from tongxing.city.office import Office
from tongxing.city.staffing import Staff, StaffDesk, StaffSignedIn
from tongxing.city.store import staff as store
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

CITY, NOW = "500000", 1_790_000_000
SECRET = "a long enough secret"
MINUTE = 60


@pytest.fixture
def office(database: Database) -> Iterator[Office]:
    found = Office(CITY, database, None)
    yield found
    found.close()


@pytest.fixture
def desk(office: Office) -> StaffDesk:
    numbers = itertools.count(1)
    found = StaffDesk(office, lambda length: next(numbers).to_bytes(length, "big"))
    assert isinstance(found.enrol("w01", "Wang", ("desk",), SECRET, "setup", NOW), Staff)
    return found


def signed_in(desk: StaffDesk, staff_id: str = "w01", at_s: int = NOW) -> StaffSignedIn:
    found = desk.sign_in(staff_id, SECRET, at_s)
    assert isinstance(found, StaffSignedIn)
    return found


def test_a_session_lasts_while_it_is_used(desk: StaffDesk) -> None:
    token = signed_in(desk).token
    for minutes in (14, 28, 42):
        found = desk.staff_of(token, NOW + minutes * MINUTE)
        assert found is not None
        assert (found.staff_id, found.name) == ("w01", "Wang")
    assert desk.staff_of(token, NOW + 58 * MINUTE) is None
    assert desk.staff_of(token, NOW + 43 * MINUTE) is None  # it does not come back


def test_a_machine_may_stand_idle_overnight(desk: StaffDesk) -> None:
    desk.enrol("m01", "Machine", ("machine",), SECRET, "setup", NOW, "Lianglukou")
    token = signed_in(desk, "m01").token
    found = desk.staff_of(token, NOW + 10 * 3600)
    assert found is not None
    assert found.place == "Lianglukou"
    assert not found.may("desk")


def test_signing_out_and_leaving_end_a_session(desk: StaffDesk) -> None:
    first, second = signed_in(desk).token, signed_in(desk).token
    desk.sign_out(first, NOW)
    assert desk.staff_of(first, NOW) is None
    assert desk.staff_of(second, NOW) is not None
    left = desk.leave("w01", "boss", NOW + 1)
    assert isinstance(left, Staff)
    assert left.has_left
    assert desk.staff_of(second, NOW + 2) is None
    assert code_of(desk.sign_in("w01", SECRET, NOW + 2)) == "STAFF_SIGN_IN"


def test_wrong_and_unknown_are_answered_alike(desk: StaffDesk) -> None:
    wrong = desk.sign_in("w01", "another secret", NOW)
    unknown = desk.sign_in("nobody", SECRET, NOW)
    assert wrong == unknown == Refusal("STAFF_SIGN_IN")


def test_five_wrong_tries_close_the_door_for_a_while(desk: StaffDesk) -> None:
    for _ in range(5):
        assert code_of(desk.sign_in("w01", "wrong", NOW)) == "STAFF_SIGN_IN"
    assert code_of(desk.sign_in("w01", SECRET, NOW + 14 * MINUTE)) == "STAFF_LOCKED"
    signed_in(desk, at_s=NOW + 16 * MINUTE)


def test_a_number_that_nobody_has_is_locked_alike_and_a_stranger_locks_nobody_out(
    desk: StaffDesk,
) -> None:
    for staff_id in ("w01", "nobody"):
        for _ in range(5):
            assert code_of(desk.sign_in(staff_id, "wrong", NOW, "elsewhere")) == "STAFF_SIGN_IN"
        assert desk.sign_in(staff_id, SECRET, NOW, "elsewhere") == Refusal("STAFF_LOCKED")
    assert isinstance(desk.sign_in("w01", SECRET, NOW, "the counter"), StaffSignedIn)


def test_a_right_secret_forgets_the_wrong_tries(desk: StaffDesk) -> None:
    for _ in range(3):
        for _ in range(4):
            desk.sign_in("w01", "wrong", NOW)
        signed_in(desk)


def test_who_may_not_be_taken_on(desk: StaffDesk) -> None:
    cases = {
        ("w01", ("desk",), SECRET): "STAFF_ID_TAKEN",
        ("w02", ("boss",), SECRET): "STAFF_ROLE_UNKNOWN",
        ("w02", (), SECRET): "STAFF_ROLE_UNKNOWN",
        ("w02", ("desk",), "short"): "STAFF_SECRET_SHORT",
    }
    for (staff_id, roles, secret), code in cases.items():
        assert code_of(desk.enrol(staff_id, "X", roles, secret, "setup", NOW)) == code
    assert [one.staff_id for one in desk.everybody()] == ["w01"]


def test_a_supervisor_may_serve_too(desk: StaffDesk) -> None:
    desk.enrol("s01", "Sun", ("supervisor",), SECRET, "setup", NOW)
    supervisor = signed_in(desk, "s01").staff
    assert supervisor.may("desk")
    assert supervisor.may("supervisor")
    assert not signed_in(desk).staff.may("supervisor")


def test_no_secret_and_no_token_is_kept(desk: StaffDesk, office: Office) -> None:
    token = signed_in(desk).token
    with office.reading() as cursor:
        rows = cursor.execute("SELECT staff::text FROM staff").fetchall()
        rows += cursor.execute("SELECT s::text FROM staff_session s").fetchall()
    kept = " ".join(str(row[0]) for row in rows)
    assert SECRET not in kept
    assert SECRET.encode().hex() not in kept
    assert token not in kept


def test_what_staff_did_is_never_edited(desk: StaffDesk, office: Office) -> None:
    desk.note("w01", "look_up", "5001000000000012", "ticket 7", "DONE", NOW)
    assert [(act.act, act.result) for act in desk.acts(2)] == [
        ("look_up", "DONE"),
        ("enrol", "DONE"),
    ]
    with pytest.raises(psycopg.errors.RaiseException), office.writing() as cursor:
        cursor.execute("UPDATE staff_act SET why = ''")
    with office.reading() as cursor:
        assert len(store.newest_acts(cursor, 10)) == 2


def code_of(answer: object) -> str:
    assert isinstance(answer, Refusal)
    return answer.code
