"""What may be installed on the machine itself: only as root on Debian or a system made from it.

Each package is tried once and told about; a failure is never fatal here, the caller decides.
"""

import os
import shutil

from door.process import watch
from door.words import step

_LOCK_WAIT_S = 300


def may_install() -> bool:
    """Whether this user may install packages here without being asked anything."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return is_root and shutil.which("apt-get") is not None


def install(packages: list[str]) -> bool:
    """Install Debian packages; whether that worked."""
    step("apt", packages=" ".join(packages))
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    apt = ["apt-get", "-q", "-o", f"DPkg::Lock::Timeout={_LOCK_WAIT_S}"]
    watch([*apt, "update"], environment)
    wanted = ["install", "-y", "--no-install-recommends", *packages]
    worked = watch([*apt, *wanted], environment).code == 0
    if not worked:
        step("apt_failed", packages=" ".join(packages))
    return worked
