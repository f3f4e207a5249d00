"""The test port of another vendor's validator, in a thread of this process."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from handled import handled
from stranger_device import Stranger, error


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

    with handled(Handler) as address:
        yield address
    device.power({})
    device._stop()
