"""A stranger's program that knows docs/device-protocol.md and nothing of ours, over a real broker.

It speaks with `paho-mqtt`; what it says, and how it signs, is the other stranger's over HTTP.
"""

import hashlib
import json
import os
import queue
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from test_device_protocol import Vendor, a_tap, sealed

sys.path.insert(0, str(Path(__file__).parents[1] / "fleet"))

from broker_world import PASSWORD, Broker, at_broker, eventually, open_broker
from fleet_world import CITY_KEY, Town, must, open_town

from tongxing.api.limits import Limits
from tongxing.api.over_mqtt import MqttService
from tongxing.city import City, MediumOpening, RiderOpening
from tongxing.fares import load_city_fares
from tongxing.messages import KeyRing
from tongxing.storage import Database

CITY = "500000"
ERROR = ["code", "message_en", "message_zh", "next_step_en", "next_step_zh", "where"]


@dataclass
class Reply:
    """An answer, as it came."""

    status: int
    content: bytes
    kind: str
    said: dict[str, str]

    @property
    def refused(self) -> tuple[int, str]:
        """Status and code of an error, which has the one shape that all errors have."""
        told = json.loads(self.content)
        assert (sorted(told), self.kind) == (ERROR, "application/json")
        return self.status, told["code"]


class MqttVendor(Vendor):
    """Another vendor's gate, at a broker under a name."""

    def __init__(self, broker: Broker, login: str = "gate-1") -> None:
        super().__init__("")
        self.login, self.came, self.codes = login, queue.Queue[Any](), queue.Queue[ReasonCode]()
        self.answers = f"tongxing/1/{CITY}/answer/{login}/here"
        self.client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, f"vendor-{login}", protocol=paho.MQTTv5
        )
        self.client.username_pw_set(login, PASSWORD.format(login))
        self.client.on_message = lambda _client, _data, message: self.came.put(message)
        self.client.on_publish = lambda _c, _d, _mid, code, _p: self.codes.put(code)
        ready = queue.Queue[Any]()
        self.client.on_subscribe = lambda *told: ready.put(told)
        self.client.connect("127.0.0.1", broker.port, clean_start=True)
        self.client.loop_start()
        self.client.subscribe(self.answers, qos=1)
        ready.get(timeout=30)

    def send(self, path: str, message: bytes, times: int = 1, **changes: Any) -> bytes:
        """Put a question; its correlation."""
        correlation = os.urandom(16)
        beside = Properties(PacketTypes.PUBLISH)
        beside.ResponseTopic = changes.get("answers", self.answers)
        if changes.get("correlated", True):
            beside.CorrelationData = correlation
        beside.MessageExpiryInterval = 30
        if path:
            beside.UserProperty = ("path", path)
        topic = f"tongxing/1/{CITY}/ask/{changes.get('name', self.login)}"
        retain = changes.get("retain", False)
        for _ in range(times):
            self.client.publish(topic, message, 1, retain, properties=beside)
        return correlation

    def reply(self, correlation: bytes) -> Reply:
        """The answer to a question."""
        message = self.came.get(timeout=30)
        assert message.properties.CorrelationData == correlation
        said = dict(message.properties.UserProperty)
        kind = message.properties.ContentType
        return Reply(int(said["status"]), bytes(message.payload), kind, said)

    def tell(self, path: str, message: bytes, **changes: Any) -> Reply:
        """A question and its answer."""
        return self.reply(self.send(path, message, **changes))

    def post(self, path: str, message: bytes) -> Any:
        """What the other stranger calls for a sealed answer."""
        return self.tell(path, message)

    def fetch(self, path: str, sent_s: int, signed: str = "") -> Reply:
        """Ask for a list."""
        body = {"device": self.name, "path": signed or path, "sent_s": sent_s}
        return self.tell(path, self.seal("Asking", body))

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


Make = Callable[..., MqttVendor]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A running one."""
    with open_broker(tmp_path / "broker") as found:
        yield found


@pytest.fixture
def town(city_database: Database) -> Iterator[Town]:
    """The city."""
    with open_town(city_database) as found:
        yield found


@pytest.fixture
def service(town: Town, broker: Broker) -> Iterator[MqttService]:
    """The city at the broker."""
    with at_broker(town, broker) as found:
        yield found


@pytest.fixture
def vendor(town: Town, broker: Broker, service: MqttService) -> Iterator[MqttVendor]:
    """An enrolled gate, through the broker."""
    found = MqttVendor(broker)
    found.enrol(town.invited("V", "V-IN").code)
    yield found
    found.close()


def test_a_foreign_gate_enrols_tells_sends_and_fetches(town: Town, vendor: MqttVendor) -> None:
    assert vendor.name == "V.1"
    batch = sealed(vendor, a_tap(1), a_tap(2))
    told = vendor.tell("/v1/batches", batch)
    assert (told.status, told.kind) == (200, "application/vnd.tongxing.sealed")
    receipt = vendor.open(told.content)
    assert (receipt["batch_sha256"], receipt["accepted"], receipt["duplicates"]) == (
        hashlib.sha256(batch).hexdigest(),
        2,
        0,
    )
    orders = vendor.beat(1, counts=[["V-IN", 5, 4]])
    assert (orders["number"], orders["missing"]) == (1, [["V-IN", 5, 3, 4]])
    must(town.desk.order(town.checker, "V", "manual", 60, "drill", town.clock.now_s))
    [given] = vendor.beat(2)["orders"]
    assert given["kind"] == "manual"


def test_the_deny_list_comes_as_over_http(town: Town, vendor: MqttVendor) -> None:
    now_s, path = town.clock.now_s, "/v1/lists/deny?since=0"
    nothing = vendor.fetch(path, now_s)
    assert (nothing.status, nothing.content) == (304, b"")
    city = City(CITY, town.database, CITY_KEY, KeyRing({}), load_city_fares(CITY))
    city.report_lost("5000000000000001")
    city.publish_deny_list(now_s)
    city.close()
    whole = vendor.open(vendor.fetch("/v1/lists/deny", now_s).content)
    assert whole["entries"] == [["5000000000000001", "MEDIUM_LOST"]]
    assert vendor.fetch("/v1/lists/deny?since=1", now_s).status == 304
    assert vendor.fetch("/v1/lists/deny?since=x", now_s).refused == (400, "API_QUERY")
    assert vendor.fetch(path, now_s - 301).refused == (401, "DEVICE_CLOCK")
    other = vendor.fetch(path, now_s, signed="/v1/lists/deny")
    assert other.refused == (403, "IDENTITY_MISMATCH")
    assert vendor.fetch("/v1/lists/none", now_s).refused == (404, "API_PATH")


def test_the_same_bytes_again_bring_a_receipt_for_the_same_batch(
    town: Town, vendor: MqttVendor
) -> None:
    """An answer was lost: the device asks again, as often as it likes."""
    batch = sealed(vendor, a_tap(1), a_tap(2))
    receipts = [vendor.open(vendor.tell("/v1/batches", batch).content) for _ in range(3)]
    assert [one["batch_sha256"] for one in receipts] == [hashlib.sha256(batch).hexdigest()] * 3
    assert [one["accepted"] for one in receipts] == [2, 2, 2]
    assert [one["duplicates"] for one in receipts] == [0, 2, 2]
    assert town.taps() == [("V-IN", 1), ("V-IN", 2)]


def test_a_question_that_is_delivered_twice_counts_once(town: Town, vendor: MqttVendor) -> None:
    correlation = vendor.send("/v1/batches", sealed(vendor, a_tap(1)), times=2)
    receipts = [vendor.open(vendor.reply(correlation).content) for _ in range(2)]
    assert sorted(one["duplicates"] for one in receipts) == [0, 1]
    assert town.taps() == [("V-IN", 1)]


def test_a_name_at_the_broker_is_worth_nothing_without_the_key(
    town: Town, broker: Broker, vendor: MqttVendor
) -> None:
    """A second client has the device's topic and name, and another's key."""
    vendor.close()
    thief = MqttVendor(broker)
    thief.name = "V.1"
    body = {"site": "V.1", "taps": [a_tap(1)]}
    told = thief.tell("/v1/batches", thief.seal("TapBatch", body))
    assert told.refused == (401, "SIGNATURE_INVALID")
    assert town.taps() == []
    thief.name = "enrolment"
    own = thief.enrol(town.invited("W", "W-IN").code)
    assert own["device"] == "W.1"
    told = thief.tell("/v1/batches", thief.seal("TapBatch", body))
    assert told.refused == (403, "IDENTITY_MISMATCH")
    told = thief.tell("/v1/batches", sealed(thief, a_tap(1)))
    assert told.refused == (403, "TERMINAL_UNKNOWN")
    assert town.taps() == []
    thief.close()


def test_a_message_that_came_by_another_name_is_worth_the_same(
    town: Town, broker: Broker, vendor: MqttVendor
) -> None:
    """Who a device is, its signature says; the broker's name only says where the answer goes."""
    other = MqttVendor(broker, "gate-2")
    receipt = vendor.open(other.tell("/v1/batches", sealed(vendor, a_tap(1))).content)
    assert receipt["site"] == "V.1"
    other.close()


@pytest.mark.parametrize(
    ("word", "path", "changes"),
    [
        ("path", "", {}),
        ("correlation data", "/v1/batches", {"correlated": False}),
        ("response topic", "/v1/batches", {"answers": f"tongxing/1/{CITY}/answer/gate-2/here"}),
        ("response topic", "/v1/batches", {"answers": f"tongxing/1/{CITY}/ask/gate-1"}),
        ("response topic", "/v1/batches", {"answers": f"tongxing/1/{CITY}/answer/gate-1/a/b"}),
    ],
)
def test_what_nobody_could_be_answered_is_dropped_and_counted(
    town: Town,
    vendor: MqttVendor,
    service: MqttService,
    word: str,
    path: str,
    changes: dict[str, Any],
) -> None:
    service.dropped.clear()
    vendor.send(path, sealed(vendor, a_tap(1)), **changes)
    eventually(lambda: service.dropped == {word: 1}, str(service.dropped))
    assert town.taps() == []
    assert vendor.beat(1)["number"] == 1, "and the city goes on"


def test_the_broker_lets_nobody_ask_in_anothers_name(
    town: Town, vendor: MqttVendor, service: MqttService
) -> None:
    while not vendor.codes.empty():
        vendor.codes.get()
    vendor.send("/v1/batches", sealed(vendor, a_tap(1)), name="gate-2")
    assert vendor.codes.get(timeout=30).value == 0x87
    vendor.client.publish(vendor.answers, b"forged", 1)
    assert vendor.codes.get(timeout=30).value == 0x87
    assert (town.taps(), sum(service.dropped.values())) == ([], 0)


def test_unknown_paths_and_rubbish_are_errors_of_the_same_shape(vendor: MqttVendor) -> None:
    for path in ("/v1/nothing", "/", "v1/batches", "/v1/lists/", "/v1/batches/../enrol", "?"):
        assert vendor.tell(path, b"x").refused == (404, "API_PATH")
    assert vendor.tell("/v1/batches", b"").refused == (400, "MESSAGE_MALFORMED")
    beat = vendor.seal("Heartbeat", {})
    assert vendor.tell("/v1/batches", beat).refused == (400, "MESSAGE_KIND")


def test_bodies_have_a_size_and_names_a_rate(city_database: Database, broker: Broker) -> None:
    limits = Limits(
        body_bytes=4_000, burst=3, a_second=0.0, strangers_burst=3, strangers_a_second=0.0
    )
    with open_town(city_database, limits) as town, at_broker(town, broker):
        vendor, other = MqttVendor(broker), MqttVendor(broker, "gate-2")
        vendor.enrol(town.invited("V", "V-IN").code)
        assert vendor.tell("/v1/batches", bytes(4_001)).refused == (413, "BODY_TOO_LARGE")
        vendor.send("/v1/batches", bytes(9_000))
        for number in range(1, 4):
            assert vendor.beat(number)["number"] == number, "what is far too large is not answered"
        busy = vendor.tell("/v1/batches", sealed(vendor, a_tap(1)))
        assert busy.refused == (429, "TOO_MANY_REQUESTS")
        assert busy.said["retry_after"] == "5"
        codes = [vendor.tell("/v1/enrol", b"x").status for _ in range(3)]
        assert codes == [400, 400, 429]
        assert other.tell("/v1/enrol", b"x").status == 400, "another name has a rate of its own"
        assert town.taps() == []
        vendor.close()
        other.close()


def test_a_list_that_the_broker_cannot_carry_is_said_so(town: Town, tmp_path: Path) -> None:
    city = City(CITY, town.database, CITY_KEY, KeyRing({}), load_city_fares(CITY))
    lost = [f"51{number:014d}" for number in range(300)]
    media = [MediumOpening(number, "card", f"local:{CITY}", "ordinary") for number in lost]
    city.open_riders([RiderOpening(one.medium_no, (one,), 0) for one in media], town.clock.now_s)
    for number in lost:
        assert city.report_lost(number) is None
    city.publish_deny_list(town.clock.now_s)
    city.close()
    narrow = open_broker(tmp_path / "narrow", "max_packet_size 6000")
    with narrow as broker, at_broker(town, broker):
        vendor = MqttVendor(broker)
        vendor.enrol(town.invited("V", "V-IN").code)
        told = vendor.fetch("/v1/lists/deny?since=0", town.clock.now_s)
        assert told.refused == (422, "ANSWER_TOO_LARGE")
        assert vendor.beat(1)["number"] == 1, "the city is still there"
        vendor.close()


def test_a_question_that_was_retained_is_not_asked_of_a_city_that_comes_later(
    town: Town, broker: Broker
) -> None:
    with at_broker(town, broker):
        vendor = MqttVendor(broker)
        assert vendor.tell("/v1/batches", b"x", retain=True).status == 400
    with at_broker(town, broker) as later:
        assert vendor.tell("/v1/enrol", b"y").status == 400
        assert set(later.dropped) <= {"retained"}, "some brokers deliver it again"
        assert vendor.came.empty()
    vendor.close()
