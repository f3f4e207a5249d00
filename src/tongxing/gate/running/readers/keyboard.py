"""A QR scanner that types like a keyboard, read from its evdev device before anybody else sees it.

Keys are those of a US keyboard, which is what scanners send unless told otherwise; only what can
stand in Base64 text is understood. The device is taken for this process alone, so that codes are
not typed into a console as well.
"""

import os
import select
import struct
import sys
from collections.abc import Mapping
from pathlib import Path

from tongxing.gate.running.readers.watched import LOOK_S, Handed, Reader
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.layout import PICTURE_BYTES_MAX

_EVENT = struct.Struct("llHHi")
_KEY_EVENT = 0x01
_PRESSED, _REPEATED = 1, 2
_SHIFTS = (42, 54)
_ENTERS = (28, 96)
_GRAB = 0x40044590
_EVENTS_READ = 64


def _keys() -> Mapping[int, tuple[str, str]]:
    """The character of each key, without and with shift."""
    rows = {
        2: ("1234567890-=", "!@#$%^&*()_+"),
        16: ("qwertyuiop[]", "QWERTYUIOP{}"),
        30: ("asdfghjkl;'`", 'ASDFGHJKL:"~'),
        43: ("\\zxcvbnm,./", "|ZXCVBNM<>?"),
        57: (" ", " "),
    }
    return {
        first + at: (small, shifted[at])
        for first, (plain, shifted) in rows.items()
        for at, small in enumerate(plain)
    }


_CHARACTERS = _keys()


class Typed:
    """The lines that are typed by key events."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._shifts: set[int] = set()

    def take(self, key: int, value: int) -> bytes | None:
        """One key going down (1), up (0) or repeating (2); the line that it ends, if it does."""
        if key in _SHIFTS:
            (self._shifts.add if value else self._shifts.discard)(key)
            return None
        if value not in (_PRESSED, _REPEATED):
            return None
        if key in _ENTERS:
            found, self._line = bytes(self._line), bytearray()
            return found or None
        known = _CHARACTERS.get(key)
        if known is not None and len(self._line) < 2 * PICTURE_BYTES_MAX:
            self._line += known[bool(self._shifts)].encode()
        return None


class KeyboardScanner(Reader):
    """A scanner by the path of its event device (``/dev/input/by-id/…-event-kbd``)."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name)
        self._path = path

    def read(self, hand: Handed) -> Refusal | None:
        if sys.platform == "win32":
            return Refusal("LANE_READER_PLATFORM", self.name, {"name": self.name})
        handle = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            _grab(handle)
            self.ready()
            self._lines(handle, hand)
        finally:
            os.close(handle)
        return None

    def _lines(self, handle: int, hand: Handed) -> None:
        typed, kept = Typed(), b""
        while not self.stopping:
            if not select.select([handle], [], [], LOOK_S)[0]:
                continue
            content = os.read(handle, _EVENT.size * _EVENTS_READ)
            if not content:
                raise OSError("closed")
            kept += content
            while len(kept) >= _EVENT.size:
                _, _, kind, key, value = _EVENT.unpack_from(kept)
                kept = kept[_EVENT.size :]
                line = typed.take(key, value) if kind == _KEY_EVENT else None
                if line is not None:
                    hand(line)


def _grab(handle: int) -> None:
    """Take the device for ourselves; a pipe in its place has nobody else to type to."""
    if sys.platform == "win32":
        return
    import fcntl
    import stat

    if stat.S_ISCHR(os.fstat(handle).st_mode):
        fcntl.ioctl(handle, _GRAB, 1)
