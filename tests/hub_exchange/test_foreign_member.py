"""A stranger's member, written from docs/exchange-api.md, against a real hub over HTTP."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from foreign_member import ForeignMember, digest
from served_hub import ACQ, ISS, NOON_S, OTHER, SECRETS, ServedHub, open_hub_site

from hub_world import HUB_KEY, RULES, ride  # isort: skip
from tongxing.hub.windows import window_of, window_times
from tongxing.storage import Database


@pytest.fixture
def hub(database: Database, tmp_path: Path) -> Iterator[ServedHub]:
    with open_hub_site(database, tmp_path) as found:
        yield found


def member(hub: ServedHub, name: str = ACQ, key: str = "a") -> ForeignMember:
    return ForeignMember(
        hub.address, name, key, SECRETS[key], HUB_KEY.public_bytes(), hub.clock.now_s
    )


def rides(*names: str) -> list[dict[str, Any]]:
    """Records as JSON objects, as records.py says."""
    return [json.loads(msgspec.json.encode(ride(name))) for name in names]


def sent(one: ForeignMember, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Send a whole file; the last answer."""
    file_id, manifest, data = one.file(records)
    assert (
        one.ask("PUT", one.at(f"files/{file_id}/manifest"), manifest).json()["state"] == "manifest"
    )
    answer = one.ask("PUT", one.at(f"files/{file_id}/data"), data)
    assert answer.status_code == 200, answer.text
    one.last = hashlib.sha256(manifest).hexdigest()
    return answer.json()


@pytest.mark.req("R-200")
def test_a_day_of_a_stranger(hub: ServedHub) -> None:
    """Files go up, verdicts come; the window closes; every letter comes, whole and in parts."""
    one = member(hub)
    told = sent(one, rides("t1", "t2"))
    assert (told["state"], told["letter"]) == ("booked", 1)
    verdicts = one.open(one.ask("GET", one.at("letters/1")).content)
    assert [item["status"] for item in verdicts["verdicts"]] == ["accepted", "accepted"]
    window = window_of(NOON_S, RULES)
    hub.close_window(window, window_times(window, RULES).statement_s)
    kinds = [letter["kind"] for letter in one.letters()]
    assert kinds[0] == "verdicts" and {"statement", "camt.053", "checkpoint"} <= set(kinds)
    assert [letter["number"] for letter in one.letters(3)] == list(range(4, len(kinds) + 1))
    for letter in one.letters():
        path = one.at(f"letters/{letter['number']}")
        whole = one.ask("GET", path).content
        half = letter["bytes"] // 2
        first = one.ask("GET", path, Range=f"bytes=0-{half - 1}")
        rest = one.ask("GET", path, Range=f"bytes={half}-")
        assert (first.status_code, rest.headers["content-range"]) == (
            206,
            f"bytes {half}-{letter['bytes'] - 1}/{letter['bytes']}",
        )
        assert first.content + rest.content == whole
        assert hashlib.sha256(whole).hexdigest() == letter["sha256"]
    statement = next(letter for letter in one.letters() if letter["kind"] == "statement")
    found = one.open(one.ask("GET", one.at(f"letters/{statement['number']}")).content)
    assert (found["member"], found["net_fen"]) == (ACQ, 900)


def test_anybody_may_ask_who_the_hub_is_and_whether_it_is_well(hub: ServedHub) -> None:
    one = member(hub)
    about = one.ask("GET", "/v1/about", believe=False).json()
    assert about["public_key"] == HUB_KEY.public_bytes().hex()
    assert (about["hub"], about["time_s"], about["window"]) == ("HUB", NOON_S, "W20260318")
    assert requests.get(f"{hub.address}/v1/health", timeout=30).json() == {"well": True}


def test_pieces_go_on_where_they_were_broken_off(hub: ServedHub) -> None:
    one = member(hub)
    file_id, manifest, data = one.file(rides("t1"))
    path, size = one.at(f"files/{file_id}"), len(data)
    one.ask("PUT", f"{path}/manifest", manifest)

    def piece(first: int, end: int) -> requests.Response:
        span = f"bytes {first}-{end - 1}/{size}"
        return one.ask("PUT", f"{path}/data", data[first:end], Content_Range=span)

    assert (answer := piece(0, 100)).status_code == 202 and answer.json()["have_bytes"] == 100
    assert piece(150, size).json()["code"] == "UPLOAD_RANGE"
    span = f"bytes 100-199/{size}"
    signed = {"content-digest": digest(data[100:200]), "content-range": span}
    fields, _ = one.signed("PUT", f"{path}/data", signed)
    turned = bytes([data[100] ^ 1]) + data[101:200]
    answer = requests.put(
        one.address + f"{path}/data", data=turned, headers=signed | fields, timeout=30
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "HTTP_DIGEST")
    assert one.ask("GET", path).json()["have_bytes"] == 100
    assert piece(100, 200).json()["have_bytes"] == 200
    assert piece(200, size).json()["state"] == "booked"
    assert one.ask("GET", path).json()["letter"] == 1
    assert not list(hub.folder.glob("*/*")), "what is booked leaves nothing behind"


def test_the_same_again_is_the_same_and_another_is_refused(hub: ServedHub) -> None:
    one = member(hub)
    file_id, manifest, data = one.file(rides("t1"))
    path = one.at(f"files/{file_id}")
    for _ in range(2):
        assert one.ask("PUT", f"{path}/manifest", manifest).status_code == 200
        assert one.ask("PUT", f"{path}/data", data).json()["letter"] == 1
    assert hub.rows() == 1 and len(one.letters()) == 1
    other = member(hub)
    _, changed, more = other.file(rides("t9"))
    for what, body in (("manifest", changed), ("data", more)):
        answer = one.ask("PUT", f"{path}/{what}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "FILE_ID_CONFLICT")


def test_a_member_sees_and_sends_only_its_own(hub: ServedHub) -> None:
    sent(member(hub), rides("t1"))
    stranger = member(hub, OTHER, "b")
    assert stranger.letters() == []
    stranger.member = ACQ
    _, manifest, data = stranger.file(rides("t5"))
    for method, rest, body in (
        ("GET", "letters", b""),
        ("GET", "letters/1", b""),
        ("GET", "files/ACQ-990100-0001", b""),
        ("PUT", "files/F/manifest", manifest),
        ("PUT", "files/F/data", data),
    ):
        answer = stranger.ask(method, stranger.at(rest), body, believe=False)
        assert (answer.status_code, answer.json()["code"]) == (403, "MEMBER_OTHERS"), rest
    issuer = member(hub, ISS)
    assert issuer.letters() == []
    assert issuer.ask("GET", issuer.at("letters/1")).json()["code"] == "LETTER_UNKNOWN"


def test_a_suspended_member_goes_on_and_is_told(hub: ServedHub) -> None:
    house = hub.hub()
    assert house.suspend(ACQ, NOON_S) is None
    one = member(hub)
    sent(one, rides("t1"))
    page = one.ask("GET", one.at("letters")).json()
    assert page["suspended"] is True
    found = one.open(one.ask("GET", one.at("letters/1")).content)
    assert [(item["status"], item["code"]) for item in found["verdicts"]] == [("held", "1019")]
    house.reinstate(ACQ, NOON_S + 60)
    house.close()
    later = one.letters(1)
    assert [letter["kind"] for letter in later] == ["carried_verdicts"]
    assert one.ask("GET", one.at("letters")).json()["suspended"] is False


def test_a_case_file_is_answered_once_and_told_again(hub: ServedHub) -> None:
    """An issuer asks about a ride; the answer is heard, comes again the same, and is a letter."""
    sent(member(hub), rides("t1"))
    issuer = member(hub, ISS)
    act = {"act_id": "q1", "act": "query", "record_id": "t1.1", "reason": "4001"}
    body = {"file_id": "C-1", "sender": ISS, "created_s": NOON_S, "acts": [act]}
    path, message = issuer.at("cases/C-1"), issuer.seal("CaseFile", body)
    first = issuer.ask("PUT", path, message)
    [told] = issuer.open(first.content)["answers"]
    assert told["act_id"] == "q1" and told["code"]
    assert issuer.ask("PUT", path, message).content == first.content
    letter = issuer.letters()[-1]
    assert (letter["kind"], letter["name"]) == ("case_answers", "C-1")
    assert issuer.ask("GET", issuer.at(f"letters/{letter['number']}")).content == first.content
    other = issuer.seal("CaseFile", body | {"created_s": NOON_S + 1})
    for address, given, expected in (
        (path, other, (409, "FILE_ID_CONFLICT")),
        (issuer.at("cases/C-2"), message, (422, "UPLOAD_MANIFEST")),
        (path, b"x", (422, "MESSAGE_MALFORMED")),
        (path, b"x" * ((1 << 20) + 1), (413, "BODY_TOO_LARGE")),
    ):
        answer = issuer.ask("PUT", address, given)
        assert (answer.status_code, answer.json()["code"]) == expected
    stranger = member(hub, OTHER, "b")
    answer = stranger.ask("PUT", path, message, believe=False)
    assert answer.json()["code"] == "MEMBER_OTHERS"
