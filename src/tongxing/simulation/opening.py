"""The state before the first day: media handed out, balances paid in, this month's travel so far.

The same passenger is put down three times, for three readers: as a token for the readers of gates,
as a rider for the issuer's books, as opening counters for the oracle. The three must agree.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from tongxing.city import MediumOpening, RiderOpening
from tongxing.deciding import MediumToken
from tongxing.fares import Counter, FareState
from tongxing.simulation.oracle import OpeningCounters
from tongxing.simulation.population import Medium, Passenger
from tongxing.simulation.scenario import CityScenario

# What an issuer risks on rides that offline gates admit before the list reaches them.
ACCOUNT_LIMIT_FEN = 10_000


def token_of(passenger: Passenger, medium: Medium, city: CityScenario, month: int) -> MediumToken:
    """The medium as a reader sees it on the first morning."""
    wallet = passenger.wallet
    is_purse = wallet.funding == "purse"
    state = fare_state(passenger, city, month)
    return MediumToken(
        scheme=wallet.scheme,
        medium_no=medium.medium_no,
        medium_kind=medium.medium_kind,
        issuer=wallet.issuer,
        product=wallet.product,
        funding=wallet.funding,
        expires=date(2099, 12, 31),
        balance_fen=passenger.opening_fen if is_purse else 0,
        fare_states={city.code: state} if is_purse and state != FareState() else {},
    )


def fare_state(passenger: Passenger, city: CityScenario, month: int) -> FareState:
    """The month counters of the passenger's first medium, as if it had been ridden all month."""
    if not passenger.rides_so_far:
        return FareState()
    counter = Counter(city.month_counter, month, passenger.month_so_far_fen, passenger.rides_so_far)
    return FareState(counters=(counter,))


def rider_openings(
    passengers: Iterable[Passenger], issuer: str, cities: Mapping[str, CityScenario], month: int
) -> list[RiderOpening]:
    """The passengers whose wallet `issuer` issued, for its books; `cities` is where they travel."""
    return [
        _rider(passenger, cities[passenger.city], month)
        for passenger in passengers
        if passenger.wallet.issuer == issuer
    ]


def opening_counters(passengers: Iterable[Passenger], month: int) -> dict[str, OpeningCounters]:
    """The month so far for the oracle, by medium number."""
    return {
        passenger.media[0].medium_no: OpeningCounters(
            month,
            {passenger.city: passenger.month_so_far_fen},
            {passenger.city: passenger.rides_so_far},
        )
        for passenger in passengers
        if passenger.rides_so_far
    }


def _rider(passenger: Passenger, city: CityScenario, month: int) -> RiderOpening:
    wallet = passenger.wallet
    states = [fare_state(passenger, city, month)]
    states += [FareState()] * (len(passenger.media) - 1)
    return RiderOpening(
        rider_id=passenger.rider_id,
        media=tuple(
            MediumOpening(
                medium.medium_no, medium.medium_kind, wallet.scheme, wallet.product, state
            )
            for medium, state in zip(passenger.media, states, strict=True)
        ),
        balance_fen=passenger.opening_fen,
        limit_fen=ACCOUNT_LIMIT_FEN if wallet.funding == "account" else 0,
        purse=wallet.funding == "purse",
    )
