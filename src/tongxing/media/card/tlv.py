"""Tag-length-value as cards write it (ISO/IEC 8825, basic rules, as far as ISO/IEC 7816 goes).

A card's answer can lie about its lengths or nest without end, so depth, number and size are
bounded, and whatever does not fit exactly is CARD_TLV. Nothing is read past a length that lies.
"""

from collections.abc import Iterator

import msgspec

from tongxing.kernel.reasons import Refusal

SIZE_MAX = 4096
DEPTH_MAX = 8
NODES_MAX = 256
_TAG_BYTES_MAX = 4
_LENGTH_BYTES_MAX = 3
_CONSTRUCTED = 0x20
_LONG_TAG = 0x1F
_MORE = 0x80
_FILLERS = b"\x00\xff"


class Node(msgspec.Struct, frozen=True):
    """One object. `tag` is its number as written (0x9F0C); `children` are empty for plain data."""

    tag: int
    value: bytes
    children: tuple["Node", ...] = ()

    def find(self, *path: int) -> "Node | None":
        """The first object under these tags, one inside the other; itself for no tags."""
        if not path:
            return self
        for child in self.children:
            if child.tag == path[0] and (found := child.find(*path[1:])):
                return found
        return None

    def walk(self) -> Iterator["Node"]:
        """This object and all within it, outer ones first."""
        yield self
        for child in self.children:
            yield from child.walk()


class _Lie(Exception):
    """Bytes that are no well-formed objects; never leaves this module."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__()


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self._raw, self._count = raw, 0

    def objects(self, start: int, end: int, depth: int) -> tuple[Node, ...]:
        found: list[Node] = []
        at = self._past_fillers(start, end)
        while at < end:
            self._count += 1
            if depth > DEPTH_MAX or self._count > NODES_MAX:
                raise _Lie(at)
            tag, after_tag = self._tag(at, end)
            begins, ends = self._length(after_tag, end)
            is_constructed = bool(self._raw[at] & _CONSTRUCTED)
            children = self.objects(begins, ends, depth + 1) if is_constructed else ()
            found.append(Node(tag, self._raw[begins:ends], children))
            at = self._past_fillers(ends, end)
        return tuple(found)

    def _past_fillers(self, at: int, end: int) -> int:
        """Zeros may stand between objects; FF only behind the last one, where no tag follows."""
        while at < end and self._raw[at] == 0:
            at += 1
        return end if not self._raw[at:end].strip(_FILLERS) else at

    def _tag(self, at: int, end: int) -> tuple[int, int]:
        after = at + 1
        if self._raw[at] & _LONG_TAG == _LONG_TAG:
            while after < end and self._raw[after] & _MORE:
                after += 1
            after += 1
            if after > end or after - at > _TAG_BYTES_MAX:
                raise _Lie(at)
        return int.from_bytes(self._raw[at:after], "big"), after

    def _length(self, at: int, end: int) -> tuple[int, int]:
        """Where the value begins and ends. The indefinite form (80) is no length here."""
        if at >= end:
            raise _Lie(at)
        length, begins = self._raw[at], at + 1
        if length & _MORE:
            count = length & ~_MORE
            begins += count
            if not 1 <= count <= _LENGTH_BYTES_MAX or begins > end:
                raise _Lie(at)
            length = int.from_bytes(self._raw[at + 1 : begins], "big")
        if begins + length > end:
            raise _Lie(at)
        return begins, begins + length


def parse_tlv(raw: bytes) -> Node | Refusal:
    """The objects in `raw`, as children of one nameless object (tag 0).

    Refuses CARD_TLV for a length that lies or is indefinite, for more than 8 levels, 256 objects
    or 4096 bytes, and for what is no object at all; also for no bytes.
    """
    if not 0 < len(raw) <= SIZE_MAX:
        return Refusal("CARD_TLV", values={"offset": 0})
    try:
        return Node(0, raw, _Reader(raw).objects(0, len(raw), 1))
    except _Lie as lie:
        return Refusal("CARD_TLV", values={"offset": lie.offset})


def encode_tlv(tag: int, value: bytes) -> bytes:
    """One object. Raises ValueError for a value of more than 65535 bytes."""
    head = tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big")
    if len(value) < _MORE:
        return head + bytes((len(value),)) + value
    size = 1 if len(value) < 0x100 else 2
    if len(value) > 0xFFFF:
        raise ValueError("an object of a card has at most 65535 bytes")
    return head + bytes((_MORE | size,)) + len(value).to_bytes(size, "big") + value
