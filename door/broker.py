"""What tests of devices over MQTT need from the machine: a real broker, Mosquitto.

As root on Debian it is installed once. Without it those tests are skipped, loudly.
"""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from door.debian import install, may_install
from door.machine import first_time

_PACKAGE = "mosquitto"


def broker_for_tests() -> None:
    """Bring the broker, where possible."""
    if lacks_broker() and may_install() and first_time("broker"):
        install([_PACKAGE])


def lacks_broker(root: Path = Path("/"), which: Callable[[str], str | None] = shutil.which) -> bool:
    """Whether this machine could have the broker as a Debian package, and has it not."""
    if sys.platform != "linux":
        return False
    has_it = which("mosquitto") is not None or (root / "usr/sbin/mosquitto").exists()
    return not (has_it and which("mosquitto_passwd") is not None)
