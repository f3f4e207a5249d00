"""Whoever asks: requests on a clock, so many a second whether or not the last ones are answered.

Four kinds in turn: the balance, a question for a phone, the trips, and the answer of the phone that
was asked a second before, with its signature. Connections are kept and as many are opened as are
needed at a time, like those of a proxy before the site.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from multiprocessing.connection import Connection
from random import Random

import msgspec
from uvicorn.loops.auto import auto_loop_factory

from tongxing.city.codes.issuer import signer_for_tests
from tongxing.city.codes.proof import Asked
from tongxing.media.code.issue import Signer
from tongxing.media.crypto.providers import private_key, simulated_signer, sm2
from tongxing.rider.web import SESSION_COOKIE
from tongxing.simulation.crowd.serving import ECHO, READY, WARM
from tongxing.simulation.crowd.town import Visitor

BALANCE, NONCE, TRIPS, AUTHORISE = (
    "/rider/money",
    "/rider/api/code/nonce",
    "/rider/trips",
    "/rider/api/code/authorise",
)
KINDS = (BALANCE, NONCE, TRIPS, AUTHORISE)
_CODE_TYPE = "ride"
_NONCE_BEFORE = KINDS.index(AUTHORISE) - KINDS.index(NONCE)
_STRIDE, _WAKING = 7, 25
_GOOD = 200
_HEAD_START_S, _LATEST_S = 0.2, 30.0
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked: at `ports` in turn, `rate` requests a second for `seconds` after `warm_s`
    that do not count, by `visitors` in turn, each with so many `phones`; the bare route where there
    are no visitors."""

    ports: tuple[int, ...]
    rate: int
    warm_s: int
    seconds: int
    visitors: tuple[Visitor, ...]
    phones: int
    seed: int


@dataclass(slots=True)
class Heard:
    """Nanoseconds of each answer by kind, as the asker sees them, from the moment at which the
    request was due; what went wrong; when the first that counts was due and the last answered."""

    taken_ns: dict[str, list[int]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    began_s: float = 0.0
    ended_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Phone:
    """A phone of an account, with its key behind a signer."""

    visitor: Visitor
    device_id: str
    public: bytes
    sign: Signer = field(repr=False)

    def answer(self, nonce: str) -> bytes:
        """The body with which it asks for an authorisation."""
        asked = Asked(self.visitor.account, self.device_id, _CODE_TYPE, self.public, nonce)
        signature = self.sign(asked.words)
        assert isinstance(signature, bytes)
        told = {
            "device_id": self.device_id,
            "code_type": _CODE_TYPE,
            "user_key": self.public.hex(),
            "nonce": nonce,
            "signature": signature.hex(),
        }
        return msgspec.json.encode(told)


def ask_pages(load: Load, control: Connection) -> None:
    """The process: get ready and say so, wait for the word, ask, say when what counts begins, tell
    what was heard."""
    asker = _Asker(load, lambda: control.send(WARM))
    control.send(READY)
    control.recv()
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:  # the loop that sites have
        runner.run(asker.run())
    control.send(asker.heard)


class _Asker:
    """Keeps the clock, the connections and what was heard."""

    def __init__(self, load: Load, warm: Callable[[], None]) -> None:
        self._load, self._warm = load, warm
        self._idle: dict[int, list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] = {
            port: [] for port in load.ports
        }
        self._phones = _phones(load)
        self._nonces: dict[int, asyncio.Future[str]] = {}
        self._first = load.rate * load.warm_s
        self.heard = Heard()

    async def run(self) -> None:
        """Every request in its time, then wait for the answers."""
        load, heard = self._load, self.heard
        await self._woken()
        begin_s = time.perf_counter() + _HEAD_START_S
        running = []
        for number in range(load.rate * (load.warm_s + load.seconds)):
            due_s = begin_s + number / load.rate
            wait_s = due_s - time.perf_counter()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            if number == self._first:
                heard.began_s = due_s
                self._warm()
            kind = self._kind(number)
            if kind == NONCE:
                self._nonces[number] = asyncio.get_running_loop().create_future()
            running.append(asyncio.create_task(self._one(kind, number, due_s)))
        _done, late = await asyncio.wait(running, timeout=_LATEST_S)
        heard.failures += ["no answer"] * len(late)
        heard.ended_s = time.perf_counter()
        for one in late:
            one.cancel()
        for idle in self._idle.values():
            for _reader, writer in idle:
                writer.close()

    async def _woken(self) -> None:
        """Each process of the site has answered some requests, one after the other: templates and
        connections are there before the clock starts."""
        for port in self._load.ports:
            for number in range(_WAKING * len(KINDS)):
                kind = self._kind(number)
                if kind not in (NONCE, AUTHORISE):
                    await self._exchange(port, self._request(kind, number))

    async def _one(self, kind: str, number: int, due_s: float) -> None:
        ports = self._load.ports
        port = ports[(number + number // len(KINDS)) % len(ports)]
        try:
            if kind == AUTHORISE:
                await asyncio.shield(self._nonces[self._question(number)])
            status, body = await self._exchange(port, self._request(kind, number))
        except Exception as error:  # whatever it is: an answer did not come
            self.heard.failures.append(f"{kind}: {type(error).__name__} {error}")
            return
        if number >= self._first:
            taken_ns = int((time.perf_counter() - due_s) * 1e9)
            self.heard.taken_ns.setdefault(kind, []).append(taken_ns)
        if status != _GOOD:
            self.heard.failures.append(f"{kind}: {status} {body[:200]!r}")
        elif kind == NONCE:
            self._nonces[number].set_result(msgspec.json.decode(body)["nonce"])

    def _kind(self, number: int) -> str:
        if not self._load.visitors:
            return ECHO
        kind = KINDS[number % len(KINDS)]
        return BALANCE if kind == AUTHORISE and self._question(number) < 0 else kind

    def _question(self, number: int) -> int:
        """Which request asked for the question that this one answers: one about a second before."""
        return number - _NONCE_BEFORE - self._load.rate // len(KINDS) * len(KINDS)

    def _request(self, kind: str, number: int) -> bytes:
        if kind == ECHO:
            return _head("GET", f"{ECHO}/", "", 0)
        turn, visitors = number // len(KINDS), self._load.visitors
        if kind == NONCE:
            phone = self._phones[turn % len(self._phones)]
            return _head("POST", kind, phone.visitor.token, 0)
        if kind == AUTHORISE:
            asked = self._question(number)
            phone = self._phones[asked // len(KINDS) % len(self._phones)]
            body = phone.answer(self._nonces.pop(asked).result())
            return _head("POST", kind, phone.visitor.token, len(body)) + body
        return _head("GET", kind, visitors[turn * _STRIDE % len(visitors)].token, 0)

    async def _exchange(self, port: int, request: bytes) -> tuple[int, bytes]:
        idle = self._idle[port]
        reader, writer = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        head = await reader.readuntil(_HEAD_END)
        body = await reader.readexactly(_length_of(head))
        idle.append((reader, writer))
        return int(head[9:12]), body


def _head(method: str, path: str, token: str, length: int) -> bytes:
    """What a browser on a page of ours sends."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Accept: text/html,application/json",
        "Accept-Encoding: gzip, deflate, br",
        "Accept-Language: zh-CN,zh;q=0.9",
        "User-Agent: Mozilla/5.0 (Linux; Android 14) Chrome/130 Mobile",
        "Sec-Fetch-Site: same-origin",
    ]
    if token:
        lines.append(f"Cookie: lang=zh; {SESSION_COOKIE}={token}")
    if method == "POST":
        lines += ["Content-Type: application/json", f"Content-Length: {length}"]
    return "\r\n".join(lines).encode() + _HEAD_END


def _length_of(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError("an answer without its length")


def _phones(load: Load) -> list[_Phone]:
    """So many phones of each visitor, no more than there are questions: first one of each."""
    wanted = load.rate * (load.warm_s + load.seconds) // len(KINDS) + 1
    found: list[_Phone] = []
    for number in range(load.phones):
        for visitor in load.visitors:
            if len(found) == wanted:
                return found
            name = f"crowd|{load.seed}|{visitor.account}|{number}"
            private = private_key(Random(name).randbytes)
            public = signer_public(private)
            device_id = sha256(name.encode()).hexdigest()[:32]
            found.append(_Phone(visitor, device_id, public, signer_for_tests(private)))
    return found


def signer_public(private: bytes) -> bytes:
    """The public key of a made-up private one."""
    found = sm2().public_of(private)
    return found if isinstance(found, bytes) else simulated_signer().public_of(private)
