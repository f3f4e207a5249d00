"""Which taps of one payer make a ride, by the taps alone: what anybody said does not count here.

A half trip is what is left when the taps of a business day have found their partners. It is known
before any of it is priced, because what was said of a half trip holds only as long as it is one.
This module must not price anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tongxing.kernel.clock import business_date, business_day_end
from tongxing.simulation.oracle.truth import How, TruthEvent

ACROSS_MEDIA_S = 240 * 60
"""A ride that begins with one medium and ends with another is believed for four hours."""

_LONE: Mapping[str, How] = {"exit": "missing_entry", "ride": "single_tap"}


@dataclass(frozen=True, slots=True)
class Found:
    """One ride, whole or half. `first` is `last` where only one tap is known.

    `began` is the place of its first tap among the payer's taps, `place` that of its last one; a
    trip without an exit ends before the tap at `place`, at `ended_s`.
    """

    how: How
    first: TruthEvent
    last: TruthEvent
    began: int
    place: int
    ended_s: int

    @property
    def is_half(self) -> bool:
        return self.how in ("missing_exit", "missing_entry")


def day_end(event: TruthEvent) -> int:
    """03:00 at the end of the business day of a tap."""
    return business_day_end(business_date(event.time_s))


def pair(taps: Sequence[TruthEvent], now_s: int) -> tuple[list[Found], Found | None]:
    """The rides of one payer, ordered by their ends, and the trip that is open at `now_s`.

    An account's open trip is over at 03:00, but only when the business day has been closed
    (`now_s`) or a later tap is there; a purse's is over at its next tap. Raises ValueError for a
    gate of one city that let in somebody who was inside another's, KeyError for a tap of no known
    kind.
    """
    found: list[Found] = []
    inside: Found | None = None
    for place, tap in enumerate(taps):
        by_night = tap.funding == "account"
        if inside is not None and by_night and tap.time_s >= day_end(inside.first):
            found.append(_ended(inside, place, day_end(inside.first)))
            inside = None
        if inside is not None and tap.kind == "exit" and belong_together(inside.first, tap):
            same = inside.first.medium_no == tap.medium_no
            how: How = "both_taps" if same else "paired_by_account"
            found.append(Found(how, inside.first, tap, inside.began, place, tap.time_s))
            inside = None
            continue
        if inside is not None and (tap.kind == "entry" or tap.funding == "purse"):
            _never_two_cities(inside.first, tap)
            found.append(_ended(inside, place, tap.time_s))
            inside = None
        if tap.kind == "entry":
            inside = Found("missing_exit", tap, tap, place, place, 0)
        else:
            found.append(Found(_LONE[tap.kind], tap, tap, place, place, tap.time_s))
    by_night = bool(taps) and taps[0].funding == "account"
    if inside is not None and by_night and day_end(inside.first) <= now_s:
        found.append(_ended(inside, len(taps), day_end(inside.first)))
        inside = None
    return found, inside


def belong_together(entry: TruthEvent, event: TruthEvent) -> bool:
    """Rail pairs anywhere in a city; on a bus both taps are at the readers of one vehicle. Two
    media make one ride only within the time that a ride may last (the limit included)."""
    if entry.city != event.city or entry.mode != event.mode:
        return False
    if event.mode != "rail" and (entry.line, entry.vehicle) != (event.line, event.vehicle):
        return False
    if entry.medium_no == event.medium_no:
        return True
    return event.time_s - entry.time_s <= ACROSS_MEDIA_S


def _ended(inside: Found, place: int, ended_s: int) -> Found:
    return Found("missing_exit", inside.first, inside.first, inside.began, place, ended_s)


def _never_two_cities(entry: TruthEvent, event: TruthEvent) -> None:
    if entry.city != event.city:
        raise ValueError(
            f"a gate of {event.city} let {event.payer} in at {event.time_s}, "
            f"whose ride in {entry.city} is still open"
        )
