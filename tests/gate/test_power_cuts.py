"""The power goes at any moment, and nothing a lane has opened to is lost.

`TONGXING_SOAK=50` cuts fifty times as often (docs/gate-faults.md).
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from power_world import cuts, recorded

SOAK = int(os.environ.get("TONGXING_SOAK", "1"))
STEPS = 95
LEAST_CUTS = 2_000


@pytest.fixture
def quick_folder() -> Iterator[Path]:
    """Memory where there is any: what is cut here was recorded, the real disk has no part in it."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


def test_no_tap_that_opened_a_lane_is_lost_in_any_power_cut(quick_folder: Path) -> None:
    count = 0
    for seed in range(SOAK):
        ops = recorded(quick_folder / f"day {seed}", seed, STEPS, "FULL")
        if isinstance(ops, str):
            pytest.skip(ops)
        for cut in cuts(ops, quick_folder / f"cut {seed}", seed, per_op=2):
            assert cut.problem == "", f"day {seed}, operation {cut.at}: {cut.problem}"
            count += 1
    assert count >= LEAST_CUTS * SOAK


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_the_same_cuts_find_what_an_unsafe_setting_loses(
    quick_folder: Path, synchronous: str
) -> None:
    ops = recorded(quick_folder / "day", 0, STEPS // 2, synchronous)
    if isinstance(ops, str):
        pytest.skip(ops)
    found = [cut.problem for cut in cuts(ops, quick_folder / "cut", 0, every=2)]
    harmed = [problem for problem in found if problem]
    assert any(problem.startswith("lost") for problem in harmed)
    assert len(harmed) > len(found) // 4, "the unsafe setting has lost next to nothing"
