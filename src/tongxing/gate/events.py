"""What happened to a gate, beside its taps, that its city should know: kept until the city has it.

A storage that was swapped, a register of displays that went away, a display that passed twice.
They go up with the heartbeats until one is answered. There is room for some hundreds; of a gate
that is cut off for long the oldest go first.
"""

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tongxing.gate.journal import Journal
from tongxing.kernel.reasons import Refusal
from tongxing.messages.fleet import EVENTS_TOLD_MAX, DeviceEvent

EVENTS_KEPT_MAX = 5 * EVENTS_TOLD_MAX
_KEPT = "events"


class _Log(Struct, frozen=True, array_like=True):
    """The last number given, what the city has not heard yet, oldest first, and the last epoch that
    was noted, with why it began."""

    last_no: int = 0
    events: tuple[DeviceEvent, ...] = ()
    epoch: int = 0
    cause: str = ""


_DECODER = msgspec.json.Decoder(_Log)


class EventLog:
    """A site's events, in its journal. For the journal's thread."""

    def __init__(self, journal: Journal, log: _Log) -> None:
        """Use `EventLog.open`."""
        self._journal, self._log = journal, log

    @classmethod
    def open(cls, journal: Journal) -> "EventLog | Refusal":
        """The events as they stood. Refuses what the journal refuses."""
        kept = journal.kept(_KEPT)
        if isinstance(kept, Refusal):
            return kept
        return cls(journal, _Log() if kept is None else _DECODER.decode(kept))

    @property
    def epoch(self) -> tuple[int, str]:
        """The last epoch that was noted (0 for none), and why it began. Any thread may ask."""
        return self._log.epoch, self._log.cause

    def add(self, happened: Iterable[tuple[str, int, Mapping[str, str]]]) -> Refusal | None:
        """Note what happened: kind, time and values of each. Numbers rise, and lie above those of
        a storage that was here before, since they begin with the time. Refuses what the journal
        refuses; then none is noted."""
        log = self._log
        for kind, at_s, values in happened:
            number = max(log.last_no + 1, at_s)
            event = DeviceEvent(number, at_s, kind, dict(values))
            events = (*log.events, event)[-EVENTS_KEPT_MAX:]
            log = replace(log, last_no=number, events=events)
        return None if log is self._log else self._write(log)

    def note_epoch(self, at_s: int) -> Refusal | None:
        """Note, once for each, that the journal has begun to count anew. Refuses what the journal
        refuses; ask again then."""
        epoch = self._journal.epoch
        if self._log.epoch == epoch:
            return None
        state = self._journal.state(0)
        if isinstance(state, Refusal):
            return state
        before = self._log
        self._log = replace(before, epoch=epoch, cause=state.cause)
        refusal = self.add([("new_epoch", at_s, {"epoch": f"{epoch:x}", "cause": state.cause})])
        if refusal is not None:
            self._log = before
        return refusal

    def waiting(self) -> list[DeviceEvent]:
        """What a heartbeat should tell, oldest first."""
        return list(self._log.events[:EVENTS_TOLD_MAX])

    def told(self, events: Iterable[DeviceEvent]) -> Refusal | None:
        """The city has these."""
        numbers = {event.number for event in events}
        left = tuple(event for event in self._log.events if event.number not in numbers)
        if left == self._log.events:
            return None
        return self._write(replace(self._log, events=left))

    def _write(self, log: _Log) -> Refusal | None:
        refusal = self._journal.keep(_KEPT, msgspec.json.encode(log))
        if refusal is None:
            self._log = log
        return refusal
