"""Identities made from content, so that the same input always gets the same name.

Nothing here is random: a replayed day must produce the same bytes.
"""

import hashlib
import re

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)
_MEDIUM_NUMBER = re.compile(r"(?<![0-9０-９])[0-9０-９](?: ?[0-9０-９]){11,19}(?![0-9０-９])")
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(?:[.:].*)?", re.ASCII | re.IGNORECASE)


def digest(*parts: object) -> str:
    """32 hex characters (128 bits of SHA-256) over the parts, which are joined unambiguously."""
    hasher = hashlib.sha256()
    for part in parts:
        text = part if isinstance(part, bytes) else str(part).encode()
        hasher.update(len(text).to_bytes(4, "big"))
        hasher.update(text)
    return hasher.hexdigest()[:32]


def sha256_hex(content: bytes) -> str:
    """The full SHA-256 of a file or message, in hex."""
    return hashlib.sha256(content).hexdigest()


def masked(medium_no: str) -> str:
    """A medium number fit for a page or a log: the first six and the last four characters."""
    if len(medium_no) <= 10:
        return medium_no[:2] + "*" * max(0, len(medium_no) - 2)
    return f"{medium_no[:6]}{'*' * (len(medium_no) - 10)}{medium_no[-4:]}"


def without_medium_numbers(text: str) -> str:
    """A text that somebody wrote, fit for a page or a line: what looks like a medium number masked,
    also when it is grouped by blanks or written in wide digits."""
    return _MEDIUM_NUMBER.sub(lambda found: masked(found.group().replace(" ", "")), text)


def is_file_name(text: str) -> bool:
    """Whether a text can name a file on every system: no path, no device, nothing but ASCII (B80).

    Letters, digits and ``. _ : -``, at most 64, a letter or digit first.
    """
    return _FILE_NAME.fullmatch(text) is not None and _DEVICE.fullmatch(text) is None
