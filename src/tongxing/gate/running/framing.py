"""Where one scanned code ends in a stream of bytes.

Scanners send text with a line end, or the bytes of a ride code as they are. Those may look like a
line end, so a ride code is cut by the length that stands in it, also when a scanner has turned it
into UTF-8. Nothing here judges: what is no code is handed on as it came; the site refuses it.
"""

from tongxing.media.code.layout import LONGEST_BYTES, PICTURE_BYTES_MAX, VERSION

_ENDS = b"\r\n\x00"
_HEAD_BYTES = 3
_UTF8 = bytes((VERSION,)).decode("latin-1").encode()
_UTF8_LONG = 2


class Frames:
    """The codes in what has been read so far."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def __bool__(self) -> bool:
        return bool(self._kept)

    def feed(self, content: bytes) -> list[bytes]:
        """The codes that are whole after these bytes, in order."""
        self._kept += content
        found = []
        while (frame := self._next()) is not None:
            if frame:
                found.append(frame)
        return found

    def rest(self) -> bytes:
        """What was begun and never ended: the line has gone quiet."""
        found, self._kept = bytes(self._kept), bytearray()
        return found.strip(_ENDS)

    def _next(self) -> bytes | None:
        while self._kept and self._kept[0] in _ENDS:
            del self._kept[0]
        if not self._kept or self._kept == _UTF8[:1]:
            return None
        if self._kept[0] == VERSION:
            return self._counted(bytes(self._kept[:_HEAD_BYTES]))
        if self._kept.startswith(_UTF8):
            return self._utf8()
        return self._line()

    def _counted(self, head: bytes) -> bytes | None:
        """A ride code by its own length; nothing longer than any is waited for."""
        if len(head) < _HEAD_BYTES:
            return None
        length = _HEAD_BYTES + int.from_bytes(head[1:], "big")
        if length > LONGEST_BYTES:
            return self._line()
        return self._cut(length) if len(self._kept) >= length else None

    def _utf8(self) -> bytes | None:
        """The same where each byte from 80h on has become two."""
        plain, at = bytearray(), 0
        wanted = LONGEST_BYTES + 1
        while at < len(self._kept) and len(plain) < wanted:
            long = self._kept[at] >= 0x80
            part = bytes(self._kept[at : at + (_UTF8_LONG if long else 1)])
            if long and len(part) < _UTF8_LONG:
                return None
            try:
                plain += part.decode("utf-8").encode("latin-1")
            except UnicodeError:
                return self._line()
            at += len(part)
            if len(plain) == _HEAD_BYTES:
                wanted = _HEAD_BYTES + int.from_bytes(plain[1:], "big")
                if wanted > LONGEST_BYTES:
                    return self._line()
        return self._cut(at) if len(plain) == wanted else None

    def _line(self) -> bytes | None:
        ends = [at for end in _ENDS if (at := self._kept.find(end)) >= 0]
        if ends:
            return self._cut(min(ends))
        return self._cut(PICTURE_BYTES_MAX) if len(self._kept) > PICTURE_BYTES_MAX else None

    def _cut(self, length: int) -> bytes:
        found = bytes(self._kept[:length])
        del self._kept[:length]
        return found
