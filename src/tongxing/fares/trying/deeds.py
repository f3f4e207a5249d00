"""One ride tapped otherwise: without a tap, in parts, at another time, and rides added to it.

Each function changes one step, or says None where the deed cannot be done with it. Nothing here
knows what a deed costs.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from msgspec.structs import replace as with_fields

from tongxing.fares.model import RideFacts
from tongxing.fares.trying.sequences import Step, Steps
from tongxing.fares.trying.world import Course, World
from tongxing.kernel.clock import at, business_date, business_day_end, calendar_date

DWELL_S = 60
_EARLIER_S = 3_600
_SERVICE_START_H = 5


def without_exit(step: Step) -> list[Step] | None:
    """The exit is never tapped; the money falls due when the business day ends. A ride by meter
    has a driver who sees to that."""
    if not _is_whole(step) or step.ride.metres >= 0:
        return None
    due_s = business_day_end(business_date(step.ride.entered_s))
    ride = with_fields(step.ride, destination="", exited_s=due_s, missing="exit")
    return [replace(step, ride=ride)]


def without_entry(step: Step) -> list[Step] | None:
    """The entry is never tapped; all that is known is the exit."""
    if not _is_whole(step) or not step.ride.destination or step.ride.metres >= 0:
        return None
    ride = with_fields(step.ride, origin="", entered_s=step.ride.exited_s, missing="entry")
    return [replace(step, ride=ride)]


def cut_at(world: World, step: Step, number: int, wait_s: int) -> list[Step] | None:
    """A rail ride cut in two at the cut of that number, out of the gates and in again. Who meant
    to stay inside for longer still does."""
    if not _is_whole(step) or step.ride.mode != "rail":
        return None
    cuts = world.cuts(step.start, step.end)
    if number >= len(cuts):
        return None
    first = world.course(step.start, cuts[number])
    second = world.course(cuts[number], step.end)
    if first is None or second is None:
        return None
    one = _ridden(first, step, step.leaves_s)
    other = _ridden(second, step, one.arrives_s + wait_s)
    if other.arrives_s < step.arrives_s:
        ride = with_fields(other.ride, exited_s=step.arrives_s)
        other = _tapped(other, ride, other.start, other.end)
    return [one, other]


def in_pieces(step: Step, pieces: int) -> list[Step] | None:
    """A ride by taxi or bicycle ended and begun again on the way, in equal pieces."""
    ride = step.ride
    if ride.mode == "rail" or ride.line or not _is_whole(step):
        return None
    stay_s = -(-(ride.exited_s - ride.entered_s) // pieces)
    places = [step.start, *(f"{step.start}+{number}" for number in range(1, pieces)), step.end]
    found, start_s = [], step.leaves_s
    for start, end in pairwise(places):
        part = with_fields(
            ride,
            origin=start,
            destination=end,
            entered_s=start_s,
            exited_s=start_s + stay_s,
            metres=ride.metres if ride.metres < 0 else -(-ride.metres // pieces),
        )
        found.append(_tapped(step, part, start, end))
        start_s += stay_s + DWELL_S
    return found


def out_and_in(world: World, step: Step, stay_s: int) -> list[Step] | None:
    """Who stays inside for long goes out at the destination and in again, `stay_s` after the entry
    (0: on arrival), and waits on there."""
    ride = step.ride
    if ride.mode != "rail" or not _is_whole(step) or step.start == step.end:
        return None
    course = world.course(step.start, step.end)
    if course is None or 0 < stay_s < course.stay_s:
        return None
    out_s = ride.entered_s + (stay_s or course.stay_s)
    if out_s + DWELL_S >= ride.exited_s:
        return None
    first = with_fields(ride, exited_s=out_s)
    again = with_fields(ride, origin=step.end, entered_s=out_s + DWELL_S)
    return [
        _tapped(step, first, step.start, step.end),
        _tapped(step, again, step.end, step.end),
    ]


def shifted(step: Step, by_s: int, delay_s: int) -> list[Step] | None:
    """The whole ride earlier (by an hour at most) or later (as far as the delay allows)."""
    if not _is_tapped(step) or not by_s or not -_EARLIER_S <= by_s <= delay_s:
        return None
    ride = with_fields(
        step.ride, entered_s=step.ride.entered_s + by_s, exited_s=step.ride.exited_s + by_s
    )
    return [_tapped(step, ride, step.start, step.end)]


def entered_earlier(step: Step, by_s: int) -> list[Step] | None:
    """In through the gates earlier, and waiting inside; the arrival stays."""
    if not _is_whole(step) or not 0 < by_s <= _EARLIER_S or step.ride.mode != "rail":
        return None
    ride = with_fields(step.ride, entered_s=step.ride.entered_s - by_s)
    return [_tapped(step, ride, step.start, step.end)]


def inserted(steps: Steps, index: int, unit: Sequence[Course], count: int) -> Steps | None:
    """Up to `count` times a unit of cheap rides just before a step, as far as they fit.

    None when not one fits between the step before (or the start of service) and this step.
    """
    extra = _fitting(steps, index, unit, count)
    return (*steps[:index], *extra, *steps[index:]) if extra else None


def filled(steps: Steps, index: int, units: Sequence[Sequence[Course]], count: int) -> Steps | None:
    """`count` units of cheap rides from a step on, before it and before the ones after it.

    `units` has one unit per step. None when they do not all fit.
    """
    found = list(steps[:index])
    left = count
    for number in range(index, len(steps)):
        if left and units[number]:
            extra = _fitting(steps, number, units[number], left)
            left -= len(extra) // len(units[number])
            found += extra
        found.append(steps[number])
    return None if left else tuple(found)


def _fitting(steps: Steps, index: int, unit: Sequence[Course], count: int) -> list[Step]:
    """So many units as fit just before a step, the last one ending a minute before it."""
    step = steps[index]
    first_s = at(calendar_date(step.leaves_s), _SERVICE_START_H)
    if index:
        first_s = max(first_s, steps[index - 1].arrives_s + DWELL_S)
    each_s = sum(course.stay_s + DWELL_S for course in unit)
    fitting = min(count, (step.leaves_s - DWELL_S - first_s) // max(each_s, 1))
    start_s = step.leaves_s - DWELL_S - max(fitting, 0) * each_s
    found = []
    for _ in range(fitting):
        for course in unit:
            ride = course.ride(start_s, start_s + course.stay_s)
            found.append(
                Step(ride, step.medium, -1, course.origin, course.destination,
                     start_s, start_s + course.stay_s)
            )  # fmt: skip
            start_s += course.stay_s + DWELL_S
    return found


def _is_whole(step: Step) -> bool:
    """Two taps, both there."""
    return not step.ride.missing and step.ride.exited_s > step.ride.entered_s


def _is_tapped(step: Step) -> bool:
    return not step.ride.missing


def _ridden(course: Course, step: Step, start_s: int) -> Step:
    ride = course.ride(start_s, start_s + course.stay_s)
    return _tapped(step, ride, course.origin, course.destination)


def _tapped(step: Step, ride: RideFacts, start: str, end: str) -> Step:
    """The step with another ride; a single tap takes as long as before."""
    longer_s = 0 if ride.exited_s > ride.entered_s else step.arrives_s - step.leaves_s
    return replace(
        step,
        ride=ride,
        start=start,
        end=end,
        leaves_s=ride.entered_s,
        arrives_s=ride.exited_s + longer_s,
    )
