"""How a question and its answer look on a broker: topics, and what travels beside the bytes."""

from collections.abc import Iterable
from dataclasses import dataclass

from paho.mqtt.client import MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tongxing.broker.login import is_name

SEALED, ERROR = "application/vnd.tongxing.sealed", "application/json"
PATH, STATUS, RETRY_AFTER = "path", "status", "retry_after"
QUESTION_S, ANSWER_S = 30, 60
"""How long a broker keeps a question, and an answer, that it cannot deliver."""

_CORRELATION_MAX = 64
_ROOT = "tongxing/1"


@dataclass(frozen=True, slots=True)
class Question:
    """What a city is asked: by the client of which name, for which path, and where the answer
    goes."""

    client: str
    path: str
    answer_topic: str
    correlation: bytes


def properties(packet: int) -> Properties:
    """Empty properties for a packet of this type."""
    return Properties(packet)


def ask_topic(city: str, client: str) -> str:
    """Where a client (its name at the broker) asks a city; "+" stands for all clients."""
    return f"{_ROOT}/{city}/ask/{client}"


def answer_topic(city: str, client: str, place: str) -> str:
    """Where it is answered; `place` is one of its own choice."""
    return f"{_ROOT}/{city}/answer/{client}/{place}"


def asking(path: str, answer_to: str, correlation: bytes) -> Properties:
    """What travels beside a question."""
    found = properties(PacketTypes.PUBLISH)
    found.ResponseTopic = answer_to
    found.CorrelationData = correlation
    found.ContentType = SEALED
    found.MessageExpiryInterval = QUESTION_S
    found.UserProperty = (PATH, path)
    return found


def answering(question: Question, status: int, content_type: str, retry_after_s: int) -> Properties:
    """What travels beside an answer; 0 seconds are not said."""
    found = properties(PacketTypes.PUBLISH)
    found.CorrelationData = question.correlation
    found.ContentType = content_type
    found.MessageExpiryInterval = ANSWER_S
    found.UserProperty = (STATUS, str(status))
    if retry_after_s:
        found.UserProperty = (RETRY_AFTER, str(retry_after_s))
    return found


def question_of(message: MQTTMessage, city: str) -> Question | str:
    """What is asked, or in a word why it is no question: nobody could be answered then.

    The answer goes to the asking client's own topics and nowhere else, so that nobody can have
    others written to.
    """
    client = message.topic.rpartition("/")[2]
    if message.topic != ask_topic(city, client) or not is_name(client):
        return "topic"
    if message.retain:
        return "retained"
    place = str(getattr(message.properties, "ResponseTopic", ""))
    if not is_name(place.rpartition("/")[2]) or place != answer_topic(
        city, client, place.rpartition("/")[2]
    ):
        return "response topic"
    correlation = bytes(getattr(message.properties, "CorrelationData", b""))
    if not 1 <= len(correlation) <= _CORRELATION_MAX:
        return "correlation data"
    path = said(message, PATH)
    return "path" if path is None else Question(client, path, place, correlation)


def correlation_of(message: MQTTMessage) -> bytes:
    """Which question an answer is to, as it says; b"" when it does not."""
    return bytes(getattr(message.properties, "CorrelationData", b""))


def said(message: MQTTMessage, name: str) -> str | None:
    """The user property of a name, None unless there is just one."""
    pairs: Iterable[tuple[str, str]] = getattr(message.properties, "UserProperty", ())
    values = [value for key, value in pairs if key == name]
    return values[0] if len(values) == 1 else None
