"""How a site keeps its deny list over a restart: whole once, then what changed, then whole again.

The journal names the whole list (and holds it, when it is small; a large one lies in a file beside
the journal) and holds the deltas after it in numbered places. Each change is one commit of the
journal, made when everything it names is on the disk: a power cut leaves the old list or the new. A
delta that a newer whole list made useless stays in its place until another takes it: it starts
from an older version, so it is never applied.
"""

import errno
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path

import msgspec
import numpy as np

from tongxing.gate.denylist import DenyIndex, ListChange, ListHead
from tongxing.gate.journal import Journal
from tongxing.gate.journal_file import unavailable
from tongxing.gate.packed import Keys, Packed, Pair, Shape, kind_of
from tongxing.kernel.files import write_pieces
from tongxing.kernel.reasons import Refusal
from tongxing.messages import DenyDelta, DenyList
from tongxing.messages.envelope import encode, read_body

FOLD_DELTAS = 64
FOLD_EDITS = 50_000
"""After so many deltas, or entries in them, the list is written whole: a dictionary's entry takes
some 200 bytes of memory, a packed one eight."""

_WHOLE, _DELTA = "deny_list", "deny_delta:{:02}"
_INSIDE_BYTES_MAX = 256 * 1024
_LENGTH_BYTES = 8
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class _Where(msgspec.Struct, frozen=True, array_like=True):
    """Where the whole list is: in a file of this name and hash, or right here."""

    file: str
    sha256: str
    body: bytes


class _Array(msgspec.Struct, frozen=True, array_like=True):
    shape: Shape
    page: int
    count: int


class _Contents(msgspec.Struct, frozen=True, array_like=True):
    """What a whole list begins with; its arrays follow in this order."""

    head: ListHead
    names: tuple[str, ...]
    arrays: list[_Array]
    odd: list[Pair]


_WHERE = msgspec.msgpack.Decoder(_Where)
_CONTENTS = msgspec.msgpack.Decoder(_Contents)
_DELTAS = msgspec.json.Decoder(DenyDelta)
_LISTS = msgspec.json.Decoder(DenyList)
_TEXT = b"{"
"""How a list begins that was kept by the version before, as the message had it."""


def load_list(journal: Journal, city: str) -> DenyIndex | Refusal:
    """The list that was in force before; the empty list, version 0, of a journal without one.

    Refuses what `Journal.kept` refuses, and LIST_DAMAGED for a list that is not what was kept: a
    gate must not go on with an older one, or with none.
    """
    kept = journal.kept(_WHOLE)
    if isinstance(kept, Refusal):
        return kept
    where = None
    if kept is None:
        deny: DenyIndex | Refusal = DenyIndex(city)
    else:
        try:
            if kept.startswith(_TEXT):
                deny = DenyIndex.of(_LISTS.decode(kept))
            else:
                where = _WHERE.decode(kept)
                deny = _read(journal.path, where)
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            return _damaged(journal, str(error))
    _clear(journal, where)
    if not isinstance(deny, Refusal) and deny.city != city:
        return _damaged(journal, f"{deny.city} / {city}")
    return deny if isinstance(deny, Refusal) else _with_deltas(journal, deny)


@dataclass(frozen=True, slots=True)
class PreparedList:
    """A change whose parts all lie on the disk: the list to put in force, the row of the journal
    that makes it the one which a restart finds, and the version that it follows."""

    deny: DenyIndex
    follows: int
    row: str
    content: bytes
    where: _Where | None


def prepare_list(path: Path, change: ListChange, follows: int) -> PreparedList | Refusal:
    """Lay a change of version `follows` down beside the journal at `path`, its edits packed in when
    they have become many; the list in force stays what it is. Takes seconds for one of millions.

    Refuses what the journal would when the folder does.
    """
    deny, edits = change.deny, change.deny.edits
    if change.delta is not None and edits.deltas <= FOLD_DELTAS and len(edits) <= FOLD_EDITS:
        row = _DELTA.format(edits.deltas - 1)
        return PreparedList(deny, follows, row, encode(change.delta), None)
    whole = deny.folded()
    try:
        where = _write(path, whole)
    except OSError as error:
        if error.errno in _FULL:
            return Refusal("JOURNAL_FULL", str(path))
        return unavailable(path, error)
    return PreparedList(whole, follows, _WHOLE, msgspec.msgpack.encode(where), where)


def commit_list(journal: Journal, prepared: PreparedList) -> Refusal | None:
    """Make a prepared list the one that a restart finds. Refuses what `Journal.keep` refuses; then
    the old one still is."""
    refusal = journal.keep(prepared.row, prepared.content)
    if refusal is None and prepared.where is not None:
        _clear(journal, prepared.where)
    return refusal


def keep_list(journal: Journal, change: ListChange) -> DenyIndex | Refusal:
    """Both at once; the list to put in force now."""
    prepared = prepare_list(journal.path, change, change.deny.version - 1)
    if isinstance(prepared, Refusal):
        return prepared
    return commit_list(journal, prepared) or prepared.deny


def _with_deltas(journal: Journal, deny: DenyIndex) -> DenyIndex | Refusal:
    while deny.edits.deltas < FOLD_DELTAS:
        kept = journal.kept(_DELTA.format(deny.edits.deltas))
        if isinstance(kept, Refusal):
            return kept
        if kept is None:
            break
        delta = read_body(kept, _DELTAS)
        if not isinstance(delta, Refusal) and delta.from_version != deny.version:
            break
        changed = delta if isinstance(delta, Refusal) else deny.changed(delta)
        if isinstance(changed, Refusal):
            return _damaged(journal, changed.code)
        deny = changed
    return deny


def _write(path: Path, deny: DenyIndex) -> _Where:
    """Put a whole list where it will be looked for. Raises OSError."""
    contents, arrays = _contents(deny)
    size = len(contents) + sum(keys.nbytes for keys in arrays)
    if size <= _INSIDE_BYTES_MAX:
        return _Where("", "", b"".join([contents, *(keys.tobytes() for keys in arrays)]))
    digest = sha256()

    def pieces() -> Iterator[bytes | memoryview]:
        digest.update(contents)
        yield contents
        for keys in arrays:
            piece = keys.view(np.uint8).data
            digest.update(piece)
            yield piece

    name = f"{_prefix(path)}{deny.version}"
    write_pieces(path.with_name(name), pieces())
    return _Where(name, digest.hexdigest(), b"")


def _contents(deny: DenyIndex) -> tuple[bytes, list[Keys]]:
    packed = deny.packed
    arrays = [
        (_Array(shape, page, len(keys)), keys)
        for shape, pages in packed.by_shape.items()
        for page, keys in pages.items()
    ]
    told = _Contents(deny.head, packed.names, [one for one, _ in arrays], sorted(packed.odd))
    content = msgspec.msgpack.encode(told)
    return len(content).to_bytes(_LENGTH_BYTES, "big") + content, [keys for _, keys in arrays]


def _read(path: Path, where: _Where) -> DenyIndex:
    """Raises OSError, ValueError or MsgspecError for anything but what `_write` wrote."""
    if not where.file:
        return _parse(io.BytesIO(where.body))
    if not where.file.startswith(_prefix(path)):
        raise ValueError(where.file)
    with path.with_name(where.file).open("rb") as file:
        if file_digest(file, "sha256").hexdigest() != where.sha256:
            raise ValueError(f"{where.file}: SHA-256")
        file.seek(0)
        return _parse(file)


def _parse(file: io.BufferedIOBase) -> DenyIndex:
    length = int.from_bytes(file.read(_LENGTH_BYTES), "big")
    contents = _CONTENTS.decode(file.read(length))
    by_shape: dict[Shape, dict[int, Keys]] = {}
    for array in contents.arrays:
        keys: Keys = np.empty(array.count, kind_of(array.shape))
        if file.readinto(keys.view(np.uint8).data) != keys.nbytes:
            raise ValueError("too short")
        by_shape.setdefault(array.shape, {})[array.page] = keys
    packed = Packed(contents.names, by_shape, frozenset(contents.odd))
    return DenyIndex.assembled(contents.head, packed)


def _prefix(path: Path) -> str:
    return f"{path.name}.deny-"


def _clear(journal: Journal, where: _Where | None) -> None:
    """Remove files of lists that are not in force, of half written ones too."""
    kept, prefix = "" if where is None else where.file, _prefix(journal.path)
    for name in os.listdir(journal.path.parent):  # of many gates, where they share a folder
        if name.startswith(prefix) and name != kept:
            journal.path.with_name(name).unlink(missing_ok=True)


def _damaged(journal: Journal, detail: str) -> Refusal:
    return Refusal("LIST_DAMAGED", str(journal.path), {"detail": detail})
