"""A small made-up geography whose distances land in the bands that the cases need."""

from datetime import datetime
from itertools import pairwise
from typing import Any

from tongxing.kernel.clock import CHINA, instant
from tongxing.simulation.oracle import (
    CityFacts,
    Expected,
    LineFacts,
    OpeningCounters,
    Ruling,
    TapKey,
    Track,
    TruthEvent,
    expected_charges,
)

CQ, BJ = "500000", "110000"


def straight(system: str, stations: list[tuple[str, int]]) -> list[Track]:
    """Tracks of a line given as (station, position in metres)."""
    return [Track(system, a, b, b_m - a_m) for (a, a_m), (b, b_m) in pairwise(stations)]


# From s0 the bands of 2025 make s3 2, s6 3, s10 4, s15 5, s35 8 and s80 11 yuan.
CQ_URBAN = [
    ("s0", 0),
    ("s3", 3_000),
    ("s6", 6_000),
    ("s10", 10_000),
    ("s15", 15_000),
    ("s35", 35_000),
    ("s80", 80_000),
]
CHONGQING = CityFacts(
    CQ,
    {station: station for station, _ in CQ_URBAN} | {"j9": "j9", "y0": "y0", "y2": "y2"},
    (
        *straight("urban", CQ_URBAN),
        *straight("jiangtiao", [("s6", 0), ("j9", 9_000)]),
        *straight("yunba", [("y0", 0), ("y2", 2_000)]),
    ),
    {
        line: LineFacts(line, mode, system, place)
        for line, mode, system, place in [
            ("b1", "bus", "bus-medium", CQ),
            ("b2", "bus", "bus-medium", CQ),
            ("b3", "bus", "bus-medium", CQ),
            ("b4", "bus", "bus-medium", CQ),
            ("one-yuan", "bus", "bus-ordinary", CQ),
            ("one-fifty", "bus", "bus-ordinary", CQ),
            ("express", "bus", "bus-express", CQ),
            ("county", "bus", "bus-county-tunion", "500117"),
            ("rope", "cableway", "cableway", CQ),
            ("stairs", "escalator", "escalator", CQ),
            ("lift", "lift", "lift", CQ),
            ("rail-j", "rail", "jiangtiao", CQ),
        ]
    },
    ("urban", "jiangtiao", "yunba"),
)

# From m0: m5 3, m11 4, m21 5, m31 6, m80 9 yuan; "土桥" lies 21 km from m0.
BJ_MAIN = [("m0", 0), ("m5", 5_000), ("m11", 11_000), ("m21", 21_000), ("m31", 31_000)]
BEIJING = CityFacts(
    BJ,
    {
        **{name: name for name in ("m0", "m5", "m11", "m31", "m80", "air", "tram", "d13", "d38")},
        "m21": "土桥",
    },
    (
        *straight("main", [*BJ_MAIN, ("m80", 80_000)]),
        *straight("capital-airport", [("m5", 0), ("m11", 4_000), ("air", 30_000)]),
        *straight("daxing-airport", [("m31", 0), ("d13", 13_000), ("d38", 38_000)]),
        *straight("xijiao", [("m0", 0), ("tram", 8_000)]),
    ),
    {
        "bus": LineFacts("bus", "bus", "bus-city", BJ, {"k0": 0, "k9": 9_000, "k10": 10_500}),
        "long": LineFacts("long", "bus", "bus-city", BJ, {"end": 0, "k30": 30_000, "k40": 40_000}),
        "out": LineFacts("out", "bus", "bus-outside", BJ, {"k0": 0, "k12": 12_000}),
        "rail-air": LineFacts("rail-air", "rail", "capital-airport", BJ),
    },
    ("main", "xijiao", "capital-airport", "daxing-airport"),
)
CITIES = {CQ: CHONGQING, BJ: BEIJING}


def t(text: str) -> int:
    """``2026-03-10 08:00`` or with seconds, China time."""
    return instant(datetime.fromisoformat(text).replace(tzinfo=CHINA))


def medium(no: str = "card-1", *, city: str = CQ, **changes: str) -> dict[str, str]:
    """A local purse card with an ordinary product, unless told otherwise."""
    return {
        "passenger": "p",
        "account": "",
        "medium_no": no,
        "medium_kind": "card",
        "product": "ordinary",
        "scheme": f"local:{city}",
        "issuer": city,
        "funding": "purse",
    } | changes


def on_account(no: str, account: str = "acct", **changes: str) -> dict[str, str]:
    return medium(no, **({"funding": "account", "account": account} | changes))


def tap(kind: str, when: str, who: dict[str, str], **place: str) -> TruthEvent:
    place = {"mode": "rail", "line": "", "vehicle": "", "station": "", "city": CQ} | place
    return TruthEvent(
        time_s=t(when), kind=kind, place=place.pop("district", place["city"]), **place, **who
    )


def rail(
    who: dict[str, str], entered: str, left: str, to: str, start: str = "s0", city: str = CQ
) -> list[TruthEvent]:
    """A ride with both taps; `left` may be a time of the same day as `entered`."""
    left = left if len(left) > 8 else f"{entered[:10]} {left}"
    return [
        tap("entry", entered, who, station=start, city=city),
        tap("exit", left, who, station=to, city=city),
    ]


def ride(who: dict[str, str], when: str, line: str, vehicle: str = "", **place: str) -> TruthEvent:
    """One tap on a bus with a flat fare, or where `mode` says."""
    return tap("ride", when, who, **({"mode": "bus", "line": line, "vehicle": vehicle} | place))


def bus(who: dict[str, str], on: str, off: str, line: str, a: str, b: str) -> list[TruthEvent]:
    """A Beijing bus ride with boarding and alighting on one vehicle."""
    where = {"city": BJ, "mode": "bus", "line": line, "vehicle": f"{line}-7"}
    return [
        tap("entry", on, who, station=a, **where),
        tap("exit", f"{on[:10]} {off}", who, station=b, **where),
    ]


def charged(
    *events: TruthEvent | list[TruthEvent],
    until: str = "2030-01-01 03:00",
    opening: dict[str, OpeningCounters] | None = None,
    placeholders: dict[str, int] | None = None,
    rulings: dict[TapKey, Ruling] | None = None,
    highest: bool = False,
) -> Expected:
    """What the oracle says of these events; `highest` ends every half trip at the highest fare."""
    flat = [one for item in events for one in (item if isinstance(item, list) else [item])]
    said = {one.key: Ruling("maximum") for one in flat} if highest else rulings or {}
    return expected_charges(
        flat,
        t(until),
        opening or {},
        placeholders=placeholders or {},
        cities=CITIES,
        rulings=said,
    )


def fen(*events: TruthEvent | list[TruthEvent], **more: Any) -> list[int]:
    """Charges by first tap; `more` is what `charged` takes."""
    return [one.charge_fen for one in charged(*events, **more).rides]
