"""Where files come in and go out: ``inbox``, ``out/<party>``, ``bank/in``, ``bank/out``, ``days``.

A record file is two files of one name, ``NAME.manifest`` and ``NAME.gz``; it is whole when the data
are those that its manifest names. What was judged lies in ``taken`` or ``refused`` beside where it
came in, under its name, the second at which it was there, and the beginning of its hash: so much
that books restored from a backup can be told of it again. Every move is one step that is on the
disk before anything is written down about it.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import NamedTuple

from tongxing.hub.rulebook import FileLimits
from tongxing.kernel.files import PART, sync_folder, write_whole
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal

MANIFEST, DATA, REPORT = ".manifest", ".gz", ".xml"
TAKEN, REFUSED = "taken", "refused"
REASON = ".reason.json"
REPORT_BYTES_MAX = 1 << 20
"""A bank's report on one payment has a few thousand bytes; a longer file is read no further."""
_MARK_CHARS = 12
_JUDGED = re.compile(r"(?P<name>.+)\.(?P<received_s>[0-9]{1,12})\.(?P<mark>[0-9a-f]{12})", re.ASCII)
_CHARS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


class Came(NamedTuple):
    """What a delivery is called, when it was there, and the SHA-256 that it is known by."""

    name: str
    received_s: int
    mark: str


class Delivery(NamedTuple):
    """A name in the inbox: its manifest, and the SHA-256 of its data ("" while there are none).

    Of what is longer than anything that can be taken, no more is read than shows that it is.
    """

    name: str
    manifest: bytes
    data_sha256: str
    is_too_long: bool

    @property
    def sha256(self) -> str:
        return sha256_hex(self.manifest)


class Judged(NamedTuple):
    """A file that was judged, by what its own name says: its name and second when it came."""

    path: Path
    name: str
    received_s: int


class PaperDiffers(Exception):
    """A file that was handed out has other bytes than the books give now: its path says which."""


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of one clearing house under `root`."""

    root: Path

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def out(self) -> Path:
        return self.root / "out"

    @property
    def bank_in(self) -> Path:
        return self.root / "bank" / "in"

    @property
    def bank_out(self) -> Path:
        return self.root / "bank" / "out"

    @property
    def days(self) -> Path:
        return self.root / "days"

    def prepare(self) -> None:
        """Make what is not there, and remove what a killed process left half written. Only who
        works the day alone may call it."""
        for folder in (self.inbox, self.out, self.bank_in, self.bank_out, self.days):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.out, self.bank_out, self.days, *self._judged()):
            for half in folder.rglob(f"*{PART}"):
                half.unlink()

    def deliveries(self, limits: FileLimits) -> Iterator[Delivery]:
        """The names in the inbox of which the manifest is there, in order of name."""
        for path in sorted(self.inbox.glob(f"*{MANIFEST}")):
            if not path.is_file() or path.is_symlink():
                continue
            name = path.name.removesuffix(MANIFEST)
            data = self.inbox / f"{name}{DATA}"
            manifest = read_at_most(path, limits.manifest_bytes_max)
            is_there = data.is_file() and not data.is_symlink()
            is_too_long = is_there and data.stat().st_size > limits.data_bytes_max
            read = is_there and not is_too_long
            yield Delivery(name, manifest, _sha256(data) if read else "", is_too_long)

    def names_waiting(self) -> list[str]:
        """The names in the inbox, whole or not."""
        files = [path for path in self.inbox.glob("*") if path.is_file()]
        known = [path for path in files if path.suffix in (MANIFEST, DATA)]
        return sorted({path.name.removesuffix(path.suffix) for path in known})

    def reports(self) -> list[tuple[str, str]]:
        """Name and SHA-256 of what the bank laid down, in order of name."""
        found = [path for path in sorted(self.bank_in.glob(f"*{REPORT}")) if path.is_file()]
        return [
            (path.name.removesuffix(REPORT), sha256_hex(read_at_most(path, REPORT_BYTES_MAX)))
            for path in found
        ]

    def judged(self, folder: Path, suffix: str) -> Iterator[Judged]:
        """What was judged of that which came into a folder, in order of path."""
        for place in (TAKEN, REFUSED):
            for path in sorted((folder / place).glob(f"*{suffix}")):
                if match := _JUDGED.fullmatch(path.name.removesuffix(suffix)):
                    yield Judged(path, match["name"], int(match["received_s"]))

    def find(self, folder: Path, came: Came, suffix: str) -> Path | None:
        """Where a delivered file lies now: where it came in, or among what was judged."""
        judged = f"{_judged_as(came)}{suffix}"
        inbox = folder / f"{came.name}{suffix}"
        places = (folder / TAKEN / judged, folder / REFUSED / judged, inbox)
        return next((place for place in places if place.is_file()), None)

    def file_away(self, path: Path, folder: Path, came: Came, *, taken: bool) -> None:
        """Lay a judged file where it belongs; it is there on the disk when this returns."""
        target = folder / (TAKEN if taken else REFUSED)
        target.mkdir(exist_ok=True)
        placed = target / f"{_judged_as(came)}{path.suffix}"
        if placed != path:
            os.replace(path, placed)
            sync_folder(target)
            sync_folder(path.parent)

    def say_why(self, folder: Path, came: Came, refusal: Refusal) -> None:
        """Lay the reason beside a refused file, for whoever has to mend it."""
        target = folder / REFUSED
        target.mkdir(exist_ok=True)
        told = json.dumps(refusal.as_json(), ensure_ascii=False, indent=2, sort_keys=True)
        write_whole(target / f"{_judged_as(came)}{REASON}", f"{told}\n".encode())

    def _judged(self) -> list[Path]:
        return [folder / REFUSED for folder in (self.inbox, self.bank_in)]


def read_at_most(path: Path, limit: int) -> bytes:
    """A file's bytes; of a longer one so many that whoever judges it sees that it is longer."""
    with path.open("rb") as file:
        return file.read(limit + 1)


def put(path: Path, content: bytes) -> None:
    """Put a file in its place unless it is there already. Raises PaperDiffers when it is there with
    other bytes: what somebody may have fetched is never replaced."""
    if path.is_file():
        if path.stat().st_size != len(content) or path.read_bytes() != content:
            raise PaperDiffers(str(path))
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)


def put_grown(path: Path, content: bytes) -> None:
    """Put a file in its place that is only ever added to. Raises PaperDiffers when what is there is
    not how it begins."""
    if path.is_file():
        there = path.read_bytes()
        if not content.startswith(there):
            raise PaperDiffers(str(path))
        if there == content:
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)


def _judged_as(came: Came) -> str:
    return f"{came.name}.{came.received_s}.{came.mark[:_MARK_CHARS]}"


def safe(text: str) -> str:
    """A party or id as part of a file's name: whatever is no letter, digit, dot, dash or line is
    written as its number."""
    clean = "".join(char if char in _CHARS else f"%{ord(char):02X}" for char in text)
    return f"%2E{clean[1:]}" if clean.startswith(".") else clean


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
