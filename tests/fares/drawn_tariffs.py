"""Draws tariffs of every kind of rule, and journeys on a small network that they price."""

from datetime import date, time, timedelta
from typing import Any

from hypothesis import strategies as st

from tongxing.fares import CityFares
from tongxing.fares.rules import (
    AnyRule,
    BandFare,
    CapRelief,
    CombineSetting,
    DurationFare,
    FlatFare,
    FreeRide,
    HalfTripSetting,
    MeterFare,
    MonthRelief,
    OvertimeCharge,
    PackRelief,
    PairFare,
    PercentRelief,
    RoundingSetting,
    SliceRelief,
    TimeRelief,
    TransferRelief,
    TurnBack,
    VisitorSetting,
)
from tongxing.fares.tariff import TariffFile, make_book
from tongxing.network.paths import Track, build_router
from tongxing.network.transport import CityNetwork, Line, Operator, Station

FIRST = date(2026, 2, 20)
LATER = date(2026, 3, 3)
CITY = "990009"
PRODUCTS = ("ordinary", "elder", "student")
SYSTEMS = ("main", "airport", "bus", "lift", "taxi", "bicycle", "ferry")
COUNTERS = ("a", "b")


def _line(name: str, mode: str, system: str, stops: str, tap: bool = False) -> Line:
    stations = tuple(stops.split())
    metres = tuple(1_500 + 700 * step for step in range(len(stations) - 1))
    return Line(
        name, name, name, mode, "op", system, "990009", stations, metres, single_tap=tap
    )  # fmt: skip


LINES = (
    _line("r1", "rail", "main", "s1 s2 s3 s4"),
    _line("r2", "rail", "main", "s2 s5 s6"),
    _line("r3", "rail", "airport", "s4 s7 s8"),
    _line("b1", "bus", "bus", "s1 p1 p2 s5"),
    _line("b2", "bus", "bus", "p1 s3 p3", tap=True),
    _line("l1", "lift", "lift", "p2 p4", tap=True),
)


def small_network() -> CityNetwork:
    """Three rail lines in two fare systems that meet, two buses, one lift."""
    lines = {line.id: line for line in LINES}
    serving: dict[str, list[str]] = {}
    for line in LINES:
        for stop in line.stations:
            serving.setdefault(stop, []).append(line.id)
    stations = {
        name: Station(name, name, name, tuple(at_), "990009") for name, at_ in serving.items()
    }
    tracks = [
        Track(line.id, line.fare_system, line.stations, line.metres)
        for line in LINES
        if line.mode == "rail"
    ]
    return CityNetwork(
        CITY, "某市", "Anytown", FIRST, {"op": Operator("op", "某", "Some")}, lines, stations,
        ("main", "airport", "bus", "lift"), (), build_router(tracks, "main"),
    )  # fmt: skip


NETWORK = small_network()


def _some(choices: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """Mostly all of them (an empty scope), else a few."""
    few = [choices[:1], choices[1:3], choices[:3]]
    return st.sampled_from([(), (), (), *few])


def rates(least: int = 1) -> st.SearchStrategy[int]:
    return st.sampled_from(
        [max(least, 0), 500, 2_500, 5_000, 5_000, 7_500, 8_000, 9_000, 3_333, 10_000]
    )


def _rising(least: int, most: int, size: int) -> st.SearchStrategy[tuple[int, ...]]:
    few = st.lists(st.integers(least, most), min_size=1, max_size=size, unique=True)
    return few.map(lambda found: tuple(sorted(found)))


def _minutes(first: int, last: int) -> st.SearchStrategy[time]:
    return st.integers(first, last).map(lambda minute: time(minute // 60, minute % 60, minute % 7))


@st.composite
def _bands(draw: st.DrawFn) -> dict[str, Any]:
    edges = draw(_rising(1, 9_000, 4))
    every = draw(st.sampled_from([0, 0, 1_000]))
    count = len(edges) + (0 if every else 1)
    fares = sorted(draw(st.lists(st.integers(0, 1_500), min_size=count, max_size=count)))
    return {
        "edges_m": edges, "fares_fen": tuple(fares), "then_every_m": every, "then_add_fen": 110,
        "grace_m": draw(st.sampled_from([0, 300])), "cap_fen": draw(st.sampled_from([0, 1_200])),
    }  # fmt: skip


@st.composite
def _durations(draw: st.DrawFn) -> dict[str, Any]:
    edges = draw(_rising(60, 7_200, 3))
    fares = sorted(draw(st.lists(st.integers(0, 500), min_size=len(edges), max_size=len(edges))))
    return {
        "edges_s": edges, "fares_fen": tuple(fares), "then_every_s": 900, "then_add_fen": 75,
        "cap_fen": draw(st.sampled_from([0, 900])),
    }  # fmt: skip


@st.composite
def _meters(draw: st.DrawFn) -> dict[str, Any]:
    hours = draw(
        st.sampled_from([(time(23), time(5)), (time(0), time(6)), (time(21, 30), time(4))])
    )
    return {
        "start_fen": draw(st.integers(0, 1_300)), "start_m": draw(st.sampled_from([0, 3_000])),
        "per_km_fen": draw(st.integers(0, 333)), "night_start_fen": 1_111,
        "night_per_km_fen": draw(st.integers(0, 333)), "night_from": hours[0],
        "night_until": hours[1], "slow_bp": draw(st.sampled_from([0, 5_000])),
    }  # fmt: skip


@st.composite
def _steps(draw: st.DrawFn) -> dict[str, Any]:
    counts = draw(st.sampled_from(["paid", "rides"]))
    reach = draw(_rising(1, 3_000 if counts == "paid" else 6, 3))
    free = draw(st.booleans())
    size = len(reach) + 1
    return {
        "counter": draw(st.sampled_from(COUNTERS)), "counts": counts, "reach": reach,
        "rates_bp": tuple(draw(st.lists(rates(0 if free else 1), min_size=size, max_size=size))),
        "period": draw(st.sampled_from(["month", "week", "day"])),
        "applies": draw(st.sampled_from(["next_ride", "slice"][: 2 if counts == "paid" else 1])),
        "per": draw(st.sampled_from(["medium", "account"])), "free": free,
    }  # fmt: skip


@st.composite
def _hours(draw: st.DrawFn) -> dict[str, Any]:
    holder = draw(st.booleans())
    stations = draw(st.sampled_from([(), (), ("s1", "s4", "p1")]))
    return {
        "rate_bp": draw(rates(0 if holder else 1)), "entry_from": draw(_minutes(0, 600)),
        "entry_until": draw(_minutes(660, 1_430)), "until_included": draw(st.booleans()),
        "days": draw(st.sampled_from(["workday", "restday", "every"])), "stations": stations,
        "holder": holder,
    }  # fmt: skip


@st.composite
def _slices(draw: st.DrawFn) -> dict[str, Any]:
    upto = draw(_rising(1, 1_500, 3))
    size = len(upto) + 1
    return {
        "upto_fen": upto,
        "rates_bp": tuple(draw(st.lists(rates(0), min_size=size, max_size=size))),
    }


@st.composite
def _transfers(draw: st.DrawFn) -> dict[str, Any]:
    pairs = ("bus-rail", "rail-bus", "bus-bus", "rail-rail", "lift-rail", "rail-lift", "taxi-bus")
    least = draw(st.sampled_from([0, 0, 300]))
    return {
        "pairs": draw(st.sampled_from([pairs, pairs[:4], pairs[2:]])),
        "window_s": draw(st.sampled_from([300, 900, 1_800, 3_000, 7_200])), "min_gap_s": least,
        "relief_fen": draw(st.integers(1, 400)),
        "limit": draw(st.sampled_from(["first_fare", "first_paid", "none"])),
        "rail_starts": draw(st.sampled_from(["exit", "entry"])),
        "rail_ends": draw(st.sampled_from(["exit", "entry"])),
        "beside_percent": draw(st.sampled_from(["instead", "after"])),
        "chain": draw(st.sampled_from(["alternate", "every"])),
        "counts_ride": draw(st.booleans()), "same_line_min_s": draw(st.sampled_from([0, 900])),
        "same_vehicle": draw(st.booleans()),
    }  # fmt: skip


@st.composite
def _packs(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "pack": draw(st.sampled_from(["p", "q"])), "rides": draw(st.integers(1, 5)),
        "days": draw(st.sampled_from([0, 1, 10])),
        "price_fen": draw(st.sampled_from([None, 900, 900])),
    }  # fmt: skip


def _kinds() -> st.SearchStrategy[tuple[type[Any], dict[str, Any]]]:
    """A kind of relief or setting with its fields; reliefs come often."""
    percent = st.fixed_dictionaries({"rate_bp": rates(0), "holder": st.just(True)})
    plain = st.fixed_dictionaries({"rate_bp": rates(1)})
    rides = st.sets(st.integers(1, 8), min_size=1).map(tuple)
    nth = st.fixed_dictionaries(
        {
            "counter": st.sampled_from(COUNTERS),
            "rides": rides,
            "period": st.sampled_from(["month", "week", "day"]),
            "per": st.sampled_from(["medium", "account"]),
        }
    )
    rounding = st.fixed_dictionaries(
        {
            "quantum_fen": st.sampled_from([1, 5, 10]),
            "how": st.sampled_from(["half_up", "half_even", "up", "down"]),
        }
    )
    over = st.fixed_dictionaries(
        {"limit_s": st.integers(600, 9_000), "amount": st.sampled_from(["highest", 0, 250])}
    )
    caps = st.fixed_dictionaries(
        {
            "counter": st.sampled_from(COUNTERS),
            "cap_fen": st.sampled_from([1, 500, 1_200, 5_000]),
            "period": st.sampled_from(["month", "week", "day"]),
            "per": st.sampled_from(["medium", "account"]),
            "with_overtime": st.booleans(),
        }
    )
    turn = st.fixed_dictionaries({"within_s": st.integers(1, 1_800)})
    how = st.fixed_dictionaries({"how": st.sampled_from(["lowest", "multiply", "multiply"])})
    visiting = st.fixed_dictionaries(
        {
            "scheme": st.sampled_from(["t_union", "city_union"]),
            "policy": st.sampled_from(["as_ordinary", "plain", "refused"]),
        }
    )
    pairs = st.sampled_from([(("s1", "s3", 77), ("s2", "s6", 333)), (("s4", "s8", 1_999),)])
    stated = st.fixed_dictionaries({"rows": pairs, "one_way": st.booleans()})
    return st.one_of(
        st.tuples(st.just(PercentRelief), percent), st.tuples(st.just(PercentRelief), plain),
        st.tuples(st.just(TimeRelief), _hours()), st.tuples(st.just(MonthRelief), _steps()),
        st.tuples(st.just(MonthRelief), _steps()), st.tuples(st.just(FreeRide), nth),
        st.tuples(st.just(SliceRelief), _slices()), st.tuples(st.just(PackRelief), _packs()),
        st.tuples(st.just(TransferRelief), _transfers()),
        st.tuples(st.just(CapRelief), caps),
        st.tuples(st.just(RoundingSetting), rounding), st.tuples(st.just(OvertimeCharge), over),
        st.tuples(st.just(TurnBack), turn), st.tuples(st.just(CombineSetting), how),
        st.tuples(st.just(VisitorSetting), visiting), st.tuples(st.just(PairFare), stated),
        st.tuples(
            st.just(HalfTripSetting),
            st.fixed_dictionaries({"among": st.sampled_from(["reachable", "own_system"])}),
        ),
    )  # fmt: skip


@st.composite
def tariffs(draw: st.DrawFn) -> CityFares:
    """A city with a drawn tariff: base fares for all, and up to ten other rules in some order."""
    bases: list[tuple[type[Any], dict[str, Any], tuple[str, ...]]] = [
        (BandFare, draw(_bands()), ("main",)),
        (FlatFare, {"fare_fen": draw(st.integers(0, 2_500))}, ("airport", "lift", "ferry")),
        (FlatFare, {"fare_fen": draw(st.sampled_from([155, 200]))}, ("bus",)),
        (MeterFare, draw(_meters()), ("taxi",)),
        (DurationFare, draw(_durations()), ("bicycle",)),
    ]  # fmt: skip
    rules: list[AnyRule] = [
        drawn_rule(kind, f"BASE-{number}", {**fields, "systems": systems})
        for number, (kind, fields, systems) in enumerate(bases)
    ]
    wanted = draw(st.lists(_kinds(), min_size=3, max_size=9))
    transfers = draw(st.lists(_transfers(), max_size=2))
    steps = draw(st.lists(_steps(), max_size=2))
    wanted = [
        *[(TransferRelief, fields) for fields in transfers], *wanted,
        *[(MonthRelief, fields) for fields in steps],
    ]  # fmt: skip
    for number, (kind, fields) in enumerate(wanted):
        scope = {
            "systems": ("main", "airport") if kind is PairFare else draw(_some(SYSTEMS)),
            "products": draw(_some(PRODUCTS)),
            "media": draw(st.sampled_from([("card", "code"), ("card", "code"), ("card",)])),
            "from_day": draw(st.sampled_from([FIRST, FIRST, LATER])),
            "last_day": draw(st.sampled_from([None, None, LATER + timedelta(days=4)])),
        }
        rules.append(drawn_rule(kind, f"RULE-{number}", {**fields, **scope}))
    try:
        book = make_book(
            TariffFile(city=CITY, name_zh="某市", name_en="Anytown", rule=tuple(rules))
        )
    except ValueError:  # one pair stated with two fares
        rules = [rule for rule in rules if not isinstance(rule, PairFare)]
        book = make_book(
            TariffFile(city=CITY, name_zh="某市", name_en="Anytown", rule=tuple(rules))
        )
    return CityFares(NETWORK, book)


def rule_of(kind: type[Any], name: str, **fields: Any) -> Any:
    """A rule with what every rule needs filled in."""
    return drawn_rule(kind, name, fields)


def drawn_rule(kind: type[Any], name: str, fields: dict[str, Any]) -> Any:
    """A rule of drawn fields, in force from the first day unless they say otherwise."""
    common = {"id": name, "from_day": FIRST, "confidence": "illustrative", "sources": ("none",)}
    return kind(**{**common, **fields})
