"""What a passenger may do otherwise: add, omit, split, wait, switch media, turn back.

Each function yields whole sequences that differ from the given one in one deed, tried where the
tariff has an edge: at the steps of its counters, the cuts of its price list, the ends of its hours
and windows. They propose; whether a proposal serves the plan and pays is judged elsewhere.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import time

from tongxing.fares.counters import period_key
from tongxing.fares.rules import (
    CounterRule,
    FreeRide,
    MeterFare,
    MonthRelief,
    OvertimeCharge,
    TimeRelief,
    TransferRelief,
)
from tongxing.fares.trying.deeds import (
    DWELL_S,
    cut_at,
    entered_earlier,
    filled,
    in_pieces,
    inserted,
    out_and_in,
    shifted,
    without_entry,
    without_exit,
)
from tongxing.fares.trying.sequences import SECOND, Step, Steps, medium_kind
from tongxing.fares.trying.world import Course, World
from tongxing.kernel.clock import DAY_S, at, calendar_date

_UNITS_ALONE_MOST = 3
_RIDES_MOST = 60
_PIECES_MOST = 4
_BOUNDARY_S = 2 * 3_600


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the search may go: the delay allowed per trip, and how many cuts it tries."""

    delay_s: int
    cuts: int


Mover = Callable[[World, Steps, Reach], Iterator[Steps]]
_Change = Callable[[Step], list[Step] | None]


def switched(world: World, steps: Steps, reach: Reach) -> Iterator[Steps]:
    """All rides, all from one on, or every other one, on another medium."""
    own = steps[0].medium
    kind = medium_kind(own)
    for medium in ("code" if kind == "card" else "card", kind + SECOND):
        if medium == own:
            continue
        other = tuple(replace(step, medium=medium) for step in steps)
        yield other
        for turn in (0, 1):
            yield tuple(
                other[index] if index % 2 == turn else step for index, step in enumerate(steps)
            )
        for first in range(1, len(steps)):
            yield steps[:first] + other[first:]


def omitted(world: World, steps: Steps, reach: Reach) -> Iterator[Steps]:
    """Rides without their exit or without their entry: a kind of ride always, and one alone."""
    yield from _by_group(steps, without_exit)
    yield from _by_group(steps, without_entry)
    for index, step in enumerate(steps):
        for half in (without_exit(step), without_entry(step)):
            if half is not None and step.serves >= 0:
                yield (*steps[:index], *half, *steps[index + 1 :])


def split(world: World, steps: Steps, reach: Reach) -> Iterator[Steps]:
    """Rides cut in two on the way, a taxi or bicycle ride in several, a long stay at its end."""
    firsts = ride_steps(world)
    for wait_s in _waits(world, reach):
        for number in range(reach.cuts):

            def change(step: Step, number: int = number, wait_s: int = wait_s) -> list[Step] | None:
                return cut_at(world, step, number, wait_s)

            yield from _by_group(steps, change, firsts)
    for pieces in range(2, _PIECES_MOST + 1):

        def pieced(step: Step, pieces: int = pieces) -> list[Step] | None:
            return in_pieces(step, pieces)

        yield from _by_group(steps, pieced)
    limits = {rule.limit_s for rule in world.tariff.rules if isinstance(rule, OvertimeCharge)}
    for stay_s in (0, *sorted(limits)):

        def turned(step: Step, stay_s: int = stay_s) -> list[Step] | None:
            return out_and_in(world, step, stay_s)

        yield from _by_group(steps, turned)


def added(world: World, steps: Steps, reach: Reach) -> Iterator[Steps]:
    """Cheap rides nobody planned: many where periods begin, a few before any planned ride."""
    kinds = range(max((len(world.fillers(step.start)) for step in steps), default=0))
    units = [[_unit(world, step, kind) for step in steps] for kind in kinds]
    yield from _alone(steps, units, (1,))
    most = min(max(ride_steps(world), default=0), _RIDES_MOST)
    starts = _period_starts(world, steps)
    for unit in units:
        for count in range(1, most + 1) if len(starts) > 1 else ():
            everywhere = _filled_everywhere(steps, starts, unit, count)
            if everywhere is not None:
                yield everywhere
        for first in starts:
            for count in range(1, most + 1):
                found = filled(steps, first, unit, count)
                if found is None:
                    break
                yield found
    yield from _alone(steps, units, range(2, _UNITS_ALONE_MOST + 1))


def _filled_everywhere(
    steps: Steps, starts: Sequence[int], unit: Sequence[Sequence[Course]], count: int
) -> Steps | None:
    """So many units where each period begins; None where they fit in none."""
    found: Steps | None = None
    for first in reversed(starts):
        rest = steps[first:] if found is None else found[first:]
        filler = [*unit[first : first + 1], *([()] * (len(rest) - 1))]
        begun = filled((*steps[:first], *rest), first, [*([()] * first), *filler], count)
        found = begun if begun is not None else found
    return found


def _alone(
    steps: Steps, units: Sequence[Sequence[Sequence[Course]]], counts: Iterable[int]
) -> Iterator[Steps]:
    """So many units of each kind just before one planned ride."""
    for count in counts:
        for index in range(len(steps)):
            for unit in units:
                found = inserted(steps, index, unit[index], count) if unit[index] else None
                if found is not None:
                    yield found


def _unit(world: World, step: Step, kind: int) -> Sequence[Course]:
    """The cheap rides of a kind where a step begins; none where there are no such rides."""
    fillers = world.fillers(step.start)
    return fillers[kind] if kind < len(fillers) else ()


def moved(world: World, steps: Steps, reach: Reach) -> Iterator[Steps]:
    """Rides earlier or later, to fall on the other side of an edge of hours, windows, periods."""
    for second in _hours(world):

        def shift(step: Step, second: int = second) -> list[Step] | None:
            return shifted(step, _until(step, second), reach.delay_s)

        def enter(step: Step, second: int = second) -> list[Step] | None:
            return entered_earlier(step, -_until(step, second))

        yield from _by_group(steps, shift)
        yield from _by_group(steps, enter)
    for index, step in enumerate(steps):
        edges = (*_window_edges(world, steps, index), *_boundaries(world, step))
        for by_s in dict.fromkeys(edges):
            later = shifted(step, by_s, reach.delay_s)
            if later is not None:
                yield (*steps[:index], *later, *steps[index + 1 :])


MOVES: tuple[Mover, ...] = (switched, omitted, split, moved, added)


def ride_steps(world: World) -> tuple[int, ...]:
    """The numbers of rides at which some counter of the tariff changes a price, from one less."""
    found: set[int] = set()
    for rule in world.tariff.rules:
        if isinstance(rule, MonthRelief) and rule.counts == "rides":
            found |= set(rule.reach)
        elif isinstance(rule, FreeRide):
            found |= {ride - 1 for ride in rule.rides}
    return tuple(sorted(step for step in found if step > 0))


def _by_group(steps: Steps, change: _Change, firsts: Sequence[int] = ()) -> Iterator[Steps]:
    """Change all rides between the same places, only the first of them, and the first few."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for index, step in enumerate(steps):
        if step.serves >= 0:
            groups.setdefault((step.start, step.end, step.ride.line), []).append(index)
    everything = [index for members in groups.values() for index in members]
    for members in dict.fromkeys([tuple(sorted(everything)), *map(tuple, groups.values())]):
        counts = dict.fromkeys([len(members), 1, *(n for n in firsts if n < len(members))])
        for count in counts:
            found = _changed(steps, change, set(members[:count]))
            if found is not None:
                yield found


def _changed(steps: Steps, change: _Change, wanted: set[int]) -> Steps | None:
    found: list[Step] = []
    is_changed = False
    for index, step in enumerate(steps):
        parts = change(step) if index in wanted else None
        is_changed = is_changed or parts is not None
        found += [step] if parts is None else parts
    return tuple(found) if is_changed else None


def _waits(world: World, reach: Reach) -> list[int]:
    """How long to stay outside between two parts: a moment, or what a transfer asks at least."""
    least = [
        wait_s
        for rule in world.tariff.rules
        if isinstance(rule, TransferRelief)
        for wait_s in (rule.min_gap_s, rule.same_line_min_s)
    ]
    return sorted({DWELL_S, *(wait for wait in least if DWELL_S < wait <= reach.delay_s)})


def _hours(world: World) -> list[int]:
    """Seconds of the day at which some price changes, with the last one before."""
    found: set[int] = set()
    for rule in world.tariff.rules:
        if isinstance(rule, TimeRelief):
            end_s = _second(rule.entry_until) + rule.until_included
            found |= {_second(rule.entry_from), end_s, end_s - 1}
        elif isinstance(rule, MeterFare):
            for edge_s in (_second(rule.night_from), _second(rule.night_until)):
                found |= {edge_s, edge_s - 1}
    return sorted(second for second in found if 0 <= second < DAY_S)


def _second(clock: time) -> int:
    return clock.hour * 3_600 + clock.minute * 60 + clock.second


def _until(step: Step, second: int) -> int:
    """Seconds from a step's start to a second of its day; negative when that is over."""
    return at(calendar_date(step.leaves_s)) + second - step.leaves_s


def _window_edges(world: World, steps: Steps, index: int) -> Iterator[int]:
    """How much later (or earlier) a ride has to begin to catch a transfer from the one before."""
    if not index:
        return
    before, step = steps[index - 1].ride, steps[index]
    for rule in world.tariff.rules:
        if isinstance(rule, TransferRelief):
            for start_s in dict.fromkeys((before.entered_s, before.exited_s)):
                for edge_s in (rule.min_gap_s, rule.same_line_min_s, rule.window_s):
                    yield start_s + edge_s - step.leaves_s
                    yield start_s + edge_s + 1 - step.leaves_s


def _boundaries(world: World, step: Step) -> Iterator[int]:
    """How far the charge of a ride lies from the next turn of a counter's period, either side."""
    names = _counters(world)
    charged_s = step.ride.exited_s or step.ride.entered_s
    for midnight_s in (at(calendar_date(charged_s)), at(calendar_date(charged_s), 24)):
        turns = any(
            period_key(name, midnight_s) != period_key(name, midnight_s - 1) for name in names
        )
        if turns and abs(midnight_s - charged_s) <= _BOUNDARY_S:
            yield midnight_s - charged_s
            yield midnight_s - 1 - charged_s


def _period_starts(world: World, steps: Steps) -> list[int]:
    """The steps with which a period of some counter of rides begins."""
    names = _counters(world)
    starts = []
    for index, step in enumerate(steps):
        now_s = step.leaves_s
        if index == 0 or any(
            period_key(name, now_s) != period_key(name, steps[index - 1].leaves_s) for name in names
        ):
            starts.append(index)
    return starts


def _counters(world: World) -> list[str]:
    rules = [rule for rule in world.tariff.rules if isinstance(rule, CounterRule)]
    return list(dict.fromkeys(rule.counter_name for rule in rules))
