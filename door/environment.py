"""The environment ``.venv``, made from ``requirements.lock`` with every hash checked.

It is made once and re-used until the lock, the Python or the place changes. The stamp is written
last: an environment without the right stamp is half made, and is made again. Packages come from
the index this machine is configured for; no address stands here. Several ``x.py`` at once are safe:
whoever uses the environment shares a lock on it, whoever makes it holds the lock alone.
"""

import errno
import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from door.debian import install, may_install
from door.locking import EnvironmentLock
from door.process import Ended, watch
from door.words import ROOT, Trouble, step

VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
_STAMP = VENV / "tongxing.stamp"
_LOG = VENV / "install.log"
_VERSION = "1"  # of the way environments are made; a new one makes every environment anew

# What a person may have set for other work and what would lead an install or a run astray.
_MISLEADING = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONDONTWRITEBYTECODE",  # every start of every program would compile all of it again
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_REQUIRE_VIRTUALENV",
    "VIRTUAL_ENV",
)


def prepare() -> None:
    """Make sure that the environment is there and whole, and keep others from replacing it.

    Raises Trouble: INDEX_UNREACHABLE, PACKAGE_CHANGED, VENV_MISSING, CHECKOUT_READ_ONLY, DISK_FULL.
    """
    wanted = fingerprint(LOCK.read_bytes())
    lock = EnvironmentLock(ROOT / ".x.lock")
    lock.share()
    while not _is_whole(wanted):
        if not os.access(ROOT, os.W_OK):
            raise Trouble("CHECKOUT_READ_ONLY", ROOT)
        lock.own()
        if not _is_whole(wanted):  # nobody made it while we waited
            _make(wanted)
        lock.share()


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables for programs in the environment: our sources, UTF-8, and where data goes."""
    kept = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    kept.setdefault("TONGXING_HOME", str(ROOT / ".tongxing"))
    return kept | {"PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"} | dict(extra or {})


def add_packages(lock: Path, *how: str) -> Ended:
    """Install what one more lock names into the environment, with every hash checked."""
    named = ["install", "--require-hashes", *how, "-r", str(lock)]
    if uv := shutil.which("uv"):
        ended = watch([uv, "pip", *named, "--python", str(PYTHON)], _quiet(), keeps_lock=True)
        if ended.code == 0:
            return ended
    pip = [str(PYTHON), "-m", "pip"]
    if watch([*pip, "--version"], _quiet()).code != 0:
        pip = [_outer_python(), "-m", "pip", "--python", str(PYTHON)]
    return watch([*pip, *named, "--progress-bar", "off"], _quiet(), keeps_lock=True)


def fingerprint(lock: bytes) -> str:
    """What an environment depends on: lock, Python, machine, place, and the way it is made."""
    parts = (_VERSION, sys.version, platform.machine(), sys.platform, str(ROOT))
    return hashlib.sha256(lock + "\n".join(parts).encode()).hexdigest()


def _is_whole(wanted: str) -> bool:
    try:
        return PYTHON.exists() and _STAMP.read_text(encoding="ascii") == wanted
    except (OSError, UnicodeDecodeError):
        return False


def _make(wanted: str) -> None:
    packages = sum(1 for line in LOCK.read_text("utf-8").splitlines() if line[:1].isalnum())
    step("making", count=packages)
    try:
        _remove(VENV)
        if not _install_with_uv():
            _install_with_pip()
        partial = _STAMP.with_suffix(".partial")
        partial.write_text(wanted, encoding="ascii")
        partial.replace(_STAMP)
    except OSError as error:
        code = "DISK_FULL" if error.errno == errno.ENOSPC else "CHECKOUT_READ_ONLY"
        raise Trouble(code, error.filename or VENV) from error
    step("made")


def _remove(folder: Path) -> None:
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def _install_with_uv() -> bool:
    uv = shutil.which("uv")
    if uv is None:
        return False
    step("with_uv")
    ended = watch([uv, "venv", "--quiet", "--python", _outer_python(), str(VENV)], _quiet())
    if ended.code == 0:
        install_it = [
            "pip",
            "install",
            "--python",
            str(PYTHON),
            "--require-hashes",
            "-r",
            str(LOCK),
        ]
        ended = watch([uv, *install_it], _quiet(), keeps_lock=True)
    if ended.code == 0:
        return True
    step("uv_failed", line=last_line(ended.output))
    _remove(VENV)
    return False


def _install_with_pip() -> None:
    pip = _venv_with_ensurepip() or _venv_with_outer_pip() or _venv_after_apt()
    if pip is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise Trouble("VENV_MISSING", _outer_python(), version=version)
    step("with_pip")
    how = ["install", "--progress-bar", "off", "--require-hashes", "-r", str(LOCK)]
    ended = watch([*pip, *how], _quiet(), keeps_lock=True)
    if ended.code != 0:
        _LOG.write_text(ended.output, encoding="utf-8")
        raise _install_trouble(ended)


def _venv_with_ensurepip() -> list[str] | None:
    """The usual way. Debian takes ensurepip out of its Python unless python3-venv is there."""
    probe = watch([_outer_python(), "-c", "import venv, ensurepip"], _quiet())
    if probe.code != 0:
        return None
    made = watch([_outer_python(), "-m", "venv", str(VENV)], _quiet())
    return [str(PYTHON), "-m", "pip"] if made.code == 0 else None


def _venv_with_outer_pip() -> list[str] | None:
    """A pip beside this Python can install into an environment that has none (since pip 22.3)."""
    _remove(VENV)
    made = watch([_outer_python(), "-m", "venv", "--without-pip", str(VENV)], _quiet())
    pip = [_outer_python(), "-m", "pip", "--python", str(PYTHON)]
    if made.code == 0 and watch([*pip, "--version"], _quiet()).code == 0:
        return pip
    _remove(VENV)
    return None


def _venv_after_apt() -> list[str] | None:
    if not may_install():
        return None
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for package in (f"python{version}-venv", "python3-venv"):
        if install([package]) and (pip := _venv_with_ensurepip()):
            return pip
    return None


def _outer_python() -> str:
    """The Python that runs us, or the one behind it when that is itself an environment."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def _quiet() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    steady = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_USER": "0"}
    return kept | steady | {"UV_NO_PROGRESS": "1", "PYTHONUNBUFFERED": "1"}


def _install_trouble(ended: Ended) -> Trouble:
    if "DO NOT MATCH THE HASHES" in ended.output:
        return Trouble("PACKAGE_CHANGED", _LOG)
    if "No space left on device" in ended.output:
        return Trouble("DISK_FULL", VENV)
    return Trouble("INDEX_UNREACHABLE", _LOG, line=last_line(ended.output))


def last_line(output: str) -> str:
    """The line of a program's output that best says what went wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    return (errors or lines or [""])[-1].removeprefix("ERROR: ").removeprefix("error: ")[:160]
