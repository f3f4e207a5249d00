"""Whoever attests conditions of entry, asked over HTTPS: one signed question, one signed answer.

What is in them is `tongxing.entry`'s and is passed on unread; the bytes stand in `docs/entry.md`.
A question may be asked again, since its answer changes nothing: a connection that had been let go
in between costs one more try, within the same time. Each thread keeps a connection of its own.
"""

import threading
import time
from collections.abc import Mapping
from pathlib import Path

import requests

from tongxing.kernel.reasons import Refusal
from tongxing.partners.calling import Patience, bad_answer, call

NAME = "attester"
QUESTION_TYPE = "application/vnd.tongxing.entry-question"
ANSWER_TYPE = "application/vnd.tongxing.entry-answer"
ANSWER_BYTES_MAX = 1024
_NOT_HEARD = frozenset({"PARTNER_UNREACHABLE", "PARTNER_NO_ANSWER"})
_TRIES = 2
_HEADERS: Mapping[str, str] = {"Content-Type": QUESTION_TYPE, "Accept": ANSWER_TYPE}


class AttesterLine:
    """The line to one attester: `url` is where it takes questions; `ca` a PEM file of authorities,
    without which the system's count."""

    def __init__(self, url: str, ca: Path | None = None) -> None:
        self._url, self._ca = url, ca
        self._here = threading.local()

    def ask(self, question: bytes, budget_ms: int) -> bytes | Refusal:
        """The answer's bytes, not yet believed.

        Refuses PARTNER_UNREACHABLE, PARTNER_NO_ANSWER, PARTNER_BUSY, PARTNER_NOT_ALLOWED when the
        attester does not take our signature, and PARTNER_ANSWER_BAD.
        """
        until = time.monotonic() + budget_ms / 1000
        found: bytes | Refusal = Refusal("PARTNER_NO_ANSWER", NAME, {"partner": NAME})
        for _ in range(_TRIES):
            left_s = until - time.monotonic()
            if left_s <= 0:
                break
            found = self._asked(question, Patience(left_s, left_s))
            if not isinstance(found, Refusal) or found.code not in _NOT_HEARD:
                break
        return found

    def _asked(self, question: bytes, patience: Patience) -> bytes | Refusal:
        reply = call(NAME, "POST", self._url, _HEADERS, question, patience, self._session())
        if isinstance(reply, Refusal):
            return reply
        if reply.status in (401, 403):
            values = {"partner": NAME, "reason": str(reply.status)}
            return Refusal("PARTNER_NOT_ALLOWED", NAME, values)
        if reply.status != 200:
            return bad_answer(NAME, "status")
        return reply.body if len(reply.body) <= ANSWER_BYTES_MAX else bad_answer(NAME, "length")

    def _session(self) -> requests.Session:
        found: requests.Session | None = getattr(self._here, "session", None)
        if found is None:
            found = self._here.session = requests.Session()
            if self._ca is not None:
                found.verify = str(self._ca)
        return found
