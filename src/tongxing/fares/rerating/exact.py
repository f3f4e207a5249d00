"""The exact way: every journey through `fares.price`, one after the other.

It is the reference of the kernel, what prices the units the kernel hands back, and all there is
on a machine without numba.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from tongxing.fares.city import CityFares, price, price_from
from tongxing.fares.counters import parted, with_account
from tongxing.fares.model import BaseFare, FarePortion, FareState, PriceLine, Quote
from tongxing.fares.packs import buy_pack
from tongxing.fares.refusals import pricing_refusal
from tongxing.fares.rerating.journeys import Journey
from tongxing.fares.rules import PackRelief
from tongxing.fares.tariff import Tariff
from tongxing.fares.visitors import open_to_visitors
from tongxing.kernel.reasons import Refusal


class Priced(Struct, frozen=True):
    """What a journey costs, fen. `rule` is the relief that takes off most ("" for none), `counter`
    the first that the ride moved, with fen and rides after it. A refusal has a code and no price.
    """

    charge_fen: int = 0
    fare_fen: int = 0
    tariff: str = ""
    rule: str = ""
    counter: str = ""
    counter_fen: int = 0
    counter_rides: int = 0
    refusal: str = ""


def price_unit(fares: CityFares, journeys: Iterable[Journey]) -> Iterator[Priced]:
    """The journeys of one unit, priced in order with what media and account remember."""
    states: dict[str, FareState] = {}
    account = FareState()
    for one in journeys:
        state = with_account(states.get(one.medium, FareState()), account)
        priced, after = price_journey(fares, one, state)
        states[one.medium], account = parted(after)
        yield priced


def price_journey(fares: CityFares, one: Journey, state: FareState) -> tuple[Priced, FareState]:
    """One journey, and what is remembered after it; a refused one leaves the memory as it was."""
    if one.pack:
        return _bought(fares, one, state)
    try:
        found = _quote(fares, one, state)
    except LookupError:
        return Priced(refusal="FARES_NO_FARE"), state
    if isinstance(found, Refusal):
        return Priced(refusal=found.code), state
    return told(found), found.state


def told(quote: Quote) -> Priced:
    """A quote in the figures of a re-rating."""
    rule, most_fen = "", 0
    for line in quote.lines:
        if line.amount_fen < most_fen:
            rule, most_fen = line.rule, line.amount_fen
    counts = (line for line in quote.lines if line.kind == "count")
    first = next(counts, None)
    return Priced(
        charge_fen=quote.charge_fen,
        fare_fen=quote.fare_fen,
        tariff=quote.tariff,
        rule=rule,
        counter="" if first is None else first.rule,
        counter_fen=0 if first is None else int(first.values["after_fen"]),
        counter_rides=0 if first is None else int(first.values["rides"]),
    )


def _quote(fares: CityFares, one: Journey, state: FareState) -> Quote | Refusal:
    if not one.given.system:
        refusal = pricing_refusal(fares, one.ride, one.rider)
        return refusal or price(fares, one.ride, one.rider, state)
    tariff = fares.book.at(one.ride.entered_s or one.ride.exited_s)
    if tariff is None:
        return Refusal("FARES_NO_TARIFF", fares.book.city, {"city": fares.book.city})
    base = _given_base(tariff, one)
    if base is None:
        values = {"system": one.given.system, "tariff": tariff.id}
        return Refusal("FARES_NO_FARE", fares.book.city, values)
    rider, mode = one.rider, one.ride.mode
    if not rider.issuer_is_local and not welcome(fares, tariff, rider.scheme, mode):
        return Refusal("VISITOR_MODE_NOT_OFFERED", fares.network.code, {"mode": mode})
    return price_from(fares, tariff, base, one.ride, one.rider, state)


def welcome(fares: CityFares, tariff: Tariff, scheme: str, mode: str) -> bool:
    """Whether visitors of a scheme may pay a mode, by the tariff and by the scheme's table."""
    if tariff.visitor_policy(scheme) == "refused":
        return False
    return open_to_visitors(scheme, fares.network.code, mode)


def _given_base(tariff: Tariff, one: Journey) -> BaseFare | None:
    system, fare_fen, metres = one.given.system, one.given.fare_fen, one.ride.metres
    rule_id = "given"
    if fare_fen < 0:
        rule = tariff.base(system)
        if rule is None:
            return None
        fare_fen, rule_id = rule.fare(metres, one.ride), rule.id
    line = PriceLine("base", rule_id, fare_fen, {"system": system, "metres": metres})
    return BaseFare((FarePortion(system, rule_id, fare_fen, metres),), (line,), fare_fen)


def _bought(fares: CityFares, one: Journey, state: FareState) -> tuple[Priced, FareState]:
    rule = fares.book.rules[one.pack]
    if not isinstance(rule, PackRelief):
        raise TypeError(f"{one.pack} is no ride pack")
    after = buy_pack(fares.book.city, rule, state, one.ride.entered_s)
    if isinstance(after, Refusal):
        return Priced(refusal=after.code), state
    price_fen = rule.price_fen or 0
    return Priced(charge_fen=price_fen, fare_fen=price_fen, rule=rule.id), after
