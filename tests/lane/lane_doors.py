"""A door controller that a gate can reach over TCP."""

import socket
import sqlite3
import threading
from pathlib import Path


class DoorBox:
    """A door controller: notes each order, and how many taps were on disk when it came."""

    def __init__(self, folder: Path, answer: bytes = b"ok\n") -> None:
        self._journal, self.answer = folder / "journal.sqlite", answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.orders: list[tuple[str, int]] = []
        threading.Thread(target=self._work, daemon=True).start()

    @property
    def relay(self) -> str:
        port = self._listener.getsockname()[1]
        return f'relay = {{ kind = "tcp", address = "127.0.0.1:{port}", pulse_ms = 300 }}'

    @property
    def said(self) -> list[str]:
        """The orders alone."""
        return [order for order, _ in self.orders]

    def close(self) -> None:
        self._listener.close()

    def _work(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client, client.makefile("rwb", buffering=0) as lines:
                order = lines.readline().decode().strip()
                with sqlite3.connect(f"file:{self._journal}?mode=ro", uri=True) as journal:
                    (count,) = journal.execute("SELECT count(*) FROM tap").fetchone()
                self.orders.append((order, count))
                lines.write(self.answer)
