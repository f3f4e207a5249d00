"""Compiled functions: kept where this user may write, and right where nothing can be kept."""

import os
import subprocess
import sys
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


_WORKER = """
import sys
from pathlib import Path
from tripling import tripled
from tongxing.kernel.compiling import entrance
found = entrance(tripled, Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(found(14), found.stats.cache_hits.total(), flush=True)
"""


def test_of_two_processes_one_compiles_and_the_other_reads_what_it_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tripling.py").write_text("def tripled(number):\n    return number * 3\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    command = (sys.executable, "-c", _WORKER, str(tmp_path / "kernels"))
    pipe = subprocess.PIPE
    workers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
    for one in workers:
        assert one.stdout is not None and one.stdout.readline() == "ready\n"
    for one in workers:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    assert sorted(one.communicate()[0] for one in workers) == ["42 0\n", "42 1\n"]


def test_changed_sources_are_compiled_anew(tmp_path: Path) -> None:
    source = tmp_path / "source.py"
    source.write_text("a = 1")
    before = cache_folder([source])
    source.write_text("a = 2")
    assert cache_folder([source]) != before


FULL = """
import resource
from pathlib import Path
from tongxing.kernel.compiling import entrance
from twice import twice

found = entrance(twice, Path("kept"))
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
print(found(21))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are POSIX's")
def test_where_machine_code_finds_no_room_it_is_used_and_not_kept(tmp_path: Path) -> None:
    """The folder can be written, but the disk takes no more than the first thousand bytes."""
    (tmp_path / "twice.py").write_text("def twice(n):\n    return 2 * n\n", encoding="ascii")
    paths = os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])
    ended = subprocess.run(
        [sys.executable, "-c", FULL],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=paths),
    )  # fmt: skip
    assert (ended.stdout, ended.returncode) == ("42\n", 0), ended.stderr
    assert not list((tmp_path / "kept").rglob("*.nbc"))
