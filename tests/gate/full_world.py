"""A gate on a disk that fills up, in a process of its own: what it could still do, step by step.

Called as a program: ``full_world.py FOLDER quota|real``. `real` means that the folder is a small
file system; with `quota` the recording disk plays one.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gate_world import SITE, a_tap, compose, plain_receipt
from recording_disk import Recorder

from tongxing.gate.ballast import Ballast
from tongxing.gate.journal import Journal
from tongxing.gate.journal_file import JournalSettings
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Tap

DISK_BYTES = 2_000_000
BALLAST_BYTES = 300_000
SETTINGS = JournalSettings(retention_s=0, free_bytes_min=0, ballast_bytes=BALLAST_BYTES)


def limit(recorder: Recorder) -> str:
    """Play a disk of `DISK_BYTES`, on which the ballast takes its part."""
    problem = recorder.install()
    recorder.quota_bytes = DISK_BYTES
    lay, release = Ballast.lay, Ballast.release

    def counted_lay(self: Ballast) -> bool:
        if not self.is_laid() and not recorder.has_space(self.size):
            return False
        done = lay(self)
        recorder.spare_file(self.size if done else 0)
        return done

    def counted_release(self: Ballast) -> bool:
        recorder.spare_file(0)
        return release(self)

    for name, counted in (("lay", counted_lay), ("release", counted_release)):
        setattr(Ballast, name, counted)
    return problem


def opened(folder: Path) -> Journal:
    journal = Journal.open(folder / "j.db", SITE, 1, SETTINGS)
    assert isinstance(journal, Journal), journal
    return journal


def code(answer: object) -> str:
    return answer.code if isinstance(answer, Refusal) else "ok"


def until_full(journal: Journal) -> int:
    """How many taps it took before it refused one."""
    count = 0
    while not isinstance(journal.append(a_tap("G1", count)), Refusal):
        count += 1
        assert count < 20_000, "it never became full"
    return count


def ballast(folder: Path) -> int:
    path = folder / "j.db.ballast"
    return path.stat().st_size if path.exists() else 0


def sent(journal: Journal) -> int:
    """Hand on all it has; the number of taps a receipt was taken for."""
    covered = 0
    while named := compose(journal, 4):
        for batch, sha256 in named:
            answer = journal.acknowledge(plain_receipt(batch, sha256), 10)
            assert isinstance(answer, int), answer
            covered += answer
    return covered


def play(folder: Path, fill_up: Callable[[], None]) -> dict[str, Any]:
    """Fill the disk, send, forget, go on; then fill it again and restart on it. `fill_up` is
    another program that takes what room is left."""
    journal = opened(folder)
    told: dict[str, Any] = {"ballast_before": ballast(folder)}
    told["torn"] = code(journal.reserve("torn/1", bytes(200)))
    told["written"] = until_full(journal)
    fill_up()
    told["refused"] = sorted({code(journal.append(a_tap("G1"))) for _ in range(100)})
    told["settled"] = code(journal.append(a_tap("G1", 7), settles="torn/1"))
    told["sent"] = sent(journal)
    told["ballast_after_sending"] = ballast(folder)
    told["still_shut"] = code(journal.append(a_tap("G1")))
    forgotten = journal.forget(10)
    told["forgotten"] = forgotten if isinstance(forgotten, int) else str(forgotten)
    told["ballast_again"] = ballast(folder)
    again = journal.append(a_tap("G1"))
    told["next_number"] = again.ref.seq if isinstance(again, Tap) else code(again)
    told["again"] = until_full(journal)
    journal.close()
    fill_up()
    journal = opened(folder)
    told["after_restart"] = code(journal.append(a_tap("G1")))
    told["sent_after_restart"] = sent(journal)
    return told


def fill_file(path: Path) -> None:
    """Write until the disk takes no more."""
    with path.open("ab", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def main() -> None:
    """The child process."""
    folder, kind = Path(sys.argv[1]), sys.argv[2]
    recorder = Recorder()
    problem = limit(recorder) if kind == "quota" else ""
    fill_up = recorder.fill_up if kind == "quota" else lambda: fill_file(folder / "others")
    print(json.dumps({"problem": problem} if problem else play(folder, fill_up)))


if __name__ == "__main__":
    main()
