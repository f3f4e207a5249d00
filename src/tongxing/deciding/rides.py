"""The rides of a tap as pricing sees them, built exactly as the city builds them (R-403).

A ride with two ends is priced as its exit's validator sees it; a half trip as its entry's.
"""

from tongxing.deciding.facts import ValidatorFacts
from tongxing.deciding.token import MediumToken, OpenEntry
from tongxing.fares import RideFacts, Rider


def rider_of(token: MediumToken, facts: ValidatorFacts) -> Rider:
    """Who rides, as the tariff needs to know it."""
    return Rider(
        medium_kind=token.medium_kind,
        product=token.product,
        scheme=token.scheme,
        issuer=token.issuer,
        issuer_is_local=token.issuer == facts.city,
    )


def ended_ride(entry: OpenEntry, facts: ValidatorFacts, now_s: int) -> RideFacts:
    """The ride that this exit ends."""
    return RideFacts(
        mode=facts.mode,
        line=facts.line,
        vehicle=facts.vehicle,
        place=facts.place,
        origin=entry.station,
        destination=facts.station,
        entered_s=entry.time_s,
        exited_s=now_s,
    )


def single_tap(facts: ValidatorFacts, now_s: int) -> RideFacts:
    """The ride that begins here, and is all of this tap where one tap is a ride."""
    return RideFacts(
        mode=facts.mode,
        line=facts.line,
        vehicle=facts.vehicle,
        place=facts.place,
        origin=facts.station,
        entered_s=now_s,
        exited_s=now_s,
    )


def half_trip(entry: OpenEntry, now_s: int) -> RideFacts:
    """An earlier ride that was never ended; its money falls due at this tap."""
    return RideFacts(
        mode=entry.mode,
        line=entry.line,
        vehicle=entry.vehicle,
        place=entry.place,
        origin=entry.station,
        entered_s=entry.time_s,
        exited_s=now_s,
        missing="exit",
    )
