"""A foreign validator, written from the documents alone, passes everything that it offers."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from bench_world import side_by_side, tried
from stranger_device import Stranger, error

from tongxing.conformance.cases import GROUPS
from tongxing.conformance.running import CaseResult


@contextmanager
def stranger(folder: Path) -> Iterator[str]:
    """Its test port."""
    device = Stranger(folder)
    calls = {"/setup": device.setup, "/show": device.show, "/power": device.power}
    questions = {"/about": device.about, "/state": device.state}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.tell(questions[self.path]())

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = calls.get(self.path)
            self.tell(error("UNKNOWN", self.path) if known is None else known(given))

        def tell(self, told: dict[str, object]) -> None:
            body = json.dumps(told).encode()
            self.send_response(422 if "code" in told else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()
    device.power({})
    device._stop()


Tried = Callable[[str], list[CaseResult]]


@pytest.fixture(scope="module")
def tried_ahead(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tried]:
    """What the kit finds at the stranger, by the group."""
    folder = tmp_path_factory.mktemp("strangers")

    def work(group: str) -> list[CaseResult]:
        with stranger(folder / group) as url:
            return tried(url, group)

    with side_by_side(request, "group", work) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
def test_a_stranger_conforms(tried_ahead: Tried, group: str) -> None:
    results = tried_ahead(group)
    wrong = [one for one in results if one.verdict == "fail"]
    assert wrong == []
    idle = {one.case for one in results if one.verdict == "not_run"}
    assert all({"card", "clock"} & set(one.lacks) for one in results if one.case in idle)
    assert not [one for one in results if one.mandatory and one.verdict != "pass"]
