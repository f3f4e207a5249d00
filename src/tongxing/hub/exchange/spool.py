"""The pieces of files that are still coming: on the disk before anybody is told that they are here.

A folder per member and file: ``manifest`` as it came, and pieces of ``data`` named by their first
byte. A piece is written beside its place, compared with its digest, flushed and only then moved
there, so that what counts as here is whole. What the hub has booked is removed, and so is what
nobody goes on with.
"""

import asyncio
import errno
import hashlib
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tongxing.kernel.files import PART, sync_folder, write_whole
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal

_PIECE = re.compile(r"([0-9]{12})\.data", re.ASCII)
_MANIFEST = "manifest"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Spool:
    """All of it, below `folder`. One process works on it. `files_max` is how many incomplete files
    a member may have, `kept_s` how long one of them may rest."""

    folder: Path
    files_max: int = 16
    kept_s: int = 86_400

    def manifest(self, member: str, file_id: str) -> bytes | None:
        """The manifest that came for a file."""
        try:
            return (self._at(member, file_id) / _MANIFEST).read_bytes()
        except FileNotFoundError:
            return None

    def put_manifest(self, member: str, file_id: str, content: bytes, now_s: int) -> Refusal | None:
        """Keep a manifest; another one than before starts the file anew.

        Refuses UPLOAD_MANY and UPLOAD_NO_ROOM.
        """
        at = self._at(member, file_id)
        if self.manifest(member, file_id) == content:
            return None
        self._clear_rested(member, now_s)
        others = [one for one in _folders(at.parent) if one != at]
        if len(others) >= self.files_max:
            return Refusal("UPLOAD_MANY", values={"member": member, "most": self.files_max})
        try:
            self.forget(member, file_id)
            at.mkdir(parents=True)
            write_whole(at / _MANIFEST, content, private=True)
            sync_folder(at.parent)
        except OSError as error:
            return _room(error)
        return None

    def have(self, member: str, file_id: str) -> int:
        """How many bytes of a file's data are here, from its first one without a gap."""
        return sum(piece.stat().st_size for piece in self._pieces(member, file_id))

    def ends(self, member: str, file_id: str) -> tuple[int, int]:
        """Where the data that is here ends, and where its last piece begins: that one may come
        again, when its answer was lost."""
        pieces = self._pieces(member, file_id)
        last = int(pieces[-1].name.partition(".")[0]) if pieces else 0
        return sum(piece.stat().st_size for piece in pieces), last

    async def put_piece(
        self,
        member: str,
        file_id: str,
        start: int,
        size: int | None,
        sha256: bytes,
        parts: AsyncIterator[bytes],
    ) -> int | Refusal:
        """Keep a piece that begins at byte `start`, as it comes in; how many bytes are here then.
        `size` is how long it should be, None for any length.

        Nothing of it is kept when it refuses: HTTP_DIGEST (another SHA-256), UPLOAD_RANGE (another
        size), UPLOAD_NO_ROOM. Raises what `parts` raises.
        """
        at = self._at(member, file_id)
        part = at / f"{start:012d}.{os.getpid()}{PART}"
        hasher, found = hashlib.sha256(), 0
        try:
            with part.open("wb") as file:
                async for content in parts:
                    hasher.update(content)
                    found += file.write(content)
                file.flush()
                await asyncio.to_thread(os.fsync, file.fileno())
            if hasher.digest() != sha256:
                return Refusal("HTTP_DIGEST")
            if size not in (None, found):
                return Refusal("UPLOAD_RANGE", file_id, {"have": start})
            os.replace(part, at / f"{start:012d}.data")
            sync_folder(at)
        except OSError as error:
            return _room(error)
        finally:
            part.unlink(missing_ok=True)
        return self.have(member, file_id)

    def data(self, member: str, file_id: str) -> bytes:
        """All bytes that are here."""
        return b"".join(piece.read_bytes() for piece in self._pieces(member, file_id))

    def drop_data(self, member: str, file_id: str) -> None:
        """Forget the data of a file: it is not what its manifest says."""
        for piece in self._pieces(member, file_id):
            piece.unlink(missing_ok=True)

    def forget(self, member: str, file_id: str) -> None:
        """Remove a file: the hub keeps it, or it begins anew."""
        shutil.rmtree(self._at(member, file_id), ignore_errors=True)

    def _clear_rested(self, member: str, now_s: int) -> None:
        for folder in _folders(self._of(member)):
            newest = max(one.stat().st_mtime for one in (folder, *folder.iterdir()))
            if now_s - newest > self.kept_s:
                shutil.rmtree(folder, ignore_errors=True)

    def _at(self, member: str, file_id: str) -> Path:
        return self._of(member) / _folder_name(file_id)

    def _of(self, member: str) -> Path:
        return self.folder / _folder_name(member)

    def _pieces(self, member: str, file_id: str) -> list[Path]:
        """Those that follow one another from byte 0; whatever lies beyond a gap does not count."""
        try:
            found = sorted(self._at(member, file_id).iterdir())
        except FileNotFoundError:
            return []
        pieces, end = [], 0
        for piece in found:
            match = _PIECE.fullmatch(piece.name)
            if match is not None and int(match[1]) == end:
                pieces.append(piece)
                end += piece.stat().st_size
        return pieces


def _folder_name(name: str) -> str:
    """No system minds it, whatever the name was (B80)."""
    return sha256_hex(name.encode())[:32]


def _folders(at: Path) -> list[Path]:
    return [one for one in at.iterdir() if one.is_dir()] if at.is_dir() else []


def _room(error: OSError) -> Refusal:
    """No room on the disk, as a refusal; any other failure is raised again."""
    if error.errno in _NO_ROOM:
        return Refusal("UPLOAD_NO_ROOM")
    raise error
