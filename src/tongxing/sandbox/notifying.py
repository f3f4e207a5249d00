"""Sends the partners' notices, and sends them again as the partners do until they are taken.

One thread, one notice at a time. Only addresses that the sandbox was told may be called, no
redirect is followed, and nothing of the surroundings (proxies, cookies) is used.
"""

import heapq
import itertools
import threading
import time
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

import requests

from tongxing.sandbox.faults import Faults

_TIMEOUT_S = 5.0
_ANSWER_MAX = 4096

Made = tuple[dict[str, str], bytes]
Make = Callable[[], Made]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try of one notice; `status` is 0 where nobody answered."""

    channel: str
    kind: str
    order_id: str
    attempt: int
    status: int
    taken: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to be sent; `make` signs it anew for each try."""

    channel: str
    kind: str
    order_id: str
    url: str
    make: Make
    attempt: int = 1


class Notifier:
    """The sender. `pace` shortens the partners' waits: 0.01 makes four minutes 2.4 seconds."""

    def __init__(self, faults: Faults, hosts: Collection[str], pace: float) -> None:
        self._faults, self._hosts, self._pace = faults, frozenset(hosts), pace
        self._due: list[tuple[float, int, Notice]] = []
        self._held: list[Notice] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._done: list[Delivery] = []
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="sandbox notices", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        self._thread.join()

    def may_call(self, url: str) -> bool:
        """Whether notices may go to this address."""
        try:
            parts = urlsplit(url)
            is_plain = parts.scheme in ("http", "https") and "@" not in parts.netloc
            return is_plain and parts.hostname in self._hosts and parts.port != 0
        except ValueError:
            return False

    def tell(self, notice: Notice) -> None:
        """Send a notice soon, as the knobs say."""
        if self._faults.silent or not notice.url:
            return
        with self._changed:
            self._held.append(notice)
            if len(self._held) < self._faults.hold:
                return
            notices = self._held[::-1] if self._faults.hold else self._held
            for one in notices:
                for _ in range(1 + self._faults.repeat):
                    self._put(0.0, one)
            self._held = []
            self._changed.notify_all()

    def deliveries(self) -> list[Delivery]:
        """Every try so far, the oldest first."""
        with self._changed:
            return list(self._done)

    def _put(self, wait_s: float, notice: Notice) -> None:
        heapq.heappush(self._due, (time.monotonic() + wait_s, next(self._order), notice))

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._ends and (not self._due or self._due[0][0] > time.monotonic()):
                    left = self._due[0][0] - time.monotonic() if self._due else None
                    self._changed.wait(left if left is None else max(left, 0.0))
                if self._ends:
                    return
                _, _, notice = heapq.heappop(self._due)
            self._send(notice)

    def _send(self, notice: Notice) -> None:
        status, taken = 0, False
        if self.may_call(notice.url):
            headers, body = notice.make()
            status, answer = _post(notice.url, headers, body)
            taken = _is_taken(notice.channel, status, answer)
        waits = retries()[notice.channel]
        with self._changed:
            self._done.append(
                Delivery(
                    notice.channel, notice.kind, notice.order_id, notice.attempt, status, taken
                )
            )
            if not taken and notice.attempt <= len(waits):
                again = Notice(
                    notice.channel,
                    notice.kind,
                    notice.order_id,
                    notice.url,
                    notice.make,
                    notice.attempt + 1,
                )
                self._put(waits[notice.attempt - 1] * self._pace, again)


def _post(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(
                url,
                data=body,
                headers=dict(headers),
                timeout=_TIMEOUT_S,
                allow_redirects=False,
                stream=True,
            )
            return answer.status_code, answer.raw.read(_ANSWER_MAX)
    except (requests.RequestException, OSError):
        return 0, b""


def _is_taken(channel: str, status: int, answer: bytes) -> bool:
    """What each partner takes as heard: Alipay the word, WeChat Pay the status."""
    if channel == "alipay":
        return status == 200 and answer.strip() == b"success"
    return status in (200, 204)


@cache
def retries() -> Mapping[str, tuple[int, ...]]:
    """Seconds between tries, by channel."""
    text = files("tongxing.sandbox").joinpath("data/retries.toml").read_text(encoding="utf-8")
    return {name: tuple(entry["after_s"]) for name, entry in tomllib.loads(text).items()}
