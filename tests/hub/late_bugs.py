"""Bugs of half taps that come late, each planted where the engine does the thing; for
`test_days_bite.py`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tongxing.hub import admission, checks, reopening
from tongxing.hub.day import events, halves, money
from tongxing.hub.half_taps import pair_half_taps
from tongxing.hub.split import difference
from tongxing.hub.terms import HalfTripTerms
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.money import split_largest_remainder
from tongxing.messages import Share

Plant = Callable[[pytest.MonkeyPatch], None]


def nothing_is_opened_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        reopening._Told,
        "_trips",
        lambda told, moment_s: pair_half_taps(told.known.values(), told.words, told.terms),
    )


def opened_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HalfTripTerms, "is_too_late", lambda terms, tapped_s, received_s: False)


def opened_a_second_too_short(patch: pytest.MonkeyPatch) -> None:
    def wrong(terms: HalfTripTerms, tapped_s: int, received_s: int) -> bool:
        return received_s - tapped_s >= terms.reopen_days * DAY_S

    patch.setattr(HalfTripTerms, "is_too_late", wrong)


def booked_into_the_settled_window(patch: pytest.MonkeyPatch) -> None:
    right = halves.presented_trip

    def wrong(telling: Any, *rest: Any) -> Any:
        return replace(right(telling, *rest), taken_s=telling.first.at_s)

    patch.setattr(halves, "presented_trip", wrong)


def whole_fare_given_back(patch: pytest.MonkeyPatch) -> None:
    right = halves.presented_trip

    def wrong(telling: Any, *rest: Any) -> Any:
        return right(replace(telling, is_void=telling.number > 1), *rest)

    patch.setattr(halves, "presented_trip", wrong)


def given_back_by_the_old_split(patch: pytest.MonkeyPatch) -> None:
    """Each operator gives back in proportion to what it got, whoever ran the real ride."""

    def wrong(now: Any, before: Any) -> tuple[Share, ...]:
        had = list(before)
        if not had:
            return difference(now, had)
        fen = sum(share.share_fen for share in now) - sum(share.share_fen for share in had)
        parts = split_largest_remainder(fen, [share.share_fen for share in had])
        return tuple(Share(one.operator, part) for one, part in zip(had, parts, strict=True))

    patch.setattr(admission, "difference", wrong)


def subsidy_stays_as_it_was(patch: pytest.MonkeyPatch) -> None:
    right = money._subsidies

    def wrong(day: Any, share: Any) -> Any:
        first = [trip for trip in share.trips if trip.decided.presented.before is None]
        return right(day, replace(share, trips=tuple(first)))

    patch.setattr(money, "_subsidies", wrong)


def asked_for_as_long_as_given_back(patch: pytest.MonkeyPatch) -> None:
    """A ride that is dearer than what was taken is asked for after the tenth day too."""

    def wrong(record: Any, case: Any, known: Any) -> Any:
        is_revision = record.revision > 1
        cheaper = msgspec.structs.replace(record, delta_fen=-1 if is_revision else record.delta_fen)
        return checks.lateness(cheaper, case, known)

    changed = tuple(wrong if one is checks.lateness else one for one in checks.AFTER_DUPLICATES)
    patch.setattr(admission, "AFTER_DUPLICATES", changed)


def dearer_ride_forgiven(patch: pytest.MonkeyPatch) -> None:
    right = halves.presented_trip

    def wrong(telling: Any, *rest: Any) -> Any:
        item = right(telling, *rest)
        if item.before is None or item.record.delta_fen <= 0:
            return item
        return replace(item, record=msgspec.structs.replace(item.record, issuer="ISS-nobody"))

    patch.setattr(halves, "presented_trip", wrong)


def refused_tap_holds_money(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        events,
        "_reservation",
        lambda trip: trip.paired is not None and trip.paired.reservation is not None,
    )


def tap_set_free_has_no_days(patch: pytest.MonkeyPatch) -> None:
    """A half that a late tap makes of a whole ride waits from its own arrival on."""
    patch.setattr(reopening, "replace", lambda tap, **changes: tap)


def settled_ride_booked_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(events.Trip, "over_s", property(lambda trip: 10**12))


def refund_hidden_in_the_gross(patch: pytest.MonkeyPatch) -> None:
    """A bug that balances: what goes back is taken off what was ridden, and not shown."""
    right = money._totals

    def wrong(share: Any) -> Any:
        back_fen: dict[tuple[str, str], int] = {}
        for trip in share.trips:
            pair = trip.ride.issuer, trip.ride.acquirer
            back_fen[pair] = back_fen.get(pair, 0) + max(0, -trip.ride.charge_fen)
        return [
            replace(
                total, back_fen=total.back_fen - back_fen.get((total.issuer, total.acquirer), 0)
            )
            for total in right(share)
        ]

    patch.setattr(money, "_totals", wrong)


LATE_BUGS: dict[str, Plant] = {
    "nothing is opened again": nothing_is_opened_again,
    "opened again for ever": opened_for_ever,
    "opened again a second too short": opened_a_second_too_short,
    "difference booked into the settled window": booked_into_the_settled_window,
    "whole fare given back": whole_fare_given_back,
    "given back by the old split": given_back_by_the_old_split,
    "subsidy stays as it was": subsidy_stays_as_it_was,
    "dearer ride asked for too long": asked_for_as_long_as_given_back,
    "dearer ride forgiven": dearer_ride_forgiven,
    "refused tap holds money": refused_tap_holds_money,
    "tap set free has no days": tap_set_free_has_no_days,
    "settled ride booked again": settled_ride_booked_again,
    "refund hidden in the gross": refund_hidden_in_the_gross,
}
