"""What the benchmarks of a gate tell: the time that so many of a hundred stay below, and memory."""

from collections.abc import Sequence


def nanos(times_ns: Sequence[int], percent: int) -> int:
    """The time that `percent` of a hundred do not exceed."""
    ranked = sorted(times_ns)
    return ranked[min(len(ranked) * percent // 100, len(ranked) - 1)]


def micros(times_ns: Sequence[int], percent: int) -> float:
    """The same in microseconds."""
    return round(nanos(times_ns, percent) / 1_000, 2)


def millis(times_ns: Sequence[int], percent: int) -> float:
    """The same in milliseconds."""
    return round(nanos(times_ns, percent) / 1_000_000, 3)


def millions(after: int | None, before: int | None) -> float | None:
    """By how many million bytes something grew; None where that is not known."""
    return None if after is None or before is None else round((after - before) / 1e6, 1)
