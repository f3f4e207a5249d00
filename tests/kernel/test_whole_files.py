"""A file is there whole or not at all, whatever interrupts its writing."""

import os
import stat
from pathlib import Path

import pytest

from tongxing.kernel import files
from tongxing.kernel.files import PART, write_whole


def test_a_written_file_holds_what_was_written(tmp_path: Path) -> None:
    place = tmp_path / "statement.csv"
    write_whole(place, b"one")
    write_whole(place, b"two")
    assert place.read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["statement.csv"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_broken_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    place = tmp_path / "statement.csv"
    write_whole(place, b"old")

    def fails(*_arguments: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(files.os, step, fails)
    with pytest.raises(OSError, match="the disk is gone"):
        write_whole(place, b"new")
    assert place.read_bytes() == b"old"
    assert all(path.name.endswith(PART) for path in tmp_path.iterdir() if path != place)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among its files")
@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "broken link"])
@pytest.mark.parametrize("private", [False, True])
def test_only_a_regular_file_is_ever_replaced(tmp_path: Path, kind: str, private: bool) -> None:
    place, target = tmp_path / "place", tmp_path / "target"
    match kind:
        case "pipe":
            os.mkfifo(place)
        case "folder":
            place.mkdir()
        case _:
            place.symlink_to(target)
    if kind == "link":
        target.write_bytes(b"old")
    before = place.lstat()
    with pytest.raises(OSError) as refused:
        write_whole(place, b"new", private=private)
    assert refused.value.filename == str(place)
    assert place.lstat() == before
    assert target.exists() == (kind == "link")
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(PART)]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps names on the disk by itself")
def test_the_name_is_on_the_disk_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(handle).st_mode))
        fsync(handle)

    monkeypatch.setattr(files.os, "fsync", noted)
    write_whole(tmp_path / "statement.csv", b"one")
    assert synced == [False, True]
