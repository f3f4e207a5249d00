"""The money of a tap on a purse: what the ride costs, and what an earlier one still owes.

The gate prices with the tariff in force at a ride's entry and with the fare counters on the medium
itself, so that it comes to the same fen as the city does later (R-403). A ride that was never ended
is collected at the next tap, before the new ride begins. This module must never let a purse go
below zero (R-207): what is not covered is not taken, not even in part.
"""

from msgspec import Struct
from msgspec.structs import replace

from tongxing.deciding.facts import ENDING_ROLES, GateContext, ValidatorFacts
from tongxing.deciding.rides import ended_ride, half_trip, rider_of, single_tap
from tongxing.deciding.token import MediumToken, OpenEntry
from tongxing.fares import FareState, PriceLine, RideFacts, Rider, minimum_balance, price


class Bill(Struct, frozen=True):
    """What a tap takes from a purse, and what the purse must hold for it (`needed_fen`).

    `charge_fen` is for the ride that ends here, `half_trip_fen` for an earlier one without an exit.
    """

    charge_fen: int
    half_trip_fen: int
    needed_fen: int
    state: FareState
    lines: tuple[PriceLine, ...]
    tariff: str

    @property
    def taken_fen(self) -> int:
        """All that leaves the purse at this tap."""
        return self.charge_fen + self.half_trip_fen


def bill(token: MediumToken, facts: ValidatorFacts, context: GateContext, tariff: str) -> Bill:
    """The bill of a tap whose medium passed every check. Raises nothing for such a medium."""
    rider = rider_of(token, facts)
    state, entry = token.fare_state(facts.city), token.open_entry
    if facts.role in ENDING_ROLES:
        assert entry is not None, "the sequence check lets no exit pass without an entry"
        return _of_ride(ended_ride(entry, facts, context.now_s), rider, state, context)
    half_trip_fen = 0
    lines: tuple[PriceLine, ...] = ()
    if entry is not None and entry.city == facts.city:
        quote = price(context.fares, half_trip(entry, context.now_s), rider, state)
        half_trip_fen, lines, state = quote.charge_fen, quote.lines, quote.state
    if facts.role == "ride":
        ride = _of_ride(single_tap(facts, context.now_s), rider, state, context)
        return replace(
            ride,
            half_trip_fen=half_trip_fen,
            needed_fen=half_trip_fen + ride.charge_fen,
            lines=lines + ride.lines,
        )
    least_fen = minimum_balance(
        context.fares, facts.mode, facts.line, facts.station, context.now_s, rider
    )
    return Bill(0, half_trip_fen, half_trip_fen + least_fen, state, lines, tariff)


def nothing_due(token: MediumToken, facts: ValidatorFacts, tariff: str) -> Bill:
    """The bill of a ride that is free by the city's order: what was paid before stays counted, and
    this ride is not."""
    return Bill(0, 0, 0, token.fare_state(facts.city), (), tariff)


def debited(
    token: MediumToken, facts: ValidatorFacts, context: GateContext, due: Bill
) -> MediumToken:
    """The medium after the tap: debited, with its open ride and fare counters as they now are."""
    assert 0 <= due.taken_fen <= token.balance_fen, "a purse is never overdrawn"
    return replace(
        token,
        balance_fen=token.balance_fen - due.taken_fen,
        counter=token.counter + (1 if due.taken_fen else 0),
        open_entry=_open_entry_after(token, facts, context, due.tariff),
        fare_states={**token.fare_states, facts.city: due.state},
    )


def _of_ride(ride: RideFacts, rider: Rider, state: FareState, context: GateContext) -> Bill:
    quote = price(context.fares, ride, rider, state)
    return Bill(quote.charge_fen, 0, quote.charge_fen, quote.state, quote.lines, quote.tariff)


def _open_entry_after(
    token: MediumToken, facts: ValidatorFacts, context: GateContext, tariff: str
) -> OpenEntry | None:
    if facts.role in ("entry", "board"):
        return OpenEntry(
            city=facts.city,
            station=facts.station,
            line=facts.line,
            mode=facts.mode,
            place=facts.place,
            time_s=context.now_s,
            tariff=tariff,
            vehicle=facts.vehicle,
        )
    entry = token.open_entry
    if facts.role == "ride" and entry is not None and entry.city != facts.city:
        return entry
    return None
