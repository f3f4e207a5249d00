"""Percentage reliefs on one portion of a fare: which apply, how they meet, what is left.

Under "lowest" only the best one counts; under "multiply" each takes its share of what the one
before left. Either way the price is rounded once from the exact product (A1, R-401), half up
unless the tariff says otherwise.
No relief may ever raise a price, not even by rounding.
"""

from collections.abc import Callable

from msgspec import Struct

from tongxing.fares.counters import counter_of
from tongxing.fares.model import Counter, PriceLine, RideFacts, Rider, Values
from tongxing.fares.rules import (
    FULL_BP,
    FreeRide,
    MonthRelief,
    PercentRelief,
    RoundingHow,
    SliceRelief,
    TimeRelief,
)
from tongxing.fares.tariff import Plan, ShareRelief
from tongxing.kernel.clock import CHINA_OFFSET_S, DAY_S, calendar_date
from tongxing.kernel.money import round_half_even, round_half_up
from tongxing.kernel.workdays import is_announced, is_workday


class Share(Struct, frozen=True):
    """What a portion costs after its reliefs, and the lines that lead there."""

    price_fen: int
    lines: tuple[PriceLine, ...] = ()


class Moment(Struct, frozen=True):
    """All that a percentage relief may look at: the ride, the rider, the counters."""

    ride: RideFacts
    rider: Rider
    counters: tuple[Counter, ...]
    charged_s: int
    city: str


def best_share(fare_fen: int, plan: Plan, moment: Moment) -> Share:
    """The price of one portion by its percentage reliefs."""
    whole = fare_fen * FULL_BP
    found: list[tuple[int, ShareRelief]] = []
    for relief in plan.reliefs:
        paid = _paid(relief, fare_fen, moment)
        if paid < whole:
            found.append((paid, relief))
    if not found:
        share = Share(fare_fen)
    elif plan.multiply:
        share = _multiplied(fare_fen, found, moment, plan)
    else:
        paid, winner = min(found, key=_first)
        price_fen = min(fare_fen, whole_fen(paid, FULL_BP, plan))
        share = Share(price_fen, (_line(winner, price_fen - fare_fen, moment),))
    remarks = tuple(
        PriceLine("calendar", relief.id, 0, {"year": calendar_date(moment.ride.entered_s).year})
        for relief in plan.reliefs
        if isinstance(relief, TimeRelief) and _rests_on_guess(relief, moment.ride)
    )
    return Share(share.price_fen, share.lines + remarks) if remarks else share


def whole_fen(numerator: int, denominator: int, plan: Plan) -> int:
    """A fraction of fen as a whole multiple of the plan's quantum, rounded as the plan says."""
    quantum_fen = plan.quantum_fen
    return _ROUND[plan.rounding](numerator, denominator * quantum_fen) * quantum_fen


def _first(entry: tuple[int, ShareRelief]) -> int:
    return entry[0]


def _multiplied(
    fare_fen: int, found: list[tuple[int, ShareRelief]], moment: Moment, plan: Plan
) -> Share:
    numerator, denominator, price_fen = fare_fen, 1, fare_fen
    lines: list[PriceLine] = []
    for paid, relief in found:
        numerator, denominator = numerator * paid, denominator * fare_fen * FULL_BP
        after_fen = min(price_fen, whole_fen(numerator, denominator, plan))
        lines.append(_line(relief, after_fen - price_fen, moment))
        price_fen = after_fen
    return Share(price_fen, tuple(lines))


def _paid(relief: ShareRelief, fare_fen: int, moment: Moment) -> int:
    """What is paid of a fare under one relief, in fen times 10000: exact, not yet rounded."""
    if isinstance(relief, TimeRelief):
        rate_bp = relief.rate_bp if _early(relief, moment.ride) else FULL_BP
    elif isinstance(relief, MonthRelief):
        if relief.applies == "slice":
            return stepped(relief, _reached(relief, moment), fare_fen)
        rate_bp = relief.rate(_reached(relief, moment))
    elif isinstance(relief, FreeRide):
        rate_bp = 0 if _ride_no(relief, moment) in relief.rides else FULL_BP
    elif isinstance(relief, SliceRelief):
        return sliced(relief, fare_fen)
    else:
        rate_bp = relief.rate_bp
    return fare_fen * rate_bp


def _line(relief: ShareRelief, amount_fen: int, moment: Moment) -> PriceLine:
    """The line that tells the passenger of a relief."""
    values: Values
    if isinstance(relief, PercentRelief):
        kind, values = "holder" if relief.holder else "percent", {"rate_bp": relief.rate_bp}
    elif isinstance(relief, TimeRelief):
        kind = "holder_hours" if relief.holder else "early"
        values = {"rate_bp": relief.rate_bp, "entered_s": moment.ride.entered_s}
    elif isinstance(relief, MonthRelief):
        reached = _reached(relief, moment)
        kind = "steps" if relief.applies == "slice" else f"{relief.period}_{relief.counts}"
        values = {"rate_bp": relief.rate(reached), "reached": reached}
    elif isinstance(relief, FreeRide):
        kind, values = "nth_free", {"ride": _ride_no(relief, moment)}
    elif isinstance(relief, SliceRelief):
        kind, values = "slices", {}
    else:
        kind = "visitor"
        values = {
            "rate_bp": relief.rate_bp, "issuer": moment.rider.issuer, "as_of": relief.as_of,
        }  # fmt: skip
    return PriceLine(kind, relief.id, amount_fen, values)


def _early(relief: TimeRelief, ride: RideFacts) -> bool:
    if not _in_hours(relief, ride):
        return False
    return relief.days == "every" or is_workday(calendar_date(ride.entered_s)) == (
        relief.days == "workday"
    )


def _rests_on_guess(relief: TimeRelief, ride: RideFacts) -> bool:
    """Whether the answer hangs on a holiday plan that has not been announced yet."""
    return (
        relief.days != "every"
        and _in_hours(relief, ride)
        and not is_announced(calendar_date(ride.entered_s).year)
    )


def _in_hours(relief: TimeRelief, ride: RideFacts) -> bool:
    second = (ride.entered_s + CHINA_OFFSET_S) % DAY_S
    return relief.holds_at(second) and (not relief.stations or ride.origin in relief.stations)


def _reached(relief: MonthRelief, moment: Moment) -> int:
    name = f"{moment.city}.{relief.counter_name}"
    counter = counter_of(moment.counters, name, moment.charged_s)
    return counter.paid_fen if relief.counts == "paid" else counter.rides


def _ride_no(relief: FreeRide, moment: Moment) -> int:
    name = f"{moment.city}.{relief.counter_name}"
    return counter_of(moment.counters, name, moment.charged_s).rides + 1


def sliced(relief: SliceRelief, fare_fen: int) -> int:
    """What is paid of a fare slice by slice, in fen times 10000."""
    paid, below = 0, 0
    for upper_fen, rate_bp in zip((*relief.upto_fen, fare_fen), relief.rates_bp, strict=True):
        upper_fen = min(upper_fen, fare_fen)
        paid += max(0, upper_fen - below) * rate_bp
        below = max(below, upper_fen)
    return paid


def stepped(relief: MonthRelief, reached_fen: int, fare_fen: int) -> int:
    """What is paid of a fare that climbs the steps of a counter, in fen times 10000.

    The fare is paid at the rate of what was reached until the next step is, the rest of the fare
    at the next rate, and so on. What is left of the fare after a step is kept in ten-thousandths
    of a fen, halves up.
    """
    left, paid = fare_fen * FULL_BP, 0
    for step_fen, rate_bp in zip(relief.reach, relief.rates_bp, strict=False):
        room = (step_fen - reached_fen) * FULL_BP - paid
        if room <= 0:
            continue
        covers = round_half_up(room * FULL_BP, rate_bp) if rate_bp else left
        if left <= covers:
            return paid + round_half_up(left * rate_bp, FULL_BP)
        left, paid = left - covers, paid + room
    return paid + round_half_up(left * relief.rates_bp[-1], FULL_BP)


def _round_up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


_ROUND: dict[RoundingHow, Callable[[int, int], int]] = {
    "half_up": round_half_up,
    "half_even": round_half_even,
    "up": _round_up,
    "down": int.__floordiv__,
}
