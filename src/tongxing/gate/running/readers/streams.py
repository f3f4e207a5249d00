"""QR scanners that send bytes: over TCP, over a serial line, and lines that somebody types."""

import os
import select
import socket
import sys
from pathlib import Path

from tongxing.gate.running.framing import Frames
from tongxing.gate.running.readers.watched import LOOK_S, Handed, Reader
from tongxing.kernel.reasons import Refusal

CONNECT_S = 3.0
QUIET_S = 0.3
"""A code that stops in the middle for so long has ended: it was cut."""

_READ_BYTES = 4096
STDIN = "-"


class StreamScanner(Reader):
    """Reads codes from a file descriptor that is ready or closed."""

    def codes(self, handle: int, hand: Handed) -> None:
        """Hand on every code until the gate stops. Raises OSError when the other side ends."""
        frames, quiet_s = Frames(), 0.0
        while not self.stopping:
            ready, _, _ = select.select([handle], [], [], LOOK_S)
            if not ready:
                quiet_s += LOOK_S
                if frames and quiet_s >= QUIET_S and (rest := frames.rest()):
                    hand(rest)
                continue
            quiet_s = 0.0
            content = os.read(handle, _READ_BYTES)
            if not content:
                raise OSError("closed")
            for code in frames.feed(content):
                hand(code)


class TcpScanner(StreamScanner):
    """A scanner in the network: we call it, it sends what it reads."""

    def __init__(self, name: str, address: tuple[str, int]) -> None:
        super().__init__(name)
        self._address = address

    def read(self, hand: Handed) -> Refusal | None:
        """Call it, and listen until it hangs up."""
        with socket.create_connection(self._address, CONNECT_S) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            connection.setblocking(False)
            self.ready()
            self.codes(connection.fileno(), hand)
        return None


class SerialScanner(StreamScanner):
    """A scanner on a serial line, also one behind USB that shows itself as one."""

    def __init__(self, name: str, path: Path, baud: int) -> None:
        super().__init__(name)
        self._path, self._baud = path, baud

    def read(self, hand: Handed) -> Refusal | None:
        """Open the line as it is, without what a terminal would do to it."""
        if sys.platform == "win32":
            return Refusal("LANE_READER_PLATFORM", self.name, {"name": self.name})
        handle = os.open(self._path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            self._make_raw(handle)
            self.ready()
            self.codes(handle, hand)
        finally:
            os.close(handle)
        return None

    def _make_raw(self, handle: int) -> None:
        """Every byte as it comes: no echo, no line editing, no translation of line ends."""
        import termios
        import tty

        if not os.isatty(handle):
            return
        tty.setraw(handle)
        attributes = termios.tcgetattr(handle)
        speed = getattr(termios, f"B{self._baud}")
        attributes[4] = attributes[5] = speed
        attributes[2] |= termios.CLOCAL | termios.CREAD
        termios.tcsetattr(handle, termios.TCSANOW, attributes)


class LineScanner(StreamScanner):
    """Lines on standard input: a scanner that types into this process's own terminal."""

    def __init__(self, name: str, handle: int) -> None:
        super().__init__(name)
        self._handle = handle

    def read(self, hand: Handed) -> Refusal | None:
        self.ready()
        self.codes(self._handle, hand)
        return None
