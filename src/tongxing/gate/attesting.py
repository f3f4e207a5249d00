"""Who answers for holders at a running gate: its memory at once, an attester in a bounded time.

The thread that decides never waits for a network. Where nothing is known of a holder it answers
`ASKING`; whoever runs the gate puts the medium aside, has the holder asked about here, and presents
the medium again as soon as there is an answer, or when the time is over.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tongxing.entry import Asker, HolderAnswer
from tongxing.entry.asking import ASKING
from tongxing.entry.attestation import Attesters
from tongxing.entry.question import NONCE_BYTES, Question, read_answer, sign_question
from tongxing.kernel.reasons import Refusal
from tongxing.partners.attester import AttesterLine

_log = logging.getLogger("tongxing.gate")
ASKED_AT_ONCE = 4
"""So many holders are asked about at a time; the others wait, no longer than their own time."""


@dataclass(frozen=True, slots=True)
class OverTheLine:
    """A `Provider` behind a network. `asker` is the name under which all gates of a city ask, so
    that a question says nothing of where it comes from; `chance` gives random bytes."""

    city: str
    asker: str
    key: Ed25519PrivateKey
    attesters: Attesters
    line: AttesterLine
    chance: Callable[[int], bytes]

    def __call__(self, holder: str, budget_ms: int, now_s: int) -> bytes | Refusal | None:
        asked = Question(self.city, holder, now_s, self.chance(NONCE_BYTES))
        question = sign_question(asked, self.asker, self.key)
        raw = self.line.ask(question, budget_ms)
        return raw if isinstance(raw, Refusal) else read_answer(raw, question, self.attesters)


class _Aside:
    """A medium that was put aside: `then` is called once, by whoever comes first."""

    def __init__(self, then: Callable[[], None]) -> None:
        self._then, self._lock = then, threading.Lock()
        self.is_over = False

    def end(self) -> None:
        """Go on with the medium, unless somebody has."""
        with self._lock:
            was, self.is_over = self.is_over, True
        if not was:
            self._then()


class Attesting:
    """`Holders` for a gate that runs, over an `Asker`."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker

    def of(self, medium_no: str, now_s: int) -> HolderAnswer:
        """What is known at this moment, or `ASKING` where somebody has to be asked."""
        return self.asker.known(medium_no, now_s) or HolderAnswer(None, Refusal(ASKING))


class AskingAside:
    """Asks about the holders of media that were put aside, a few at a time."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._changed = threading.Condition()
        self._waiting = self._threads = 0
        self._is_over = False

    def ask(self, asker: Asker, medium_no: str, now_s: int, then: Callable[[], None]) -> bool:
        """Have a holder asked about; `then` is called once, in another thread, when there is an
        answer or the time is over, and the asker knows which. False after `finish`."""
        aside = _Aside(partial(self._again, then))

        def late() -> None:
            asker.gave_none(medium_no, now_s)
            aside.end()

        alarm = threading.Timer(asker.budget_ms / 1000, late)
        alarm.daemon = True

        def asked() -> None:
            if aside.is_over:
                return
            try:
                answer = asker.ask(medium_no, now_s)
                if isinstance(answer.word, Refusal):
                    _log.warning("no answer about a holder: %s", answer.word.code)
            except Exception:
                _log.exception("asking an attester failed")
                return  # the alarm goes on with the medium
            alarm.cancel()
            aside.end()

        with self._changed:
            if self._is_over:
                return False
            self._waiting += 1
            if self._threads < ASKED_AT_ONCE:
                self._threads += 1
                threading.Thread(target=self._work, name="gate attesting", daemon=True).start()
        alarm.start()
        self._queue.put(asked)
        return True

    def finish(self) -> None:
        """Wait until nothing is aside, which takes no longer than one answer may, and let the
        threads end."""
        with self._changed:
            self._is_over = True
            self._changed.wait_for(lambda: not self._waiting)
            for _ in range(self._threads):
                self._queue.put(None)

    def _again(self, then: Callable[[], None]) -> None:
        then()
        with self._changed:
            self._waiting -= 1
            self._changed.notify_all()

    def _work(self) -> None:
        while (asked := self._queue.get()) is not None:
            asked()
