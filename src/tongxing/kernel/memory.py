"""What memory this process holds, for measurements; only some systems say so."""

import gc
import os
from pathlib import Path


def resident_bytes() -> int | None:
    """The memory that this process has now; None where the system does not say."""
    gc.collect()
    told = Path("/proc/self/statm")
    if not told.exists():
        return None
    return int(told.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak_bytes() -> int | None:
    """The most memory that this process ever had; None where the system does not say."""
    told = Path("/proc/self/status")
    if not told.exists():
        return None
    lines = dict(line.split(":", 1) for line in told.read_text(encoding="ascii").splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024
