"""What a worked day's decisions mean for money: rides, refunds, disputes and reservations, each
with the second at which it moves something.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tongxing.hub.day.admitting import (
    Decided,
    Presented,
    admit,
    operators_near,
    presented_rides,
    presented_trip,
)
from tongxing.hub.day.disputes import Outcome, outcome_of
from tongxing.hub.day.model import DayHalfTap, DayStep, Dispute, Refund, WorkedDay
from tongxing.hub.day.times import seconds, written
from tongxing.hub.half_taps import Declaration, HalfTap, PairedTrip, came_too_late, pair_half_taps
from tongxing.hub.journals import ACCOUNTS, BLACKLIST_LOSS, PURSES, Ride
from tongxing.hub.terms import CaseTerms, HalfTripTerms, terms_on
from tongxing.hub.verdicts import bearer_once_proven
from tongxing.hub.windows import closing_day
from tongxing.kernel.money import split_largest_remainder
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Share

PendingState = Literal["POSTED", "VOIDED"]


@dataclass(frozen=True, slots=True)
class Trip:
    """A judged ride with the name it has in the file; `paired` when it was made of half taps.
    `taken_s` is None when it never becomes money."""

    decided: Decided
    paired: PairedTrip | None
    taken_s: int | None

    @property
    def record_id(self) -> str:
        return self.decided.presented.ridden.record_id

    @property
    def kind(self) -> str:
        """The kind of its journal."""
        if self.paired is None:
            return "TRIP"
        ending = self.paired.ending
        return f"TRIP_{'AUTO_COMPLETED' if ending == 'WAITING' else ending}"

    @property
    def ride(self) -> Ride:
        """What is booked of it: a ride the issuer answers for is its own loss, not the rider's."""
        ridden, judged = self.decided.presented.ridden, self.decided.judgement
        bearer = judged.bearer if judged.status == "accepted" else bearer_once_proven(judged.codes)
        is_issuers_loss = bearer == "issuer"
        payer = BLACKLIST_LOSS if is_issuers_loss else ridden.payer
        return Ride(self.record_id, ridden.issuer, ridden.acquirer, payer, judged.shares)


@dataclass(frozen=True, slots=True)
class Pending:
    """An amount reserved, and what became of it."""

    pending_id: str
    ref: str
    at_s: int
    payer: str
    payee: str
    amount_fen: int
    expires_s: int
    state: PendingState
    posted_fen: int
    resolved_s: int


@dataclass(frozen=True, slots=True)
class Returned:
    """A credit adjustment as it is booked, with the fee that follows fault."""

    refund: Refund
    ride: Ride
    at_s: int


@dataclass(frozen=True, slots=True)
class Disputed:
    """A chargeback and how it ends; `shares` are the operators' parts of what the issuer wins."""

    dispute: Dispute
    charged_back_s: int
    outcome: Outcome
    payer: str
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Events:
    """All of it, in the order in which the file tells it."""

    trips: tuple[Trip, ...]
    pending: tuple[Pending, ...]
    returned: tuple[Returned, ...]
    disputed: tuple[Disputed, ...]


def events_of(day: WorkedDay) -> Events | Refusal:
    """What happened on the day. Refuses with DAY_MALFORMED where a trip of half taps cannot be
    priced, its acquirer not be told, or a half came when the trip was ended without it."""
    closes = closing_day(day.config.window_id)
    assert not isinstance(closes, Refusal)
    terms = terms_on(closes)
    paired = _paired(day, terms)
    acquirers = {trip: _acquirer_of(trip, day) for trip in paired}
    for trip in paired:
        if fault := _unpriceable(trip, acquirers[trip], day) or _revised(trip, day, terms):
            where = f"inputs.half_taps.{trip.taps[0].tap_id}"
            return Refusal("DAY_MALFORMED", "", {"detail": f"{where}: {fault}"})
    names = _names(paired, day)
    rides = presented_rides(day)
    halves = [presented_trip(trip, names[trip], acquirers[trip], day) for trip in paired]
    decided = admit(day, [*rides, *halves])
    plain = [_trip(item, day, terms) for item in decided[: len(rides)]]
    whole = [
        Trip(item, trip, item.presented.taken_s if item.judgement.status == "accepted" else None)
        for item, trip in zip(decided[len(rides) :], paired, strict=True)
    ]
    held = [_held(item, day, terms) for item in plain if item.decided.judgement.status == "held"]
    reserved = [_reserved(item, day) for item in whole if _reservation(item)]
    returned = tuple(_returned(refund) for refund in day.inputs.refunds)
    disputed = tuple(_disputed(dispute, day, terms) for dispute in day.inputs.disputes)
    return Events((*plain, *whole), (*held, *reserved), returned, disputed)


def _paired(day: WorkedDay, terms: CaseTerms) -> list[PairedTrip]:
    taps = [_half_tap(tap, day) for tap in day.inputs.half_taps]
    return pair_half_taps(taps, _declared(day), _half_trip_terms(day, terms))


def _half_trip_terms(day: WorkedDay, terms: CaseTerms) -> HalfTripTerms:
    own, self_service = terms.half_trip, day.config.half_trip_self_service_days
    return HalfTripTerms(own.travel_max_minutes, own.same_station_free_minutes, self_service)


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


def _revised(trip: PairedTrip, day: WorkedDay, terms: CaseTerms) -> str:
    """Why a trip of two taps would be a revision of a window's money; "" when it is not."""
    is_late = came_too_late(trip, _declared(day), _half_trip_terms(day, terms))
    return "its other half came when its trip was ended: that is a revision" if is_late else ""


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
    )


def _acquirer_of(trip: PairedTrip, day: WorkedDay) -> str:
    """Whose terminals the taps were on: as the file says, else the acquirer of the records whose
    leg begins or ends there, else the only one of the rider's own city."""
    ids = {tap.tap_id for tap in trip.taps}
    named = [tap.acquirer for tap in day.inputs.half_taps if tap.tap_id in ids and tap.acquirer]
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


def _unpriceable(trip: PairedTrip, acquirer: str, day: WorkedDay) -> str:
    """Why a trip of half taps has no price or nobody to get it; "" when it has."""
    if not acquirer:
        return "name its acquirer"
    leg = f"{trip.origin}-{trip.destination}"
    if trip.ending in ("PAIRED_BY_ACCOUNT", "SELF_DECLARED") and leg not in day.config.gross_fare:
        return f"gross_fare has no leg {leg}"
    return "" if operators_near(trip, day) else "no leg with an operator begins or ends there"


def _names(paired: Sequence[PairedTrip], day: WorkedDay) -> Mapping[PairedTrip, str]:
    """What the file calls a trip that was made of these taps; names are labels, and no more is
    taken from what the file expects."""
    labels: dict[tuple[str, str], str] = {}
    expected = day.expected.get("paired_trips")
    for item in expected if isinstance(expected, list) else []:
        if isinstance(item, dict):
            taps = str(item.get("entry") or ""), str(item.get("exit") or "")
            labels[taps] = str(item.get("record_id"))
    taken = {record.record_id for record in day.inputs.records}
    names: dict[PairedTrip, str] = {}
    for trip in paired:
        own = "+".join(tap.tap_id for tap in trip.taps)
        label = labels.get((trip.entry.tap_id if trip.entry else "", _exit_id(trip)), own)
        names[trip] = own if label in taken else label
        taken.add(names[trip])
    return names


def _exit_id(trip: PairedTrip) -> str:
    return trip.exit.tap_id if trip.exit else ""


def _trip(item: Decided, day: WorkedDay, terms: CaseTerms) -> Trip:
    status, presented = item.judgement.status, item.presented
    if status == "accepted":
        return Trip(item, None, presented.taken_s)
    proven_s = _evidence(item, day, terms)
    is_posted = status == "held" and not _is_suspended(item, day)
    return Trip(item, None, proven_s if is_posted else None)


def _is_suspended(item: Decided, day: WorkedDay) -> bool:
    """Whether a member of it is suspended: what is proven of it is carried, and posts nothing."""
    ridden = item.presented.ridden
    return not {ridden.issuer, ridden.acquirer}.isdisjoint(day.config.suspended)


def _evidence(item: Decided, day: WorkedDay, terms: CaseTerms, proves: bool = True) -> int | None:
    """When evidence that proves (or disproves) a held record was there, if in time."""
    ends_s = terms.held.ends_s(item.presented.received_s)
    times = [
        seconds(evidence.at)
        for evidence in day.inputs.evidence
        if evidence.record_id == item.presented.ridden.record_id and evidence.proves is proves
    ]
    in_time = [time_s for time_s in times if item.presented.received_s <= time_s < ends_s]
    return min(in_time, default=None)


def _held(trip: Trip, day: WorkedDay, terms: CaseTerms) -> Pending:
    presented = trip.decided.presented
    ends_s = terms.held.ends_s(presented.received_s)
    disproven_s = _evidence(trip.decided, day, terms, proves=False)
    carried_s = _evidence(trip.decided, day, terms) if trip.taken_s is None else None
    ended = (trip.taken_s, carried_s, disproven_s, ends_s)
    resolved_s = min(moment_s for moment_s in ended if moment_s is not None)
    is_posted = trip.taken_s is not None and resolved_s == trip.taken_s
    return Pending(
        pending_id=f"P-{trip.record_id}",
        ref=trip.record_id,
        at_s=presented.received_s,
        payer=presented.ridden.issuer,
        payee=presented.ridden.acquirer,
        amount_fen=presented.ridden.paid_fen,
        expires_s=ends_s,
        state="POSTED" if is_posted else "VOIDED",
        posted_fen=presented.ridden.paid_fen if is_posted else 0,
        resolved_s=resolved_s,
    )


def _reservation(trip: Trip) -> bool:
    return trip.paired is not None and trip.paired.reservation is not None


def _reserved(trip: Trip, day: WorkedDay) -> Pending:
    assert trip.paired is not None and trip.paired.reservation is not None
    held, ridden = trip.paired.reservation, trip.decided.presented.ridden
    is_posted = trip.taken_s is not None
    return Pending(
        pending_id=f"P-{trip.record_id}",
        ref=trip.paired.taps[0].tap_id,
        at_s=held.at_s,
        payer=ridden.issuer,
        payee=ridden.acquirer,
        amount_fen=day.config.max_fare_from_entry,
        expires_s=held.expires_s,
        state="POSTED" if is_posted else "VOIDED",
        posted_fen=trip.ride.charge_fen if is_posted else 0,
        resolved_s=trip.taken_s if trip.taken_s is not None else held.expires_s,
    )


def _returned(refund: Refund) -> Returned:
    payer = ACCOUNTS if refund.account_id is not None else PURSES
    acquirer = refund.acquirer or refund.initiator
    shares = (Share(refund.operator, refund.amount),)
    ride = Ride(refund.case_id, refund.issuer, acquirer, payer, shares)
    return Returned(refund, ride, seconds(refund.at))


def _disputed(dispute: Dispute, day: WorkedDay, terms: CaseTerms) -> Disputed:
    charged_back_s = seconds(dispute.at)
    outcome = outcome_of(dispute, charged_back_s, _steps(dispute, day), terms)
    operators = sorted(dispute.operator_shares)
    weights = [dispute.operator_shares[operator] for operator in operators]
    parts = split_largest_remainder(outcome.to_issuer_fen, weights)
    shares = tuple(Share(name, fen) for name, fen in zip(operators, parts, strict=True) if fen)
    payer = PURSES if dispute.account_id is None else ACCOUNTS
    return Disputed(dispute, charged_back_s, outcome, payer, shares)


def _steps(dispute: Dispute, day: WorkedDay) -> list[DayStep]:
    if dispute.steps is not None:
        return dispute.steps
    journals = day.expected.get("journals")
    ended: dict[str, str] = {
        str(item.get("kind")): str(item.get("at"))
        for item in (journals if isinstance(journals, list) else [])
        if isinstance(item, dict) and item.get("ref") == dispute.case_id
    }
    won = ended.get("DISPUTE_WON_BY_ISSUER"), ended.get("DISPUTE_WON_BY_ACQUIRER")
    if won[0] is not None and won[0] >= dispute.at:
        return [DayStep(kind="ACCEPT", at=won[0])]
    if won[1] is not None and won[1] >= dispute.at:
        return [DayStep(kind="REPRESENT", at=won[1]), DayStep(kind="DROP", at=won[1])]
    return []


def pending_text(pending: Pending) -> dict[str, object]:
    """A reservation as the file writes it."""
    return {
        "pending_id": pending.pending_id,
        "ref": pending.ref,
        "at": written(pending.at_s),
        "payer": pending.payer,
        "payee": pending.payee,
        "amount": pending.amount_fen,
        "expires": written(pending.expires_s),
        "state": pending.state,
        "posted": pending.posted_fen,
        "released": pending.amount_fen - pending.posted_fen,
        "resolved_at": written(pending.resolved_s),
    }


__all__ = ["Disputed", "Events", "Pending", "Presented", "Returned", "Trip", "events_of"]
