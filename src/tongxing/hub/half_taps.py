"""Half taps at the hub: an entry and an exit become one trip through the account, or a reservation.

The key is the account: a code and the cards bound to it lead to the same one. Nothing is ever taken
for a half that is missing: the highest fare is reserved at the end of the business day, and the
rider has some days to say where the ride ended. Who says nothing gets the median of the fares from
that station. Pure: all that is known comes in, and the answer does not depend on its order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tongxing.hub.terms import HalfTripTerms
from tongxing.kernel.clock import business_date, business_day_end

Direction = Literal["ENTRY", "EXIT"]
Ending = Literal["PAIRED_BY_ACCOUNT", "SELF_DECLARED", "SAME_STATION", "WAITING", "TOO_LATE"]


@dataclass(frozen=True, slots=True)
class HalfTap:
    """One end of a ride, as its terminal told it; `account` is whose it is, by code or by card.
    `acquirer` is whose terminal it was, "" when nobody says."""

    tap_id: str
    direction: Direction
    account: str
    is_card: bool
    station: str
    tapped_s: int
    received_s: int
    acquirer: str = ""

    def may_end(self, entry: "HalfTap") -> bool:
        """Whether it can be of one ride with that entry: no ride leaves an acquirer's gates."""
        return not self.acquirer or not entry.acquirer or self.acquirer == entry.acquirer


@dataclass(frozen=True, slots=True)
class Declaration:
    """A rider's word on where a half trip began or ended."""

    tap_id: str
    account: str
    station: str
    at_s: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """The highest fare, held and not taken, from the end of the business day on."""

    at_s: int
    expires_s: int


@dataclass(frozen=True, slots=True)
class PairedTrip:
    """What became of one or two half taps. `at_s` is when its money moves, or when it will be
    decided without the rider; `reservation` is None when the trip was whole by the end of its
    day."""

    account: str
    entry: HalfTap | None
    exit: HalfTap | None
    origin: str
    destination: str
    ending: Ending
    at_s: int
    reservation: Reservation | None

    @property
    def taps(self) -> tuple[HalfTap, ...]:
        return tuple(tap for tap in (self.entry, self.exit) if tap is not None)

    @property
    def received_s(self) -> int:
        """When the last of its evidence was there."""
        return max(tap.received_s for tap in self.taps)


def pair_half_taps(
    taps: Iterable[HalfTap], declarations: Iterable[Declaration], terms: HalfTripTerms
) -> list[PairedTrip]:
    """Every half tap in exactly one trip, in order of the first tap's time."""
    said = {item.tap_id: item for item in sorted(declarations, key=lambda item: -item.at_s)}
    by_account: dict[str, list[HalfTap]] = {}
    for tap in sorted(taps, key=lambda tap: (tap.tapped_s, tap.tap_id)):
        by_account.setdefault(tap.account, []).append(tap)
    found = [trip for own in by_account.values() for trip in _of_account(own, said, terms)]
    return sorted(found, key=lambda trip: (trip.taps[0].tapped_s, trip.taps[0].tap_id))


def refused(tap: HalfTap) -> PairedTrip:
    """A tap that came too late for any trip to be opened again: it is kept, and moves nothing."""
    is_entry = tap.direction == "ENTRY"
    return PairedTrip(
        account=tap.account,
        entry=tap if is_entry else None,
        exit=None if is_entry else tap,
        origin=tap.station if is_entry else "",
        destination="" if is_entry else tap.station,
        ending="TOO_LATE",
        at_s=tap.received_s,
        reservation=None,
    )


def median_fen(fares_fen: Sequence[int]) -> int | None:
    """The middle fare, of two the lower; None when no fare is known."""
    ordered = sorted(fares_fen)
    return ordered[(len(ordered) - 1) // 2] if ordered else None


def _of_account(
    taps: list[HalfTap], said: dict[str, Declaration], terms: HalfTripTerms
) -> Iterable[PairedTrip]:
    """An exit belongs to the last entry before it, if it is near enough in time."""
    entry: HalfTap | None = None
    for tap in taps:
        if tap.direction == "ENTRY":
            if entry is not None:
                yield _alone(entry, said, terms)
            entry = tap
        elif entry is not None and not tap.may_end(entry):
            yield _alone(tap, said, terms)
        elif entry is not None and tap.tapped_s - entry.tapped_s <= terms.travel_max_s:
            yield _pair(entry, tap, terms)
            entry = None
        else:
            if entry is not None:
                yield _alone(entry, said, terms)
                entry = None
            yield _alone(tap, said, terms)
    if entry is not None:
        yield _alone(entry, said, terms)


def _pair(entry: HalfTap, exit_: HalfTap, terms: HalfTripTerms) -> PairedTrip:
    stayed_s = exit_.tapped_s - entry.tapped_s
    is_free = entry.station == exit_.station and stayed_s <= terms.same_station_free_s
    at_s = max(entry.received_s, exit_.received_s)
    return PairedTrip(
        account=entry.account,
        entry=entry,
        exit=exit_,
        origin=entry.station,
        destination=exit_.station,
        ending="SAME_STATION" if is_free else "PAIRED_BY_ACCOUNT",
        at_s=at_s,
        reservation=_reserved(entry, at_s, terms),
    )


def _alone(tap: HalfTap, said: dict[str, Declaration], terms: HalfTripTerms) -> PairedTrip:
    word = said.get(tap.tap_id)
    held = _reservation(tap, terms)
    counts = word is not None and word.account == tap.account and word.at_s <= held.expires_s
    station = word.station if word is not None and counts else ""
    at_s = max(word.at_s, tap.received_s) if word is not None and counts else held.expires_s
    is_entry = tap.direction == "ENTRY"
    return PairedTrip(
        account=tap.account,
        entry=tap if is_entry else None,
        exit=None if is_entry else tap,
        origin=tap.station if is_entry else station,
        destination=station if is_entry else tap.station,
        ending="SELF_DECLARED" if counts else "WAITING",
        at_s=at_s,
        reservation=_reserved(tap, at_s, terms),
    )


def _reserved(tap: HalfTap, whole_s: int, terms: HalfTripTerms) -> Reservation | None:
    """The reservation of a tap, unless its trip was whole before the business day ended."""
    held = _reservation(tap, terms)
    return held if whole_s > held.at_s else None


def _reservation(tap: HalfTap, terms: HalfTripTerms) -> Reservation:
    ends_s = business_day_end(business_date(tap.tapped_s))
    at_s = max(ends_s, tap.received_s)
    return Reservation(at_s, at_s + terms.self_service_s)
