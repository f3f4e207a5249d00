"""The file by which an authority has its category cards linked; its holders do nothing (R-115).

    TXUP|1|<authority>|<batch>|<city>|<date>
    1|<kind>|<card number>|<holder's reference>
    2|…
    TXEND|<lines>|<SHA-256 of all bytes before this line>

ASCII, each line ended by one LF. The holder's reference is the authority's own and opaque: no name
and no identity number stands in such a file, and a line is never repeated in what we answer. The
authority signs the file's digest (Ed25519, detached). A file is believed whole or not at all; a
line that is believed may still be rejected by itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tongxing.city.upgrading.data_forms import Channel, kinds
from tongxing.city.upgrading.numbers import read_number
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, SigningKey

FILE_BYTES_MAX = 64 * 1024 * 1024
LINE_BYTES_MAX = 200
_HEADER = re.compile(
    rb"TXUP\|1\|([A-Za-z0-9._-]{1,40})\|([A-Za-z0-9._-]{1,40})\|([0-9]{6})\|"
    rb"([0-9]{4}-[0-9]{2}-[0-9]{2})"
)
_TRAILER = re.compile(rb"TXEND\|(0|[1-9][0-9]{0,8})\|([0-9a-f]{64})")
_LINE = re.compile(r"(0|[1-9][0-9]{0,8})\|([a-z_]{1,40})\|([0-9]{1,40})\|([A-Za-z0-9_-]{16,64})")


@dataclass(frozen=True, slots=True)
class BulkFile:
    """A file that is believed: whose it is, its digest, and its lines as they came."""

    authority: str
    batch: str
    sha256: str
    lines: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class BulkLine:
    """A line in order: which card of which kind belongs to whom, by the authority's reference."""

    line: int
    kind: str
    medium_no: str = field(repr=False)
    holder: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that was not taken: its number and the reason's code, never its content."""

    line: int
    reason: str


def sign_file(content: bytes, key: SigningKey) -> bytes:
    """The authority's detached signature over a file (64 bytes)."""
    return key.private.sign(_signed(key.sender, content))


def read_file(content: bytes, signature: bytes, keys: KeyRing, city: str) -> BulkFile | Refusal:
    """A file that its authority signed, for this city, whole.

    Refuses, in this order: UPGRADE_FILE_SIZE, UPGRADE_FILE_FORM (header, trailer, line ends),
    UPGRADE_FILE_SIGNATURE, UPGRADE_FILE_CITY, UPGRADE_FILE_DIGEST, UPGRADE_FILE_COUNT.
    """
    if len(content) > FILE_BYTES_MAX:
        return Refusal("UPGRADE_FILE_SIZE", values={"limit": FILE_BYTES_MAX // 1024 // 1024})
    if not content.endswith(b"\n") or b"\r" in content:
        return Refusal("UPGRADE_FILE_FORM")
    lines = content[:-1].split(b"\n")
    header = _HEADER.fullmatch(lines[0])
    trailer = _TRAILER.fullmatch(lines[-1])
    if header is None or trailer is None or len(lines) < 2:
        return Refusal("UPGRADE_FILE_FORM")
    authority, batch, of_city, _ = (part.decode() for part in header.groups())
    if not keys.verify(authority, signature, _signed(authority, content)):
        return Refusal("UPGRADE_FILE_SIGNATURE", authority)
    if of_city != city:
        return Refusal("UPGRADE_FILE_CITY", batch)
    if sha256_hex(content[: -len(lines[-1]) - 1]) != trailer.group(2).decode():
        return Refusal("UPGRADE_FILE_DIGEST", batch)
    body = tuple(lines[1:-1])
    if len(body) != int(trailer.group(1)):
        values = {"said": int(trailer.group(1)), "found": len(body)}
        return Refusal("UPGRADE_FILE_COUNT", batch, values)
    return BulkFile(authority, batch, sha256_hex(content), body)


def read_lines(file: BulkFile, channel: Channel) -> Iterator[BulkLine | Reject]:
    """Each line, read strictly, in order.

    Rejects UPGRADE_LINE_FORM, UPGRADE_LINE_ORDER, UPGRADE_CHANNEL_OTHER_KIND, UPGRADE_LINE_TWICE
    (a number that stood in the file before), and what `read_number` refuses.
    """
    seen: set[str] = set()
    for number, raw in enumerate(file.lines, start=1):
        found = _read_line(file, channel, number, raw)
        if isinstance(found, BulkLine):
            if found.medium_no in seen:
                found = Reject(number, "UPGRADE_LINE_TWICE")
            else:
                seen.add(found.medium_no)
        yield found


def _read_line(file: BulkFile, channel: Channel, number: int, raw: bytes) -> BulkLine | Reject:
    match = None
    if len(raw) <= LINE_BYTES_MAX and raw.isascii():
        match = _LINE.fullmatch(raw.decode("ascii"))
    if match is None:
        return Reject(number, "UPGRADE_LINE_FORM")
    counted, kind, medium_no, reference = match.groups()
    if int(counted) != number:
        return Reject(number, "UPGRADE_LINE_ORDER")
    if kind not in channel.kinds:
        return Reject(number, "UPGRADE_CHANNEL_OTHER_KIND")
    digits = read_number(kinds()[kind], medium_no)
    if isinstance(digits, Refusal):
        return Reject(number, digits.code)
    return BulkLine(number, kind, digits, f"{file.authority}:{reference}")


def _signed(authority: str, content: bytes) -> bytes:
    return f"tongxing/upgrade-file/1/{authority}\n{sha256_hex(content)}".encode()
