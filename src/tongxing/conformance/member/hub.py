"""The hub of the kit: keeps to the protocol, and breaks it in one way when a case says so.

It books files in memory, judges every record as a case wants, makes letters, and remembers what a
member must have in its books. What it signs with can be a stranger's key.
"""

import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from tongxing.conformance.member.looking import KnownFile, Looking
from tongxing.conformance.member.registers import RegisterShelf
from tongxing.conformance.member.saying import Act, Made, error, in_part, told
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Record, Share, SigningKey, Verdict, VerdictFile, seal
from tongxing.messages.letters import FileProgress, Letter, LetterPage
from tongxing.signed_http import (
    Answer,
    Fields,
    HttpKey,
    Request,
    Signed,
    content_digest,
    sign_answer,
)

BUSY_S = 1
LIE = 777
"""The number of a letter that there is not: whoever asks for it has believed what it must not."""
_UNKEPT = ("no_answer", "earlier_answer", "refused", "unsigned", "stranger", "turned_bit")
"""What is said while nothing was kept."""
Wire = Literal["", "drop", "half"]

_FILE = re.compile(r"/v1/members/([^/]+)/files/([^/]+)(/manifest|/data)?", re.ASCII)
_LETTER = re.compile(r"/v1/members/([^/]+)/letters(?:/([0-9]+))?", re.ASCII)
_SPAN = re.compile(r"bytes ([0-9]+)-([0-9]+)/([0-9]+)", re.ASCII)


@dataclass
class Sent:
    """An answer as it goes on the wire: `drop` cuts the line before it, `half` in the middle."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    wire: Wire = ""


@dataclass
class Kept:
    """A letter and its content."""

    letter: Letter
    content: bytes


@dataclass
class KitHub:
    """One hub for one member. `fault` names what it does wrong, `at` where (see `playing`), as long
    as `fault_left` is above 0. `lock` is held while it is looked at."""

    key: SigningKey
    stranger: SigningKey
    looking: Looking
    members: tuple[str, str]
    window: str
    clock: Callable[[], int]
    ticks: Callable[[], float]
    registers: RegisterShelf
    lock: threading.RLock = field(default_factory=threading.RLock)
    letters: dict[str, list[Kept]] = field(default_factory=dict)
    accepted_fen: int = 0
    by_operator: dict[str, int] = field(default_factory=dict)
    reject_first: bool = False
    seal_by_stranger: bool = False
    suspended: bool = False
    carried: list[Record] = field(default_factory=list)
    shown_after: int | None = None
    fault: str = ""
    at: str = ""
    fault_left: int = 0
    faulted: int = 0
    asked_at: list[tuple[str, float]] = field(default_factory=list)
    _earlier: Sent | None = None

    def misbehave(self, fault: str, at: str, times: int = 1) -> None:
        """Do this wrong the next times that something of this kind is asked."""
        with self.lock:
            self.fault, self.at, self.fault_left, self.faulted = fault, at, times, 0
            self.asked_at.clear()

    def answered(
        self, method: str, url: str, path: str, lines: list[tuple[str, str]], body: bytes
    ) -> Sent:
        """The answer to a request, whose `url` is whole and `path` its path without the query."""
        with self.lock:
            request = Request(method, url, Fields(lines))
            kind, act = self._kind(method, path)
            self.asked_at.append((kind, self.ticks()))
            wrong = kind == self.at and self.fault_left > 0
            if wrong:
                self.fault_left -= 1
                self.faulted += 1
            fault = self.fault if wrong else ""
            if fault in ("drop_before", "busy", "failed", "clock"):
                return self._instead(fault, request)
            signed = self.looking.signed(request, body, self.clock())
            if isinstance(signed, Refusal):
                status = 400 if signed.code == "HTTP_DIGEST" else 401
                return self._told(request, "", status, told(signed))
            if fault in _UNKEPT:
                return self._unkept(fault, request, signed)
            status, headers, content = act(request, path, body)
            sent = self._told(request, signed.label, status, content, headers)
            if not fault:
                self._earlier = sent
            return self._spoilt(fault, sent, request, signed)

    def hand_out(self, member: str, kind: str, name: str, content: bytes, window: str = "") -> None:
        """Make the next letter of a member."""
        with self.lock:
            there = self.letters.setdefault(member, [])
            letter = Letter(
                len(there) + 1, kind, window or self.window, name, len(content), sha256_hex(content)
            )
            there.append(Kept(letter, content))

    def open_window(self, window: str) -> None:
        """From now on files belong to this window, in which nothing is yet."""
        with self.lock:
            self.window, self.accepted_fen, self.by_operator = window, 0, {}

    def booked(self) -> list[str]:
        """The files that are."""
        with self.lock:
            return [name for name, known in self.looking.files.items() if known.letter]

    def _kind(self, method: str, path: str) -> tuple[str, Act]:
        if match := _FILE.fullmatch(path):
            what = match[3] or "/state"
            acts: dict[tuple[str, str], Act] = {
                ("PUT", "/manifest"): self._manifest,
                ("PUT", "/data"): self._data,
                ("GET", "/state"): self._state,
            }
            return what[1:], acts.get((method, what), _no_such)
        if (match := _LETTER.fullmatch(path)) and method == "GET":
            return ("letters", self._list) if match[2] is None else ("letter", self._letter)
        if (found := self.registers.act(method, path)) is not None:
            return found
        self.looking.blame("address", f"{method} {path}")
        return "", _no_such

    def _manifest(self, request: Request, path: str, body: bytes) -> Made:
        file_id = _named(_FILE, path)[1]
        known = self.looking.manifest(file_id, body)
        if known is None:
            return 422, [], error("UPLOAD_MANIFEST")
        return 200, [], _progress(file_id, known)

    def _data(self, request: Request, path: str, body: bytes) -> Made:
        file_id = _named(_FILE, path)[1]
        known = self.looking.files.get(file_id)
        if known is None:
            self.looking.blame("no_manifest", file_id)
            return 409, [], error("UPLOAD_NO_MANIFEST")
        span = _SPAN.fullmatch(request.headers.get("content-range"))
        start, total = (int(span[1]), int(span[3])) if span else (0, len(body))
        if known.letter:
            if not span and sha256_hex(body) != known.manifest.data_sha256:
                self.looking.blame("other_bytes", file_id)
            return 200, [], _progress(file_id, known)
        if start not in (0, len(known.data)):
            return 409, [], error("UPLOAD_RANGE")
        known.data = known.data[:start] + body
        if len(known.data) < total:
            return 202, [], _progress(file_id, known)
        if not self.looking.whole(known):
            told = {"expected": known.manifest.data_sha256, "found": sha256_hex(known.data)}
            known.data = b""
            return 422, [], error("FILE_CHECKSUM", told)
        self._book(file_id, known)
        return 200, [], _progress(file_id, known)

    def _book(self, file_id: str, known: KnownFile) -> None:
        verdicts = []
        for number, record in enumerate(known.records):
            if self.suspended:
                verdicts.append(Verdict(record_id=record.record_id, status="held", code="1019"))
                self.carried.append(record)
            elif self.reject_first and number == 0:
                verdicts.append(
                    Verdict(record_id=record.record_id, status="rejected", code="1001",
                            bearer="acquirer")
                )  # fmt: skip
            else:
                verdicts.append(self._accepted(record.record_id, record.operator, record.delta_fen))
        answer = VerdictFile(
            file_id=file_id, window_id=self.window, file_code="OK", verdicts=verdicts
        )
        self.looking.last_manifest = sha256_hex(known.sealed)
        sealing = self.stranger if self.seal_by_stranger else self.key
        acquirer = self.members[0]
        self.hand_out(acquirer, "verdicts", file_id, seal(answer, sealing))
        known.letter = len(self.letters[acquirer])

    def _accepted(self, record_id: str, operator: str, delta_fen: int) -> Verdict:
        self.accepted_fen += delta_fen
        self.by_operator[operator] = self.by_operator.get(operator, 0) + delta_fen
        shares = [Share(operator, delta_fen)] if delta_fen else []
        return Verdict(record_id=record_id, status="accepted", code="0000", shares=shares)

    def release(self, window: str) -> None:
        """End the suspension: what was carried is accepted into a window."""
        with self.lock:
            self.open_window(window)
            self.suspended = False
            records, self.carried = self.carried, []
            verdicts = [
                self._accepted(one.record_id, one.operator, one.delta_fen) for one in records
            ]
            answer = VerdictFile(
                file_id=f"carried-{window}", window_id=window, file_code="OK", verdicts=verdicts
            )
            self.hand_out(self.members[0], "carried_verdicts", window, seal(answer, self.key))

    def _state(self, request: Request, path: str, body: bytes) -> Made:
        file_id = _named(_FILE, path)[1]
        return 200, [], _progress(file_id, self.looking.files.get(file_id))

    def _list(self, request: Request, path: str, body: bytes) -> Made:
        member = _named(_LETTER, path)[0]
        text = request.url.partition("?after=")[2] or "0"
        if member not in self.members or not text.isdigit():
            self.looking.blame("address", request.url)
            return 400, [], error("API_QUERY")
        there = self.letters.get(member, [])
        if int(text) > len(there):
            self.looking.blame("believed", f"letters after {text}", len(there))
        after = int(text) if self.shown_after is None else self.shown_after
        page = LetterPage(
            member=member,
            suspended=self.suspended,
            last=len(there),
            letters=[kept.letter for kept in there[after:]],
        )
        return 200, [], msgspec.json.encode(page)

    def _letter(self, request: Request, path: str, body: bytes) -> Made:
        member, number = _named(_LETTER, path)
        there = self.letters.get(member, [])
        if not 0 < int(number) <= len(there):
            self.looking.blame("believed", f"letter {number}", len(there))
            return 404, [], error("LETTER_UNKNOWN")
        return in_part(request, there[int(number) - 1].content)

    def _told(
        self,
        request: Request,
        label: str,
        status: int,
        body: bytes,
        headers: list[tuple[str, str]] | None = None,
        key: SigningKey | None = None,
    ) -> Sent:
        fields = Fields(headers or [])
        fields["Content-Digest"] = content_digest(hashlib.sha256(body).digest())
        answer = Answer(status, fields, request)
        sealing = key or self.key
        sign_answer(answer, HttpKey(self.key.sender, sealing.private), self.clock(), label)
        return Sent(status, fields.items(), body)

    def _instead(self, fault: str, request: Request) -> Sent:
        """What is said by a hub that did not look at the request."""
        if fault == "drop_before":
            return Sent(0, [], b"", "drop")
        if fault == "clock":
            return self._told(request, "", 401, error("HTTP_CLOCK"))
        if fault == "busy":
            wait = [("Retry-After", str(BUSY_S))]
            return self._told(request, "", 503, error("HUB_BUSY"), wait)
        return Sent(500, [], b"<html>500</html>")

    def _unkept(self, fault: str, request: Request, signed: Signed) -> Sent:
        """What looks like an answer, while nothing was kept."""
        if fault == "refused":
            return self._told(
                request, signed.label, 422, error("FILE_COUNT", {"expected": 1, "found": 0})
            )
        if fault == "earlier_answer" and self._earlier is not None:
            return self._earlier
        if fault == "no_answer":
            return Sent(200, [("Content-Type", "text/html")], b"<html>welcome</html>")
        lie = self._lie(request)
        if fault == "stranger":
            return self._told(request, signed.label, 200, lie, key=self.stranger)
        if fault == "turned_bit":
            sent = self._told(request, signed.label, 200, bytes(reversed(lie)))
            return Sent(200, sent.headers, lie)
        sent = self._told(request, signed.label, 200, lie)
        return Sent(200, [line for line in sent.headers if line[0] != "signature"], lie)

    def _lie(self, request: Request) -> bytes:
        """What would do harm if it were believed: booked already, or one more letter."""
        path = request.url.partition("/v1/")[2].partition("?")[0]
        if match := _FILE.fullmatch(f"/v1/{path}"):
            told = FileProgress(file_id=match[2], state="booked", letter=LIE)
            return msgspec.json.encode(told)
        member = _named(_LETTER, f"/v1/{path}")[0]
        there = [kept.letter for kept in self.letters.get(member, [])]
        last = len(there) + 1
        one_more = Letter(last, "statement", self.window, self.window, 9, "0" * 64)
        after = int(request.url.partition("?after=")[2] or "0")
        listed = [*there, one_more][after:]
        page = LetterPage(member=member, suspended=False, last=last, letters=listed)
        return msgspec.json.encode(page)

    def _spoilt(self, fault: str, sent: Sent, request: Request, signed: Signed) -> Sent:
        """An answer to something that was kept, wrong on its way."""
        if fault == "drop_after":
            return Sent(0, [], b"", "drop")
        if fault == "half":
            sent.wire = "half"
        elif fault == "other_content":
            body = sent.body[:-1] + bytes([sent.body[-1] ^ 1])
            return self._told(request, signed.label, sent.status, body, _kept_fields(sent))
        return sent


def _no_such(request: Request, path: str, body: bytes) -> Made:
    return 404, [], error("API_PATH")


def _named(pattern: "re.Pattern[str]", path: str) -> tuple[str, str]:
    match = pattern.fullmatch(path)
    assert match is not None, path
    return match[1], match[2]


def _progress(file_id: str, known: KnownFile | None) -> bytes:
    if known is None:
        return msgspec.json.encode(FileProgress(file_id=file_id, state="nothing"))
    state: Any = "booked" if known.letter else "data" if known.data else "manifest"
    return msgspec.json.encode(
        FileProgress(
            file_id=file_id,
            state=state,
            have_bytes=0 if known.letter else len(known.data),
            manifest_sha256=sha256_hex(known.sealed),
            letter=known.letter,
        )
    )


def _kept_fields(sent: Sent) -> list[tuple[str, str]]:
    own = ("signature", "signature-input", "content-digest")
    return [line for line in sent.headers if line[0] not in own]
