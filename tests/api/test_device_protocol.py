"""A stranger's program that knows docs/device-protocol.md and nothing of ours, against a real city.

It speaks with `requests`, signs with `cryptography` and packs with `msgpack`.
"""

import base64
import hashlib
import json
import socket
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.path.insert(0, str(Path(__file__).parents[1] / "fleet"))

from fleet_world import CITY_KEY, Town, must, open_town

from tongxing.api.limits import Limits
from tongxing.city import City
from tongxing.city.fleet import ListDesk
from tongxing.fares import load_city_fares
from tongxing.messages import KeyRing
from tongxing.storage import Database

SEALED = {"Content-Type": "application/vnd.tongxing.sealed"}


@pytest.fixture
def town(city_database: Database) -> Iterator[Town]:
    """The city, on loopback."""
    with open_town(city_database) as found:
        yield found


def packed(*parts: Any) -> bytes:
    """MessagePack of an array of strings, bytes and small numbers, as the document shows it."""
    out = bytes([0x90 | len(parts)])
    for part in parts:
        if isinstance(part, int):
            out += bytes([part])
        elif isinstance(part, str):
            raw = part.encode()
            out += bytes([0xD9, len(raw)]) + raw
        else:
            out += bytes([0xC6]) + len(part).to_bytes(4, "big") + part
    return out


def unpacked(message: bytes) -> list[Any]:
    """The five parts of a message."""
    found, at = [], 1
    assert message[0] == 0x95
    for _ in range(5):
        kind, at = message[at], at + 1
        if kind < 0x80:
            found.append(kind)
            continue
        if kind & 0xE0 == 0xA0:
            size, width = kind & 0x1F, 0
        else:
            width = {0xD9: 1, 0xDA: 2, 0xC4: 1, 0xC5: 2, 0xC6: 4}[kind]
            size = int.from_bytes(message[at : at + width], "big")
        at += width
        raw, at = message[at : at + size], at + size
        text = kind & 0xE0 == 0xA0 or kind in (0xD9, 0xDA)
        found.append(raw.decode() if text else raw)
    assert at == len(message)
    return found


class Vendor:
    """Another vendor's gate."""

    def __init__(self, address: str) -> None:
        self.address, self.key, self.name = address, Ed25519PrivateKey.generate(), "enrolment"
        self.city = Ed25519PublicKey.from_public_bytes(CITY_KEY.public_bytes())

    def public(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def seal(self, kind: str, body: Any, sender: str = "") -> bytes:
        content = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        sender = sender or self.name
        signed = f"tongxing/{kind}/1/{sender}\n".encode() + content
        return packed(kind, 1, sender, content, self.key.sign(signed))

    def open(self, message: bytes) -> dict[str, Any]:
        kind, version, sender, content, signature = unpacked(message)
        self.city.verify(signature, f"tongxing/{kind}/{version}/{sender}\n".encode() + content)
        return {"kind": kind, **json.loads(content)}

    def post(self, path: str, message: bytes) -> requests.Response:
        return requests.post(self.address + path, data=message, headers=SEALED, timeout=30)

    def enrol(self, code: str) -> dict[str, Any]:
        public = base64.b64encode(self.public()).decode()
        body = {"code": code, "public_key": public, "software": "vendor 7", "sent_s": 0}
        told = self.open(self.post("/v1/enrol", self.seal("Enrolment", body)).content)
        self.name = told["device"]
        return told

    def beat(self, number: int, **changes: Any) -> dict[str, Any]:
        body = {
            "device": self.name,
            "number": number,
            "sent_s": 0,
            "software": "vendor 7",
            "lists": {"deny": 0},
            "tariff": "",
            "waiting_taps": 0,
            "waiting_batches": [],
            "counts": [],
            "free_bytes": 1,
            "clock_offset_s": None,
            "mode": "normal",
            "done": [],
        }
        return self.open(self.post("/v1/heartbeat", self.seal("Heartbeat", body | changes)).content)

    def ask(self, path: str, sent_s: int, signed: str = "") -> requests.Response:
        body = {"device": self.name, "path": signed or path, "sent_s": sent_s}
        token = base64.urlsafe_b64encode(self.seal("Asking", body)).decode().rstrip("=")
        headers = {"Authorization": f"Tongxing {token}"}
        return requests.get(self.address + path, headers=headers, timeout=30)


def a_tap(seq: int, terminal: str = "V-IN", **changes: Any) -> dict[str, Any]:
    return {
        "ref": [terminal, 5, seq],
        "time_s": 1_773_720_000,
        "kind": "entry",
        "city": "500000",
        "place": "500103",
        "mode": "rail",
        "operator": "OP-CQ-RAIL",
        "line": "rail-1",
        "station": "xiaoshizi",
        "medium_no": f"7{seq:015d}",
        "medium_kind": "card",
        "scheme": "local:500000",
        "issuer": "500000",
        "product": "ordinary",
        "funding": "account",
        "outcome": "opened",
        "tariff": "t",
        "deny_list_version": 0,
        **changes,
    }


@pytest.fixture
def vendor(town: Town) -> Vendor:
    """An enrolled one."""
    found = Vendor(town.address)
    found.enrol(town.invited("V", "V-IN").code)
    return found


def refused(answer: requests.Response) -> tuple[int, str]:
    """Status and code of an error, which has the one shape that all errors have."""
    told = answer.json()
    assert sorted(told) == [
        "code",
        "message_en",
        "message_zh",
        "next_step_en",
        "next_step_zh",
        "where",
    ]
    assert "Traceback" not in answer.text
    return answer.status_code, told["code"]


def test_a_foreign_gate_enrols_tells_sends_and_fetches(town: Town) -> None:
    vendor = Vendor(town.address)
    told = vendor.enrol(town.invited("V", "V-IN").code)
    assert (told["kind"], told["device"], told["terminals"]) == ("Enrolled", "V.1", ["V-IN"])
    batch = vendor.seal("TapBatch", {"site": "V.1", "taps": [a_tap(1), a_tap(2)]})
    receipt = vendor.open(vendor.post("/v1/batches", batch).content)
    assert receipt == {
        "kind": "Receipt",
        "site": "V.1",
        "batch_sha256": hashlib.sha256(batch).hexdigest(),
        "accepted": 2,
        "duplicates": 0,
        "quarantined": [],
    }
    again = vendor.open(vendor.post("/v1/batches", batch).content)
    assert (again["accepted"], again["duplicates"]) == (2, 2)
    orders = vendor.beat(1, counts=[["V-IN", 5, 4]])
    assert (orders["number"], orders["missing"]) == (1, [["V-IN", 5, 3, 4]])
    assert orders["marks"] == [["V-IN", 5, 2]]
    must(town.desk.order(town.checker, "V", "manual", 60, "drill", town.clock.now_s))
    [given] = vendor.beat(2)["orders"]
    assert (given["kind"], given["ordered_by"]) == ("manual", "C-1")
    done = [[given["order_no"], orders["time_s"], "taken"]]
    assert vendor.beat(3, done=done)["orders"] == []


def test_the_deny_list_whole_then_what_changed_then_nothing(town: Town, vendor: Vendor) -> None:
    now_s = town.clock.now_s
    assert vendor.ask("/v1/lists/deny?since=0", now_s).status_code == 304
    city = City("500000", town.database, CITY_KEY, KeyRing({}), load_city_fares("500000"))
    city.publish_deny_list(now_s)
    city.report_lost("5000000000000001")
    city.publish_deny_list(now_s)
    city.close()
    whole = vendor.open(vendor.ask("/v1/lists/deny", now_s).content)
    assert (whole["kind"], whole["version"]) == ("DenyList", 2)
    assert whole["entries"] == [["5000000000000001", "MEDIUM_LOST"]]
    newer = vendor.open(vendor.ask("/v1/lists/deny?since=1", now_s).content)
    assert newer["version"] == 2
    assert vendor.ask("/v1/lists/deny?since=2", now_s).status_code == 304
    assert refused(vendor.ask("/v1/lists/deny?since=x", now_s)) == (400, "API_QUERY")
    old = vendor.ask("/v1/lists/deny?since=1", now_s - 301)
    assert refused(old) == (401, "DEVICE_CLOCK")
    other = vendor.ask("/v1/lists/deny?since=1", now_s, signed="/v1/lists/deny")
    assert refused(other) == (403, "IDENTITY_MISMATCH")
    bare = requests.get(vendor.address + "/v1/lists/deny", timeout=30)
    assert refused(bare) == (401, "API_UNSIGNED")


def test_the_other_lists_one_after_the_other(town: Town, vendor: Vendor) -> None:
    now_s = town.clock.now_s
    desk = ListDesk(town.office)
    for begins_s in (0, now_s + 3_600):
        handed_in = must(
            desk.hand_in(town.maker, "tariff", None, "April", now_s, (begins_s, now_s + 9_999))
        )
        must(desk.release(town.checker, handed_in.number, CITY_KEY, now_s))
    assert vendor.beat(1)["lists"] == {"deny": 0, "tariff": 2}
    first = vendor.open(vendor.ask("/v1/lists/tariff?since=0", now_s).content)
    content = base64.b64decode(first.pop("content"))
    assert first == {
        "kind": "DataList",
        "city": "500000",
        "name": "tariff",
        "version": 1,
        "published_s": now_s,
        "not_before_s": now_s,
        "not_after_s": now_s + 9_999,
    }
    assert tomllib.loads(content.decode())["city"] == "500000"
    second = vendor.open(vendor.ask("/v1/lists/tariff?since=1", now_s).content)
    assert (second["version"], second["not_before_s"]) == (2, now_s + 3_600)
    assert vendor.ask("/v1/lists/tariff?since=2", now_s).status_code == 304
    assert vendor.ask("/v1/lists/entry", now_s).status_code == 304
    assert refused(vendor.ask("/v1/lists/weather", now_s)) == (404, "API_PATH")
    told = vendor.beat(2, lists={"deny": 0, "tariff": 1, "tariff.next": 2}, expired=["deny"])
    assert told["number"] == 2


def test_what_is_not_a_devices_own_is_not_stored(town: Town, vendor: Vendor) -> None:
    stranger = Vendor(town.address)
    stranger.name = "V.1"
    body = {"site": "V.1", "taps": [a_tap(1)]}
    cases = [
        (stranger.seal("TapBatch", body), (401, "SIGNATURE_INVALID")),
        (stranger.seal("TapBatch", body, sender="NOBODY"), (403, "DEVICE_UNKNOWN")),
        (vendor.seal("TapBatch", body | {"site": "W.1"}), (403, "IDENTITY_MISMATCH")),
        (sealed(vendor, a_tap(1, "W-IN")), (403, "TERMINAL_UNKNOWN")),
        (sealed(vendor, a_tap(1, operator="OP-OTHER")), (403, "OPERATOR_MISMATCH")),
        (sealed(vendor, a_tap(1, city="110000")), (403, "IDENTITY_MISMATCH")),
        (sealed(vendor, a_tap(0)), (422, "TAP_SEQ_INVALID")),
        (sealed(vendor, a_tap(2**63)), (422, "TAP_SEQ_INVALID")),
        (sealed(vendor, a_tap(2), a_tap(1)), (422, "TAP_SEQ_INVALID")),
        (sealed(vendor, a_tap(1), a_tap(1)), (422, "TAP_SEQ_INVALID")),
        (sealed(vendor, a_tap(1, is_admin=True)), (422, "MESSAGE_BODY")),
        (sealed(vendor, a_tap(1, time_s="now")), (422, "MESSAGE_BODY")),
        (sealed(vendor, a_tap(1, vehicle="a\0b")), (422, "MESSAGE_BODY")),
        (sealed(vendor, *(a_tap(n) for n in range(1, 502))), (413, "BATCH_TOO_LARGE")),
        (vendor.seal("Heartbeat", body), (400, "MESSAGE_KIND")),
        (b"\x00\x01", (400, "MESSAGE_MALFORMED")),
        (b"", (400, "MESSAGE_MALFORMED")),
    ]
    for message, expected in cases:
        assert refused(vendor.post("/v1/batches", message)) == expected
    whole = bytearray(sealed(vendor, a_tap(1)))
    whole[-1] ^= 1
    assert refused(vendor.post("/v1/batches", bytes(whole))) == (401, "SIGNATURE_INVALID")
    assert town.taps() == []
    assert town.ask("SELECT count(*) FROM upload") == [(0,)]


def test_a_revoked_device_hears_so_everywhere(town: Town, vendor: Vendor) -> None:
    must(town.desk.revoke(town.checker, "V.1", "stolen", town.clock.now_s))
    now_s = town.clock.now_s
    answers = (
        vendor.post("/v1/batches", sealed(vendor, a_tap(1))),
        vendor.ask("/v1/lists/deny", now_s),
    )
    assert [refused(answer) for answer in answers] == [(403, "DEVICE_REVOKED")] * 2
    assert town.taps() == []


def test_one_identity_with_two_contents_is_quarantined_and_said_so(
    town: Town, vendor: Vendor
) -> None:
    vendor.post("/v1/batches", sealed(vendor, a_tap(1)))
    other = vendor.post("/v1/batches", sealed(vendor, a_tap(1, medium_no="7999")))
    assert vendor.open(other.content)["quarantined"] == [["V-IN", 5, 1]]
    assert town.ask("SELECT body::json ->> 'medium_no' FROM tap_quarantine") == [("7999",)]
    assert town.taps() == [("V-IN", 1)], "both are kept"
    [found] = town.desk.devices(town.clock.now_s)
    assert found.notices == ("key_conflict",)
    [told] = town.desk.events("V.1")
    assert (told.kind, told.values) == ("key_conflict", {"terminal": "V-IN", "seq": "5/1"})
    vendor.beat(3)
    assert town.desk.devices(town.clock.now_s + 30 * 86_400)[0].notices == ("key_conflict",)
    assert town.desk.devices(town.clock.now_s + 31 * 86_400)[0].notices == ()


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/v1/batches", (405, "API_METHOD")),
        ("POST", "/v1/nothing", (404, "API_PATH")),
        ("GET", "/", (404, "API_PATH")),
        ("GET", "/docs", (404, "API_PATH")),
    ],
)
def test_other_addresses_and_methods_are_errors_of_the_same_shape(
    town: Town, method: str, path: str, expected: tuple[int, str]
) -> None:
    assert refused(requests.request(method, town.address + path, timeout=30)) == expected


def test_bodies_have_a_size_and_a_time_and_devices_a_rate(city_database: Database) -> None:
    limits = Limits(
        body_bytes=4_000,
        body_s=0.5,
        burst=3,
        a_second=0.0,
        strangers_burst=3,
        strangers_a_second=0.0,
    )
    with open_town(city_database, limits) as town:
        vendor = Vendor(town.address)
        vendor.enrol(town.invited("V", "V-IN").code)
        assert refused(vendor.post("/v1/batches", bytes(4_001))) == (413, "BODY_TOO_LARGE")
        parts = (bytes(1_000) for _ in range(9))
        chunked = requests.post(town.address + "/v1/batches", data=parts, timeout=30)
        assert refused(chunked) == (413, "BODY_TOO_LARGE")
        assert slow_post(town.address).startswith(b"HTTP/1.1 408")
        for number in range(1, 4):
            vendor.beat(number)
        busy = vendor.post("/v1/batches", sealed(vendor, a_tap(1)))
        assert refused(busy) == (429, "TOO_MANY_REQUESTS")
        assert busy.headers["Retry-After"] == "5"
        codes = [refused(vendor.post("/v1/enrol", b"x"))[0] for _ in range(3)]
        assert codes == [400, 400, 429]
        assert town.taps() == []


def sealed(vendor: Vendor, *taps: dict[str, Any]) -> bytes:
    return vendor.seal("TapBatch", {"site": vendor.name, "taps": list(taps)})


def slow_post(address: str) -> bytes:
    """What comes back to a body of which only a little is ever sent."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(b"POST /v1/batches HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx")
        time.sleep(0.1)
        return line.recv(4_096)
