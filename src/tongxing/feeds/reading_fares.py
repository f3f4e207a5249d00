"""Reads the fare files of both versions, with every condition the format puts on them.

The reference read is that of gtfs.org (docs/gtfs.md says which text). No price is worked out here.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from tongxing.feeds.model import (
    Agency,
    FareAttribute,
    FareMedium,
    FareProduct,
    FareRule,
    JoinRule,
    LegRule,
    RiderCategory,
    Route,
    Service,
    Stop,
    Timeframe,
    TransferRule,
)
from tongxing.feeds.tables import FileSpec, Row, Table

_ATTRIBUTES = FileSpec(
    "fare_attributes.txt",
    ("fare_id", "price", "currency_type", "payment_method", "transfers"),
    ("agency_id", "transfer_duration"),
)
_RULES = FileSpec(
    "fare_rules.txt", ("fare_id",), ("route_id", "origin_id", "destination_id", "contains_id")
)
_MEDIA = FileSpec("fare_media.txt", ("fare_media_id", "fare_media_type"), ("fare_media_name",))
_RIDERS = FileSpec(
    "rider_categories.txt",
    ("rider_category_id", "rider_category_name"),
    ("is_default_fare_category",),
)
_PRODUCTS = FileSpec(
    "fare_products.txt",
    ("fare_product_id", "amount", "currency"),
    ("fare_product_name", "rider_category_id", "fare_media_id"),
)
_TIMEFRAMES = FileSpec(
    "timeframes.txt", ("timeframe_group_id", "service_id"), ("start_time", "end_time")
)
_AREAS = FileSpec("areas.txt", ("area_id",), ("area_name",))
_STOP_AREAS = FileSpec("stop_areas.txt", ("area_id", "stop_id"))
_LEGS = FileSpec(
    "fare_leg_rules.txt",
    ("fare_product_id",),
    ("leg_group_id", "network_id", "from_area_id", "to_area_id", "from_timeframe_group_id",
     "to_timeframe_group_id", "rule_priority"),
)  # fmt: skip
_JOINS = FileSpec(
    "fare_leg_join_rules.txt",
    ("from_network_id", "to_network_id"),
    ("from_stop_id", "to_stop_id"),
)
_TRANSFERS = FileSpec(
    "fare_transfer_rules.txt",
    ("fare_transfer_type",),
    ("from_leg_group_id", "to_leg_group_id", "transfer_count", "duration_limit",
     "duration_limit_type", "fare_product_id"),
)  # fmt: skip
_DAY_S = 86_400

Rows = Callable[..., Iterator[Row]]
Columns = Callable[[FileSpec], tuple[Table, Iterator[Row]]]


def read_fares(
    rows: Rows,
    columns: Columns,
    agencies: Mapping[str, Agency],
    stops: Mapping[str, Stop],
    routes: Mapping[str, Route],
    services: Mapping[str, Service],
    networks: Collection[str],
) -> dict[str, Any]:
    """All fare tables, as the fields of `Feed` that hold them. `rows` reads a file by its spec,
    `columns` gives its table beside."""
    media = {one.id: one for one in _unique(rows(_MEDIA), _medium, "fare_media_id")}
    riders = {one.id: one for one in _unique(rows(_RIDERS), _rider, "rider_category_id")}
    products = _products(rows, media, riders)
    timeframes = _timeframes(rows, services)
    areas: dict[str, str] = {}
    for row in rows(_AREAS):
        row.once(areas, row.text("area_id"), "area_id")
        areas[row.text("area_id")] = row.maybe("area_name")
    table, leg_rows = columns(_LEGS)
    legs = _leg_rules(leg_rows, products, areas, networks, timeframes)
    fares = {one.id: one for one in _unique(rows(_ATTRIBUTES), _attribute(agencies), "fare_id")}
    zones = {stop.zone for stop in stops.values()}
    return {
        "fares": fares,
        "fare_rules": tuple(_fare_rule(row, fares, routes, zones) for row in rows(_RULES)),
        "media": media,
        "riders": riders,
        "products": products,
        "timeframes": timeframes,
        "areas": areas,
        "stop_areas": _stop_areas(rows, areas, stops),
        "leg_rules": legs,
        "has_priority": "rule_priority" in table.columns,
        "joins": _joins(rows, networks, stops),
        "transfers": _transfers(rows, legs, products),
    }


def _unique(rows: Iterator[Row], make: Callable[[Row], Any], column: str) -> Iterator[Any]:
    seen: set[str] = set()
    for row in rows:
        row.once(seen, row.text(column), column)
        seen.add(row.text(column))
        yield make(row)


def _attribute(agencies: Mapping[str, Agency]) -> Callable[[Row], FareAttribute]:
    def make(row: Row) -> FareAttribute:
        agency = row.maybe("agency_id")
        if agency:
            row.refer(agencies, agency, "agency_id", "agency.txt")
        elif len(agencies) > 1:
            raise row.refuse("agency_id", "something")
        row.choice("payment_method", "0 1")
        amount_minor, currency = row.amount("price", "currency_type", negative=False)
        transfers = row.choice("transfers", "0 1 2 -")
        return FareAttribute(
            id=row.text("fare_id"),
            amount_minor=amount_minor,
            currency=currency,
            transfers=int(transfers) if transfers else None,
            duration_s=row.maybe_whole("transfer_duration", 0),
            agency=agency,
            row=row.line,
        )

    return make


def _fare_rule(
    row: Row,
    fares: Mapping[str, FareAttribute],
    routes: Mapping[str, Route],
    zones: Collection[str],
) -> FareRule:
    row.refer(fares, row.text("fare_id"), "fare_id", "fare_attributes.txt")
    if row.maybe("route_id"):
        row.refer(routes, row.text("route_id"), "route_id", "routes.txt")
    for column in ("origin_id", "destination_id", "contains_id"):
        if row.maybe(column):
            row.refer(zones, row.text(column), column, "stops.txt")
    return FareRule(
        row.text("fare_id"), row.maybe("route_id"), row.maybe("origin_id"),
        row.maybe("destination_id"), row.maybe("contains_id"), row.line,
    )  # fmt: skip


def _medium(row: Row) -> FareMedium:
    kind = int(row.choice("fare_media_type", "0 1 2 3 4"))
    return FareMedium(row.text("fare_media_id"), row.maybe("fare_media_name"), kind, row.line)


def _rider(row: Row) -> RiderCategory:
    default = row.choice("is_default_fare_category", "0 1 -") == "1"
    name = row.text("rider_category_name")
    return RiderCategory(row.text("rider_category_id"), name, default, row.line)


def _products(
    rows: Rows, media: Mapping[str, FareMedium], riders: Mapping[str, RiderCategory]
) -> dict[str, tuple[FareProduct, ...]]:
    found: dict[str, tuple[FareProduct, ...]] = {}
    seen: set[tuple[str, str, str]] = set()
    for row in rows(_PRODUCTS):
        rider, medium = row.maybe("rider_category_id"), row.maybe("fare_media_id")
        if rider:
            row.refer(riders, rider, "rider_category_id", "rider_categories.txt")
        if medium:
            row.refer(media, medium, "fare_media_id", "fare_media.txt")
        name = row.text("fare_product_id")
        row.once(seen, (name, rider, medium), "fare_product_id")
        seen.add((name, rider, medium))
        amount_minor, currency = row.amount("amount", "currency", negative=True)
        product = FareProduct(
            name, row.maybe("fare_product_name"), rider, medium, amount_minor, currency, row.line
        )
        found[name] = (*found.get(name, ()), product)
    return found


def _timeframes(rows: Rows, services: Mapping[str, Service]) -> dict[str, tuple[Timeframe, ...]]:
    found: dict[str, tuple[Timeframe, ...]] = {}
    for row in rows(_TIMEFRAMES):
        service = row.text("service_id")
        row.refer(services, service, "service_id", "calendar.txt")
        if bool(row.maybe("start_time")) != bool(row.maybe("end_time")):
            raise row.broken("start_time", "both_times")
        start = row.clock("start_time", _DAY_S) if row.maybe("start_time") else 0
        end = row.clock("end_time", _DAY_S) if row.maybe("end_time") else _DAY_S
        if end <= start:
            raise row.broken("end_time", "times")
        group = row.text("timeframe_group_id")
        for other in found.get(group, ()):
            if other.service == service and start < other.end_s and other.start_s < end:
                raise row.broken("start_time", "timeframes")
        found[group] = (*found.get(group, ()), Timeframe(start, end, service, row.line))
    return found


def _stop_areas(
    rows: Rows, areas: Collection[str], stops: Mapping[str, Stop]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in rows(_STOP_AREAS):
        area, stop = row.text("area_id"), row.text("stop_id")
        row.refer(areas, area, "area_id", "areas.txt")
        row.refer(stops, stop, "stop_id", "stops.txt")
        row.once(found.get(stop, ()), area, "area_id")
        found[stop] = (*found.get(stop, ()), area)
    return found


def _leg_rules(
    rows: Iterator[Row],
    products: Collection[str],
    areas: Collection[str],
    networks: Collection[str],
    timeframes: Collection[str],
) -> tuple[LegRule, ...]:
    checks = (
        ("network_id", networks, "networks.txt"),
        ("from_area_id", areas, "areas.txt"),
        ("to_area_id", areas, "areas.txt"),
        ("from_timeframe_group_id", timeframes, "timeframes.txt"),
        ("to_timeframe_group_id", timeframes, "timeframes.txt"),
    )
    found: list[LegRule] = []
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        values = [row.maybe(column) for column, _, _ in checks]
        for value, (column, known, target) in zip(values, checks, strict=True):
            if value:
                row.refer(known, value, column, target)
        product = row.text("fare_product_id")
        row.refer(products, product, "fare_product_id", "fare_products.txt")
        key = (*values, product)
        row.once(seen, key, "fare_product_id")
        seen.add(key)
        priority = row.maybe_whole("rule_priority", 0) or 0
        network, from_area, to_area, from_time, to_time = values
        group = row.maybe("leg_group_id")
        found.append(
            LegRule(
                group, network, from_area, to_area, from_time, to_time, product, priority, row.line
            )
        )
    return tuple(found)


def _joins(
    rows: Rows, networks: Collection[str], stops: Mapping[str, Stop]
) -> tuple[JoinRule, ...]:
    found: list[JoinRule] = []
    seen: set[tuple[str, str, str]] = set()
    for row in rows(_JOINS):
        network = row.maybe("from_network_id")
        if network != row.maybe("to_network_id"):
            raise row.broken("to_network_id", "one_network")
        if network:
            row.refer(networks, network, "from_network_id", "networks.txt")
        one, other = row.maybe("from_stop_id"), row.maybe("to_stop_id")
        if bool(one) != bool(other):
            raise row.broken("to_stop_id", "both_stops")
        for column, stop in (("from_stop_id", one), ("to_stop_id", other)):
            if stop:
                row.refer(stops, stop, column, "stops.txt")
        row.once(seen, (network, one, other), "from_network_id")
        seen.add((network, one, other))
        found.append(JoinRule(network, one, other, row.line))
    return tuple(found)


def _transfers(
    rows: Rows, legs: tuple[LegRule, ...], products: Collection[str]
) -> tuple[TransferRule, ...]:
    groups = {leg.group for leg in legs}
    found: list[TransferRule] = []
    seen: set[tuple[object, ...]] = set()
    for row in rows(_TRANSFERS):
        ends = row.maybe("from_leg_group_id"), row.maybe("to_leg_group_id")
        for column, group in zip(("from_leg_group_id", "to_leg_group_id"), ends, strict=True):
            if group:
                row.refer(groups, group, column, "fare_leg_rules.txt")
        product = row.maybe("fare_product_id")
        if product:
            row.refer(products, product, "fare_product_id", "fare_products.txt")
        count = row.maybe_whole("transfer_count", -1)
        if count == 0 or (count is None) != (ends[0] != ends[1]):
            raise row.broken("transfer_count", "transfer_count")
        limit_s = row.maybe_whole("duration_limit", 1)
        kind = row.choice("duration_limit_type", "0 1 2 3 -")
        if bool(kind) != (limit_s is not None):
            raise row.broken("duration_limit_type", "duration")
        key = (*ends, product, count, limit_s)
        row.once(seen, key, "from_leg_group_id")
        seen.add(key)
        how = int(row.choice("fare_transfer_type", "0 1 2"))
        found.append(TransferRule(*ends, count, limit_s, int(kind or 0), how, product, row.line))
    return tuple(found)
