"""A checkpoint: what the hub signs of a closed window, in a text of a few lines.

It begins as https://c2sp.org/tlog-checkpoint asks: whose tree it is, how many leaves, the root.
Then come the hash of the checkpoint before it, the log of all files so far with the path that shows
it only grew, the tree of the papers, and the rulebook. Pure: no clock is read, nothing is random.
"""

import re
from dataclasses import dataclass

from tongxing.checkpoint.notes import Keys, from_base64, in_base64, open_note, sign_note
from tongxing.checkpoint.tree import HASH_BYTES
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import SigningKey

_NONE = "-"
_B64 = r"[A-Za-z0-9+/]{43}="
_NAMED = re.compile(rb"[^\s+/]+/(?P<window>W[0-9]{8})\n")
_TEXT = re.compile(
    rf"(?P<hub>[^\s+/]+)/(?P<window>W[0-9]{{8}})\n"
    rf"(?P<size>0|[1-9][0-9]{{0,17}})\n"
    rf"(?P<root>{_B64})\n"
    r"previous (?P<previous>-|[0-9a-f]{64})\n"
    rf"files (?P<files>0|[1-9][0-9]{{0,17}}) (?P<files_root>{_B64})\n"
    rf"grown (?P<grown>-|{_B64}(?: {_B64})*)\n"
    rf"papers (?P<papers>0|[1-9][0-9]{{0,17}}) (?P<papers_root>{_B64})\n"
    r"rulebook (?P<rulebook>[!-~]{1,64}) (?P<rulebook_sha256>[0-9a-f]{64})\n"
)


@dataclass(frozen=True, slots=True)
class Head:
    """A tree in short: how many leaves it has, and its root."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a hub says of a window it has closed.

    `records` is the tree of its rows, `files` the log of all files that were accepted up to here,
    `papers` the tree of what was handed out. `previous_sha256` is that of the checkpoint before,
    "" for the first. `grown` leads from the log of files there to the one here; it is empty for the
    first, and where no file came.
    """

    hub: str
    window_id: str
    records: Head
    previous_sha256: str
    files: Head
    grown: tuple[bytes, ...]
    papers: Head
    rulebook_version: str
    rulebook_sha256: str


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """The lines that are signed. Raises ValueError for what cannot be read back."""
    text = (
        f"{checkpoint.hub}/{checkpoint.window_id}\n"
        f"{checkpoint.records.size}\n"
        f"{in_base64(checkpoint.records.root)}\n"
        f"previous {checkpoint.previous_sha256 or _NONE}\n"
        f"files {_head(checkpoint.files)}\n"
        f"grown {' '.join(map(in_base64, checkpoint.grown)) or _NONE}\n"
        f"papers {_head(checkpoint.papers)}\n"
        f"rulebook {checkpoint.rulebook_version} {checkpoint.rulebook_sha256}\n"
    )
    if _read(text) != checkpoint:
        raise ValueError(f"no checkpoint of {checkpoint.window_id} can be written")
    return text


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> bytes:
    """The signed note of a checkpoint: the same one is always the same bytes."""
    return sign_note(checkpoint_text(checkpoint), key)


def open_checkpoint(note: bytes, keys: Keys) -> Checkpoint | Refusal:
    """The checkpoint that the hub signed with the key of its window.

    Refuses as `open_note` does, with CHECKPOINT_MALFORMED for another text, and with NOTE_FOREIGN
    for a checkpoint in another hub's name.
    """
    named = _NAMED.match(note)
    verifier = keys.key_of("" if named is None else named["window"].decode())
    text = open_note(note, verifier)
    if isinstance(text, Refusal):
        return text
    found = _read(text)
    if found is None:
        return Refusal("CHECKPOINT_MALFORMED")
    if found.hub != verifier.name:
        return Refusal("NOTE_FOREIGN", values={"expected": verifier.name, "found": found.hub})
    return found


def checkpoint_name(note: bytes) -> str:
    """The SHA-256 by which the next checkpoint names this one: of its text, not its signatures,
    since witnesses may add theirs."""
    return sha256_hex(note.rpartition(b"\n\n")[0] + b"\n")


def _head(head: Head) -> str:
    return f"{head.size} {in_base64(head.root)}"


def _read(text: str) -> Checkpoint | None:
    match = _TEXT.fullmatch(text)
    if match is None:
        return None
    grown = [] if match["grown"] == _NONE else match["grown"].split(" ")
    hashes = [_hash(part) for part in (match["root"], match["files_root"], match["papers_root"])]
    path = [_hash(part) for part in grown]
    if None in hashes or None in path:
        return None
    root, files_root, papers_root = (found or b"" for found in hashes)
    return Checkpoint(
        hub=match["hub"],
        window_id=match["window"],
        records=Head(int(match["size"]), root),
        previous_sha256=match["previous"].replace(_NONE, ""),
        files=Head(int(match["files"]), files_root),
        grown=tuple(found or b"" for found in path),
        papers=Head(int(match["papers"]), papers_root),
        rulebook_version=match["rulebook"],
        rulebook_sha256=match["rulebook_sha256"],
    )


def _hash(text: str) -> bytes | None:
    found = from_base64(text)
    return found if found is not None and len(found) == HASH_BYTES else None
