"""The test port of docs/conformance-gate.md over HTTP: strict JSON, one JSON shape of errors.

One call at a time; whoever comes meanwhile waits for it.
"""

import json
import logging
import re
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

from tongxing.cli.gate.benching.device import BenchGate, Told
from tongxing.conformance.port import Hold, Power, SetClock, Setup, Show
from tongxing.kernel.reasons import Refusal

BODY_BYTES_MAX = 1 << 20
_JSON = "application/json"
_HEX = re.compile(r"([0-9A-Fa-f]{2})*")
_STATUS = {"API_PATH": 404, "API_METHOD": 405, "BODY_TOO_LARGE": 413, "API_FAILED": 500}
_log = logging.getLogger("tongxing.gate.bench")

Body = Setup | Show | Hold | SetClock | Power
_SHAPES: Mapping[str, type[Body] | None] = {
    "/about": None,
    "/state": None,
    "/setup": Setup,
    "/show": Show,
    "/card": Hold,
    "/clock": SetClock,
    "/power": Power,
}
"""What each call brings: None for a question (GET), else a body (POST)."""


class BenchServer(ThreadingHTTPServer):
    """Serves one gate at a bound socket."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, gate: BenchGate, taken: socket.socket) -> None:
        super().__init__(taken.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = taken
        self.server_address = taken.getsockname()[:2]
        self.server_activate()
        self.gate, self.turn = gate, threading.Lock()

    def answered(self, method: str, path: str, kind: str, body: bytes) -> Told:
        """What a call comes to; `kind` is what the body says to be."""
        if path not in _SHAPES:
            return Refusal("API_PATH", path[:100], {"path": path[:100]}).as_json()
        shape = _SHAPES[path]
        if method != ("GET" if shape is None else "POST"):
            return Refusal("API_METHOD", path, {"method": method[:20]}).as_json()
        try:
            given = None if shape is None else _read(body, shape, kind)
            with self.turn:
                return _done(self.gate, path, given)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return Refusal("BENCH_BODY", path, {"detail": str(error)}).as_json()
        except Exception:
            _log.exception("%s failed", path)
            return Refusal("API_FAILED", path).as_json()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    wbufsize = 1 << 16
    server: BenchServer

    def do_GET(self) -> None:
        """A question."""
        self._work()

    def do_POST(self) -> None:
        """Something to do."""
        self._work()

    def do_PUT(self) -> None:
        """Refused like every method that nothing here has."""
        self._work()

    def do_DELETE(self) -> None:
        """The same."""
        self._work()

    def _work(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > BODY_BYTES_MAX:
            self.close_connection = True
            self._send(Refusal("BODY_TOO_LARGE", self.path[:100]).as_json())
            return
        body = self.rfile.read(int(length))
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        self._send(self.server.answered(self.command, self.path, kind, body))

    def _send(self, told: Told) -> None:
        code = str(told.get("code", ""))
        body = json.dumps(told, ensure_ascii=False).encode()
        self.send_response(_STATUS.get(code, 422) if code else 200)
        self.send_header("Content-Type", _JSON)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Whoever calls knows what it asked."""


def _read(body: bytes, shape: type[Body], kind: str) -> Body:
    """A body to the letter. Raises MsgspecError; a page in somebody's browser cannot send JSON here
    without being asked, so nothing else is taken."""
    if kind != _JSON:
        raise msgspec.ValidationError(f"Content-Type: {_JSON}")
    found: Body = msgspec.json.decode(body, type=shape)
    if isinstance(found, Show) and not _HEX.fullmatch(found.code):
        raise msgspec.ValidationError("hex - at `$.code`")
    return found


def _done(gate: BenchGate, path: str, given: Body | None) -> Told:
    match given:
        case Setup():
            return gate.setup(given)
        case Show():
            return gate.show(given.terminal, bytes.fromhex(given.code))
        case Hold():
            return gate.card(given.terminal, given.address)
        case SetClock():
            return gate.clock(given.time_s)
        case Power():
            return gate.power(given.what)
    if path == "/state":
        return gate.state()
    about: Told = msgspec.to_builtins(gate.about())
    return about
