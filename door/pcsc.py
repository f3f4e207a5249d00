"""What tests of cards need from the machine: a card service, a virtual reader, a software HSM.

pyscard, which speaks to the service, has no ready package for Linux: it is built here from its
source, checked by hash, and put into the environment beside what ``requirements.lock`` brought. As
root on Debian what is missing is installed once. Without it the tests are skipped, loudly.
"""

import hashlib
import shutil
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

from door.debian import install, may_install
from door.environment import VENV, add_packages, last_line
from door.machine import first_time
from door.words import ROOT, step

_LOCK = ROOT / "requirements-pcsc.lock"
_BUILDER_LOCK = ROOT / "requirements-pcsc-build.lock"
LOCKS = {_LOCK: "pyscard>=2.3", _BUILDER_LOCK: "setuptools"}
"""Each further lock, and the requirement it is made from."""

_STAMP = VENV / "pyscard.stamp"
_VIRTUAL_READER = "usr/lib/pcsc/drivers/serial/libifdvpcd.so"


def cards_for_tests() -> None:
    """Bring the card service, a virtual reader, a software HSM and pyscard, where possible."""
    lacking = missing_packages()
    if lacking and may_install() and first_time("cards"):
        install(lacking)
    _bring_pyscard()


def missing_packages(
    root: Path = Path("/"), which: Callable[[str], str | None] = shutil.which
) -> list[str]:
    """The Debian packages this machine lacks; none of them is for another system than Linux."""
    if sys.platform != "linux":
        return []
    has_service = which("pcscd") or (root / "usr/sbin/pcscd").exists()
    wanted = {
        "pcscd": has_service,
        "vsmartcard-vpcd": (root / _VIRTUAL_READER).exists(),
        "softhsm2": list(root.glob("usr/lib/**/libsofthsm2.so")),
    }
    return [*(name for name, found in wanted.items() if not found), *_tools(root, which)]


def _tools(root: Path = Path("/"), which: Callable[[str], str | None] = shutil.which) -> list[str]:
    """The packages that are missing for building pyscard."""
    headers = Path(sysconfig.get_path("include")).relative_to("/") / "Python.h"
    wanted = {
        "gcc": which("gcc"),
        "libc6-dev": (root / "usr/include/stdio.h").exists(),
        "swig": which("swig"),
        "libpcsclite-dev": (root / "usr/include/PCSC/winscard.h").exists(),
        "python3-dev": (root / headers).exists(),
    }
    return [name for name, found in wanted.items() if not found]


def _bring_pyscard() -> None:
    """Build and install pyscard, unless this lock's has been; a failed try is not repeated."""
    wanted = _fingerprint()
    done, _, how = (_STAMP.read_text("ascii") if _STAMP.exists() else "").partition(" ")
    if done == wanted:
        if how != "ok":
            step("not_again", what="pyscard")
        return
    if sys.platform == "linux" and (lacking := _tools()):
        step("pcsc_tools", packages=", ".join(lacking))
        return
    step("pcsc_building")
    ended = add_packages(_BUILDER_LOCK)
    if ended.code == 0:
        ended = add_packages(_LOCK, "--no-build-isolation")
    if ended.code != 0:
        step("pcsc_failed", line=last_line(ended.output))
    _STAMP.write_text(f"{wanted} {'ok' if ended.code == 0 else 'failed'}", encoding="ascii")


def _fingerprint() -> str:
    return hashlib.sha256(b"\0".join(lock.read_bytes() for lock in LOCKS)).hexdigest()
