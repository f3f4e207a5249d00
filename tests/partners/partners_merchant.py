"""A merchant's end of the line: hears notices over real HTTP and answers as it is told."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

_PATIENCE_S = 5.0


@dataclass(frozen=True)
class Heard:
    """One notice as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Merchant:
    """What was heard so far; `answers` are given in their order, the last for ever."""

    address: str
    heard: list[Heard] = field(default_factory=list)
    answers: list[tuple[int, bytes, str]] = field(default_factory=lambda: [(200, b"success", "")])

    def wait(self, count: int) -> list[Heard]:
        """The notices, once there are so many."""
        until(lambda: len(self.heard) >= count)
        return list(self.heard)


def until(met: Callable[[], bool]) -> None:
    """Wait until it is so; fail when that takes too long."""
    ends = time.monotonic() + _PATIENCE_S
    while not met():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.005)


@contextmanager
def listening() -> Iterator[Merchant]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            merchant.heard.append(Heard(self.path, dict(self.headers.items()), body))
            many = len(merchant.answers) > 1
            status, text, place = merchant.answers.pop(0) if many else merchant.answers[0]
            self.send_response(status)
            if place:
                self.send_header("Location", place)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    merchant = Merchant(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield merchant
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def press(url: str, choice: str = "yes", language: str = "en") -> str:
    """Open a page of the sandbox as a passenger and press a button; the page after."""
    with requests.Session() as browser:
        browser.headers["Accept-Language"] = language
        shown = browser.get(url, timeout=5)
        assert shown.status_code == 200, shown.text
        back = shown.text.split('name="back" value="')[1:]
        fields = {"choice": choice} | ({"back": unescape(back[0].split('"')[0])} if back else {})
        after = browser.post(url_of_form(shown.text, shown.url), data=fields, timeout=5)
        assert after.status_code == 200, after.text
        return after.text


def url_of_form(page: str, at: str) -> str:
    """Where the form of a page goes."""
    path = page.split('<form method="post" action="', 1)[1].split('"', 1)[0]
    return "/".join(at.split("/")[:3]) + path
