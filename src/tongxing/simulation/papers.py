"""Statements and instructions as files, written so that a power cut leaves a whole file or none."""

from pathlib import Path

from tongxing.kernel.files import write_whole
from tongxing.kernel.ids import sha256_hex


class Papers:
    """The folder in which a run's documents lie: ``statements/<window>/<name>``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.sha256: dict[str, str] = {}
        """The hash of every file written, by its path inside the folder."""

    def write(self, window_id: str, name: str, content: bytes) -> None:
        """Write a file under its final name, whole or not at all; "" is the folder of all
        windows."""
        folder = self._folder / window_id
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / name, content)
        self.sha256[f"{window_id}/{name}".lstrip("/")] = sha256_hex(content)
