"""What a deny list of millions costs a gate: memory, time to build, to ask, and if it is right.

The media are invented, a pure function of their number, so that it is known of each whether it is
on the list without keeping them: numbers with an even value are, those with an odd value are not.
Clocks come in as arguments.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tongxing.gate.denylist import DenyIndex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import DenyDelta, DenyEntry
from tongxing.messages.list_check import MODULUS, entries_sum, written

ClockNs = Callable[[], int]

REASONS = (
    "MEDIUM_LOST",
    "ACCOUNT_OVERDRAWN",
    "ACCOUNT_UNPAID",
    "ACCOUNT_NO_MONEY",
    "ACCOUNT_FROZEN",
    "CARD_REPLACED",
    "LEGACY_OVERSPENT",
    "MEDIUM_DENIED",
)
CITY = "500000"
_STRIDE = 736_878_779
"""A prime: one look-up after the other is far away in the list."""
_SPREAD, _VALUES = 7_919, 10**14
"""The first has no factor in common with the second: no two numbers get the same value."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How long each of many look-ups took (ns), and how many answers were wrong."""

    times_ns: Sequence[int]
    wrong: int


@dataclass(frozen=True, slots=True)
class Delta:
    """A change to a large list: how many entries, and how long it took to prove and apply."""

    entries: int
    taken_ns: int


def invented_number(index: int, listed: bool = True) -> str:
    """A medium number: of twenty, twelve are T-Union's, four a local card's, three a code account's
    and one mixes letters in."""
    value = 2 * (index * _SPREAD % _VALUES) + (not listed)
    kind = index % 20
    if kind < 12:
        return f"31{value:017d}"
    if kind < 16:
        return f"4{value:015d}"
    return f"Q{value:016d}" if kind < 19 else f"SSC:{value:016X}"


def invented_entry(index: int) -> DenyEntry:
    """A medium that is listed, and why."""
    return DenyEntry(invented_number(index), REASONS[index // 20 % len(REASONS)])


def invented_list(count: int) -> Iterator[DenyEntry]:
    """The entries of a list of this many, made one by one."""
    return map(invented_entry, range(count))


def ask_some(
    answer: Callable[[str], str], count: int, asked: int, listed: bool, clock_ns: ClockNs
) -> Asked:
    """Time look-ups of `asked` media one by one, in no order, all listed or all not; `answer` is
    right with the reason, or with "" for a medium that is not on the list of `count`."""
    times_ns, wrong = [], 0
    for turn in range(asked):
        index = turn * _STRIDE % count
        number = invented_number(index, listed)
        since_ns = clock_ns()
        said = answer(number)
        times_ns.append(clock_ns() - since_ns)
        wrong += said != (invented_entry(index).reason if listed else "")
    return Asked(times_ns, wrong)


def wrong_answers(deny: DenyIndex, count: int, step: int) -> tuple[int, int]:
    """How many listed media pass, and how many others are denied, every `step`th being asked."""
    passes = denials = 0
    for index in range(0, count, step):
        passes += deny.reason(invented_number(index)) != invented_entry(index).reason
        denials += deny.reason(invented_number(index, listed=False)) != ""
    return passes, denials


def time_delta(deny: DenyIndex, count: int, edits: int, clock_ns: ClockNs) -> Delta:
    """Apply a delta that takes out and puts in so many entries each. Raises ValueError when the
    result is not what the delta says."""
    removed = [invented_entry(index) for index in range(edits)]
    added = [invented_entry(index) for index in range(count, count + edits)]
    gone, come = ([(one.medium_no, one.reason) for one in edit] for edit in (removed, added))
    delta = DenyDelta(
        city=deny.city,
        from_version=deny.version,
        version=deny.version + 1,
        published_s=deny.head.published_s + 1,
        count=len(deny),
        check=written((deny.head.total + entries_sum(come) - entries_sum(gone)) % MODULUS),
        added=added,
        removed=removed,
    )
    since_ns = clock_ns()
    changed = deny.changed(delta)
    taken_ns = clock_ns() - since_ns
    if isinstance(changed, Refusal):
        raise ValueError(changed.code)
    return Delta(2 * edits, taken_ns)
