"""Merkle trees over SHA-256 as RFC 6962 and RFC 9162 define them: roots, paths, checks.

Leaves and nodes are hashed with different first bytes, so that neither can pass for the other. A
node without a neighbour moves up as it is. The tree of nothing has the hash of nothing as its root.
A path is checked without the tree. Nothing here knows what a leaf says.
"""

from collections.abc import Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(content: bytes) -> bytes:
    """The hash of a leaf with this content."""
    return sha256(_LEAF + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node above two hashes."""
    return sha256(_NODE + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes."""
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else EMPTY_ROOT


def inclusion_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """What leads from the leaf at `index` (from 0) to the root over these leaf hashes, lowest
    first. Raises IndexError for a leaf that is not there."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    path, level = [], list(leaves)
    while len(level) > 1:
        neighbour = index ^ 1
        if neighbour < len(level):
            path.append(level[neighbour])
        level, index = _above(level), index >> 1
    return path


def consistency_path(before: int, leaves: Sequence[bytes]) -> list[bytes]:
    """What shows that the first `before` of these leaf hashes were a tree of their own, to which
    the others were added. Raises IndexError for more than there are."""
    if not 0 <= before <= len(leaves):
        raise IndexError(before)
    return _subproof(before, leaves, is_whole=True) if before else []


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `leaf` is the leaf hash at `index` in the tree of `size` leaves with this root, as
    RFC 9162, 2.1.3.2 checks it."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for beside in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(beside, found)
            place, last = _up_to_right(place, last)
        else:
            found = node_hash(found, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def consistent(
    before: int, before_root: bytes, size: int, root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the tree of `before` leaves is the beginning of the one of `size` leaves, as
    RFC 9162, 2.1.4.2 checks it. Every tree begins with the empty one."""
    if before == 0 or before == size:
        start = EMPTY_ROOT if before == 0 else root
        return size >= 0 and before_root == start and not path
    if not 0 < before < size or not path:
        return False
    if before & (before - 1) == 0:
        path = [before_root, *path]
    place, last = before - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for beside in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(beside, old), node_hash(beside, new)
            place, last = _up_to_right(place, last)
        else:
            new = node_hash(new, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and old == before_root and new == root


def _above(level: list[bytes]) -> list[bytes]:
    pairs = zip(level[::2], level[1::2], strict=False)
    upper = [sha256(_NODE + left + right).digest() for left, right in pairs]
    return [*upper, level[-1]] if len(level) % 2 else upper


def _subproof(before: int, leaves: Sequence[bytes], *, is_whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 9162, 2.1.4.1."""
    size = len(leaves)
    if before == size:
        return [] if is_whole else [root_of(leaves)]
    cut = 1 << ((size - 1).bit_length() - 1)
    if before <= cut:
        return [*_subproof(before, leaves[:cut], is_whole=is_whole), root_of(leaves[cut:])]
    return [*_subproof(before - cut, leaves[cut:], is_whole=False), root_of(leaves[:cut])]


def _up_to_right(place: int, last: int) -> tuple[int, int]:
    """Past the levels at which a last node moves up as it is."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last
