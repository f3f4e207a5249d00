"""What the bytes of a file look like they are, told in words of no language.

Nothing here opens or unpacks anything: a few bytes at known places say what a file is not.
"""

_MARKS = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PAR1", "Parquet"),
    (b"7z\xbc\xaf", "7z"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
_TAR_AT, _TAR = 257, b"ustar"
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_SHOWN = 8

_BYTE_ORDER = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
HEAD_BYTES = _TAR_AT + len(_TAR)
"""How many bytes from the beginning are enough for `packed_kind`."""


def packed_kind(head: bytes) -> str:
    """What kind of packed or binary file begins so; "" for none that is known."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if head[_TAR_AT:HEAD_BYTES] == _TAR:
        return "tar"
    return "zlib" if head.startswith(_ZLIB) else ""


def kind_shown(head: bytes) -> str:
    """The same for a message: an unknown beginning is shown by its first bytes in hex."""
    return packed_kind(head) or head[:_SHOWN].hex(" ") or "-"


def is_other_text(head: bytes) -> bool:
    """Whether a text begins with a byte order mark, or two bytes to a character (UTF-16)."""
    if head.startswith(_BYTE_ORDER):
        return True
    first = head[:4]
    return len(first) == 4 and (
        (first[0] == first[2] == 0 and 0 not in (first[1], first[3]))
        or (first[1] == first[3] == 0 and 0 not in (first[0], first[2]))
    )
