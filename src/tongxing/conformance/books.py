"""What a device has sent, kept and checked: every tap once, numbers without a gap, the same bytes.

Whatever is not as docs/device-protocol.md says is put down as a `Fault`; the case that is being
played fails with it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tongxing.kernel.ids import sha256_hex
from tongxing.messages import Receipt, Tap, TapBatch, TapRef
from tongxing.messages.fleet import Heartbeat, TapRange, TerminalCount
from tongxing.messages.taps import BATCH_TAPS_MAX, NUMBER_MAX

Storage = tuple[str, int]
"""A terminal and an epoch."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a device did and may not: a key of the catalogue, and what was found."""

    what: str
    found: str = ""
    expected: str = ""


@dataclass
class Books:
    """One device's taps at the city. `terminals` are those it may bring."""

    device: str
    terminals: frozenset[str]
    faults: list[Fault] = field(default_factory=list)
    taps: dict[TapRef, Tap] = field(default_factory=dict)
    batches: list[str] = field(default_factory=list)
    """SHA-256 of every batch in the order of its coming, also again."""
    last_heartbeat: int = 0
    _seen: dict[TapRef, Tap] = field(default_factory=dict)
    _batch_of: dict[TapRef, str] = field(default_factory=dict)
    _asked_again: set[TapRef] = field(default_factory=set)

    def blame(self, what: str, found: object = "", expected: object = "") -> None:
        """Put a fault down."""
        self.faults.append(Fault(what, str(found), str(expected)))

    def looked_at(self, message: bytes, batch: TapBatch) -> str:
        """Check a batch, whether or not it will have a receipt; its SHA-256."""
        name = sha256_hex(message)
        self.batches.append(name)
        if batch.site != self.device:
            self.blame("site", batch.site, self.device)
        if not 0 < len(batch.taps) <= BATCH_TAPS_MAX:
            self.blame("batch_size", len(batch.taps), f"1 … {BATCH_TAPS_MAX}")
        last: dict[Storage, int] = {}
        for tap in batch.taps:
            self._tap(tap, name)
            storage = (tap.ref.terminal_id, tap.ref.epoch)
            if tap.ref.seq <= last.get(storage, 0):
                self.blame("batch_order", tap.ref, f"> {last[storage]}")
            last[storage] = tap.ref.seq
        return name

    def _tap(self, tap: Tap, name: str) -> None:
        ref = tap.ref
        if ref.terminal_id not in self.terminals:
            self.blame("terminal", ref.terminal_id, ", ".join(sorted(self.terminals)))
        if not (0 < ref.seq <= NUMBER_MAX and 0 < ref.epoch <= NUMBER_MAX):
            self.blame("number", ref, "1 … 2^63 - 1")
        earlier = self._batch_of.setdefault(ref, name)
        known = self._seen.setdefault(ref, tap)
        if known != tap:
            self.blame("two_contents", _told(tap), _told(known))
            return
        if earlier == name:
            return
        if ref in self._asked_again:
            self._asked_again.discard(ref)
            self._batch_of[ref] = name
        else:
            self.blame("sealed_anew", f"{ref}: {name[:16]}…", f"{earlier[:16]}…")

    def commit(self, name: str, batch: TapBatch) -> Receipt:
        """Keep the taps of a batch; the receipt for it."""
        duplicates, quarantined = 0, []
        for tap in batch.taps:
            known = self.taps.setdefault(tap.ref, tap)
            if known is tap:
                continue
            duplicates += 1
            if known != tap:
                quarantined.append(tap.ref)
        return Receipt(
            site=self.device,
            batch_sha256=name,
            accepted=len(batch.taps),
            duplicates=duplicates,
            quarantined=quarantined,
        )

    def heard(self, beat: Heartbeat) -> None:
        """Check a heartbeat against the one before and what has come."""
        if beat.device != self.device:
            self.blame("heartbeat_device", beat.device, self.device)
        if beat.number <= self.last_heartbeat:
            self.blame("heartbeat_number", beat.number, f"> {self.last_heartbeat}")
        self.last_heartbeat = max(self.last_heartbeat, beat.number)
        told = {(one.terminal_id, one.epoch): one.last_seq for one in beat.counts}
        for mark in self.marks(told):
            if mark.last_seq > told[mark.terminal_id, mark.epoch]:
                self.blame("heartbeat_counts", told[mark.terminal_id, mark.epoch], mark.last_seq)
        if any(len(one) != 64 for one in beat.waiting_batches):
            self.blame("heartbeat_waiting", beat.waiting_batches[:1])

    def marks(self, told: Iterable[Storage]) -> list[TerminalCount]:
        """The highest numbers here of the storages told."""
        highest: dict[Storage, int] = defaultdict(int)
        for ref in self.taps:
            key = (ref.terminal_id, ref.epoch)
            highest[key] = max(highest[key], ref.seq)
        return [TerminalCount(*key, highest[key]) for key in told]

    def missing(self, beat: Heartbeat) -> Iterator[TapRange]:
        """The numbers that a heartbeat tells and that are not here, in ranges."""
        for one in beat.counts:
            first = 0
            for number in range(1, one.last_seq + 2):
                ref = TapRef(one.terminal_id, one.epoch, number)
                is_missing = number <= one.last_seq and ref not in self.taps
                if is_missing and not first:
                    first = number
                elif not is_missing and first:
                    yield TapRange(one.terminal_id, one.epoch, first, number - 1)
                    first = 0

    def lose(self, refs: Iterable[TapRef]) -> None:
        """The city was restored from a backup that lacks these; they may come in another batch."""
        for ref in refs:
            del self.taps[ref]
            storage = (ref.terminal_id, ref.epoch)
            self._asked_again |= {
                one
                for one in self._batch_of
                if (one.terminal_id, one.epoch) == storage and one.seq >= ref.seq
            }

    def gaps(self) -> list[str]:
        """Numbers that are missing below the highest of their storage."""
        numbers: dict[Storage, set[int]] = defaultdict(set)
        for ref in self.taps:
            numbers[ref.terminal_id, ref.epoch].add(ref.seq)
        return [
            f"{terminal}/{epoch:x}/{number}"
            for (terminal, epoch), found in numbers.items()
            for number in range(1, max(found))
            if number not in found
        ]


def _told(tap: Tap) -> str:
    return f"{tap.ref} {tap.time_s} {tap.medium_no} {tap.outcome} {tap.reason}"
