"""A worked day's half taps: which trips they are told as, what the file calls them, and whose they
are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from tongxing.hub.day.admitting import Presented, operators_near, presented_trip
from tongxing.hub.day.model import DayHalfTap, WorkedDay
from tongxing.hub.day.times import seconds
from tongxing.hub.half_taps import Declaration, HalfTap, PairedTrip
from tongxing.hub.reopening import Telling, tell
from tongxing.hub.terms import CaseTerms
from tongxing.kernel.reasons import Refusal


@dataclass(frozen=True, slots=True)
class ToldHalf:
    """A telling with its name in the file, that of its trip's first telling, and its acquirer."""

    telling: Telling
    name: str
    trip_name: str
    acquirer: str


def told_halves(day: WorkedDay, terms: CaseTerms) -> list[ToldHalf] | Refusal:
    """Every telling of the day's half taps. Refuses with DAY_MALFORMED where one cannot be priced
    or its acquirer not be told."""
    half_trip = replace(terms.half_trip, self_service_days=day.config.half_trip_self_service_days)
    tellings = tell(
        (_half_tap(tap, day) for tap in day.inputs.half_taps), _declared(day), half_trip
    )
    names, trip_names = _names(tellings, day), dict[PairedTrip, str]()
    found = []
    for telling in tellings:
        acquirer = _acquirer_of(telling.trip, day)
        if fault := _unpriceable(telling, acquirer, day):
            where = f"inputs.half_taps.{telling.trip.taps[0].tap_id}"
            return Refusal("DAY_MALFORMED", "", {"detail": f"{where}: {fault}"})
        trip_name = trip_names.setdefault(telling.first, names[telling])
        found.append(ToldHalf(telling, names[telling], trip_name, acquirer))
    return found


def presented_halves(halves: Sequence[ToldHalf], day: WorkedDay) -> list[Presented]:
    """The tellings as they reach the hub, each revision with what the trip was before it."""
    found: list[Presented] = []
    newest: dict[str, Presented] = {}
    for half in halves:
        known = newest.get(half.trip_name)
        before = None if known is None else known.ridden
        item = presented_trip(half.telling, half.name, half.trip_name, half.acquirer, day, before)
        newest[half.trip_name] = item
        found.append(item)
    return found


def _declared(day: WorkedDay) -> list[Declaration]:
    return [
        Declaration(
            item.tap_id,
            item.account_id,
            item.exit_station or item.entry_station or "",
            seconds(item.at),
        )
        for item in day.inputs.declarations
    ]


def _half_tap(tap: DayHalfTap, day: WorkedDay) -> HalfTap:
    card = day.cards.get(tap.card_no or "")
    account = tap.account_id or (card.account if card is not None else None)
    return HalfTap(
        tap_id=tap.tap_id,
        direction=tap.dir,
        account=account or "",
        is_card=tap.account_id is None,
        station=tap.station,
        tapped_s=seconds(tap.tap_time),
        received_s=seconds(tap.received_at),
        acquirer=tap.acquirer or "",
    )


def _acquirer_of(trip: PairedTrip, day: WorkedDay) -> str:
    """Whose terminals the taps were on: as the file says, else the acquirer of the records whose
    leg begins or ends there, else the only one of the rider's own city."""
    named = [tap.acquirer for tap in trip.taps if tap.acquirer]
    if named:
        return named[0]
    stations = {tap.station for tap in trip.taps}
    near = {
        record.acquirer
        for record in day.inputs.records
        if stations.intersection(record.leg.split("-"))
    }
    if len(near) == 1:
        return near.pop()
    home = f"ACQ-{day.accounts[trip.account].partition('-')[2]}"
    return home if home in day.entities else ""


def _unpriceable(telling: Telling, acquirer: str, day: WorkedDay) -> str:
    """Why a telling has no price or nobody to get it; "" when it has, or needs none."""
    trip = telling.trip
    if not acquirer:
        return "name its acquirer"
    if trip.ending == "TOO_LATE":
        return ""
    leg = f"{trip.origin}-{trip.destination}"
    if trip.ending in ("PAIRED_BY_ACCOUNT", "SELF_DECLARED") and leg not in day.config.gross_fare:
        return f"gross_fare has no leg {leg}"
    return "" if operators_near(trip, day) else "no leg with an operator begins or ends there"


def _names(tellings: Sequence[Telling], day: WorkedDay) -> Mapping[Telling, str]:
    """What the file calls a trip that was made of these taps; names are labels, and no more is
    taken from what the file expects. Another telling is called by its trip's name and number."""
    labels: dict[tuple[str, str], str] = {}
    expected = day.expected.get("paired_trips")
    for item in expected if isinstance(expected, list) else []:
        if isinstance(item, dict):
            taps = str(item.get("entry") or ""), str(item.get("exit") or "")
            labels[taps] = str(item.get("record_id"))
    taken = {record.record_id for record in day.inputs.records}
    first: dict[PairedTrip, str] = {}
    names: dict[Telling, str] = {}
    for telling in tellings:
        own = "+".join(tap.tap_id for tap in telling.trip.taps)
        label = "" if telling.is_void else labels.get(_tap_ids(telling.trip), "")
        if telling.number > 1:
            own = f"{first[telling.first]}.{telling.number}"
        while own in taken:
            own += "*"
        names[telling] = own if not label or label in taken else label
        taken.add(names[telling])
        first.setdefault(telling.first, names[telling])
    return names


def _tap_ids(trip: PairedTrip) -> tuple[str, str]:
    return trip.entry.tap_id if trip.entry else "", trip.exit.tap_id if trip.exit else ""
