"""Statements and instructions as files, written so that a power cut leaves a whole file or none."""

import os
from pathlib import Path

from tongxing.kernel.ids import sha256_hex


class Papers:
    """The folder in which a run's documents lie: ``statements/<window>/<name>``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.sha256: dict[str, str] = {}
        """The hash of every file written, by its path inside the folder."""

    def write(self, window_id: str, name: str, content: bytes) -> None:
        """Write a file under its final name: temporary file, fsync, rename, fsync of the folder."""
        folder = self._folder / window_id
        folder.mkdir(parents=True, exist_ok=True)
        temporary, final = folder / f".{name}.tmp", folder / name
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(final)
        _sync_folder(folder)
        self.sha256[f"{window_id}/{name}"] = sha256_hex(content)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened for syncing there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
