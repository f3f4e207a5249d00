"""What a worked day's decisions mean for money: rides, refunds, disputes and reservations, each
with the second at which it moves something.
"""

from dataclasses import dataclass
from typing import Literal

from tongxing.hub.day.admitting import (
    Decided,
    Presented,
    admit,
    presented_rides,
)
from tongxing.hub.day.disputes import Outcome, outcome_of
from tongxing.hub.day.forking import (
    dispute_about,
    frozen,
    is_netted,
    outcome_of_fork,
    with_proven,
)
from tongxing.hub.day.halves import presented_halves, told_halves
from tongxing.hub.day.model import DayStep, Dispute, Refund, WorkedDay
from tongxing.hub.day.times import seconds, written
from tongxing.hub.half_taps import PairedTrip
from tongxing.hub.journals import ACCOUNTS, BLACKLIST_LOSS, PURSES, Ride
from tongxing.hub.reopening import Telling
from tongxing.hub.terms import CaseTerms, terms_on
from tongxing.hub.verdicts import bearer_once_proven
from tongxing.hub.windows import closing_day
from tongxing.kernel.money import split_largest_remainder
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Share

PendingState = Literal["POSTED", "VOIDED"]
REFUND_DIFFERENCE = "REFUND_DIFF"
"""The kind of a journal that gives back what a trip costs less than was taken for it."""


@dataclass(frozen=True, slots=True)
class Trip:
    """A judged ride with the name it has in the file; `telling` when it was made of half taps.
    `taken_s` is None when it never becomes money."""

    decided: Decided
    telling: Telling | None
    taken_s: int | None

    @property
    def paired(self) -> PairedTrip | None:
        return None if self.telling is None else self.telling.trip

    @property
    def is_told_of_taps(self) -> bool:
        """Whether half taps make it what it is; not of one that was withdrawn."""
        return self.telling is not None and not self.telling.is_void

    @property
    def record_id(self) -> str:
        return self.decided.presented.ridden.record_id

    @property
    def over_s(self) -> int:
        """When its money moved, or it was clear that none does."""
        return self.decided.presented.received_s if self.taken_s is None else self.taken_s

    @property
    def kind(self) -> str:
        """The kind of its journal: that of a revision says which way the difference goes."""
        if self.decided.presented.record.revision > 1:
            return REFUND_DIFFERENCE if self.ride.charge_fen < 0 else "TRIP_REVISED"
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
    earlier: tuple[Trip, ...] = ()
    """Tellings of half taps that were over when the day's window opened: the opening books hold
    what they moved, and a late tap of the day is a revision of them."""


def events_of(day: WorkedDay) -> Events | Refusal:
    """What happened on the day. Refuses with DAY_MALFORMED where a trip of half taps cannot be
    priced, or its acquirer not be told."""
    closes = closing_day(day.config.window_id)
    assert not isinstance(closes, Refusal)
    terms = terms_on(closes)
    halves = told_halves(day, terms)
    if isinstance(halves, Refusal):
        return halves
    rides = presented_rides(day)
    judged = admit(day, [*rides, *presented_halves(halves, day)])
    judged = with_proven(judged, lambda item: _proven_s(item, day, terms))
    decided = [frozen(item, day) for item in judged]
    plain = [_trip(item, day, terms) for item in decided[: len(rides)]]
    whole = [
        Trip(
            item,
            half.telling,
            item.presented.taken_s if item.judgement.status == "accepted" else None,
        )
        for item, half in zip(decided[len(rides) :], halves, strict=True)
    ]
    opens_s = seconds(day.config.window_open)
    earlier = tuple(trip for trip in whole if trip.over_s < opens_s)
    whole = [trip for trip in whole if trip.over_s >= opens_s]
    held = [_held(item, day, terms) for item in plain if item.decided.judgement.status == "held"]
    reserved = [_reserved(item, day) for item in whole if _reservation(item)]
    returned = tuple(_returned(refund) for refund in day.inputs.refunds)
    disputed = [_disputed(dispute, day, terms) for dispute in day.inputs.disputes]
    disputed += [_forked(item, day, terms) for item in plain if is_netted(item.decided, day)]
    return Events((*plain, *whole), (*held, *reserved), returned, tuple(disputed), earlier)


def _trip(item: Decided, day: WorkedDay, terms: CaseTerms) -> Trip:
    status, presented = item.judgement.status, item.presented
    if status == "accepted":
        return Trip(item, None, presented.taken_s)
    is_posted = status == "held" and not _is_suspended(item, day)
    return Trip(item, None, _proven_s(item, day, terms) if is_posted else None)


def _proven_s(item: Decided, day: WorkedDay, terms: CaseTerms) -> int | None:
    """When a ride was proven, if it was not disproven before."""
    proven_s = _evidence(item, day, terms)
    disproven_s = _evidence(item, day, terms, proves=False)
    is_over = proven_s is None or (disproven_s is not None and disproven_s <= proven_s)
    return None if is_over else proven_s


def _is_suspended(item: Decided, day: WorkedDay) -> bool:
    """Whether a member of it is suspended: what is proven of it is carried, and posts nothing."""
    ridden = item.presented.ridden
    return not {ridden.issuer, ridden.acquirer}.isdisjoint(day.config.suspended)


def _evidence(item: Decided, day: WorkedDay, terms: CaseTerms, proves: bool = True) -> int | None:
    """When evidence that proves (or disproves) a held record was there, if in time."""
    ends_s = terms.held.ends_s(item.since_s)
    times = [
        seconds(evidence.at)
        for evidence in day.inputs.evidence
        if evidence.record_id == item.presented.ridden.record_id and evidence.proves is proves
    ]
    in_time = [time_s for time_s in times if item.since_s <= time_s < ends_s]
    return min(in_time, default=None)


def _held(trip: Trip, day: WorkedDay, terms: CaseTerms) -> Pending:
    presented = trip.decided.presented
    ends_s = terms.held.ends_s(trip.decided.since_s)
    disproven_s = _evidence(trip.decided, day, terms, proves=False)
    carried_s = _evidence(trip.decided, day, terms) if trip.taken_s is None else None
    ended = (trip.taken_s, carried_s, disproven_s, ends_s)
    resolved_s = min(moment_s for moment_s in ended if moment_s is not None)
    is_posted = trip.taken_s is not None and resolved_s == trip.taken_s
    return Pending(
        pending_id=f"P-{trip.record_id}",
        ref=trip.record_id,
        at_s=trip.decided.since_s,
        payer=presented.ridden.issuer,
        payee=presented.ridden.acquirer,
        amount_fen=presented.ridden.paid_fen,
        expires_s=ends_s,
        state="POSTED" if is_posted else "VOIDED",
        posted_fen=presented.ridden.paid_fen if is_posted else 0,
        resolved_s=resolved_s,
    )


def _reservation(trip: Trip) -> bool:
    """Whether the highest fare was held for a trip; what was refused holds nothing."""
    is_refused = trip.decided.judgement.status == "rejected"
    return trip.paired is not None and trip.paired.reservation is not None and not is_refused


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


def _forked(trip: Trip, day: WorkedDay, terms: CaseTerms) -> Disputed:
    """The case about a netted ride whose card forked: decided as what is held is."""
    item = trip.decided
    proven_s, disproven_s = (_evidence(item, day, terms, proves) for proves in (True, False))
    outcome = outcome_of_fork(item, proven_s, disproven_s, terms.held.ends_s(item.since_s))
    shares = trip.ride.shares if outcome.to_issuer_fen else ()
    dispute = dispute_about(item, day.config.window_id)
    return Disputed(dispute, item.since_s, outcome, PURSES, tuple(shares))


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
