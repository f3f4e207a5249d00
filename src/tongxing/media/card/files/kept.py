"""The operator's own file 0x19 as we use it: the frame around what gates keep on a card.

Record A1 holds the ride that is open; what stands inside is the gates' affair. A record that we did
not write has no content of ours, and is never an error.
"""

LOCAL_FILE = 0x19
OPEN_RIDE = 0xA1
HEAD_BYTES = 3
_LENGTH_BYTES = 2


def content_of(record: bytes) -> bytes:
    """What is kept in a record, b"" for nothing or for a record of somebody else's."""
    start = HEAD_BYTES + _LENGTH_BYTES
    length = int.from_bytes(record[HEAD_BYTES:start], "big")
    content = record[start : start + length]
    return content if len(content) == length else b""
