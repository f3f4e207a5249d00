"""One line as it runs on a day: without what is closed, with who runs the trains on each step.

A stop that is closed is passed: the steps on its two sides become one. A stretch that is closed
cuts the line in two; a ring that is cut becomes a line. Metres are never lost and never made up.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tongxing.network.transport import Line

Runs = tuple[tuple[str, int], ...]
"""Operators with the millimetres that each one's trains run on a step, in order of operator."""


@dataclass(frozen=True, slots=True)
class RunningLine:
    """Stops in order; step i lies between stop i and the next one (on a `loop` the last step leads
    back to the first stop). `runs[i]` are the step's millimetres by operator."""

    line: str
    fare_system: str
    stations: tuple[str, ...]
    metres: tuple[int, ...]
    runs: tuple[Runs, ...]
    loop: bool


def lay_out(
    line: Line,
    closed_stops: Collection[str],
    closed_stretches: Iterable[tuple[str, str]],
    co_running: Iterable[tuple[str, str, Mapping[str, int]]],
) -> list[RunningLine]:
    """The parts of a line that run; none when nothing is left of it. A stretch is named by the
    stops at its ends, in either order; on a ring it is the way from the first to the second.
    `co_running` gives thousandths of the trains by operator."""
    count = len(line.metres)
    closed = {step for ends in closed_stretches for step in _steps_between(line, *ends)}
    runners: list[Mapping[str, int]] = [{line.operator: 1_000}] * count
    for first, last, trains in co_running:
        for step in _steps_between(line, first, last):
            runners[step] = trains
    runs = [
        {who: metres * part for who, part in trains.items()}
        for metres, trains in zip(line.metres, runners, strict=True)
    ]
    parts = []
    for stops, steps, loop in _chains(len(line.stations), count, closed, line.loop):
        served = [at for at, stop in enumerate(stops) if line.stations[stop] not in closed_stops]
        part = _part(line, stops, steps, served, runs, loop)
        parts += [] if part is None else [part]
    return parts


def _steps_between(line: Line, first: str, last: str) -> list[int]:
    begin, end = line.stations.index(first), line.stations.index(last)
    if line.loop:
        count = len(line.stations)
        return [(begin + offset) % count for offset in range((end - begin) % count)]
    return list(range(min(begin, end), max(begin, end)))


def _chains(
    stops: int, steps: int, closed: Collection[int], loop: bool
) -> Iterable[tuple[list[int], list[int], bool]]:
    """Stops and steps of each unbroken part; a whole ring is the only part that is a loop."""
    if loop and not closed:
        yield list(range(stops)), list(range(steps)), True
        return
    first = (max(closed) + 1) % stops if loop else 0
    chain: tuple[list[int], list[int]] = ([first], [])
    for offset in range(steps):
        step = (first + offset) % stops if loop else offset
        following = (step + 1) % stops if loop else step + 1
        if step in closed:
            yield *chain, False
            chain = ([following], [])
        else:
            chain[0].append(following)
            chain[1].append(step)
    yield *chain, False


def _part(
    line: Line,
    stops: Sequence[int],
    steps: Sequence[int],
    served: Sequence[int],
    runs: Sequence[Mapping[str, int]],
    loop: bool,
) -> RunningLine | None:
    """The part with the steps beside a closed stop put together; None with fewer than two stops."""
    if len(served) < 2:
        return None
    ends = [*served[1:], *([served[0] + len(steps)] if loop else [])]
    metres: list[int] = []
    joined: list[Runs] = []
    for begin, end in zip(served, ends, strict=False):
        group = [steps[at % len(steps)] for at in range(begin, end)]
        metres.append(sum(line.metres[step] for step in group))
        total: dict[str, int] = {}
        for step in group:
            for who, millimetres in runs[step].items():
                total[who] = total.get(who, 0) + millimetres
        joined.append(tuple(sorted(total.items())))
    stations = tuple(line.stations[stops[at]] for at in served)
    return RunningLine(line.id, line.fare_system, stations, tuple(metres), tuple(joined), loop)
