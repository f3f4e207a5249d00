"""The C library's loop over the same records: a small program, compiled here when it is needed.

It needs a C compiler named `cc` and a libcrypto that it can be linked with, but no headers. Where
either is missing, or the library knows no SM4, there is no loop, and whoever asked says so.
"""

import shutil
import subprocess
from collections.abc import Sequence
from ctypes.util import find_library
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from tongxing.media.tac.blocks import Bytes

_COMPILE_S = 60
_RUN_S = 600


@dataclass(frozen=True, slots=True)
class CLoop:
    """A compiled loop, working in a folder of its caller."""

    program: Path
    folder: Path

    def run(self, algorithm: str, master: bytes, factors: Bytes, data: Bytes) -> "CRun | None":
        """All codes under an issuer's key, one record after the other. `algorithm` is "SM4" or
        "3DES". None when the library does not do it."""
        source, target = self.folder / "records.bin", self.folder / "codes.bin"
        source.write_bytes(master + factors.tobytes() + data.tobytes())
        word = {"SM4": "sm4", "3DES": "des"}[algorithm]
        command = (self.program, word, "1", str(len(factors)), source, target)
        done = _call(command, _RUN_S)
        if done is None:
            return None
        version, cpu_ns = done.splitlines()
        codes = np.frombuffer(target.read_bytes(), np.uint8).reshape(-1, 4)
        return CRun(version, int(cpu_ns), codes)


@dataclass(frozen=True, slots=True)
class CRun:
    """One run of the loop: the library's version, its processor time, and the codes (n, 4)."""

    version: str
    cpu_ns: int
    codes: Bytes


def build_loop(folder: Path) -> CLoop | None:
    """Compiles the loop into a folder; None where there is no compiler or no library for it."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    source = folder / "tac_loop.c"
    source.write_text(files(__package__).joinpath("tac_loop.c").read_text(encoding="utf-8"))
    program = folder / "tac_loop"
    for library in _libraries():
        command = (compiler, "-O2", "-o", program, source, library)
        if _call(command, _COMPILE_S) is not None:
            return CLoop(program, folder)
    return None


def _libraries() -> list[str]:
    """How a linker may find the library: by its development name, or by the file that is there."""
    found = find_library("crypto")
    return ["-lcrypto", f"-l:{found}"] if found else ["-lcrypto"]


def _call(command: Sequence[str | Path], limit_s: int) -> str | None:
    """What a program said; None when it failed, is not there or took too long."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=limit_s, check=True, text=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
