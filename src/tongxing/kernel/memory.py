"""What memory this process holds, and what it does with what it lets go of; only some systems say
so, or can be told."""

import ctypes
import gc
import os
from contextlib import suppress
from pathlib import Path

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""`mallopt(3)`: from how much on free memory is handed back, and an array is mapped by itself."""
_MMAP_BYTES_MAX = 1 << 25
"""The most that it takes for the second."""


def resident_bytes() -> int | None:
    """The memory that this process has now; None where the system does not say."""
    gc.collect()
    told = Path("/proc/self/statm")
    if not told.exists():
        return None
    return int(told.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def keep_freed() -> None:
    """Has this process keep the memory that it lets go of for what it asks for next. Large arrays
    that come and go are else handed back to the system and cleared each time, which takes some
    hundredths of a long computation. Only the C library of GNU is told so."""
    with suppress(OSError, AttributeError, TypeError):  # the last where a library needs a name
        set_option = ctypes.CDLL(None).mallopt
        set_option(_TRIM_THRESHOLD, (1 << 31) - 1)
        set_option(_MMAP_THRESHOLD, _MMAP_BYTES_MAX)


def peak_bytes() -> int | None:
    """The most memory that this process ever had; None where the system does not say."""
    told = Path("/proc/self/status")
    if not told.exists():
        return None
    lines = dict(line.split(":", 1) for line in told.read_text(encoding="ascii").splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024
