"""The interface over MQTT v5: questions from a broker's shared subscription, answers to each one's
own topic, by the very handlers that HTTP calls.

A question is done with, for the broker, once its answer is on the way; what is lost in between the
device asks again. Several processes may share the work: the broker gives each question to one.
"""

import asyncio
import logging
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
from paho.mqtt.client import MQTTMessage

from tongxing.api.answers import RETRY_AFTER_S, WAIT, refusal_of, status_of
from tongxing.api.interface import Asked, Interface, Told
from tongxing.broker import NOBODY, BrokerAddress, Login, Session, open_session, topics
from tongxing.broker.topics import Question
from tongxing.kernel.reasons import Refusal

FIRST_S, LONGEST_S = 1.0, 60.0
"""How long to wait before the broker is called again: doubling, each time drawn from half on."""

_RECEIVE_MAX = 200
_BESIDE = 1_024
_log = logging.getLogger("tongxing.api")


class MqttService:
    """A city (six digits) at a broker, from `start` to `close`.

    `tell` is called whenever the broker is reached (None) or not (why). `dropped` counts, by word,
    what came and was no question, so that nobody could be answered.
    """

    def __init__(
        self,
        interface: Interface,
        city: str,
        address: BrokerAddress,
        login: Login = NOBODY,
        ca: Path | None = None,
        tell: Callable[[Refusal | None], None] = lambda _why: None,
        first_s: float = FIRST_S,
    ) -> None:
        self._interface, self._city, self._address = interface, city, address
        self._login, self._ca, self._tell, self._first_s = login, ca, tell, first_s
        self.dropped: Counter[str] = Counter()
        self._over = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._threads = [
            threading.Thread(target=work, name="mqtt", daemon=True)
            for work in (self._loop.run_forever, self._stay)
        ]

    def start(self) -> None:
        """Begin to answer, as soon as the broker is there."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Take leave of the broker; what is being answered then is asked again."""
        self._over.set()
        self._threads[1].join()
        asyncio.run_coroutine_threadsafe(_leave(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._threads[0].join()
        self._loop.close()

    def heard(self, session: Session, message: MQTTMessage) -> None:
        """A question has come."""
        question = topics.question_of(message, self._city)
        if isinstance(question, str):
            self.dropped[question] += 1
            session.done_with(message)
            return
        answer = self._answer(session, message, question)
        asyncio.run_coroutine_threadsafe(answer, self._loop)

    def ended(self, session: Session) -> None:
        """The connection is over; the thread that keeps it finds out by itself."""

    def _stay(self) -> None:
        """Be at the broker until it is over."""
        failures = 0
        while not self._over.is_set():
            session = open_session(
                self._address,
                self._login,
                self._ca,
                f"city-{self._city}-{secrets.token_hex(6)}",
                f"$share/tongxing/{topics.ask_topic(self._city, '+')}",
                self,
                _RECEIVE_MAX,
                2 * self._interface.limits.body_bytes,
            )
            if isinstance(session, Refusal):
                failures += 1
                self._tell(session)
            else:
                failures = 0
                self._tell(None)
                self._until_over(session)
            whole_s = min(LONGEST_S, self._first_s * 2.0 ** min(failures, 20))
            self._over.wait(whole_s * (0.5 + secrets.randbelow(1_000) / 2_000))

    def _until_over(self, session: Session) -> None:
        while not session.over.wait(0.2):
            if self._over.is_set():
                session.close()
                return
        self._tell(session.refusal)

    async def _answer(self, session: Session, message: MQTTMessage, asked: Question) -> None:
        told = await self._told(bytes(message.payload), asked)
        refusal = told if isinstance(told, Refusal) else None
        content = told if isinstance(told, bytes) else b""
        if len(content) + _BESIDE > session.packet_bytes_max:
            refusal = Refusal("ANSWER_TOO_LARGE", asked.path[:100], {"size": len(content)})
        status = 304 if told is None else 200
        if refusal is not None:
            status, content = status_of(refusal), msgspec.json.encode(refusal.as_json())
        kind = topics.SEALED if refusal is None else topics.ERROR
        again_s = RETRY_AFTER_S if status in WAIT else 0
        beside = topics.answering(asked, status, kind, again_s)
        session.publish(asked.answer_topic, content, beside)
        session.done_with(message)

    async def _told(self, content: bytes, question: Question) -> Told:
        path, _, query = question.path.partition("?")

        async def read() -> bytes | Refusal:
            most = self._interface.limits.body_bytes
            if len(content) > most:
                return Refusal("BODY_TOO_LARGE", values={"most": most})
            return content

        try:
            return await self._interface.told(Asked(path, query, f"mqtt {question.client}", read))
        except Exception as error:
            return refusal_of(error, path[:100])


async def _leave() -> None:
    """Let go of what is still being answered in this loop."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
