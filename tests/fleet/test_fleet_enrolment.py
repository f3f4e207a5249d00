"""A device enrols with a code and two people, keeps its key to itself, and can be revoked."""

import os
import stat
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fleet_world import NOON_S, OPERATOR, Device, Town, code_of, drawn, must

from tongxing.city.staffing import Staff, StaffDesk
from tongxing.gate.identity import KEY_FILE, enrol, load_identity
from tongxing.gate.link import Link
from tongxing.kernel.reasons import Refusal
from tongxing.messages import SigningKey, TapBatch, seal
from tongxing.messages.fleet import ENROLMENT_SENDER, Enrolment

Make = Callable[..., Device]


def test_a_device_gets_its_name_and_keeps_its_key_to_itself(town: Town, tmp_path: Path) -> None:
    identity = town.enrolled(tmp_path / "d", "XSZ", "IN", "OUT")
    facts = identity.facts
    assert (facts.device, facts.site, facts.terminals) == ("XSZ.1", "XSZ", ["IN", "OUT"])
    assert must(load_identity(tmp_path / "d")).facts == facts
    secret = (tmp_path / "d" / KEY_FILE).read_bytes()
    dumped = town.ask("SELECT public_key FROM device") + town.ask(
        "SELECT code_hash FROM fleet_invitation"
    )
    assert all(secret not in bytes(row[0]) for row in dumped)
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "d" / KEY_FILE).stat().st_mode) == 0o600


def test_maker_and_checker_are_two(town: Town) -> None:
    both = must(
        StaffDesk(town.office, os.urandom).enrol(
            "B-1", "Both", ("desk", "supervisor"), "0123456789", "test", NOON_S
        )
    )
    made = must(town.desk.invite(both, "XSZ", OPERATOR, ["IN"], NOON_S))
    assert code_of(town.desk.confirm(both, made.number, NOON_S)) == "FLEET_SAME_PERSON"
    assert code_of(town.desk.confirm(town.maker, made.number, NOON_S)) == "STAFF_NOT_ALLOWED"
    must(town.desk.confirm(town.checker, made.number, NOON_S))
    again = town.desk.confirm(town.checker, made.number, NOON_S)
    assert code_of(again) == "FLEET_INVITATION_CONFIRMED"
    with pytest.raises(Exception, match="check constraint"), town.office.writing() as cursor:
        cursor.execute("UPDATE fleet_invitation SET confirmed_by = made_by")


def test_whoever_has_left_may_neither_make_nor_confirm(town: Town) -> None:
    made = town.invited("XSZ", "IN", confirmed=False)
    StaffDesk(town.office, os.urandom).leave("C-1", "test", NOON_S)
    assert code_of(town.desk.confirm(town.checker, made.number, NOON_S)) == "STAFF_NOT_ALLOWED"
    stranger = Staff("X-1", "Stranger", ("supervisor",), "")
    assert code_of(town.desk.invite(stranger, "A", "B", ["C"], NOON_S)) == "STAFF_NOT_ALLOWED"
    assert code_of(town.desk.revoke(stranger, "XSZ.1", "why", NOON_S)) == "STAFF_NOT_ALLOWED"


def test_a_code_is_worth_nothing_before_it_is_confirmed_and_after_its_time(
    town: Town, tmp_path: Path
) -> None:
    made = town.invited("XSZ", "IN", confirmed=False)
    assert code_of(town.tries(tmp_path / "a", made.code)) == "FLEET_CODE"
    must(town.desk.confirm(town.checker, made.number, town.clock.now_s))
    assert code_of(town.tries(tmp_path / "a", made.code[:-1] + "0")) == "FLEET_CODE"
    town.clock.now_s += 3_600
    assert code_of(town.tries(tmp_path / "a", made.code)) == "FLEET_CODE_EXPIRED"
    lapsed = town.invited("XSZ", "IN", confirmed=False)
    town.clock.now_s += 86_400
    late = town.desk.confirm(town.checker, lapsed.number, town.clock.now_s)
    assert code_of(late) == "FLEET_INVITATION_LAPSED"
    assert town.ask("SELECT count(*) FROM device") == [(0,)]


def test_a_code_as_people_type_it_is_the_same_code(town: Town, tmp_path: Path) -> None:
    code = town.invited("XSZ", "IN").code
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert code_of(town.tries(tmp_path / "a", typed)) == ""


def test_an_enrolment_whose_answer_was_lost_can_be_done_again_by_the_same_device(
    town: Town, tmp_path: Path
) -> None:
    code = town.invited("XSZ", "IN").code
    first = must(town.tries(tmp_path / "a", code))
    (tmp_path / "a" / "device.json").unlink()
    town.clock.now_s += 7_200
    assert must(town.tries(tmp_path / "a", code)).facts == first.facts
    assert code_of(town.tries(tmp_path / "b", code)) == "FLEET_CODE_USED"
    assert code_of(town.tries(tmp_path / "a", code)) == "DEVICE_FOLDER_TAKEN"


def test_fifty_devices_at_once_with_one_code_are_one_device(town: Town, tmp_path: Path) -> None:
    code = town.invited("XSZ", "IN").code

    def one(number: int) -> str:
        key = SigningKey.from_secret(ENROLMENT_SENDER, number.to_bytes(32, "big"))
        asked = Enrolment(code=code, public_key=key.public_bytes(), software="", sent_s=0)
        answer = Link(town.address).post("/v1/enrol", seal(asked, key))
        return "OK" if answer.body else code_of(answer.refusal)

    with ThreadPoolExecutor(50) as pool:
        answers = sorted(pool.map(one, range(1, 51)))
    assert answers == ["FLEET_CODE_USED"] * 49 + ["OK"]
    assert town.ask("SELECT device FROM device") == [("XSZ.1",)]


def test_a_key_must_be_had_to_be_enrolled(town: Town) -> None:
    code = town.invited("XSZ", "IN").code
    mine = SigningKey.from_secret(ENROLMENT_SENDER, b"m" * 32)
    theirs = SigningKey.from_secret(ENROLMENT_SENDER, b"t" * 32)
    asked = Enrolment(code=code, public_key=theirs.public_bytes(), software="", sent_s=0)
    answer = Link(town.address).post("/v1/enrol", seal(asked, mine))
    assert code_of(answer.refusal) == "SIGNATURE_INVALID"
    short = Enrolment(code=code, public_key=b"x", software="", sent_s=0)
    assert code_of(Link(town.address).post("/v1/enrol", seal(short, mine)).refusal) == "DEVICE_KEY"


def test_an_answer_of_another_city_is_not_believed(town: Town, tmp_path: Path) -> None:
    code = town.invited("XSZ", "IN").code
    wrong = SigningKey.from_secret("500000", b"w" * 32).public_bytes()
    found = enrol(tmp_path / "a", town.address, code, wrong, "", 0, drawn(town))
    assert code_of(found) == "SIGNATURE_INVALID"
    assert code_of(load_identity(tmp_path / "a")) == "DEVICE_FOLDER"


@pytest.mark.skipif(sys.platform == "win32", reason="files have no such modes there")
def test_a_key_that_others_may_read_is_not_used(town: Town, tmp_path: Path) -> None:
    town.enrolled(tmp_path / "a", "XSZ", "IN")
    (tmp_path / "a" / KEY_FILE).chmod(0o644)
    assert code_of(load_identity(tmp_path / "a")) == "DEVICE_FILE_OPEN"


def test_a_terminal_is_one_devices_at_a_time(town: Town, tmp_path: Path) -> None:
    town.enrolled(tmp_path / "a", "XSZ", "IN", "OUT")
    code = town.invited("XSZ", "OUT", "OUT-2").code
    assert code_of(town.tries(tmp_path / "b", code)) == "DEVICE_TERMINAL_HELD"
    must(town.desk.revoke(town.checker, "XSZ.1", "worn out", town.clock.now_s))
    assert must(town.tries(tmp_path / "b", code)).facts.device == "XSZ.2"


@pytest.mark.parametrize(
    ("site", "terminals", "valid_s", "code"),
    [
        ("", ["IN"], None, "FLEET_NAME"),
        ("a b", ["IN"], None, "FLEET_NAME"),
        ("x" * 51, ["IN"], None, "FLEET_NAME"),
        ("XSZ", [], None, "FLEET_TERMINALS"),
        ("XSZ", ["IN\0"], None, "FLEET_NAME"),
        ("XSZ", [f"T{n}" for n in range(201)], None, "FLEET_TERMINALS"),
        ("XSZ", ["IN"], 0, "FLEET_CODE_TIME"),
        ("XSZ", ["IN"], 86_401, "FLEET_CODE_TIME"),
    ],
)
def test_an_invitation_that_makes_no_sense_is_not_made(
    town: Town, site: str, terminals: list[str], valid_s: int | None, code: str
) -> None:
    found = town.desk.invite(town.maker, site, OPERATOR, terminals, NOON_S, valid_s)
    assert code_of(found) == code


def test_a_device_whose_heartbeat_is_refused_is_not_online(town: Town, device: Make) -> None:
    gate = device()
    assert gate.step().online
    must(town.desk.revoke(town.checker, "XSZ.1", "stolen", town.clock.now_s))
    refused = gate.later(61)
    assert not refused.online
    assert [one.code for one in refused.refusals] == ["DEVICE_REVOKED"]


def test_a_revoked_device_brings_only_what_the_city_had_heard_of(town: Town, device: Make) -> None:
    gate = device()
    link = Link(town.address)
    gate.rides(1_100)
    named, other, _ = must(gate.site.next_batches(3))
    # The heartbeat names sealed batches; a third one is sealed after it.
    stolen = seal(
        TapBatch(site=gate.site.name, taps=must(gate.journal.unsent(10))), gate.identity.key
    )
    gate.line = None
    beat = gate.uplink._heartbeat(lambda work: work(gate.site), [])
    assert beat is None
    must(town.desk.revoke(town.checker, "XSZ.1", "stolen", town.clock.now_s))
    refused = link.post("/v1/batches", stolen)
    assert (code_of(refused.refusal), refused.final) == ("DEVICE_REVOKED", True)
    assert town.taps() == []
    for message in (other, named, named):
        answer = link.post("/v1/batches", message)
        assert answer.body is not None
        must(gate.site.take_receipt(answer.body, town.clock.now_s))
    assert len(town.taps()) == 1_000
    gate.uplink._next_heartbeat_s = 0
    assert [one.code for one in gate.later(600).refusals] == ["DEVICE_REVOKED"]
    assert gate.waiting() == 100
    assert town.desk.devices(town.clock.now_s)[0].device.revoked_why == "stolen"


def test_a_revocation_says_why_and_is_kept(town: Town, device: Make) -> None:
    device()
    now_s = town.clock.now_s
    assert code_of(town.desk.revoke(town.checker, "XSZ.1", "  ", now_s)) == "FLEET_WHY"
    assert code_of(town.desk.revoke(town.checker, "XSZ.9", "gone", now_s)) == "DEVICE_UNKNOWN"
    assert code_of(town.desk.revoke(town.maker, "XSZ.1", "gone", now_s)) == "STAFF_NOT_ALLOWED"
    assert not isinstance(town.desk.revoke(town.checker, "XSZ.1", "gone", now_s), Refusal)
    assert code_of(town.desk.revoke(town.checker, "XSZ.1", "gone", now_s)) == "DEVICE_REVOKED"
    acts = town.ask("SELECT act, staff_id, subject FROM staff_act ORDER BY act_no DESC LIMIT 1")
    assert acts == [("fleet_revoke", "C-1", "XSZ.1")]
