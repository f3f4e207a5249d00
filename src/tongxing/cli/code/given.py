"""A code as somebody hands it to a command: bytes, hex, Base64, or a picture of it.

At most as much is read as a picture can have; a file that is no code is a verdict, not a failure.
"""

import re
import sys
from pathlib import Path

from tongxing.cli.arguments import readable_file
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.code.layout import PLAIN_BYTES, VERSION_FIRST
from tongxing.media.code.scanning import is_picture, ride_code_in

BYTES_MAX = 32 << 20
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2})+")


def given_code(path: Path) -> bytes | Refusal:
    """What the file carries, as a scanner would hand it over; ``-`` reads standard input.

    Raises Problem (FILE_NOT_FOUND, FILE_NOT_READABLE, CODE_FILE_LARGE).
    """
    content = _content(path)
    if is_picture(content):
        found = ride_code_in(content)
        return found if isinstance(found, Refusal) else found.raw
    return _from_hex(content) or content


def _from_hex(content: bytes) -> bytes | None:
    """The bytes of hex text. A row of digits that begins like no code is left as it stands."""
    text = b"".join(content.split())
    if not _HEX.fullmatch(text):
        return None
    plain = bytes.fromhex(text.decode("ascii"))
    return plain if plain[0] >= VERSION_FIRST or len(plain) >= PLAIN_BYTES else None


def _content(path: Path) -> bytes:
    if str(path) == "-":
        content = sys.stdin.buffer.read(BYTES_MAX + 1)
    else:
        with readable_file(str(path)).open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        raise Problem("CODE_FILE_LARGE", str(path), most_mib=BYTES_MAX >> 20)
    return content
