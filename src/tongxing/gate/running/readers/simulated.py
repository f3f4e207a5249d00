"""A reader for tests: codes as lines over TCP on this machine, each answered with what the lane
said.

``code HEX`` is answered ``opened OPEN`` or ``refused QR_REPLAYED``; a line that is none ``error``.
It gives nobody more than any scanner does: what it hands on is judged as every code is.
"""

import select
import socket

from tongxing.gate.running.readers.watched import LOOK_S, Handed, Reader
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.layout import PICTURE_BYTES_MAX

HERE = "127.0.0.1"
_LINE_MAX = 2 * PICTURE_BYTES_MAX + 64


class SimulatedReader(Reader):
    """Listens until the gate stops, one client at a time; `port` is the one it took."""

    waits = True

    def __init__(self, name: str, port: int) -> None:
        super().__init__(name)
        self._wanted = port
        self.port = 0

    def read(self, hand: Handed) -> Refusal | None:
        with socket.create_server((HERE, self._wanted)) as listener:
            self.port = int(listener.getsockname()[1])
            self.ready()
            while not self.stopping:
                if select.select([listener], [], [], LOOK_S)[0]:
                    client, _ = listener.accept()
                    with client:
                        self._serve(client, hand)
        return None

    def _serve(self, client: socket.socket, hand: Handed) -> None:
        kept = b""
        while not self.stopping:
            if not select.select([client], [], [], LOOK_S)[0]:
                continue
            try:
                content = client.recv(_LINE_MAX)
                if not content or len(kept) > _LINE_MAX:
                    return
                kept += content
                while b"\n" in kept:
                    line, _, kept = kept.partition(b"\n")
                    client.sendall(_answer(line.strip(), hand).encode() + b"\n")
            except OSError:
                return  # the client is gone; the next one may come


def _answer(line: bytes, hand: Handed) -> str:
    word, _, rest = line.partition(b" ")
    try:
        raw = bytes.fromhex(rest.decode("ascii"))
    except ValueError:
        return "error"
    return hand(raw) if word == b"code" and raw else "error"
