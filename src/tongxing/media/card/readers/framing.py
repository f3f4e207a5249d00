"""The frames of the card relay over TCP: a kind byte, two bytes of length, the content.

    client                              server
    00 0004 "TXC1"            ──►       80 0004 "TXC1"        both speak this version
    01 0000  power on         ──►       81 00nn ATR
    02 0000  power off        ──►       82 0000
    03 0000  reset            ──►       83 00nn ATR
    04 00nn  command          ──►       84 00nn answer with its status word
                                        FF 0001 why           instead of any of these

`why`: 01 removed, 02 no answer in time, 03 several cards, 10 in use by another client, 11 a frame
that is none; after 10 and 11 the server hangs up. No frame is longer than 512 bytes.
"""

import socket
import struct
import time

CONTENT_MAX = 512
HELLO, POWER_ON, POWER_OFF, RESET, APDU = 0x00, 0x01, 0x02, 0x03, 0x04
ANSWER = 0x80
"""Added to the kind of a request for its answer."""

TROUBLE = 0xFF
WHY_BUSY, WHY_FRAME = 0x10, 0x11
WHY_GONE = {"CARD_REMOVED": 0x01, "CARD_TIMEOUT": 0x02, "CARD_COLLISION": 0x03}
VERSION = b"TXC1"
_HEAD = struct.Struct(">BH")


class BadFrame(Exception):
    """What came is no frame of this relay."""


class HungUp(Exception):
    """The other side closed the connection, or it broke."""


def encode(kind: int, content: bytes = b"") -> bytes:
    """One frame. Raises ValueError for more than 512 bytes of content."""
    if len(content) > CONTENT_MAX:
        raise ValueError("a frame carries at most 512 bytes")
    return _HEAD.pack(kind, len(content)) + content


def send(connection: socket.socket, kind: int, content: bytes = b"") -> None:
    """Send one frame. Raises HungUp."""
    try:
        connection.sendall(encode(kind, content))
    except OSError as error:
        raise HungUp from error


def receive(connection: socket.socket, first_s: float, rest_s: float) -> tuple[int, bytes]:
    """The next frame: `first_s` seconds for its first byte, then `rest_s` for all of it.

    Raises BadFrame (also for one that stops in the middle), HungUp, TimeoutError (nothing came).
    """
    start = _read(connection, 1, time.monotonic() + first_s)
    until = time.monotonic() + rest_s
    try:
        kind, length = _HEAD.unpack(start + _read(connection, _HEAD.size - 1, until))
        if length > CONTENT_MAX:
            raise BadFrame
        return kind, _read(connection, length, until)
    except TimeoutError:
        raise BadFrame from None


def _read(connection: socket.socket, length: int, until: float) -> bytes:
    found = b""
    while len(found) < length:
        left_s = until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        connection.settimeout(left_s)
        try:
            part = connection.recv(length - len(found))
        except TimeoutError:
            raise
        except OSError as error:
            raise HungUp from error
        if not part:
            raise HungUp
        found += part
    return found
