"""The same line over a broker: MQTT v5, a question with its own correlation, an answer to it.

What the broker acknowledges is worth nothing here: only the city's answer is one, and only its
signature makes it a receipt. A connection is made when something is asked and there is none; who
asks again, and when, is the uplink's affair, as ever.
"""

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from paho.mqtt.client import MQTTMessage

from tongxing.broker import NOBODY, BrokerAddress, Login, Session, open_session, topics
from tongxing.gate.link import ANSWER_S, Answer, answer_of
from tongxing.kernel.reasons import Refusal

_RECEIVE_MAX = 20
_BESIDE = 1_024
"""Bytes of a packet beside its content, at most: topics, path, correlation."""

_AS_UPLINK = {"BROKER_AWAY": "UPLINK_AWAY", "BROKER_TLS": "UPLINK_TLS"}


class MqttLine:
    """Questions to the city that `address` names. Thread-safe: many may be asked at once.

    `ca` is a PEM file; without one the system's authorities count. `draw` gives random bytes,
    `answer_s` is how long an answer is waited for.
    """

    def __init__(
        self,
        address: BrokerAddress,
        login: Login = NOBODY,
        ca: Path | None = None,
        draw: Callable[[int], bytes] = secrets.token_bytes,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._address, self._login, self._ca = address, login, ca
        self._draw, self._answer_s = draw, answer_s
        self._id = draw(10).hex()
        self._client = login.user or self._id
        self._answers = topics.answer_topic(address.city, self._client, self._id)
        self._waiting: dict[bytes, tuple[Session, Future[Answer]]] = {}
        self._opening = threading.Lock()
        self._live: Session | None = None
        self._tries = 0
        self._failed: Refusal | None = None

    def post(self, path: str, message: bytes) -> Answer:
        """Send a sealed message."""
        return self._asked(path, message)

    def get(self, path: str, asking: bytes) -> Answer:
        """Fetch something; `asking` is the sealed message that says who asks."""
        return self._asked(path, asking)

    def close(self) -> None:
        """Take leave of the broker; whoever still waits hears that the city is away."""
        with self._opening:
            session, self._live = self._live, None
        if session is not None:
            session.close()

    def heard(self, session: Session, message: MQTTMessage) -> None:
        """An answer. One to nothing that was asked, or came twice, is nobody's."""
        session.done_with(message)
        found = self._waiting.pop(topics.correlation_of(message), None)
        if found is None:
            return
        status = topics.said(message, topics.STATUS) or ""
        if len(status) == 3 and status.isascii() and status.isdigit():
            after = topics.said(message, topics.RETRY_AFTER) or ""
            found[1].set_result(answer_of(int(status), bytes(message.payload), after))
        else:
            refusal = Refusal("UPLINK_ANSWER", str(self._address), {"detail": status[:20] or "-"})
            found[1].set_result(Answer(refusal=refusal))

    def ended(self, session: Session) -> None:
        """The connection is over: no answer comes to what was asked in it."""
        for correlation, (asked_in, _) in list(self._waiting.items()):
            if asked_in is session:
                self._give_up(correlation, session.refusal or _away("MQTT"))

    def _asked(self, path: str, content: bytes) -> Answer:
        session = self._session()
        if isinstance(session, Refusal):
            return Answer(refusal=session)
        if len(content) + _BESIDE > session.packet_bytes_max:
            refusal = Refusal(
                "BODY_TOO_LARGE", str(self._address), {"most": session.packet_bytes_max}
            )
            return Answer(refusal=refusal, final=True)
        correlation, answer = self._draw(16), Future[Answer]()
        self._waiting[correlation] = (session, answer)
        beside = topics.asking(path, self._answers, correlation)
        topic = topics.ask_topic(self._address.city, self._client)

        def refused(code: int) -> None:
            self._give_up(correlation, _away(f"PUBACK {code:#04x}"))

        if not session.publish(topic, content, beside, refused) or session.over.is_set():
            self._give_up(correlation, _away("MQTT"))
        try:
            return answer.result(self._answer_s)
        except TimeoutError:
            self._give_up(correlation, _away(f"{self._answer_s:g} s"))
            return answer.result()

    def _session(self) -> Session | Refusal:
        """A live connection. Those who waited for one try hear what became of it."""
        tries = self._tries
        with self._opening:
            if self._live is not None and not self._live.over.is_set():
                return self._live
            if tries != self._tries and self._failed is not None:
                return self._failed
            self._tries += 1
            self._live = self._failed = None
            found = open_session(
                self._address,
                self._login,
                self._ca,
                self._id,
                self._answers,
                self,
                _RECEIVE_MAX,
            )
            if isinstance(found, Refusal):
                self._failed = _as_uplink(found)
                return self._failed
            self._live = found
            return found

    def _give_up(self, correlation: bytes, why: Refusal) -> None:
        found = self._waiting.pop(correlation, None)
        if found is not None:
            found[1].set_result(Answer(refusal=_as_uplink(why, str(self._address))))


def _away(detail: str) -> Refusal:
    return Refusal("UPLINK_AWAY", values={"detail": detail})


def _as_uplink(refusal: Refusal, where: str = "") -> Refusal:
    """What a broker refused, as a device says it of any line."""
    code = _AS_UPLINK.get(refusal.code, refusal.code)
    return Refusal(code, refusal.where or where, refusal.values)
