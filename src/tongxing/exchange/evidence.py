"""The evidence behind a record (验证数据): tag, length, value, one after another.

Neither its tags nor how it is put into text were found. What can be said for sure is tag and
length; the form tried here is that of chips (BER tags and lengths) written in hexadecimal digits.
Tags are never interpreted, and evidence that does not read so is kept whole.
"""

import re
from dataclasses import dataclass

_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2})*")
_TAG_BYTES_MAX = 3


@dataclass(frozen=True, slots=True)
class Item:
    """One piece: its tag in hex, and its value."""

    tag: str
    value: bytes


def read_evidence(raw: bytes) -> tuple[Item, ...] | None:
    """The pieces of evidence; () for none, None when it does not read as tag, length and value
    up to its last byte. Spaces behind it are padding."""
    text = raw.rstrip(b" ")
    if not _HEX.fullmatch(text):
        return None
    content = bytes.fromhex(text.decode())
    items: list[Item] = []
    at = 0
    while at < len(content):
        tag = _tag(content, at)
        size = _length(content, at + len(tag))
        if not tag or size is None:
            return None
        begin = at + len(tag) + size[0]
        at = begin + size[1]
        if at > len(content):
            return None
        items.append(Item(tag.hex().upper(), content[begin:at]))
    return tuple(items)


def write_evidence(items: tuple[Item, ...]) -> bytes:
    """The same in hexadecimal capitals, each length in its shortest form.

    Raises ValueError for a tag that is none.
    """
    out = b""
    for item in items:
        tag = bytes.fromhex(item.tag)
        if not tag or _tag(tag, 0) != tag:
            raise ValueError(f"{item.tag} is no tag")
        out += tag + _written_length(len(item.value)) + item.value
    return out.hex().upper().encode()


def _tag(content: bytes, at: int) -> bytes:
    """The tag at a place, b"" where there is none."""
    end = at + 1
    if at < len(content) and content[at] & 0x1F == 0x1F:
        while end < len(content) and content[end] & 0x80 and end - at < _TAG_BYTES_MAX - 1:
            end += 1
        end += 1
        if end > len(content) or content[end - 1] & 0x80:
            return b""
    return content[at:end]


def _length(content: bytes, at: int) -> tuple[int, int] | None:
    """How many bytes the length takes, and what it says; None where it is none."""
    if at >= len(content):
        return None
    first = content[at]
    if first < 0x80:
        return 1, first
    more = first & 0x7F
    if not 1 <= more <= 2 or at + 1 + more > len(content):
        return None
    return 1 + more, int.from_bytes(content[at + 1 : at + 1 + more], "big")


def _written_length(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    if size <= 0xFF:
        return bytes([0x81, size])
    return b"\x82" + size.to_bytes(2, "big")
