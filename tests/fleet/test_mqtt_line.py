"""Taps go up over a real broker, which acknowledges everything and is believed in nothing."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from broker_world import Broker, at_broker, eventually, login, open_broker
from fleet_world import CITY, CITY_KEY, Device, Town, code_of, must
from paho.mqtt.client import MQTTMessage

from tongxing.api.interface import Asked, Told
from tongxing.broker import Login, Session, open_session, topics
from tongxing.city import City, MediumOpening, RiderOpening
from tongxing.fares import load_city_fares
from tongxing.gate.link import Answer
from tongxing.gate.mqtt import MqttLine
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, Receipt, SigningKey, TapBatch, seal

Make = Callable[..., Device]
BATCHES = "/v1/batches"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A running one."""
    with open_broker(tmp_path / "broker") as found:
        yield found


@pytest.fixture
def line(broker: Broker) -> Iterator[MqttLine]:
    """A device's line over it, that does not wait long."""
    found = broker.line(answer_s=1.0)
    yield found
    found.close()


class Listener:
    """Someone at the broker who answers questions in a way of its own."""

    def __init__(self, broker: Broker, act: Callable[[Session, MQTTMessage], None]) -> None:
        self.act = act
        self.asked: list[MQTTMessage] = []
        topic = topics.ask_topic(CITY, "+")
        here = broker.parsed()
        self.session = must(open_session(here, login("city"), None, "listener", topic, self, 20))

    def heard(self, session: Session, message: MQTTMessage) -> None:
        self.asked.append(message)
        self.act(session, message)
        session.done_with(message)

    def ended(self, session: Session) -> None:
        """No matter."""


def answer(session: Session, message: MQTTMessage, content: bytes, status: int = 200) -> None:
    """Answer a question as the city would."""
    question = topics.question_of(message, CITY)
    assert isinstance(question, topics.Question), question
    beside = topics.answering(question, status, topics.SEALED, 0)
    session.publish(question.answer_topic, content, beside)


def test_a_step_sends_all_there_is_and_lets_go_against_the_receipt(
    town: Town, device: Make, broker: Broker
) -> None:
    line = broker.line()
    with at_broker(town, broker):
        gate = device(line=line)
        gate.rides(1_200)
        stepped = gate.step()
        assert (stepped.online, stepped.acknowledged, stepped.refusals) == (True, 1_200, ())
    assert gate.waiting() == 0
    assert town.taps() == [("IN", number) for number in range(1, 1_201)]
    line.close()


def test_a_broker_that_takes_everything_gives_no_receipt(device: Make, broker: Broker) -> None:
    """Nobody of the city is there: the broker acknowledges, the taps stay."""
    line = broker.line()
    gate = device(line=line)
    gate.rides(3)
    began = gate.step()
    assert (began.online, began.acknowledged) == (False, 0)
    assert [one.code for one in began.refusals] == ["UPLINK_AWAY"]
    assert gate.waiting() == 3
    line.close()


def test_a_question_that_was_taken_and_never_answered_keeps_its_taps(
    device: Make, broker: Broker, line: MqttLine
) -> None:
    """Somebody listens in the city's place, and the broker has each question acknowledged."""
    silent = Listener(broker, lambda _session, _message: None)
    gate = device(line=line)
    gate.rides(3)
    refusal = must_fail(line.post(BATCHES, must(gate.site.next_batch())))
    assert (refusal.code, refusal.values) == ("UPLINK_AWAY", {"detail": "1 s"})
    assert len(silent.asked) == 1
    assert gate.waiting() == 3
    silent.session.close()


@pytest.mark.parametrize("forger", ["city", "stranger"])
def test_only_the_citys_signature_over_this_very_batch_is_a_receipt(
    town: Town, device: Make, broker: Broker, line: MqttLine, forger: str
) -> None:
    key = CITY_KEY if forger == "city" else SigningKey.from_secret(CITY, b"x" * 32)
    gate = device(line=line)
    gate.rides(3)
    said = Receipt(
        site=gate.site.name, batch_sha256="0" * 64, accepted=3, duplicates=0, quarantined=[]
    )
    forged = Listener(broker, lambda session, message: answer(session, message, seal(said, key)))
    gate.uplink._next_heartbeat_s = town.clock.now_s + 60  # so that a batch is next
    stepped = gate.step()
    assert stepped.acknowledged == 0
    expected = "RECEIPT_UNKNOWN" if forger == "city" else "SIGNATURE_INVALID"
    assert [one.code for one in stepped.refusals] == [expected]
    assert gate.waiting() == 3
    forged.session.close()


def test_an_answer_to_another_question_is_nobodys(broker: Broker, line: MqttLine) -> None:
    def crossed(session: Session, message: MQTTMessage) -> None:
        message.properties.CorrelationData = b"another"
        answer(session, message, b"not for you")

    listener = Listener(broker, crossed)
    assert code_of(line.post(BATCHES, b"a").refusal) == "UPLINK_AWAY"
    listener.act = lambda session, message: answer(session, message, b"for you")
    assert line.post(BATCHES, b"b").body == b"for you"
    listener.session.close()


def test_an_answer_that_comes_twice_answers_once(broker: Broker, line: MqttLine) -> None:
    def twice(session: Session, message: MQTTMessage) -> None:
        for _ in range(2):
            answer(session, message, bytes(message.payload))

    listener = Listener(broker, twice)
    for content in (b"a", b"b", b"c"):
        assert line.post(BATCHES, content).body == content
    listener.session.close()


def test_many_threads_each_hear_their_own_answer(broker: Broker) -> None:
    line = broker.line()
    held: list[MQTTMessage] = []

    def last_first(session: Session, message: MQTTMessage) -> None:
        held.append(message)
        if len(held) == 16:
            for each in reversed(held):
                answer(session, each, bytes(each.payload))

    listener = Listener(broker, last_first)
    asked = [f"question {number}".encode() for number in range(16)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda content: line.post(BATCHES, content).body, asked))
    assert answers == asked
    listener.session.close()
    line.close()


@pytest.mark.parametrize("status", ["", "2000", "ok", "²00"])
def test_an_answer_without_a_status_is_none(broker: Broker, line: MqttLine, status: str) -> None:
    def odd(session: Session, message: MQTTMessage) -> None:
        question = topics.question_of(message, CITY)
        assert isinstance(question, topics.Question)
        beside = topics.answering(question, 200, topics.SEALED, 0)
        del beside.UserProperty
        beside.UserProperty = (topics.STATUS, status)
        session.publish(question.answer_topic, b"x", beside)

    listener = Listener(broker, odd)
    assert code_of(line.post(BATCHES, b"a").refusal) == "UPLINK_ANSWER"
    listener.session.close()


def test_what_the_city_refuses_is_told_by_its_code_and_when_to_come_again(
    town: Town, device: Make, broker: Broker, line: MqttLine
) -> None:
    with at_broker(town, broker):
        gate = device(line=line)
        stranger = SigningKey.from_secret("NOBODY", b"n" * 32)
        told = line.post(BATCHES, seal(TapBatch(site="NOBODY", taps=[]), stranger))
        assert (code_of(told.refusal), told.final) == ("DEVICE_UNKNOWN", True)
        assert code_of(line.post("/v1/nothing", b"").refusal) == "API_PATH"
    assert gate.waiting() == 0


class Tripwire:
    """The city's interface, which does something the first time that a batch has been taken in
    and its answer is about to leave."""

    def __init__(self, town: Town, trip: Callable[[], None]) -> None:
        self.interface, self.limits = town.interface, town.interface.limits
        self.trip: Callable[[], None] | None = trip
        self.batches = 0

    async def told(self, asked: Asked) -> Told:
        """The city's answer."""
        found = await self.interface.told(asked)
        self.batches += asked.path == BATCHES
        trip, self.trip = (self.trip, None) if self.batches else (None, self.trip)
        if trip is not None:
            trip()
        return found


def test_a_broker_killed_after_the_commit_loses_an_answer_and_no_tap(
    town: Town, device: Make, broker: Broker
) -> None:
    """The broker dies with answers on the way, comes back, and the same bytes go up again."""
    line = broker.line(answer_s=5.0)
    wire = Tripwire(town, broker.kill)
    gate = device(line=line)
    gate.rides(1_700)
    with at_broker(town, broker, wire):
        stepped = gate.step()
        assert not stepped.online
        assert gate.waiting() > 0
        taken = len(town.taps())
        assert taken > 0
        broker.start()
        eventually(lambda: gate.later(130).online, "the city over the new broker")
    assert gate.waiting() == 0
    assert town.taps() == [("IN", number) for number in range(1, 1_701)]
    assert town.ask("SELECT count(*) FROM upload") == [(4,)]
    [(seen,)] = town.ask("SELECT sum(times_seen) FROM upload")
    assert seen > 4, "a batch whose answer was lost came again, byte for byte"
    line.close()


def test_whoever_waits_when_the_broker_dies_hears_so_at_once(broker: Broker) -> None:
    line = broker.line(answer_s=600.0)
    asked = threading.Event()
    Listener(broker, lambda _session, _message: asked.set())
    answers: list[Answer] = []
    waiting = threading.Thread(target=lambda: answers.append(line.post(BATCHES, b"a")))
    waiting.start()
    assert asked.wait(30)
    broker.kill()
    waiting.join(30)
    assert [code_of(one.refusal) for one in answers] == ["UPLINK_AWAY"]
    assert code_of(line.post(BATCHES, b"a").refusal) == "UPLINK_AWAY"
    line.close()


def test_processes_of_one_city_share_the_questions(town: Town, broker: Broker) -> None:
    wires = [Tripwire(town, lambda: None) for _ in range(2)]
    line = broker.line()
    with at_broker(town, broker, wires[0]), at_broker(town, broker, wires[1]):
        for _ in range(20):
            assert code_of(line.post(BATCHES, b"x").refusal) == "MESSAGE_MALFORMED"
    counts = [wire.batches for wire in wires]
    assert sum(counts) == 20, "none was answered twice"
    assert min(counts) > 0
    line.close()


def test_a_batch_larger_than_the_broker_takes_stays_and_is_not_sent(
    town: Town, device: Make, tmp_path: Path
) -> None:
    with open_broker(tmp_path / "narrow", "max_packet_size 20000") as broker:
        line = broker.line()
        with at_broker(town, broker):
            gate = device(line=line)
            gate.rides(500)
            stepped = gate.step()
            assert [one.code for one in stepped.refusals] == ["BODY_TOO_LARGE"]
            assert (stepped.online, gate.waiting(), town.taps()) == (True, 500, [])
            gate.rides(2)
            assert gate.later(61).acknowledged == 2, "it holds up no other"
        line.close()


def test_a_list_larger_than_the_broker_takes_holds_up_no_taps(
    town: Town, device: Make, tmp_path: Path
) -> None:
    city = City(CITY, town.database, CITY_KEY, KeyRing({}), load_city_fares(CITY))
    lost = [f"51{number:014d}" for number in range(200)]
    media = [MediumOpening(number, "card", f"local:{CITY}", "ordinary") for number in lost]
    city.open_riders([RiderOpening(one.medium_no, (one,), 0) for one in media], town.clock.now_s)
    for number in lost:
        assert city.report_lost(number) is None
    city.publish_deny_list(town.clock.now_s)
    city.close()
    with open_broker(tmp_path / "narrow", "max_packet_size 5000") as broker:
        line = broker.line()
        with at_broker(town, broker):
            gate = device(line=line)
            gate.rides(3)
            stepped = gate.step()
        assert [one.code for one in stepped.refusals] == ["ANSWER_TOO_LARGE"]
        assert (stepped.online, stepped.acknowledged, gate.site.deny.version) == (True, 3, 0)
        line.close()


def test_a_broker_that_lets_nobody_in_is_told_as_such(broker: Broker) -> None:
    wrong = MqttLine(broker.parsed(), Login(user="gate-1", password="no"))
    assert code_of(wrong.post(BATCHES, b"a").refusal) == "BROKER_LOGIN"
    broker.kill()
    assert code_of(broker.line().post(BATCHES, b"a").refusal) == "UPLINK_AWAY"


def test_nobody_writes_to_another_ones_topics(broker: Broker) -> None:
    """The broker's access list: a second client with a device's topic is not heard."""
    listener = Listener(broker, lambda session, message: answer(session, message, b"heard"))
    line = broker.line("gate-2", answer_s=1.0)
    line._client = "gate-1"
    refusal = must_fail(line.post(BATCHES, b"a"))
    assert (refusal.code, refusal.values["detail"]) == ("UPLINK_AWAY", "PUBACK 0x87")
    assert listener.asked == []
    listener.session.close()
    line.close()


def must_fail(told: Answer) -> Refusal:
    """Why there is no answer."""
    assert told.refusal is not None
    assert not told.final
    return told.refusal
