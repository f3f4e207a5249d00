"""Which twelve-digit number of a text file stands for which record of ours.

The files have no room for our record ids, so whoever writes keeps this list: one line per record,
``number,record``, and reads answers with it.
"""

import re
from collections.abc import Iterable

from tongxing.kernel.reasons import Refusal

NUMBER_MAX = 999_999_999_999
_LINE = re.compile(r"([1-9][0-9]{0,11}),([\x21-\x2b\x2d-\x7e]{1,128})")


def write_numbers(numbers: Iterable[tuple[int, str]]) -> bytes:
    """The list as bytes, one line per record."""
    return "".join(f"{number},{name}\n" for number, name in numbers).encode("ascii")


def read_numbers(content: bytes, name: str = "") -> dict[int, str] | Refusal:
    """The records by number. Refuses with EXCHANGE_NUMBERS: a line that is none, one twice."""
    found: dict[int, str] = {}
    for line, raw in enumerate(content.splitlines(), start=1):
        match = _LINE.fullmatch(raw.decode("ascii", "replace"))
        if match is None or int(match[1]) in found:
            return Refusal("EXCHANGE_NUMBERS", f"{name}:{line}")
        found[int(match[1])] = match[2]
    return found
