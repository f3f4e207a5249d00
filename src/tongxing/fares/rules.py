"""The kinds of fare rule that exist, as they stand in the dated tariff files.

A rule says nothing about how it is applied; that is `pricing`. Every rule carries its dates, its
scope, its source and how sure the source is (R-400), and a file with an unknown field, an unknown
kind or a list of the wrong length is refused when it is read.
"""

from bisect import bisect_left
from datetime import date, time
from typing import Literal

from msgspec import Struct

Confidence = Literal["seen", "weak", "general", "inferred", "placeholder", "illustrative"]
MediumKind = Literal["card", "code"]

FULL_BP = 10_000


class Rule(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    rename={"from_day": "from", "last_day": "until"},
):
    """What all rules have. `until` is the last day in force. An empty scope means "all".

    `sources` are keys of ``data/sources.toml``; `confidence` says how far to trust them.
    """

    id: str
    from_day: date
    last_day: date | None = None
    systems: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    media: tuple[MediumKind, ...] = ("card", "code")
    confidence: Confidence
    sources: tuple[str, ...]
    note_zh: str = ""
    note_en: str = ""

    def in_force(self, day: date) -> bool:
        return self.from_day <= day and (self.last_day is None or day <= self.last_day)

    def applies_to(self, system: str, medium_kind: str, product: str) -> bool:
        return (
            (not self.systems or system in self.systems)
            and (not self.products or product in self.products)
            and medium_kind in self.media
        )


class FlatFare(Rule, frozen=True, tag="flat"):
    """One fare for every ride."""

    fare_fen: int

    def __post_init__(self) -> None:
        _demand(self, self.fare_fen >= 0, "a fare is not negative")

    def fare(self, metres: int) -> int:
        return self.fare_fen


class BandFare(Rule, frozen=True, tag="bands"):
    """A price list by distance.

    `fares_fen[i]` holds up to and including `edges_m[i]` plus the grace. Beyond the last edge
    either one more fare stands in the list, or every `then_every_m` begun adds `then_add_fen`.
    `cap_fen` (0: none) is the most that is ever asked.
    """

    edges_m: tuple[int, ...]
    fares_fen: tuple[int, ...]
    then_every_m: int = 0
    then_add_fen: int = 0
    grace_m: int = 0
    cap_fen: int = 0

    def __post_init__(self) -> None:
        _demand(self, bool(self.edges_m), "a price list has at least one band")
        _demand(self, list(self.edges_m) == sorted(set(self.edges_m)), "the bands must rise")
        _demand(self, list(self.fares_fen) == sorted(self.fares_fen), "the fares must not fall")
        _demand(self, all(fare >= 0 for fare in self.fares_fen), "a fare is not negative")
        expected = len(self.edges_m) + (0 if self.then_every_m else 1)
        _demand(self, len(self.fares_fen) == expected, f"{expected} fares belong to these bands")

    def fare(self, metres: int) -> int:
        """The fare of a distance in metres, in fen."""
        counted = max(0, metres - self.grace_m)
        band = bisect_left(self.edges_m, counted)
        if band < len(self.edges_m):
            return self._capped(self.fares_fen[band])
        if not self.then_every_m:
            return self._capped(self.fares_fen[-1])
        steps = -((self.edges_m[-1] - counted) // self.then_every_m)
        return self._capped(self.fares_fen[-1] + steps * self.then_add_fen)

    def _capped(self, fare_fen: int) -> int:
        return min(fare_fen, self.cap_fen) if self.cap_fen else fare_fen


class PairFare(Rule, frozen=True, tag="pairs"):
    """Fares stated station to station; where a pair stands here, no price list is asked.

    Each row is (station, station, fen) and holds in both directions.
    """

    rows: tuple[tuple[str, str, int], ...]

    def __post_init__(self) -> None:
        _demand(self, all(fen >= 0 for _, _, fen in self.rows), "a fare is not negative")


class PercentRelief(Rule, frozen=True, tag="percent"):
    """A steady share of the fare, in basis points of it that are paid.

    `holder` marks the price of a class of holders (students, the disabled): it also applies to
    what a transfer leaves over. A rate of 0 is free travel.
    """

    rate_bp: int
    holder: bool = False

    def __post_init__(self) -> None:
        _demand(self, 0 <= self.rate_bp <= FULL_BP, "a rate lies between 0 and 10000")


class SliceRelief(Rule, frozen=True, tag="slices"):
    """Each slice of the fare has its own rate: `rates_bp[i]` up to `upto_fen[i]`, then the last."""

    upto_fen: tuple[int, ...]
    rates_bp: tuple[int, ...]

    def __post_init__(self) -> None:
        _demand(self, len(self.rates_bp) == len(self.upto_fen) + 1, "one rate more than edges")
        _demand(self, list(self.upto_fen) == sorted(set(self.upto_fen)), "the slices must rise")


class TimeRelief(Rule, frozen=True, tag="time"):
    """A share of the fare for entering early, by the clock of China.

    `until_included` says whether the very second of `entry_until` counts. `stations` limits it
    to these entry stations.
    """

    rate_bp: int
    entry_from: time
    entry_until: time
    until_included: bool
    days: Literal["workday", "every"]
    stations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _demand(self, 0 <= self.rate_bp <= FULL_BP, "a rate lies between 0 and 10000")
        _demand(self, self.entry_from < self.entry_until, "the hours must not be empty")

    def holds_at(self, second: int) -> bool:
        """Whether a second of the day (China time) lies in the hours."""
        end = self.entry_until
        end_s = end.hour * 3600 + end.minute * 60 + end.second
        if second > end_s or (second == end_s and not self.until_included):
            return False
        first = self.entry_from
        return second >= first.hour * 3600 + first.minute * 60 + first.second


class MonthRelief(Rule, frozen=True, tag="month"):
    """A share of the fare by what the counter reached before this ride, in this calendar month.

    `rates_bp[0]` holds below `reach[0]`, `rates_bp[i]` from `reach[i-1]` on. `counts` says
    whether money really paid (fen) or rides are counted.
    """

    counter: str
    counts: Literal["paid", "rides"]
    reach: tuple[int, ...]
    rates_bp: tuple[int, ...]

    def __post_init__(self) -> None:
        _demand(self, len(self.rates_bp) == len(self.reach) + 1, "one rate more than steps")
        _demand(self, list(self.reach) == sorted(set(self.reach)), "the steps must rise")

    def rate(self, reached: int) -> int:
        index = 0
        for step in self.reach:
            if reached < step:
                break
            index += 1
        return self.rates_bp[index]


class FreeRide(Rule, frozen=True, tag="nth_free"):
    """These rides of a month, counted on the counter, are free."""

    counter: str
    rides: tuple[int, ...]


class TransferRelief(Rule, frozen=True, kw_only=True, tag="transfer"):
    """Money off a leg that follows another within a window.

    `pairs` are "bus-rail" and so on: mode of the first leg, mode of this one. The window runs
    from the first leg's boarding, or for rail from the tap `rail_starts` names, to this leg's
    entry, both ends included. With `limit` "first_fare" the relief is at most the first leg's
    nominal fare. `beside_percent` "instead": the rider pays the lower of the transfer price and
    the percentage price; "after": the relief comes off the percentage price. A leg that used the
    relief opens no new window. `same_line_min_s` is the least gap on one line; one vehicle never.
    """

    pairs: tuple[str, ...]
    window_s: int
    min_gap_s: int = 0
    relief_fen: int
    limit: Literal["first_fare", "none"]
    rail_starts: Literal["exit", "entry"]
    beside_percent: Literal["instead", "after"]
    same_line_min_s: int = 0

    def __post_init__(self) -> None:
        _demand(self, self.relief_fen > 0, "a relief is more than nothing")
        _demand(self, 0 <= self.min_gap_s <= self.window_s, "the window must not be empty")
        _demand(self, all(p.count("-") == 1 for p in self.pairs), "a pair reads mode-mode")


class OvertimeCharge(Rule, frozen=True, tag="overtime"):
    """What a stay longer than the limit costs on top; the system's highest fare, or an amount."""

    limit_s: int
    amount: Literal["highest"] | int

    def __post_init__(self) -> None:
        _demand(self, self.limit_s > 0, "a limit is more than nothing")


class TurnBack(Rule, frozen=True, tag="turn_back"):
    """In and out of one station within this time (its end included) is free and no ride."""

    within_s: int

    def __post_init__(self) -> None:
        _demand(self, self.within_s > 0, "a limit is more than nothing")


class HalfTripSetting(Rule, frozen=True, tag="half_trip"):
    """Which rides the highest fare of a half trip is taken from: all that can be made without
    leaving the gates, or those inside the fare system of the tap."""

    among: Literal["reachable", "own_system"]


class CombineSetting(Rule, frozen=True, tag="combine"):
    """How several percentage reliefs on one ride meet: the lowest rate wins, or they multiply."""

    how: Literal["lowest", "multiply"]


class RoundingSetting(Rule, frozen=True, tag="rounding"):
    """A percentage price is rounded half up to whole multiples of this many fen (R-401)."""

    quantum_fen: int

    def __post_init__(self) -> None:
        _demand(self, self.quantum_fen > 0, "a quantum is at least one fen")


class MinimumSetting(Rule, frozen=True, tag="minimum"):
    """What a purse must hold to enter: an amount, or the system's lowest single fare."""

    balance: Literal["lowest"] | int


class VisitorSetting(Rule, frozen=True, tag="visitor"):
    """What a visitor of a scheme gets: what the city's ordinary cards get, or the plain fare."""

    scheme: str
    policy: Literal["as_ordinary", "plain"]


AnyRule = (
    FlatFare
    | BandFare
    | PairFare
    | PercentRelief
    | SliceRelief
    | TimeRelief
    | MonthRelief
    | FreeRide
    | TransferRelief
    | OvertimeCharge
    | TurnBack
    | HalfTripSetting
    | CombineSetting
    | RoundingSetting
    | MinimumSetting
    | VisitorSetting
)
BaseRule = FlatFare | BandFare


def _demand(rule: Rule, holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"{rule.id}: {what}")
