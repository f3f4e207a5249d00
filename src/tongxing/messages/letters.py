"""What hub and member tell one another about files and letters, beside these themselves.

Bodies of the exchange API (docs/exchange-api.md). They are not sealed: the HTTP message that brings
them is signed.
"""

from typing import Literal

import msgspec
from msgspec import Struct


class Letter(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that the hub handed out to a member, for ever the same bytes.

    `kind` is ``verdicts``, ``instruction``, ``checkpoint`` or the kind of a document
    (``statement``, ``issuer_detail``, ``carried_verdicts``, …); `name` is the file, window or
    instruction that it is about. Numbers of a member rise from 1 without a hole.
    """

    number: int
    kind: str
    window_id: str
    name: str
    bytes: int
    sha256: str


class LetterPage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a member's list, oldest first. `last` is the highest number there is; `suspended`
    says that the member's records are carried until it is back."""

    member: str
    suspended: bool
    last: int
    letters: list[Letter]


class FileProgress(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a record file has come: nothing of it, its manifest, `have_bytes` of its data, or all
    of it and booked; then `letter` is the number of the letter with its verdicts.
    `manifest_sha256` is that of the manifest that is here, "" for none."""

    file_id: str
    state: Literal["nothing", "manifest", "data", "booked"]
    have_bytes: int = 0
    manifest_sha256: str = ""
    letter: int = 0


LETTER_PAGES = msgspec.json.Decoder(LetterPage)
FILE_PROGRESS = msgspec.json.Decoder(FileProgress)
