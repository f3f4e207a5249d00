"""A day at a gate on a recording disk, and what a power cut leaves of it.

The day is played once, in a child process, and its disk operations recorded. Then the power is cut
at each of them. The disk is the worst one that keeps its word: what was synced is there; of all
else any 512-byte sector may be old, new, torn or of an earlier write, the sizes and names of files
may be any they had since, and nothing keeps its order. Bytes that were not written do not change.
"""

import pickle
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gate_world import SITE, a_tap, compose, plain_receipt
from recording_disk import Op, Recorder

from tongxing.gate import journal_file
from tongxing.gate.journal import Journal
from tongxing.gate.journal_file import JournalSettings
from tongxing.kernel.reasons import Refusal

SECTOR = 512
CHECKPOINT_PAGES = 24
"""Rare in the field, often here: each checkpoint is many operations."""
_UNSAFE = {"OFF": 0, "NORMAL": 1}
_RETENTION_S = 5


@dataclass(frozen=True, slots=True)
class State:
    """What the gate may rely on: taps by identity, those not receipted, and what it has kept."""

    taps: tuple[str, ...]
    unsent: tuple[str, ...]
    kept: tuple[tuple[str, bytes], ...]


def state_of(journal: Journal) -> State | Refusal:
    """Read all of it, checksums included."""
    taps, unsent, names = journal.newest(10_000), journal.unsent(10_000), journal.kept_names("")
    for read in (taps, unsent, names):
        if isinstance(read, Refusal):
            return read
    kept = tuple((name, bytes(journal.kept(name) or b"")) for name in names)
    return State(
        tuple(f"{tap.ref} {tap.time_s}" for tap in taps),
        tuple(str(tap.ref) for tap in unsent),
        kept,
    )


def open_at(folder: Path, synchronous: str = "FULL") -> Journal | Refusal:
    """The journal of the day. An unsafe setting has to be forced on it."""
    settings = JournalSettings(synchronous, retention_s=_RETENTION_S, ballast_bytes=0)
    return Journal.open(folder / "j.db", SITE, 9, settings)


def play(folder: Path, seed: int, steps: int, synchronous: str) -> list[Op] | str:
    """A day of `steps` calls on a recording disk. For a process of its own."""
    recorder = Recorder()
    if problem := recorder.install():
        return problem
    journal_file.SAFE_SYNCHRONOUS.update(_UNSAFE)
    journal_file.CHECKPOINT_PAGES = CHECKPOINT_PAGES
    sync_folder = journal_file._sync_folder

    def syncing(path: Path) -> None:
        sync_folder(path)
        recorder.folder_synced()

    journal_file._sync_folder = syncing
    dice = random.Random(seed)
    day = _Day(folder, synchronous, recorder, dice)
    for number in range(steps):
        day.step(number)
    return recorder.ops


@dataclass
class _Day:
    folder: Path
    synchronous: str
    recorder: Recorder
    dice: random.Random
    journal: Journal = field(init=False)

    def __post_init__(self) -> None:
        self._start()

    def _start(self) -> None:
        opened = open_at(self.folder, self.synchronous)
        assert isinstance(opened, Journal), opened
        self.journal = opened
        self._say()

    def _say(self) -> None:
        state = state_of(self.journal)
        assert isinstance(state, State), state
        self.recorder.answered(state)

    def step(self, number: int) -> None:
        journal, roll = self.journal, self.dice.random()
        terminal = self.dice.choice(["G1", "G2"])
        if roll < 0.70:
            answer: object = journal.append(a_tap(terminal, number))
        elif roll < 0.76:
            answer = journal.reserve(f"torn/{terminal}", bytes(self.dice.randrange(1, 3_000)))
        elif roll < 0.82:
            answer = journal.append(a_tap(terminal, number), f"torn/{terminal}")
        elif roll < 0.90:
            for batch, sha256 in compose(journal):
                self._say()
                answer = journal.acknowledge(plain_receipt(batch, sha256), number)
            answer = None
        elif roll < 0.96:
            answer = journal.forget(number)
            self._say()
            answer = self.dice.random() < 0.5 and journal.shrink()
        else:
            journal.close()
            return self._start()
        assert not isinstance(answer, Refusal), answer
        return self._say()


def recorded(folder: Path, seed: int, steps: int, synchronous: str) -> list[Op] | str:
    """The operations of a day played in a child process, or why they cannot be recorded."""
    folder.mkdir(parents=True, exist_ok=True)
    here = Path(__file__).parent
    paths = [str(here), str(here.parent), *(path for path in sys.path if path.endswith("src"))]
    script = "import sys; sys.path[:0] = sys.argv[5:]; import power_world; power_world.main()"
    subprocess.run(
        [sys.executable, "-c", script, str(folder), str(seed), str(steps), synchronous, *paths],
        check=True,
        timeout=300,
    )
    played: list[Op] | str = pickle.loads((folder / "ops").read_bytes())
    return played


def main() -> None:
    """The child process."""
    folder, seed, steps, synchronous = sys.argv[1:5]
    ops = play(Path(folder), int(seed), int(steps), synchronous)
    (Path(folder) / "ops").write_bytes(pickle.dumps(ops))


@dataclass
class _File:
    """A file on the disk: what is synced, and what has been asked of it since, in order."""

    durable: bytearray = field(default_factory=bytearray)
    current: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=lambda: [0])

    def write(self, at: int, data: bytes) -> None:
        if len(self.current) < at + len(data):
            self.current.extend(bytes(at + len(data) - len(self.current)))
        self.current[at : at + len(data)] = data
        self.pending.append((at, data))
        self.sizes.append(len(self.current))

    def truncate(self, size: int) -> None:
        del self.current[size:]
        self.sizes.append(size)

    def sync(self) -> None:
        self.durable, self.pending = bytearray(self.current), []
        self.sizes = [len(self.current)]

    def after_cut(self, dice: random.Random, share: float) -> bytes:
        """One of the contents this file may have; each unsynced sector stays with this share."""
        content = bytearray(self.durable)
        content.extend(bytes(max(max(self.sizes) - len(content), 0)))
        for at, data in self.pending:
            start = at
            while start < at + len(data):
                end = min(at + len(data), (start // SECTOR + 1) * SECTOR)
                if dice.random() < share:
                    torn = dice.randrange(end - start) if dice.random() < 0.1 else end - start
                    content[start : start + torn] = data[start - at : start - at + torn]
                start = end
        size = self.sizes[-1] if share == 1 else dice.choice(self.sizes)
        return bytes(content[:size])


@dataclass
class Disk:
    """The disk as the operations go by."""

    files: dict[int, _File] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    changes: list[Op] = field(default_factory=list)

    def take(self, op: Op) -> None:
        if op.kind == "create":
            self.files[op.file] = _File()
            self.changes.append(op)
        elif op.kind == "delete":
            self.changes.append(op)
        elif op.kind == "sync_names":
            self.names, self.changes = self._names(len(self.changes)), []
        elif op.kind == "sync":
            self.files[op.file].sync()
        elif op.kind == "write":
            self.files[op.file].write(op.at, op.data)
        elif op.kind == "truncate":
            self.files[op.file].truncate(op.at)

    def _names(self, count: int) -> dict[str, int]:
        names = dict(self.names)
        for change in self.changes[:count]:
            if change.kind == "create":
                names[change.name] = change.file
            else:
                names.pop(change.name, None)
        return names

    def cut(self, folder: Path, dice: random.Random) -> None:
        """Put into a folder what is left after the power went now."""
        share = dice.choice([0, 0.1, 0.5, 0.9, 1])
        count = len(self.changes) if share == 1 else dice.randint(0, len(self.changes))
        for name, number in self._names(count).items():
            (folder / name).write_bytes(self.files[number].after_cut(dice, share))


@dataclass(frozen=True, slots=True)
class Cut:
    """What was found after one cut: "" when everything promised was there."""

    at: int
    problem: str


def cuts(ops: list[Op], folder: Path, seed: int, per_op: int = 1, every: int = 1) -> Iterator[Cut]:
    """Cut the power `per_op` times after every (or every n-th) operation, and look at the rest."""
    folder.mkdir()
    dice, disk = random.Random(seed), Disk()
    answers = [op.data for op in ops if op.kind == "answer"]
    said = 0
    for at, op in enumerate(ops):
        if op.kind == "answer":
            said += 1
            continue
        disk.take(op)
        if at % every:
            continue
        promised, next_ = answers[:said][-1:], answers[said : said + 1]
        for _ in range(per_op):
            for old in folder.iterdir():
                old.unlink()
            disk.cut(folder, dice)
            yield Cut(at, _look(folder, promised, next_))


def _between(found: State, promised: State, next_: State) -> bool:
    """Whether a call in flight was forgetting, batch by batch, what the city has promised to keep:
    the one thing that may be half done."""
    forgotten = set(promised.taps) - set(next_.taps)
    same = (found.unsent, found.kept) == (next_.unsent, next_.kept)
    return same and set(promised.taps) - forgotten <= set(found.taps) <= set(promised.taps)


def _look(folder: Path, promised: list[Any], next_: list[Any]) -> str:
    """Open what is left as a gate does at its start; a call in flight may have happened or not."""
    journal = open_at(folder)
    if isinstance(journal, Refusal):
        return f"does not open: {journal.message('en')}"
    try:
        found = state_of(journal)
        if isinstance(found, Refusal):
            return f"cannot be read: {found.message('en')}"
        if found in promised + next_ or (not promised and found == State((), (), ())):
            return ""
        if next_ and promised and _between(found, promised[0], next_[0]):
            return ""
        lost = set(promised[0].taps) - set(found.taps) if promised else set()
        return f"lost {sorted(lost)}" if lost else f"promised {promised}, found {found}"
    finally:
        journal.close()
