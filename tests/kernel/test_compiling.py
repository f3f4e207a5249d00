"""Compiled functions: kept where this user may write, and right where nothing can be kept."""

from importlib import import_module
from pathlib import Path

import pytest

from tongxing.kernel.compiling import cache_folder, entrance

pytest.importorskip("numba")


def _doubled(number: int) -> int:
    return number * 2


def test_a_compiled_function_is_kept_in_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "kernels"
    assert entrance(_doubled, folder)(21) == 42
    assert list(folder.rglob("*.nbc"))


def test_where_the_folder_cannot_be_written_nothing_is_kept_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not beside the source either: that copy would not know when an inner function changed."""
    (tmp_path / "tripling.py").write_text("def tripled(number):\n    return number * 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    in_the_way = tmp_path / "kernels"
    in_the_way.write_text("a file where the folder should be")
    assert entrance(import_module("tripling").tripled, in_the_way / "sm2")(14) == 42
    assert not list(tmp_path.rglob("*.nb?"))


def test_changed_sources_are_compiled_anew(tmp_path: Path) -> None:
    source = tmp_path / "source.py"
    source.write_text("a = 1")
    before = cache_folder([source])
    source.write_text("a = 2")
    assert cache_folder([source]) != before
