"""From taps to priced trips: one pure fold per rider, the heart of the city.

A rider's opened taps, in the order in which they happened, are folded into trips. The fold knows
the trip that is still open and, per medium, the fare state (month counters, transfer window). A
late tap is not patched in: the fold starts again from a state before it, and what differs from the
books is posted. So the order of arrival never shows in the money (truth 6).

Pairing is by rider, so a card may open a trip that a code closes (R-011); the ride belongs to the
medium of its charging tap: the exit, or the single tap (A9). A trip without an exit closes at the
highest fare: on an account when its business day ends or at the next entry, on a purse at the next
tap, where the gate collected it. An exit without an entry costs the highest fare to that station.

This module must never read a clock, a database or a list.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby

from msgspec import Struct

from tongxing.fares import (
    CityFares,
    FareState,
    PriceLine,
    Quote,
    RideFacts,
    Rider,
    highest_fare,
    price,
    pricing_refusal,
)
from tongxing.fares.model import Missing
from tongxing.kernel.clock import business_date, business_day_end
from tongxing.kernel.ids import digest
from tongxing.messages import Tap, TapRef
from tongxing.messages.records import How

EMPTY_FARE_STATE = FareState()


class OpenEntry(Struct, frozen=True, array_like=True):
    """A trip that has begun: its entry tap, and what is held on the account until it ends."""

    tap: Tap
    held_fen: int


class RiderState(Struct, frozen=True, array_like=True):
    """All the fold remembers of a rider: the open trip, and each medium's fare state."""

    open: OpenEntry | None = None
    fare_states: dict[str, FareState] = {}


NEW_STATE = RiderState()


@dataclass(frozen=True, slots=True)
class Trip:
    """A charged journey, priced line by line. The lines add up to `charge_fen`.

    `exited_s` of a trip without an exit is when its money fell due: the tap that ended it, or the
    end of its business day.
    `remark` is "" or a reason code for a person to look at: FARE_DIFFERS when a gate took from a
    purse what the tariff does not say, COLLECTED_UNKNOWN when it collected for an entry that has
    not arrived, or why the tariff has no price for the ride (it is then charged nothing: one
    strange tap must not stop all others).
    """

    trip_id: str
    order_key: str
    taps: tuple[TapRef, ...]
    last: Tap
    origin: str
    destination: str
    entered_s: int
    exited_s: int
    completed_on: date
    how: How
    fare_fen: int
    charge_fen: int
    tariff: str
    lines: tuple[PriceLine, ...]
    remark: str = ""

    def fingerprint(self) -> str:
        """Changes when a revision is due: other taps, another end, another price."""
        return digest(
            self.how,
            self.charge_fen,
            self.fare_fen,
            self.tariff,
            self.last.medium_no,
            *map(str, self.taps),
        )


def order_key(tap: Tap) -> str:
    """Sorts taps as they happened; ties by terminal, so that the order is total."""
    ref = tap.ref
    return f"{tap.time_s:011d}|{ref.terminal_id}|{ref.epoch:016x}|{ref.seq:010d}"


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
) -> Folded:
    """Fold opened taps, ordered by `order_key`, into the state and the trips they complete.

    `closed_until_s` is the end of the newest closed business day (0 when none was): an account's
    trip still open from before it ends there. `last_day` is the business day of the newest tap
    already in `state`; days after it get a checkpoint, except where there is nothing to remember.
    """
    folding = _Folding(fares, state.open, dict(state.fare_states))
    checkpoints = []
    for day, of_day in groupby(taps, key=lambda tap: business_date(tap.time_s)):
        todays = list(of_day)
        folding.close_overdue(todays[0].time_s)
        if day != last_day and (last_day is not None or folding.state() != NEW_STATE):
            checkpoints.append((day, folding.state()))
        for tap in todays:
            folding.take(tap)
        last_day = day
    folding.close_overdue(closed_until_s)
    return Folded(folding.state(), folding.trips, tuple(checkpoints))


@dataclass(slots=True)
class _Folding:
    fares: CityFares
    open: OpenEntry | None
    fare_states: dict[str, FareState]
    trips: list[Trip] = field(default_factory=list)

    def state(self) -> RiderState:
        return RiderState(self.open, dict(self.fare_states))

    def take(self, tap: Tap) -> None:
        self.close_overdue(tap.time_s)
        before = len(self.trips)
        if tap.kind == "exit" and self.open is not None and _belong_together(self.open.tap, tap):
            self._complete(self.open.tap, tap)
            self.open = None
        else:
            if self.open is not None and (tap.kind == "entry" or tap.funding == "purse"):
                self._close_missing_exit(tap)
            if tap.kind == "entry":
                self.open = OpenEntry(tap, self._hold(tap))
            elif tap.kind == "ride":
                self._ride(tap)
            else:
                self._missing_entry(tap)
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

    def _close_missing_exit(self, collector: Tap | None) -> None:
        assert self.open is not None
        entry, self.open = self.open.tap, None
        taps = (entry, collector) if collector is not None and collector.purse else (entry,)
        completed_s = entry.time_s if collector is None else collector.time_s
        due_s = completed_s if collector else business_day_end(business_date(entry.time_s))
        facts = _facts(entry, entry.station, "", entry.time_s, due_s, missing="exit")
        self._price(entry, facts, "missing_exit", taps, completed_s)

    def _hold(self, entry: Tap) -> int:
        facts = _facts(entry, entry.station, "", entry.time_s, entry.time_s, missing="exit")
        if entry.funding == "purse" or pricing_refusal(self.fares, facts, rider_of(entry)):
            return 0
        return highest_fare(self.fares, entry.mode, entry.line, entry.station, entry.time_s)

    def _price(
        self, medium: Tap, facts: RideFacts, how: How, taps: tuple[Tap, ...], completed_s: int
    ) -> None:
        before = self.fare_states.get(medium.medium_no, EMPTY_FARE_STATE)
        refusal = pricing_refusal(self.fares, facts, rider_of(medium))
        if refusal is None:
            quote, remark = price(self.fares, facts, rider_of(medium), before), ""
        else:
            quote, remark = Quote(0, 0, (), before, ""), refusal.code
        self.fare_states[medium.medium_no] = quote.state
        self.trips.append(
            _trip(medium, facts, how, taps, business_date(completed_s), quote, remark)
        )

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
            self.trips.append(_unexplained(tap, taken))
            return
        first = self.trips[before]
        if first.how == "missing_exit":
            part = max(difference, -first.charge_fen)
            self.trips[before] = _with_difference(first, part)
            difference -= part
        if difference:
            self.trips[-1] = _with_difference(self.trips[-1], difference)


def rider_of(tap: Tap) -> Rider:
    """Who rides, as the tariff needs to know it."""
    return Rider(
        medium_kind=tap.medium_kind,
        product=tap.product,
        scheme=tap.scheme,
        issuer=tap.issuer,
        issuer_is_local=tap.issuer == tap.city,
    )


def _belong_together(entry: Tap, exit_: Tap) -> bool:
    """Whether an exit can end this entry's trip: rail anywhere, elsewhere the same vehicle."""
    if entry.mode != exit_.mode:
        return False
    return entry.mode == "rail" or (entry.line, entry.vehicle) == (exit_.line, exit_.vehicle)


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


def _trip(
    medium: Tap,
    facts: RideFacts,
    how: How,
    taps: tuple[Tap, ...],
    completed_on: date,
    quote: Quote,
    remark: str,
) -> Trip:
    first = taps[0]
    return Trip(
        trip_id=digest("trip", first.ref.terminal_id, first.ref.epoch, first.ref.seq),
        order_key=order_key(first),
        taps=tuple(tap.ref for tap in taps),
        last=medium,
        origin=facts.origin,
        destination=facts.destination,
        entered_s=facts.entered_s,
        exited_s=facts.exited_s,
        completed_on=completed_on,
        how=how,
        fare_fen=quote.fare_fen,
        charge_fen=quote.charge_fen,
        tariff=quote.tariff,
        lines=quote.lines,
        remark=remark,
    )


def _unexplained(tap: Tap, taken_fen: int) -> Trip:
    """Money collected for an entry that has not arrived: booked, and marked for a person."""
    return Trip(
        trip_id=digest("collected", tap.ref.terminal_id, tap.ref.epoch, tap.ref.seq),
        order_key=order_key(tap),
        taps=(tap.ref,),
        last=tap,
        origin="",
        destination="",
        entered_s=tap.time_s,
        exited_s=tap.time_s,
        completed_on=business_date(tap.time_s),
        how="missing_exit",
        fare_fen=taken_fen,
        charge_fen=taken_fen,
        tariff=tap.tariff,
        lines=(_difference_line(taken_fen),),
        remark="COLLECTED_UNKNOWN",
    )


def _with_difference(trip: Trip, difference_fen: int) -> Trip:
    return replace(
        trip,
        charge_fen=trip.charge_fen + difference_fen,
        lines=(*trip.lines, _difference_line(difference_fen)),
        remark="FARE_DIFFERS",
    )


def _difference_line(amount_fen: int) -> PriceLine:
    return PriceLine(kind="gate_difference", rule="purse", amount_fen=amount_fen, values={})
