"""A city's network and the sayable part of its tariff as a GTFS feed with Fares v2.

Fares become areas, products, leg rules with `rule_priority`, joins inside a rail network, and
transfer rules for two legs; `unsaid` names all the rest. The timetable is a stand-in that only
makes the feed valid: two minutes a kilometre, a run every ten minutes, marked approximate. Pure:
the same city, day and address give the same rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from tongxing.fares import CityFares, Tariff
from tongxing.fares.rules import TransferRelief
from tongxing.feeds.areas import FareNet, fare_nets
from tongxing.feeds.exporting_stops import calendar_rows, network_rows
from tongxing.feeds.offers import (
    CARD,
    CASH,
    CODE,
    ORDINARY,
    Amounts,
    Hours,
    Offers,
    Portion,
    in_scope,
)
from tongxing.feeds.unsaid import RuleSaid, rules_said
from tongxing.kernel.clock import DAY_S, at
from tongxing.kernel.reasons import Refusal

Rows = list[tuple[str, ...]]
_VALID_DAYS = 365
_CURRENCY = "CNY"
_PRODUCTS = (
    "fare_product_id", "fare_product_name", "rider_category_id", "fare_media_id", "amount",
    "currency",
)  # fmt: skip
_LEGS = (
    "leg_group_id", "network_id", "from_area_id", "to_area_id", "from_timeframe_group_id",
    "to_timeframe_group_id", "fare_product_id", "rule_priority",
)  # fmt: skip
_TRANSFERS = (
    "from_leg_group_id", "to_leg_group_id", "transfer_count", "duration_limit",
    "duration_limit_type", "fare_transfer_type", "fare_product_id",
)  # fmt: skip
_MEDIA_KINDS = {CARD: 2, CODE: 4, CASH: 0}


@dataclass(frozen=True, slots=True)
class Export:
    """A feed ready to be written: the rows of each file, its header first; what it says of each
    rule; stops whose place is unknown; lines without a route type; pairs left out because another
    way is cheaper; riders who pay exactly what ordinary ones do, and so have no category."""

    city: str
    tariff: str
    day: date
    last_day: date
    files: dict[str, Rows]
    said: tuple[RuleSaid, ...]
    unplaced: tuple[str, ...]
    left_out: tuple[str, ...]
    dearer: int
    as_ordinary: tuple[str, ...]


@dataclass(slots=True)
class _Sale:
    """Products while they are named: the same amounts under one stem are one product."""

    products: dict[str, tuple[str, Amounts]] = field(default_factory=dict)
    portions: dict[str, Portion] = field(default_factory=dict)

    def product(self, stem: str, name: str, amounts: Amounts, portion: Portion | None) -> str:
        number = 1
        while True:
            key = stem if number == 1 else f"{stem}-{number}"
            known = self.products.get(key)
            if known is None:
                self.products[key] = name, amounts
                if portion is not None:
                    self.portions[key] = portion
            if known is None or known[1] == amounts:
                return key
            number += 1


def export_city(fares: CityFares, day: date, address: str) -> Export | Refusal:
    """The feed of a city as of a day. `address` is the publisher's web address, which the format
    asks for. Refusal: FARES_NO_TARIFF before the city's first tariff."""
    tariff = fares.book.at(at(day))
    if tariff is None:
        return Refusal("FARES_NO_TARIFF", day.isoformat(), {"city": fares.network.name_en})
    last_day = day + timedelta(days=_VALID_DAYS)
    if tariff.last_day is not None:
        last_day = min(last_day, tariff.last_day)
    offers = Offers(tariff, day)
    nets = fare_nets(fares, tariff, offers)
    sale = _Sale()
    legs, frames = _leg_rows(nets, offers, sale)
    transfers, used = _transfer_rows(tariff, nets, offers, sale)
    same = _as_ordinary(sale, offers)
    routes = network_rows(fares.network, nets, day, last_day, address)
    kept = {system for net in nets for system in [net.system]}
    files: dict[str, Rows] = {
        **routes.files,
        **calendar_rows(day, last_day),
        "timeframes.txt": [("timeframe_group_id", "start_time", "end_time", "service_id"), *frames],
        "rider_categories.txt": _rider_rows(offers, same),
        "fare_media.txt": _media_rows(),
        "fare_products.txt": _product_rows(sale, same),
        "fare_leg_rules.txt": [_LEGS, *legs],
        "fare_leg_join_rules.txt": [
            ("from_network_id", "to_network_id"),
            *((net.id, net.id) for net in nets if net.mode == "rail" and len(net.lines) > 1),
        ],
        "fare_transfer_rules.txt": [_TRANSFERS, *transfers],
    }
    return Export(
        city=fares.network.code,
        tariff=tariff.name,
        day=day,
        last_day=last_day,
        files=files,
        said=rules_said(tariff, kept, used, day.year),
        unplaced=routes.unplaced,
        left_out=routes.left_out,
        dearer=sum(net.dearer for net in nets),
        as_ordinary=tuple(sorted(same)),
    )


def _leg_rows(nets: Sequence[FareNet], offers: Offers, sale: _Sale) -> tuple[Rows, Rows]:
    """The leg rules, and the timeframes they need. What holds at all hours has priority 0, what
    holds at some has priority 1 and a timeframe."""
    legs: Rows = []
    frames: dict[Hours, str] = {}
    known: dict[tuple[object, ...], list[tuple[str, str]]] = {}
    for net in nets:
        for (origin, destination), (fare_fen, rule) in net.fares.items():
            place = net.places[origin]
            key = (net.system, net.mode, rule, fare_fen, place.division, place.early)
            if key not in known:
                asked = Portion(net.system, net.mode, rule, fare_fen, place, offers.hours[0])
                known[key] = _products(asked, offers, sale, frames)
            for group, product in known[key]:
                priority = "1" if group else "0"
                legs.append((product, net.id, origin, destination, group, "", product, priority))
    return legs, [_frame_row(hours, name) for hours, name in frames.items()]


def _products(
    usual: Portion, offers: Offers, sale: _Sale, frames: dict[Hours, str]
) -> list[tuple[str, str]]:
    """The products of a base fare at a place: ("", the usual one), then one for each timeframe in
    which anybody pays otherwise."""
    stem = f"{usual.system}-{usual.fare_fen}"
    name = f"单程 {usual.fare_fen // 100}.{usual.fare_fen % 100:02d}"
    plain = offers.amounts(usual)
    found = [("", sale.product(stem, name, plain, usual))]
    for hours in offers.hours[1:]:
        portion = replace(usual, hours=hours)
        amounts = offers.amounts(portion)
        if amounts != plain:
            group = frames.setdefault(hours, _frame_name(hours))
            found.append((group, sale.product(f"{stem}-{group}", name, amounts, portion)))
    return found


def _frame_name(hours: Hours) -> str:
    day = "workday" if hours.workday else "restday"
    return f"{day}-{_clock(hours.start_s, '')}-{_clock(hours.end_s, '')}"


def _frame_row(hours: Hours, name: str) -> tuple[str, ...]:
    service = "workday" if hours.workday else "restday"
    return name, _clock(hours.start_s), _clock(min(hours.end_s, DAY_S)), service


def _clock(second: int, mark: str = ":") -> str:
    hours, rest = divmod(second, 3600)
    return mark.join(f"{part:02d}" for part in (hours, *divmod(rest, 60)))


def _transfer_rows(
    tariff: Tariff, nets: Sequence[FareNet], offers: Offers, sale: _Sale
) -> tuple[Rows, set[str]]:
    """A record for every two products between which a relief changes the second one's price, and
    the rules that gave one. The first rule of the tariff that fits two products is theirs."""
    rows: Rows = []
    used: set[str] = set()
    done: set[tuple[str, str]] = set()
    riding = list(sale.portions.items())
    for relief in tariff.rules:
        if not isinstance(relief, TransferRelief):
            continue
        for first, one in riding:
            for second, other in riding:
                fits = f"{one.mode}-{other.mode}" in relief.pairs
                scoped = in_scope(relief, one.system) and in_scope(relief, other.system)
                if not fits or not scoped or (first, second) in done:
                    continue
                amounts = offers.transfer_amounts(relief, one, other)
                if amounts == sale.products[second][1]:
                    continue
                done.add((first, second))
                used.add(relief.id)
                stem = f"after-{min(one.fare_fen, relief.relief_fen)}-{second}"
                product = sale.product(stem, sale.products[second][0], amounts, None)
                rows.append(_transfer_row(relief, first, second, one, other, product))
    return rows, used


def _transfer_row(
    relief: TransferRelief, first: str, second: str, one: Portion, other: Portion, product: str
) -> tuple[str, ...]:
    from_exit = one.mode == "rail" and relief.rail_starts == "exit"
    to_exit = other.mode == "rail" and relief.rail_ends == "exit"
    kind = {(False, True): 0, (False, False): 1, (True, False): 2, (True, True): 3}
    count = "" if first != second else "1" if relief.chain == "alternate" else "-1"
    limit = (str(relief.window_s), str(kind[from_exit, to_exit])) if relief.window_s else ("", "")
    return (first, second, count, *limit, "0", product)


def _as_ordinary(sale: _Sale, offers: Offers) -> frozenset[str]:
    """The riders who pay what ordinary ones do, whatever the product."""
    differs: set[str] = set()
    for _, amounts in sale.products.values():
        prices = {(rider, medium): fen for rider, medium, fen in amounts}
        for (rider, medium), fen in prices.items():
            if prices[ORDINARY, medium] != fen:
                differs.add(rider)
        differs |= {
            rider for rider in offers.riders if (rider, CARD) not in prices
        }  # a closed mode is a difference too
    return frozenset(rider for rider in offers.riders if rider not in {ORDINARY, *differs})


def _rider_rows(offers: Offers, same: frozenset[str]) -> Rows:
    head = ("rider_category_id", "rider_category_name", "is_default_fare_category")
    kept = [rider for rider in offers.riders if rider not in same]
    return [head, *((rider, rider, "1" if rider == ORDINARY else "0") for rider in kept)]


def _media_rows() -> Rows:
    head = ("fare_media_id", "fare_media_name", "fare_media_type")
    return [head, *((name, name, str(kind)) for name, kind in _MEDIA_KINDS.items())]


def _product_rows(sale: _Sale, same: frozenset[str]) -> Rows:
    return [
        _PRODUCTS,
        *(
            (key, name, rider, medium, f"{fen // 100}.{fen % 100:02d}", _CURRENCY)
            for key, (name, amounts) in sale.products.items()
            for rider, medium, fen in amounts
            if rider not in same
        ),
    ]
