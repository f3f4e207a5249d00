"""How a gate is: one small file, written again and again, for `tongxing gate status` and watchers.

It lies beside the journal or wherever the configuration says (a folder in memory spares a memory
card). It holds no medium's number. Nothing waits for it, and a disk that refuses it stops no lane.
"""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from tongxing.deciding.entering import noted_reason
from tongxing.deciding.facts import Decision
from tongxing.gate.running.entering import EntryHealth
from tongxing.kernel.reasons import Refusal

if TYPE_CHECKING:
    from tongxing.gate.running.runner import Runner

FRESH_S = 10
"""A status older than this is of a gate that no longer runs, or hangs."""
_BYTES_MAX = 1 << 20


class LastTap(Struct, frozen=True):
    """The newest decision of a terminal."""

    time_s: int
    terminal: str
    outcome: str
    reason: str


class ReaderHealth(Struct, frozen=True):
    """One reader: `trouble` is the code of what is wrong with it, "" for nothing."""

    name: str
    terminal: str
    ready: bool
    trouble: str = ""


class Status(Struct, frozen=True, kw_only=True):
    """What the file says. `clock_jump_ms` is how far the wall clock has moved against a clock that
    only runs forward, since the start; `waiting` are media at each terminal; `last_contact_s` is 0
    before the city has ever answered; `failures` are faults of this program; `unsent` are taps that
    the city does not have yet, counted now and then and not past a thousand. `order` is how the
    city has ordered passengers to be treated, `replay` which register answers for displays ("" for
    none), `epoch` the one in which the journal counts (hex), and why it began; `entry` is None
    where no condition of entry is asked."""

    site: str
    state: str
    pid: int
    started_s: int
    written_s: int
    clock_jump_ms: int
    taps: int
    opened: int
    failures: int
    unsent: int
    last_tap: LastTap | None
    waiting: dict[str, int]
    readers: list[ReaderHealth]
    troubles: dict[str, list[str]]
    calls: list[str]
    lists: dict[str, object]
    last_contact_s: int
    entry: EntryHealth | None = None
    order: str = "normal"
    replay: str = ""
    epoch: str = ""
    epoch_cause: str = ""


class Health:
    """What a runner counts, and how it is written down."""

    def __init__(self, clock: Callable[[], int], site: str) -> None:
        self._clock, self._site = clock, site
        self._started_s, self._started = clock(), time.monotonic()
        self.failures = self.unsent = 0
        self._taps = self._opened = 0
        self._last: LastTap | None = None
        self._last_contact_s = 0

    def tapped(self, terminal: str, decision: Decision, now_s: int) -> None:
        """A decision was made and told. Of a condition of entry no more is noted than of a tap."""
        self._taps += 1
        self._opened += decision.opened
        self._last = LastTap(now_s, terminal, decision.outcome, noted_reason(decision.reason))

    def contact(self, online: bool) -> None:
        """The city was asked something; whether it answered."""
        if online:
            self._last_contact_s = self._clock()

    def status(self, runner: "Runner", state: str) -> Status:
        """How it is at this moment."""
        now_s = self._clock()
        ran_s = time.monotonic() - self._started
        epoch, cause = runner.storage()
        views = {name: runner.board.view(name) for name in runner.board.terminals}
        return Status(
            site=self._site,
            state=state,
            pid=os.getpid(),
            started_s=self._started_s,
            written_s=now_s,
            clock_jump_ms=_jump_ms(now_s - self._started_s, ran_s),
            taps=self._taps,
            opened=self._opened,
            failures=self.failures,
            unsent=self.unsent,
            last_tap=self._last,
            waiting=runner.depths(),
            readers=[
                ReaderHealth(
                    reader.name,
                    terminal,
                    reader.is_ready,
                    "" if reader.trouble is None else reader.trouble.code,
                )
                for terminal, readers in runner.readers.items()
                for reader in readers
            ],
            troubles={
                name: [trouble["code"] for trouble in view.troubles]
                for name, view in views.items()
                if view.troubles
            },
            calls=[name for name, view in views.items() if view.called],
            lists=runner.lists(),
            last_contact_s=self._last_contact_s,
            entry=runner.entering.health(),
            order=next(iter(views.values())).order,
            replay=runner.replay_mode(),
            epoch=f"{epoch:x}" if epoch else "",
            epoch_cause=cause,
        )

    def write(self, runner: "Runner", state: str, path: Path) -> None:
        """Put the file in its place, in one step; a disk that refuses is no reason to stop."""
        content = msgspec.json.encode(self.status(runner, state), order="deterministic")
        part = path.with_name(f"{path.name}.part")
        with contextlib.suppress(OSError):
            part.write_bytes(content)
            os.replace(part, path)


def read_status(path: Path) -> Status | Refusal:
    """What a gate last wrote. Refuses GATE_NEVER_RAN and GATE_STATUS."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(_BYTES_MAX), type=Status)
    except FileNotFoundError:
        return Refusal("GATE_NEVER_RAN", str(path))
    except (OSError, msgspec.DecodeError):
        return Refusal("GATE_STATUS", str(path))


def _jump_ms(wall_s: int, ran_s: float) -> int:
    """How far two clocks have come apart; whole seconds of one are no jump of the other."""
    apart_ms = int(wall_s * 1000 - ran_s * 1000)
    return apart_ms if abs(apart_ms) > 2_000 else 0
