"""Staff correct a half trip, at the counter or at the gate, by the grid.

The case is worked out from the taps and from where the rider stands; the grid says what is done
about it. What staff said is evidence and supersedes whatever the clock or the passenger said; only
a true tap is stronger. Nothing here prices.
"""

from dataclasses import dataclass

from msgspec.structs import replace

from tongxing.city.grid import Area, Cell, Entry, age_of, staff_grid
from tongxing.city.half_trips import Resolution, missing_end
from tongxing.city.healing import apply, resolved, stated_end
from tongxing.city.reach import least_travel_s, unreachable
from tongxing.city.store import habits, riders
from tongxing.city.store import half_trips as store
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.half_trips import Waiting
from tongxing.city.terms import Terms, half_trip_terms
from tongxing.city.trip import order_key
from tongxing.city.usual import usual_resolution
from tongxing.fares import CityFares
from tongxing.kernel.reasons import Refusal


@dataclass(frozen=True, slots=True)
class Correction:
    """What staff ask for. The rider shows a medium and stands inside or outside of the paid area of
    a station. `stated` is the missing end that the rider names, where the grid asks for it;
    `half_trip` picks another one than the last, at the counter.
    """

    request_id: str
    staff: str
    medium_no: str
    area: Area
    station: str
    stated: str = ""
    half_trip: str = ""


@dataclass(frozen=True, slots=True)
class Corrected:
    """What was done: the code and the reason of the cell; the half trip ("" when the books stay as
    they are), how it was resolved, and what its trip costs now."""

    code: str
    reason: str
    half_trip: str
    kind: str
    station: str
    charge_fen: int


def correct(
    cursor: Cursor, city: str, fares: CityFares, asked: Correction, now_s: int
) -> Corrected | Refusal:
    """Correct a rider's half trip by the grid.

    Refuses MEDIUM_UNKNOWN, CORRECT_AT_READER (a purse), HALF_TRIP_UNKNOWN, HALF_TRIP_NONE,
    CORRECT_NEEDS_ENTRY, FARES_NO_STATION, REQUEST_REUSED, and what `reach` refuses.
    """
    before = _done_before(cursor, asked)
    if before is not None:
        return before
    if asked.station not in fares.network.stations:
        near = {"near_zh": "—", "near_en": "—"}
        return Refusal("FARES_NO_STATION", asked.station, {"station": asked.station, **near})
    rider_id = riders.riders_of_media(cursor, [asked.medium_no])[asked.medium_no]
    found = _what_is_there(cursor, asked, rider_id)
    if isinstance(found, Refusal):
        return found
    known_s = habits.last_exit_s(cursor, rider_id, asked.station)
    entry: Entry = "none"
    terms = half_trip_terms(city).at(now_s if found is None else found.tap.time_s)
    if found is not None:
        known_s = found.tap.time_s
        if missing_end(found.tap) == "exit":
            entry = "here" if found.tap.station == asked.station else "elsewhere"
    cell = staff_grid()[asked.area, entry, age_of(known_s, now_s, terms.turn_back_s)]
    if cell.price == "nothing":
        return Corrected(cell.code, cell.reason, "", "", "", 0)
    if found is None:
        return Refusal("HALF_TRIP_NONE", asked.medium_no)
    said = _said(cursor, city, fares, asked, cell, found, terms, now_s)
    if isinstance(said, Refusal):
        return said
    apply(cursor, city, fares, [(found.rider_id, found.tap, said)], now_s)
    return _answer(cursor, cell.code, cell.reason, said)


def _what_is_there(cursor: Cursor, asked: Correction, rider_id: str) -> Waiting | Refusal | None:
    """The half trip to correct: the one that was picked, else the newest, an open trip included;
    to somebody inside only the very last tap matters. None when there is none."""
    row = riders.load_riders(cursor, [rider_id])[rider_id]
    if row.kind == "purse" or (row.state.open and row.state.open.tap.funding == "purse"):
        return Refusal("CORRECT_AT_READER", asked.medium_no)
    if row.kind == "visitor" and not row.last_tap_key:
        return Refusal("MEDIUM_UNKNOWN", asked.medium_no)
    halves = store.waiting_of(cursor, rider_id)
    if row.state.open is not None:
        halves.append(Waiting(rider_id, row.state.open.tap, row.state.open.held_fen))
    if asked.half_trip:
        picked = [half for half in halves if half.trip_id == asked.half_trip]
        picked = picked or store.find_resolved(cursor, rider_id, asked.half_trip)
        return picked[0] if picked else Refusal("HALF_TRIP_UNKNOWN", asked.half_trip)
    newest = max(halves, key=lambda half: order_key(half.tap), default=None)
    if newest is not None and asked.area == "inside":
        last = order_key(newest.tap) == row.last_tap_key and missing_end(newest.tap) == "exit"
        return newest if last else None
    return newest


def _said(
    cursor: Cursor,
    city: str,
    fares: CityFares,
    asked: Correction,
    cell: Cell,
    found: Waiting,
    terms: Terms,
    now_s: int,
) -> Resolution | Refusal:
    """What the cell's price rule says of this half trip."""
    if cell.price == "usual" and not asked.stated:
        book = half_trip_terms(city)
        figures = habits.figures_of(cursor, [found], book, now_s)
        usual = usual_resolution(
            fares.network, terms, found.tap, found.trip_id, figures, now_s, asked.staff, cell.code
        )
        return replace(usual, request_id=asked.request_id)
    if cell.price == "clear":
        return _by_staff(asked, cell, found, "", now_s, now_s)
    if cell.price == "round":
        return _by_staff(
            asked, cell, found, asked.station, found.tap.time_s + terms.turn_back_s + 1, now_s
        )
    if cell.price == "here_now":
        travel_s = least_travel_s(fares.network, terms, found.tap, found.tap.station, asked.station)
        if travel_s is None or found.tap.time_s + travel_s > now_s:
            return unreachable(asked.station, None)
        return _by_staff(asked, cell, found, asked.station, now_s, now_s)
    station = asked.station if cell.price == "here_before" else asked.stated
    if not station:
        return Refusal("CORRECT_NEEDS_ENTRY", asked.medium_no)
    stated = stated_end(cursor, fares, found, terms, station, None, now_s)
    if isinstance(stated, Refusal):
        return stated
    return _by_staff(asked, cell, found, *stated, now_s)


def _by_staff(
    asked: Correction, cell: Cell, found: Waiting, station: str, time_s: int, now_s: int
) -> Resolution:
    return Resolution(
        request_id=asked.request_id,
        tap=found.tap.ref,
        kind="staff" if station else "cleared",
        station=station,
        time_s=time_s,
        decided_s=now_s,
        decided_by=asked.staff,
        why=cell.code,
    )


def _done_before(cursor: Cursor, asked: Correction) -> Corrected | Refusal | None:
    said = store.find_request(cursor, asked.request_id)
    if said is None:
        return None
    reasons = {cell.code: cell.reason for cell in staff_grid().values() if cell.area == asked.area}
    rider_id = riders.riders_of_media(cursor, [asked.medium_no])[asked.medium_no]
    same = (
        said.decided_by == asked.staff
        and said.why in reasons
        and store.rider_of_request(cursor, asked.request_id) == rider_id
        and asked.half_trip in ("", store.trip_of(said))
    )
    if not same:
        return Refusal("REQUEST_REUSED", asked.request_id)
    return _answer(cursor, said.why, reasons[said.why], said)


def _answer(cursor: Cursor, code: str, reason: str, said: Resolution) -> Corrected:
    answer = resolved(cursor, store.trip_of(said), said)
    return Corrected(code, reason, answer.half_trip, said.kind, said.station, answer.charge_fen)
