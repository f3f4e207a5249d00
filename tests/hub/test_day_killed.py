"""A settlement day that is struck in any of its nine steps ends in the bytes of one that is not.

Struck means: our process killed, every process of the database killed, the disk full. In a usual
run one day is struck nine times, in the middle of each step. TONGXING_SOAK=1 plays each of the 81
combinations of step, moment and blow as a day of its own, and one for each single statement and
file at which a process can be killed.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from day_cluster import Cluster
from day_world import (
    FAILED,
    MOMENTS,
    Counts,
    Strike,
    books_are_even,
    everywhere,
    measure,
    play,
    strikes,
)

HERE = Path(__file__).parent
SOAK = "TONGXING_SOAK" in os.environ
DISK = "240m"
STEPS = 9

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="no fork")]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """In memory where that can be had: no kill can see a missing flush, so none has to be slow."""
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=where, ignore_cleanup_errors=True) as home:
        found = Cluster(Path(home))
        yield found
        found.close()


@pytest.fixture(scope="module")
def undisturbed(cluster: Cluster) -> tuple[Counts, dict[str, str]]:
    """What each step puts on the disk, and what an undisturbed day leaves behind."""
    day = cluster.new_day()
    counts = measure(day)
    left = day.dump()
    assert len([name for name in left if name.startswith("out/")]) > 25
    assert "FILE_SUM" in left["table arrival"]
    assert left["table day_step"].count("\n") == STEPS - 1
    assert books_are_even(day.database)
    return counts, left


def days(counts: Counts) -> list[list[Strike]]:
    """One day with a blow in each step, or one day for each blow."""
    return [[blow] for blow in strikes(counts, MOMENTS)] if SOAK else [strikes(counts, ["inside"])]


@pytest.mark.parametrize("blow", ["process", "database"])
def test_a_day_that_is_killed_anywhere_ends_in_the_same_bytes(
    cluster: Cluster, undisturbed: tuple[Counts, dict[str, str]], blow: str
) -> None:
    counts, left = undisturbed
    died = FAILED if blow == "database" else -9
    for blows in days(counts):
        day = cluster.new_day()
        if blow == "database":
            told = play(day, blows, cluster.kill, cluster.mend)
        else:
            told = play(day, blows)
        assert [code for _, code in told] == [died] * len(blows), told
        assert day.dump() == left, blows
        cluster.forget(day)


@pytest.mark.skipif(not SOAK, reason="TONGXING_SOAK=1 kills at each of some 600 places")
def test_a_day_killed_at_any_statement_or_file_ends_in_the_same_bytes(
    cluster: Cluster, undisturbed: tuple[Counts, dict[str, str]]
) -> None:
    counts, left = undisturbed
    places = everywhere(counts)
    assert len(places) > 500
    for place in places:
        day = cluster.new_day()
        assert [code for _, code in play(day, [place])] == [-9], place
        assert day.dump() == left, place
        cluster.forget(day)


def test_a_day_on_a_full_disk_ends_in_the_same_bytes() -> None:
    """Database and folders lie on a small file system together, and both run out of room. Not in
    pytest's own folder, which every new pytest closes to the user that the server runs as."""
    probe = ["unshare", "-m", "sh", "-c", "mount -t tmpfs none /mnt"]
    if os.geteuid() or subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    script = f'mount -t tmpfs -o size={DISK},mode=0777 none "$0" && exec "$@"'
    with tempfile.TemporaryDirectory(prefix="tongxing-") as folder:
        program = [sys.executable, str(HERE / "full_days.py"), folder, *(MOMENTS if SOAK else ())]
        command = ["unshare", "-m", "sh", "-c", script, folder, *program]
        done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    codes = [code for one in told for code in one["codes"]]
    assert all(one["same"] for one in told), told
    assert len(codes) == STEPS * (len(MOMENTS) if SOAK else 1)
    assert codes.count(FAILED) == len(codes) - SOAK, "after the last step nothing is left to fail"
