"""From taps to priced trips: one pure fold per rider, the heart of the city.

A rider's opened taps, in the order in which they happened, are folded into trips. The fold knows
the trip that is still open and, per medium, the fare state (month counters, transfer window). A
late tap is not patched in: the fold starts again from a state before it, and what differs from the
books is posted. So the order of arrival never shows in the money (truth 6).

Pairing is by rider, so a card may open a trip that a code closes (R-011); the ride belongs to the
medium of its charging tap: the exit, or the single tap (A9). A trip without an exit ends on an
account when its business day does, or at the next entry; on a purse at the next tap, where the gate
collected the highest fare. An account's half trip, also an exit without its entry, is not charged
but held until it is resolved (`half_trips`), and then priced at its place.

This module must never read a clock, a database or a list.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from msgspec import Struct

from tongxing.city.half_trips import (
    NO_RESOLUTIONS,
    Ending,
    HalfTrip,
    Resolution,
    Resolutions,
    belong_together,
    half_facts,
    half_quote,
    how_of,
    missing_end,
    with_endings,
)
from tongxing.city.terms import TermsBook
from tongxing.city.trip import Trip, collected_unknown, make_trip, order_key, with_difference
from tongxing.fares import (
    CityFares,
    FareState,
    PriceLine,
    Quote,
    RideFacts,
    Rider,
    highest_fare,
    parted,
    price,
    pricing_refusal,
    with_account,
)
from tongxing.fares.model import Missing
from tongxing.kernel.clock import business_date, business_day_end
from tongxing.messages import Tap
from tongxing.messages.fleet import FREE_RIDE
from tongxing.messages.records import How

__all__ = [
    "ACCOUNT",
    "EMPTY_FARE_STATE",
    "NEW_STATE",
    "Folded",
    "OpenEntry",
    "RiderState",
    "Trip",
    "fold",
    "order_key",
    "rider_of",
]

ACCOUNT = "@account"
"""The key under which a rider's fare states hold what all its media count together."""

EMPTY_FARE_STATE = FareState()


class OpenEntry(Struct, frozen=True, array_like=True):
    """A trip that has begun: its entry tap, and what is held on the account until it ends."""

    tap: Tap
    held_fen: int


class RiderState(Struct, frozen=True, array_like=True):
    """All the fold remembers of a rider: the open trip, each medium's fare state (and, under
    ACCOUNT, what they count together), and the half trips that wait to be resolved."""

    open: OpenEntry | None = None
    fare_states: dict[str, FareState] = {}
    pending: tuple[HalfTrip, ...] = ()

    @property
    def pending_fen(self) -> int:
        """What is held for half trips."""
        return sum(half.held_fen for half in self.pending)

    @property
    def held_fen(self) -> int:
        """All that is held: for the open trip and for half trips."""
        return self.pending_fen + (0 if self.open is None else self.open.held_fen)


NEW_STATE = RiderState()


@dataclass(frozen=True, slots=True)
class Folded:
    """What a fold found: the state after it, the trips it completed, and the state as it was
    before the first tap of each further business day, where a later fold can start again."""

    state: RiderState
    trips: list[Trip]
    checkpoints: tuple[tuple[date, RiderState], ...]


def fold(
    state: RiderState,
    taps: Sequence[Tap],
    fares: CityFares,
    closed_until_s: int,
    last_day: date | None = None,
    resolutions: Resolutions = NO_RESOLUTIONS,
    terms: TermsBook | None = None,
) -> Folded:
    """Fold opened taps, ordered by `order_key`, into the state and the trips they complete.

    `closed_until_s` is the end of the newest closed business day (0 when none was): an account's
    trip still open from before it ends there. `last_day` is the business day of the newest tap
    already in `state`; days after it get a checkpoint, except where there is nothing to remember.
    `resolutions` say how half trips ended; a day that has one must be folded from its first tap.
    `terms` limit how long a ride across two media may last; without them nothing does.
    """
    folding = _Folding(
        fares, state.open, dict(state.fare_states), resolutions, terms, list(state.pending)
    )
    checkpoints = []
    for day, of_day in groupby(taps, key=lambda tap: business_date(tap.time_s)):
        todays = list(of_day)
        folding.close_overdue(todays[0].time_s)
        if day != last_day and (last_day is not None or folding.state() != NEW_STATE):
            checkpoints.append((day, folding.state()))
        folding.take_day(todays)
        last_day = day
    folding.close_overdue(closed_until_s)
    return Folded(folding.state(), folding.trips, tuple(checkpoints))


@dataclass(slots=True)
class _Folding:
    fares: CityFares
    open: OpenEntry | None
    fare_states: dict[str, FareState]
    resolutions: Resolutions
    terms: TermsBook | None
    pending: list[HalfTrip]
    trips: list[Trip] = field(default_factory=list)

    def state(self) -> RiderState:
        return RiderState(self.open, dict(self.fare_states), tuple(self.pending))

    def take_day(self, taps: Sequence[Tap]) -> None:
        """Take the taps of one business day, or some of them."""
        steps: Sequence[Tap | Ending] = taps
        if self.resolutions:
            opened = None if self.open is None else self.open.tap
            steps = with_endings(opened, taps, self.resolutions, self.terms)
        for step in steps:
            if isinstance(step, Ending):
                self.open = None
                self._resolve(step.entry, step.resolution, step.resolution.time_s)
            else:
                self.take(step)

    def take(self, tap: Tap) -> None:
        self.close_overdue(tap.time_s)
        before = len(self.trips)
        entry = None if self.open is None else self.open.tap
        if tap.kind == "exit" and entry is not None and belong_together(entry, tap, self.terms):
            self._complete(entry, tap)
            self.open = None
        else:
            if self.open is not None and (tap.kind == "entry" or tap.funding == "purse"):
                self._close_missing_exit(tap)
            if tap.kind == "entry":
                self.open = OpenEntry(tap, self._hold(tap))
            elif tap.kind == "ride":
                self._ride(tap)
            elif tap.funding == "purse":
                self._missing_entry(tap)
            else:
                self._resolve_or_wait(tap, tap.time_s)
        if tap.purse is not None:
            self._reconcile_purse(tap, before)

    def close_overdue(self, now_s: int) -> None:
        """End an account's open trip whose business day is over at `now_s`."""
        if self.open is None or self.open.tap.funding == "purse":
            return
        if now_s >= business_day_end(business_date(self.open.tap.time_s)):
            self._close_missing_exit(None)

    def _complete(self, entry: Tap, exit_: Tap) -> None:
        facts = _facts(exit_, entry.station, exit_.station, entry.time_s, exit_.time_s)
        how: How = "both_taps" if entry.medium_no == exit_.medium_no else "paired_by_account"
        self._price(exit_, facts, how, (entry, exit_), exit_.time_s)

    def _ride(self, tap: Tap) -> None:
        facts = _facts(tap, tap.station, "", tap.time_s, tap.time_s)
        self._price(tap, facts, "single_tap", (tap,), tap.time_s)

    def _missing_entry(self, tap: Tap) -> None:
        facts = _facts(tap, "", tap.station, tap.time_s, tap.time_s, missing="entry")
        self._price(tap, facts, "missing_entry", (tap,), tap.time_s)

    def _close_missing_exit(self, next_tap: Tap | None) -> None:
        assert self.open is not None
        entry, self.open = self.open.tap, None
        if entry.funding == "purse":
            self._collected(entry, next_tap)
        elif next_tap is not None:
            self._resolve_or_wait(entry, next_tap.time_s)
        else:
            self._resolve_or_wait(entry, business_day_end(business_date(entry.time_s)))

    def _collected(self, entry: Tap, collector: Tap | None) -> None:
        """A purse's half trip ends where a gate collects it."""
        assert collector is not None, "a purse's trip stays open until its next tap"
        taps = (entry, collector) if collector.purse else (entry,)
        facts = _facts(entry, entry.station, "", entry.time_s, collector.time_s, missing="exit")
        self._price(entry, facts, "missing_exit", taps, collector.time_s)

    def _resolve_or_wait(self, known: Tap, ended_s: int) -> None:
        """An account's half trip is priced as it was resolved; until it is, it is only held."""
        said = self.resolutions.get(known.ref)
        if said is None:
            held_fen = self._hold(known)
            self.pending.append(HalfTrip(known, held_fen, ended_s))
        else:
            self._resolve(known, said, ended_s)

    def _resolve(self, known: Tap, said: Resolution, ended_s: int) -> None:
        facts = half_facts(known, said, ended_s)
        self._price(known, facts, how_of(said, known), (known,), known.time_s, said)

    def _hold(self, known: Tap) -> int:
        facts = _facts(known, known.station, "", known.time_s, known.time_s, missing="exit")
        if known.funding == "purse" or known.reason == FREE_RIDE:
            return 0
        if pricing_refusal(self.fares, facts, rider_of(known)):
            return 0
        return highest_fare(self.fares, known.mode, known.line, known.station, known.time_s)

    def _price(
        self,
        medium: Tap,
        facts: RideFacts,
        how: How,
        taps: tuple[Tap, ...],
        completed_s: int,
        said: Resolution | None = None,
    ) -> None:
        rider = rider_of(medium)
        before = self.fare_states.get(medium.medium_no, EMPTY_FARE_STATE)
        shared = self.fare_states.get(ACCOUNT)
        if shared is not None:
            before = with_account(before, shared)
        refusal = pricing_refusal(self.fares, facts, rider)
        remark = "" if refusal is None else refusal.code
        if refusal is not None:
            quote = Quote(0, 0, (), before, "")
        elif said is None:
            quote = price(self.fares, facts, rider, before)
        else:
            quote = half_quote(self.fares, facts, rider, before, said, missing_end(medium))
        if taps[-1].reason == FREE_RIDE:
            quote = _free(quote, before)
        self._remember(medium.medium_no, quote.state)
        self.trips.append(
            make_trip(medium, facts, how, taps, business_date(completed_s), quote, remark)
        )

    def _remember(self, medium_no: str, state: FareState) -> None:
        """Keep a medium's state; what its account counts in common goes to the account. Most
        tariffs count nothing in common, and most taps come here, so that is asked first."""
        for counter in state.counters:
            if counter.name.endswith(ACCOUNT):
                self.fare_states[medium_no], self.fare_states[ACCOUNT] = parted(state)
                return
        self.fare_states[medium_no] = state

    def _reconcile_purse(self, tap: Tap, before: int) -> None:
        """The money a gate took is a fact: the trips of this tap carry exactly that.

        A half trip gives way first: when the gate collected less for it, the exit was tapped and
        has not arrived yet.
        """
        assert tap.purse is not None
        taken = tap.purse.taken_fen
        difference = taken - sum(trip.charge_fen for trip in self.trips[before:])
        if difference == 0:
            return
        if len(self.trips) == before:
            self.trips.append(collected_unknown(tap, taken))
            return
        first = self.trips[before]
        if first.how == "missing_exit":
            part = max(difference, -first.charge_fen)
            self.trips[before] = with_difference(first, part)
            difference -= part
        if difference:
            self.trips[-1] = with_difference(self.trips[-1], difference)


def _free(quote: Quote, before: FareState) -> Quote:
    """A ride that ends where the city had ordered rides to be free: priced, then nothing charged;
    what counts what was paid does not count it."""
    relief = PriceLine("free_ride", "", -quote.charge_fen, {})
    return Quote(quote.fare_fen, 0, (*quote.lines, relief), before, quote.tariff)


def rider_of(tap: Tap) -> Rider:
    """Who rides, as the tariff needs to know it."""
    return Rider(
        medium_kind=tap.medium_kind,
        product=tap.product,
        scheme=tap.scheme,
        issuer=tap.issuer,
        issuer_is_local=tap.issuer == tap.city,
    )


def _facts(
    tap: Tap, origin: str, destination: str, entered_s: int, exited_s: int, missing: Missing = ""
) -> RideFacts:
    return RideFacts(
        mode=tap.mode,
        line=tap.line,
        vehicle=tap.vehicle,
        place=tap.place,
        origin=origin,
        destination=destination,
        entered_s=entered_s,
        exited_s=exited_s,
        missing=missing,
    )
