"""What lies outside a city and is not what a test is about: chance, an inbox, the register."""

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from tongxing.city.people.forms import id_check
from tongxing.kernel.reasons import Refusal

PHONE = "13800138000"
"""The telephone of whoever a test is about."""


def an_id(number: int = 12, born: str = "19800229", region: str = "500103") -> str:
    """An identity number that nobody has, with its check digit; born on that day."""
    digits = f"{region}{born}{number:03d}"
    return digits + id_check(digits)


class Chance:
    """Bytes that nobody would guess, the same in each run of a seed; safe for threads."""

    def __init__(self, seed: str) -> None:
        self._seed, self._count, self._lock = seed, 0, threading.Lock()

    def __call__(self, size: int) -> bytes:
        with self._lock:
            self._count += 1
            return hashlib.shake_128(f"{self._seed}|{self._count}".encode()).digest(size)


@dataclass
class Inbox:
    """The messages that went out."""

    sent: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def send(
        self, phone: str, template: str, values: Mapping[str, str], out_id: str
    ) -> Refusal | None:
        self.sent.append((phone, dict(values)))
        return None

    def code(self, phone: str = PHONE) -> str:
        """The newest code that a phone received."""
        return [values["code"] for to, values in self.sent if to == phone][-1]


@dataclass
class Register:
    """The register of identities: says what it is told to, yes unless told otherwise."""

    answer: bool | Refusal = True
    asked: int = 0

    def check(self, name: str, id_number: str, out_id: str) -> bool | Refusal:
        assert name and id_number and out_id
        self.asked += 1
        return self.answer
