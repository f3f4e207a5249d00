"""The city that the kit plays: it keeps to the protocol, except where it misbehaves on purpose.

All knobs are plain attributes; whoever changes or reads them holds `lock`, a condition that is
notified whenever something has come. What goes out is bytes, whatever was asked: `serving` puts
them on the wire, or does what a broken line does.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from msgspec.structs import replace

from tongxing.conformance.books import Books
from tongxing.conformance.denying import Lists
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, Receipt, SigningKey, TapBatch, seal, unseal
from tongxing.messages.claims import claimed
from tongxing.messages.fleet import (
    ENROLMENT_SENDER,
    Asking,
    Enrolled,
    Enrolment,
    Heartbeat,
    Order,
    OrderDone,
    Orders,
)

Wire = Literal["answer", "drop", "twice", "hang"]
"""What is done with an answer: sent, not sent and the line cut, sent twice, held back."""

BATCH_FAULTS = (
    "drop",
    "lost_answer",
    "http_500",
    "no_receipt",
    "web_page",
    "wrong_signature",
    "other_batch",
    "other_site",
    "fewer",
    "hang",
    "twice",
    "busy",
)
BUSY_S = 3
CLOCK_S = 300
_NEXT_S = 1


@dataclass(frozen=True, slots=True)
class Sent:
    """An answer: HTTP status, body, and what the line does with it."""

    status: int = 200
    body: bytes = b""
    wire: Wire = "answer"
    headers: dict[str, str] = field(default_factory=dict)


DROPPED = Sent(wire="drop")
_PAGE = b"<!doctype html><title>Welcome</title><p>Please sign in to this network.</p>"


class KitCity:
    """The city of one run. `key` is its own, `stranger` another one; `clock` gives Unix seconds."""

    def __init__(
        self,
        division: str,
        device: str,
        operator: str,
        terminals: list[str],
        key: SigningKey,
        stranger: SigningKey,
        clock: Callable[[], int],
    ) -> None:
        self.division, self.device, self.operator = division, device, operator
        self.terminals, self.key, self.stranger, self._clock = terminals, key, stranger, clock
        self.lock = threading.Condition()
        self.begin("")

    def begin(self, code: str) -> None:
        """A new device is to come, with this code; all is forgotten that was before."""
        self.code = code
        self.device_key: bytes | None = None
        self.books = Books(self.device, frozenset(self.terminals))
        self.lists = Lists(self.division, self.key, self.stranger, self._clock)
        self.enrolled: bytes | None = None
        self.beats: list[Heartbeat] = []
        self.orders: list[Order] = []
        self.done: list[OrderDone] = []
        self.order_no = 0
        self.asked: list[int] = []
        """From which version the deny list was asked for, in order."""
        self.silent = False
        self.batch_fault = ""
        self.faulted: list[str] = []
        """SHA-256 of the batches that met the fault."""
        self.beat_fault = ""
        self.released = threading.Event()
        self.batch_at: list[float] = []
        """When a batch met the fault, in order (seconds of a clock that only rises)."""

    def answered(self, method: str, path: str, body: bytes, asking: bytes) -> Sent:
        """What a request is answered with."""
        with self.lock:
            try:
                return self._answered(method, path, body, asking)
            finally:
                self.lock.notify_all()

    def _answered(self, method: str, path: str, body: bytes, asking: bytes) -> Sent:
        where, _, query = path.partition("?")
        if (method, where) == ("POST", "/v1/enrol"):
            return self._enrol(body)
        if self.silent or self.device_key is None:
            return DROPPED
        if (method, where) == ("POST", "/v1/batches"):
            return self._batch(body)
        if (method, where) == ("POST", "/v1/heartbeat"):
            return self._heartbeat(body)
        if (method, where) == ("GET", "/v1/lists/deny"):
            return self._list(path, query, asking)
        self.books.blame("address", f"{method} {path[:80]}")
        return _refused(404, Refusal("API_PATH", where[:80], {"path": where[:80]}))

    def _ring(self) -> KeyRing:
        return KeyRing({} if self.device_key is None else {self.device: self.device_key})

    def _enrol(self, body: bytes) -> Sent:
        opened = _self_signed(body)
        if isinstance(opened, Refusal):
            self.books.blame("enrolment", opened.code)
            return _refused(401, opened)
        code = opened.code.replace("-", "").upper()
        if not self.code or code != self.code.replace("-", ""):
            self.books.blame("enrolment_code", opened.code, self.code)
            return _refused(403, Refusal("FLEET_CODE"))
        if self.device_key not in (None, opened.public_key):
            return _refused(409, Refusal("FLEET_CODE_USED"))
        self.device_key = opened.public_key
        told = Enrolled(
            device=self.device,
            public_key=opened.public_key,
            city=self.division,
            site=self.device.partition(".")[0],
            operator=self.operator,
            terminals=self.terminals,
            time_s=self._clock(),
        )
        self.enrolled = seal(told, self.key)
        return Sent(body=self.enrolled)

    def _batch(self, body: bytes) -> Sent:
        opened = unseal(body, TapBatch, self._ring())
        if isinstance(opened, Refusal):
            self.books.blame("sealed", f"TapBatch: {opened.code} {opened.values}")
            return _refused(400, opened)
        name = self.books.looked_at(body, opened[1])
        fault = self.batch_fault
        if fault:
            self.faulted.append(name)
            self.batch_at.append(time.monotonic())
        if fault == "drop":
            return DROPPED
        if fault in ("http_500", "busy"):
            code = "API_FAILED" if fault == "http_500" else "INTAKE_BUSY"
            headers = {"Retry-After": str(BUSY_S)} if fault == "busy" else {}
            return _refused(500 if fault == "http_500" else 503, Refusal(code), headers)
        return self._receipt(fault, self.books.commit(name, opened[1]))

    def _receipt(self, fault: str, receipt: Receipt) -> Sent:
        """The answer to a batch that is in the books."""
        good = seal(receipt, self.key)
        if fault == "lost_answer":
            return DROPPED
        if fault in ("hang", "twice"):
            return Sent(body=good, wire="hang" if fault == "hang" else "twice")
        if fault == "no_receipt":
            return Sent()
        if fault == "web_page":
            return Sent(body=_PAGE, headers={"Content-Type": "text/html"})
        if fault == "wrong_signature":
            return Sent(body=seal(receipt, self.stranger))
        if fault:
            return Sent(body=seal(_lying(receipt, fault), self.key))
        return Sent(body=good)

    def _heartbeat(self, body: bytes) -> Sent:
        opened = unseal(body, Heartbeat, self._ring())
        if isinstance(opened, Refusal):
            self.books.blame("sealed", f"Heartbeat: {opened.code} {opened.values}")
            return _refused(400, opened)
        beat = opened[1]
        self.books.heard(beat)
        self.beats.append(beat)
        if self.beat_fault == "lost_answer":
            return DROPPED
        if not self.beat_fault:
            self._note_done(beat)
        key = self.stranger if self.beat_fault == "wrong_signature" else self.key
        number = beat.number - 1 if self.beat_fault == "other_number" else beat.number
        answer = Orders(
            device=self.device,
            number=number,
            time_s=self._clock(),
            next_s=_NEXT_S,
            lists={"deny": self.lists.newest},
            orders=list(self.orders),
            missing=list(self.books.missing(beat)),
            marks=self.books.marks((one.terminal_id, one.epoch) for one in beat.counts),
        )
        return Sent(body=seal(answer, key))

    def _note_done(self, beat: Heartbeat) -> None:
        known = {order.order_no for order in self.orders}
        answered = {one.order_no for one in self.done}
        for one in beat.done:
            if one.order_no not in known | answered:
                self.books.blame("order_unheard", one.order_no)
            if one.order_no not in answered:
                self.done.append(one)
        ended = {one.order_no for one in beat.done}
        self.orders = [order for order in self.orders if order.order_no not in ended]

    def _list(self, path: str, query: str, asking: bytes) -> Sent:
        opened = unseal(asking, Asking, self._ring())
        if isinstance(opened, Refusal):
            self.books.blame("sealed", f"Asking: {opened.code} {opened.values}")
            return _refused(401, opened)
        asked = opened[1]
        if (asked.device, asked.path) != (self.device, path):
            self.books.blame("asking_path", asked.path, path)
        if abs(asked.sent_s - self._clock()) > CLOCK_S:
            self.books.blame("asking_clock", asked.sent_s, self._clock())
        since = query.removeprefix("since=") or "0"
        if not (since.isascii() and since.isdigit()):
            self.books.blame("asking_since", query)
            return _refused(400, Refusal("API_QUERY"))
        self.asked.append(int(since))
        found = self.lists.since(int(since))
        return Sent(status=304) if found is None else Sent(body=found)

    def misbehave(self, fault: str) -> None:
        """From now on, do this to every batch: one of `BATCH_FAULTS`."""
        with self.lock:
            self.batch_fault, self.faulted, self.batch_at = fault, [], []
            self.released.clear()

    def give(self, kind: str, from_s: int, until_s: int, order_no: int | None = None) -> int:
        """Give an order from the next heartbeat on; its number, the next one if none is named."""
        number = self.order_no + 1 if order_no is None else order_no
        self.order_no = max(self.order_no, number)
        self.orders.append(
            Order(order_no=number, kind=kind, from_s=from_s, until_s=until_s, ordered_by="KIT")
        )
        return number


def _self_signed(body: bytes) -> Enrolment | Refusal:
    """An enrolment is signed with the key that it brings, so it is read twice."""
    said = claimed(body, Enrolment)
    if isinstance(said, Refusal):
        return said
    try:
        ring = KeyRing({ENROLMENT_SENDER: said[1].public_key})
    except ValueError:
        return Refusal("DEVICE_KEY")
    opened = unseal(body, Enrolment, ring)
    return opened if isinstance(opened, Refusal) else opened[1]


def _lying(receipt: Receipt, fault: str) -> Receipt:
    """A receipt with the city's true signature, for something else."""
    if fault == "other_batch":
        return replace(receipt, batch_sha256=sha256_hex(receipt.batch_sha256.encode()))
    if fault == "other_site":
        return replace(receipt, site="ANOTHER.1")
    return replace(receipt, accepted=receipt.accepted - 1)


def _refused(status: int, refusal: Refusal, headers: dict[str, str] | None = None) -> Sent:
    told = {"Content-Type": "application/json", **(headers or {})}
    return Sent(status=status, body=json.dumps(refusal.as_json()).encode(), headers=told)
