"""How half trips come to an end: the passenger states it, gates stood open, or the clock decides.

Each function runs in the caller's transaction, writes what was said as evidence and lets the fold
draw the consequence. None of them prices anything, and none repeats what was done before under the
same request id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tongxing.city.half_trips import HALF_HOWS, Resolution, missing_end
from tongxing.city.rating import rate_riders
from tongxing.city.reach import find_station, likely_time_s, possible_times, unreachable
from tongxing.city.store import days, habits
from tongxing.city.store import half_trips as store
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.half_trips import OpenGates, Waiting
from tongxing.city.terms import Terms, half_trip_terms
from tongxing.city.usual import Figures, usual_resolution
from tongxing.fares import CityFares
from tongxing.kernel.clock import (
    DAY_S,
    at,
    business_date,
    business_day_end,
    calendar_date,
    month_key,
)
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Tap


@dataclass(frozen=True, slots=True)
class Resolved:
    """What became of a half trip: how it was resolved, and what its trip costs now.

    `station` is the end that was said ("" when none was), `time_s` its time.
    """

    half_trip: str
    kind: str
    station: str
    time_s: int
    charge_fen: int


def declare(
    cursor: Cursor,
    city: str,
    fares: CityFares,
    request_id: str,
    half_trip: str,
    station: str,
    time_s: int | None,
    now_s: int,
) -> Resolved | Refusal:
    """The passenger states the missing end of a half trip: the station, and maybe the time.

    Refuses HALF_TRIP_UNKNOWN, HALF_TRIP_ON_PURSE, HALF_TRIP_SETTLED, HALF_TRIP_TOO_OLD,
    HALF_TRIP_CORRECTIONS_USED, HALF_TRIP_SAME_STATION, FARES_NO_STATION, and what `reach` refuses;
    REQUEST_REUSED when the request id stands for something else.
    """
    before = _said_before(cursor, fares, request_id, half_trip, station, time_s)
    if before is not None:
        return before
    found = store.find_waiting(cursor, half_trip)
    if found is None:
        return _not_waiting(cursor, half_trip)
    terms = half_trip_terms(city).at(found.tap.time_s)
    refusal = _may_declare(cursor, found, terms, now_s)
    if refusal is not None:
        return refusal
    stated = stated_end(cursor, fares, found, terms, station, time_s, now_s)
    if isinstance(stated, Refusal):
        return stated
    end, end_s = stated
    if end == found.tap.station:
        return Refusal("HALF_TRIP_SAME_STATION", end, {"station": end})
    said = Resolution(
        request_id=request_id,
        tap=found.tap.ref,
        kind="declared",
        station=end,
        time_s=end_s,
        decided_s=now_s,
        decided_by=found.rider_id,
    )
    apply(cursor, city, fares, [(found.rider_id, found.tap, said)], now_s)
    return resolved(cursor, half_trip, said)


def _may_declare(cursor: Cursor, found: Waiting, terms: Terms, now_s: int) -> Refusal | None:
    if now_s >= terms.decided_from_s(found.tap.time_s):
        return Refusal("HALF_TRIP_TOO_OLD", found.trip_id, {"days": terms.declare_days})
    first = calendar_date(now_s).replace(day=1)
    used = store.count_declared(cursor, found.rider_id, at(first), now_s)
    if used >= terms.free_corrections:
        values = {"limit": terms.free_corrections, "month": month_key(now_s)}
        return Refusal("HALF_TRIP_CORRECTIONS_USED", found.trip_id, values)
    return None


def stated_end(
    cursor: Cursor,
    fares: CityFares,
    found: Waiting,
    terms: Terms,
    station: str,
    time_s: int | None,
    now_s: int,
) -> tuple[str, int] | Refusal:
    """The station and time of a missing end as somebody states it, if it can have been so.

    Without a time, the one that is as near to the known tap as can be. Refuses what `reach` does.
    """
    end = find_station(fares.network, found.tap, station)
    if isinstance(end, Refusal):
        return end
    neighbour = habits.neighbour_of(cursor, found)
    times = possible_times(fares.network, terms, found.tap, end, neighbour, now_s)
    if times is None:
        return unreachable(end, None)
    if time_s is None:
        return end, likely_time_s(found.tap, times)
    if not times.earliest_s <= time_s <= times.latest_s:
        return unreachable(end, times)
    return end, time_s


def _said_before(
    cursor: Cursor,
    fares: CityFares,
    request_id: str,
    half_trip: str,
    station: str,
    time_s: int | None,
) -> Resolved | Refusal | None:
    """The answer of before to the same request; REQUEST_REUSED when it asks for something else."""
    said = store.find_request(cursor, request_id)
    if said is None:
        return None
    meant = {found.id for found in fares.network.find_stations(station)}
    same = said.kind == "declared" and store.trip_of(said) == half_trip and said.station in meant
    if not same or time_s not in (None, said.time_s):
        return Refusal("REQUEST_REUSED", request_id)
    return resolved(cursor, half_trip, said)


def _not_waiting(cursor: Cursor, half_trip: str) -> Refusal:
    """Why nothing can be stated of a trip that does not wait."""
    standing = store.trip_standing(cursor, half_trip)
    if standing is None:
        return Refusal("HALF_TRIP_UNKNOWN", half_trip)
    how, funding, _ = standing
    if how in HALF_HOWS and funding == "purse":
        return Refusal("HALF_TRIP_ON_PURSE", half_trip)
    return Refusal("HALF_TRIP_SETTLED", half_trip)


def open_gates(cursor: Cursor, city: str, fares: CityFares, gates: OpenGates) -> int | Refusal:
    """Take a notice of open gates, and complete the half trips that wait and can end there.

    Later ones are completed by `resolve_due`. Returns how many the notice has completed so far.
    Refuses FARES_NO_STATION, GATES_TIMES and REQUEST_REUSED.
    """
    known = store.find_gates(cursor, gates.request_id)
    if known is not None:
        same = (known.station, known.from_s, known.until_s, known.free) == (
            (gates.station, gates.from_s, gates.until_s, gates.free)
        )
        if not same:
            return Refusal("REQUEST_REUSED", gates.request_id)
        return store.count_by_gates(cursor, gates.request_id)
    if gates.station not in fares.network.stations:
        near = {"near_zh": "—", "near_en": "—"}
        return Refusal("FARES_NO_STATION", gates.station, {"station": gates.station, **near})
    if gates.from_s >= gates.until_s:
        return Refusal("GATES_TIMES", gates.station)
    store.write_gates(cursor, gates)
    waiting = store.waiting_until(cursor, business_date(gates.decided_s))
    apply(cursor, city, fares, _by_gates(cursor, city, fares, waiting, gates.decided_s),
          gates.decided_s)  # fmt: skip
    return store.count_by_gates(cursor, gates.request_id)


def resolve_due(cursor: Cursor, city: str, fares: CityFares, now_s: int) -> int:
    """Complete what notices of open gates explain, then what the clock has to decide. Returns how
    many half trips were resolved; a second call at the same moment finds nothing to do."""
    book = half_trip_terms(city)
    waiting = store.waiting_until(cursor, business_date(now_s))
    said = _by_gates(cursor, city, fares, waiting, now_s)
    explained = {tap.ref for _, tap, _ in said}
    due = [
        half
        for half in waiting
        if half.tap.ref not in explained
        and now_s >= book.at(half.tap.time_s).decided_from_s(half.tap.time_s)
    ]
    figures = habits.figures_of(cursor, due, book, now_s) if due else NO_FIGURES
    for half in due:
        terms = book.at(half.tap.time_s)
        usual = usual_resolution(fares.network, terms, half.tap, half.trip_id, figures, now_s)
        said.append((half.rider_id, half.tap, usual))
    apply(cursor, city, fares, said, now_s)
    return len(said)


NO_FIGURES = Figures({}, {}, {})
Said = tuple[str, Tap, Resolution]


def _by_gates(
    cursor: Cursor, city: str, fares: CityFares, waiting: Sequence[Waiting], now_s: int
) -> list[Said]:
    """What the notices say of half trips that wait: the first notice that fits each."""
    if not waiting:
        return []
    book = half_trip_terms(city)
    since_s = min(half.tap.time_s for half in waiting) - DAY_S
    notices = store.all_gates(cursor, since_s)
    if not notices:
        return []
    figures = habits.figures_of(cursor, waiting, book, now_s)
    said = []
    for half in waiting:
        terms, neighbour = book.at(half.tap.time_s), habits.neighbour_of(cursor, half)
        for gates in notices:
            times = possible_times(fares.network, terms, half.tap, gates.station, neighbour, now_s)
            if times is None or times.earliest_s > gates.until_s or times.latest_s < gates.from_s:
                continue
            habitual = figures.habits.get(half.trip_id) == gates.station
            if not habitual and not gates.free:
                continue
            said.append((half.rider_id, half.tap, _through(half, gates, times, habitual, now_s)))
            break
    return said


def _through(
    half: Waiting, gates: OpenGates, times: tuple[int, int], habitual: bool, now_s: int
) -> Resolution:
    earliest_s, latest_s = max(times[0], gates.from_s), min(times[1], gates.until_s)
    return Resolution(
        request_id=digest("gates", gates.request_id, half.trip_id),
        tap=half.tap.ref,
        kind="disruption",
        station=gates.station if habitual else "",
        time_s=earliest_s if missing_end(half.tap) == "exit" else latest_s,
        decided_s=now_s,
        decided_by=gates.decided_by,
        why=gates.request_id,
    )


def apply(cursor: Cursor, city: str, fares: CityFares, said: Sequence[Said], now_s: int) -> None:
    """Keep what was said and let the fold draw the consequence, rider by rider, from the day of
    the oldest half trip on. A trip whose business day is over ends for them, closed or not."""
    if not said:
        return
    store.write_resolutions(cursor, said)
    since: dict[str, date] = {}
    for rider_id, tap, _ in said:
        day = business_date(tap.time_s)
        since[rider_id] = min(day, since.get(rider_id, day))
    ends_s = [business_day_end(business_date(tap.time_s)) for _, tap, _ in said]
    over_s = max((end_s for end_s in ends_s if end_s <= now_s), default=0)
    closed_until_s = max(days.closed_until(cursor), over_s)
    rate_riders(cursor, city, fares, {}, closed_until_s, business_date(now_s), since)


def resolved(cursor: Cursor, half_trip: str, said: Resolution) -> Resolved:
    """The answer to whoever resolved a half trip; a trip that still waits for its day to close
    costs nothing yet."""
    standing = store.trip_standing(cursor, half_trip)
    charge_fen = 0 if standing is None else standing[2]
    return Resolved(half_trip, said.kind, said.station, said.time_s, charge_fen)
