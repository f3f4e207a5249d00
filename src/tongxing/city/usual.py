"""What a half trip costs when nobody says how it ended: by habit, else the median, else the most.

The figures are asked of the books at the moment of the decision; the decision is then evidence and
never made again. Pure but for the figures that come in.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tongxing.city.half_trips import Kind, Resolution
from tongxing.city.reach import least_travel_s
from tongxing.city.terms import Terms
from tongxing.kernel.ids import digest
from tongxing.messages import Tap
from tongxing.network.transport import CityNetwork

CLOCK = "clock"

Place = tuple[str, str, str, str]
"""Which end is missing, mode, line ("" on the rails) and station: what a median is taken over."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the books say of some half trips, by trip id: how manieth of its month each is, and the
    station that the rider's habit leads to. Medians are by place."""

    ranks: Mapping[str, int]
    habits: Mapping[str, str]
    medians: Mapping[Place, int]


def place_of(known: Tap, missing: str) -> Place:
    """The place of a half trip by its known tap."""
    return missing, known.mode, "" if known.mode == "rail" else known.line, known.station


def usual_kind(rank: int, habit: str, median_fen: int | None, terms: Terms) -> Kind:
    """How the clock resolves a half trip: one too many in a month costs the most, else the rider's
    habit counts, else the median of others; the most again when nobody rode."""
    if rank > terms.repeat:
        return "maximum"
    if habit:
        return "habitual"
    return "maximum" if median_fen is None else "median"


def usual_resolution(
    network: CityNetwork,
    terms: Terms,
    known: Tap,
    trip_id: str,
    figures: Figures,
    decided_s: int,
    decided_by: str = CLOCK,
    why: str = "",
) -> Resolution:
    """What the clock says of a half trip. Its request id comes from the trip, so that the clock
    says it once."""
    missing = "entry" if known.kind == "exit" else "exit"
    habit, median = figures.habits.get(trip_id, ""), figures.medians.get(place_of(known, missing))
    ends = (known.station, habit) if missing == "exit" else (habit, known.station)
    travel_s = least_travel_s(network, terms, known, *ends) if habit else None
    kind = usual_kind(
        figures.ranks.get(trip_id, 1), "" if travel_s is None else habit, median, terms
    )
    time_s = decided_s
    if kind == "habitual" and travel_s is not None:
        time_s = known.time_s + (travel_s if missing == "exit" else -travel_s)
    return Resolution(
        request_id=digest("usual", trip_id, decided_by, decided_s),
        tap=known.ref,
        kind=kind,
        station=habit if kind == "habitual" else "",
        time_s=time_s,
        amount_fen=median or 0 if kind == "median" else 0,
        decided_s=decided_s,
        decided_by=decided_by,
        why=why,
    )
