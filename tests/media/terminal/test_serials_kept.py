"""Serials of a security module: rising, never twice, also after a kill and with two processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tongxing.media.card.terminal import FileSerials, MemorySerials

COUNT_FOR_EVER = """
import sys
from pathlib import Path
from tongxing.media.card.terminal import FileSerials
serials = FileSerials(Path(sys.argv[1]), block=7)
while True:
    print(serials.next(), flush=True)
"""


def test_numbers_rise_from_one_and_a_restart_goes_on_behind_what_was_reserved(
    tmp_path: Path,
) -> None:
    path = tmp_path / "serials"
    first = FileSerials(path, block=4)
    assert [first.next() for _ in range(6)] == [1, 2, 3, 4, 5, 6]
    assert [FileSerials(path, block=4).next() for _ in range(2)] == [9, 13]


def test_two_users_of_one_file_never_get_the_same_number(tmp_path: Path) -> None:
    one, two = (FileSerials(tmp_path / "serials", block=3) for _ in range(2))
    drawn = [serials.next() for _ in range(10) for serials in (one, two)]
    assert len(set(drawn)) == len(drawn)


def test_a_killed_process_leaves_gaps_and_no_repeats(tmp_path: Path) -> None:
    path = tmp_path / "serials"
    given: list[int] = []
    for lines in (5, 23):
        with subprocess.Popen(
            [sys.executable, "-c", COUNT_FOR_EVER, str(path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            given += [int(process.stdout.readline()) for _ in range(lines)]
            process.kill()
            given += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    assert len(given) >= 28
    assert given == sorted(set(given))
    assert FileSerials(path).next() > given[-1]


@pytest.mark.parametrize(
    "content",
    [b"", b"12", b"tongxing-serials 12\n", b"tongxing-serials 12 00000000\n", b"\xff" * 40],
)
def test_a_file_that_was_altered_stops_the_counter_instead_of_repeating(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "serials"
    path.write_bytes(content)
    with pytest.raises(OSError, match="serials"):
        FileSerials(path).next()
    assert path.read_bytes() == content


def test_a_block_holds_at_least_one_number(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one"):
        FileSerials(tmp_path / "serials", block=0)
    assert MemorySerials(41).next() == 42
