"""A full disk shuts the lanes and loses nothing; the gate still hands on what it has."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from full_world import BALLAST_BYTES, DISK_BYTES
from gate_world import Station, a_tap, code_of, open_journal

from deciding_world import CARD, DAY
from tongxing.gate.ballast import Ballast
from tongxing.gate.journal_file import JournalSettings
from tongxing.kernel.clock import at
from tongxing.messages import Tap

HERE = Path(__file__).parent


def told(folder: Path, kind: str) -> dict[str, Any]:
    """What the gate could do on that disk; skips where there can be no such disk."""
    folder.mkdir()
    paths = [str(HERE), str(HERE.parent), *(path for path in sys.path if path.endswith("src"))]
    command = [sys.executable, str(HERE / "full_world.py"), str(folder), "real"]
    if kind == "quota":
        command[-1] = "quota"
    else:
        script = f'mount -t tmpfs -o size={DISK_BYTES} none "$1" && shift && exec "$@"'
        command = ["unshare", "-rm", "sh", "-c", script, "sh", str(folder), *command]
        probe = "mount -t tmpfs none /mnt"
        if subprocess.run(["sh", "-c", f"unshare -rm {probe}"], capture_output=True).returncode:
            pytest.skip("no file system can be mounted here")
    env = dict(os.environ, PYTHONPATH=os.pathsep.join(paths))
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=120)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    if "problem" in answer:
        pytest.skip(answer["problem"])
    return answer


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["quota", "real file system"])
def test_a_gate_on_a_full_disk_refuses_sends_forgets_and_goes_on(tmp_path: Path, kind: str) -> None:
    gate = told(tmp_path / "disk", kind)
    written = gate["written"]
    assert gate["ballast_before"] == BALLAST_BYTES
    assert written > 1_000
    assert gate["refused"] == ["JOURNAL_FULL"]
    assert (gate["torn"], gate["settled"]) == ("ok", "ok"), "a card had paid already"
    assert gate["sent"] == written + 1, "what it has, and nothing half written"
    assert gate["ballast_after_sending"] == 0
    assert gate["still_shut"] == "JOURNAL_FULL", "the last room is not for opening lanes"
    assert 0 < gate["forgotten"] <= written + 1
    assert gate["ballast_again"] == BALLAST_BYTES
    assert gate["next_number"] == written + 2
    assert gate["again"] > 500
    assert gate["after_restart"] == "JOURNAL_FULL"
    assert gate["sent_after_restart"] == gate["again"] + 1


def test_a_lane_says_why_it_stays_shut(tmp_path: Path) -> None:
    """The tap is refused before any lane hears of it; with room, the same journal goes on."""
    station = Station(tmp_path, settings=JournalSettings(free_bytes_min=2**62))
    decision, after = station.site.present(CARD, "IN", at(DAY, 8))
    assert (decision.outcome, decision.reason) == ("refused", "JOURNAL_FULL")
    assert after == CARD
    assert station.heard == [("IN", decision)]
    station.settings = None
    station.restart()
    assert station.site.present(CARD, "IN", at(DAY, 8))[0].opened


def test_ballast_is_real_room_and_comes_back_whole(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "j.db", 100_000)
    assert not ballast.release()
    assert ballast.lay() and ballast.lay()
    assert ballast.path.stat().st_blocks * 512 >= 100_000
    ballast.path.write_bytes(b"cut short")
    assert not ballast.is_laid()
    assert ballast.lay() and ballast.path.stat().st_size == 100_000
    assert ballast.release() and not ballast.path.exists()


def test_ballast_that_does_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "j.db", 2**60)
    assert not ballast.lay()
    assert list(tmp_path.iterdir()) == []
    assert Ballast(tmp_path / "no folder" / "j.db", 1).lay() is False
    assert Ballast(tmp_path / "no folder" / "j.db", 0).lay() is True


def test_without_its_ballast_a_journal_takes_no_taps(tmp_path: Path) -> None:
    journal = open_journal(tmp_path, settings=JournalSettings(ballast_bytes=2**60))
    assert code_of(journal.append(a_tap("G1"))) == "JOURNAL_FULL"
    journal.close()
    assert isinstance(open_journal(tmp_path).append(a_tap("G1")), Tap)
