"""Merkle trees: the published vectors of Certificate Transparency, and what must hold for any."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tongxing.checkpoint.tree import (
    EMPTY_ROOT,
    consistency_path,
    consistent,
    included,
    inclusion_path,
    leaf_hash,
    node_hash,
    root_of,
)

# The reference tree of the Certificate Transparency project: contents, the roots over the first 1
# to 8 of them, paths and consistency paths.
CONTENTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
LEAVES = [leaf_hash(content) for content in CONTENTS]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
_96, _5F, _6B, _BC, _CA, _D3, _FA, _0E = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
)
PATHS = [
    (0, 1, []),
    (0, 8, [_96, _5F, _6B]),
    (5, 8, [_BC, _CA, _D3]),
    (2, 3, [_FA]),
    (1, 5, ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", _5F, _BC]),
]
GROWN = [(1, 1, []), (1, 8, [_96, _5F, _6B]), (6, 8, [_0E, _CA, _D3]), (2, 5, [_5F, _BC])]


def hexes(hashes: list[bytes]) -> list[str]:
    return [part.hex() for part in hashes]


def test_the_published_roots() -> None:
    assert [root_of(LEAVES[:size]).hex() for size in range(9)] == ROOTS
    assert EMPTY_ROOT.hex() == ROOTS[0]


@pytest.mark.parametrize(("index", "size", "path"), PATHS)
def test_the_published_paths(index: int, size: int, path: list[str]) -> None:
    found = inclusion_path(index, LEAVES[:size])
    assert hexes(found) == path
    assert included(LEAVES[index], index, size, found, root_of(LEAVES[:size]))


@pytest.mark.parametrize(("before", "size", "path"), GROWN)
def test_the_published_consistency(before: int, size: int, path: list[str]) -> None:
    found = consistency_path(before, LEAVES[:size])
    assert hexes(found) == path
    assert consistent(before, root_of(LEAVES[:before]), size, root_of(LEAVES[:size]), found)


def test_a_leaf_is_never_a_node() -> None:
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)
    forged = leaf_hash(left + right)
    assert not included(forged, 0, 1, [], root_of(LEAVES[:2]))


def test_what_is_not_there_has_no_path() -> None:
    for index, size in ((0, 0), (1, 1), (-1, 3)):
        with pytest.raises(IndexError):
            inclusion_path(index, LEAVES[:size])
    for before in (-1, 4):
        with pytest.raises(IndexError):
            consistency_path(before, LEAVES[:3])


def tree(size: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(size)]


@given(size=st.integers(1, 300), data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_leaf_of_any_tree_is_proven_and_nothing_else_is(size: int, data: st.DataObject) -> None:
    """Any other place, size, leaf or root, a bit anywhere, a step more or less: refused."""
    leaves = tree(size)
    index = data.draw(st.integers(0, size - 1))
    root, path = root_of(leaves), inclusion_path(index, leaves)
    assert included(leaves[index], index, size, path, root)
    other = data.draw(st.integers(-1, size + 1))
    if other != index:
        assert not included(leaves[index], other, size, path, root)
        if 0 <= other < size:
            assert not included(leaves[other], index, size, path, root)
    assert not included(leaves[index], index, size, [*path, root], root)
    if path:
        assert not included(leaves[index], index, size, path[:-1], root)
    parts = [leaves[index], root, *path]
    which = data.draw(st.integers(0, len(parts) - 1))
    bit = data.draw(st.integers(0, 255))
    parts[which] = flipped(parts[which], bit)
    assert not included(parts[0], index, size, parts[2:], parts[1])


@given(size=st.integers(1, 300), data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_path_is_good_for_its_own_size_only(size: int, data: st.DataObject) -> None:
    """A size whose tree has another form there is refused. Where the form is the same, so is the
    root that was signed: the size is signed with it."""
    leaves, index = tree(size), data.draw(st.integers(0, size - 1))
    root, path = root_of(leaves), inclusion_path(index, leaves)
    other = data.draw(st.integers(1, 600).filter(lambda found: found != size))
    assume(index < other)
    of_other = inclusion_path(index, tree(other))
    assert not included(leaves[index], index, other, path, root_of(tree(other)))
    assert not included(leaves[index], index, size, of_other, root)


@given(size=st.integers(1, 300), data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_tree_that_grew_is_consistent_and_no_other_is(size: int, data: st.DataObject) -> None:
    leaves = tree(size)
    before = data.draw(st.integers(0, size))
    path = consistency_path(before, leaves)
    old, root = root_of(leaves[:before]), root_of(leaves)
    assert consistent(before, old, size, root, path)
    changed = [leaf_hash(b"another"), *leaves[1:]]
    if before:
        assert not consistent(before, old, size, root_of(changed), path)
        forged = consistency_path(before, changed)
        assert not consistent(before, old, size, root_of(changed), forged)
    assert not consistent(before, old, size, root, [*path, root])
    assert not consistent(before, flipped(old, 7), size, root, path)
    assert not consistent(size + 1, old, size, root, path)
    if path:
        assert not consistent(before, old, size, root, path[:-1])
        assert not consistent(before, old, size, root, [flipped(path[0], 3), *path[1:]])


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8 % len(changed)] ^= 1 << bit % 8
    return bytes(changed)
