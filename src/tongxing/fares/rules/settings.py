"""What else a tariff says: transfers, limits of time and money, and how reliefs meet."""

from typing import Literal

from tongxing.fares.rules.common import ALL_MEDIA, MediumKind, Rule, demand

VisitorPolicy = Literal["as_ordinary", "plain", "refused"]
RoundingHow = Literal["half_up", "half_even", "up", "down"]


class TransferRelief(Rule, frozen=True, kw_only=True, tag="transfer"):
    """Money off a leg that follows another within a window.

    `pairs` are "bus-rail" and so on: mode of the first leg, mode of this one. The window runs
    from the first leg's boarding, or for rail from the tap `rail_starts` names, to this leg's
    boarding, or for rail to the tap `rail_ends` names, both ends included. `limit`: the relief is
    at most the first leg's nominal fare ("first_fare") or what it paid ("first_paid").
    `beside_percent` "instead": the rider pays the lower of the transfer price and the percentage
    price; "after": the relief comes off the percentage price. With `chain` "alternate" a leg that
    used the relief opens no new window, with "every" it does. `counts_ride` false: a relieved leg
    is no ride for the counters. `same_line_min_s` is the least gap on one line; one vehicle only
    where `same_vehicle` allows it.
    """

    pairs: tuple[str, ...]
    window_s: int
    min_gap_s: int = 0
    relief_fen: int
    limit: Literal["first_fare", "first_paid", "none"]
    rail_starts: Literal["exit", "entry"]
    rail_ends: Literal["entry", "exit"] = "entry"
    beside_percent: Literal["instead", "after"]
    chain: Literal["alternate", "every"] = "alternate"
    counts_ride: bool = True
    same_line_min_s: int = 0
    same_vehicle: bool = False

    def __post_init__(self) -> None:
        demand(self, self.relief_fen > 0, "a relief is more than nothing")
        demand(self, 0 <= self.min_gap_s <= self.window_s, "the window must not be empty")
        demand(self, all(p.count("-") == 1 for p in self.pairs), "a pair reads mode-mode")


class OvertimeCharge(Rule, frozen=True, kw_only=True, tag="overtime"):
    """What a stay longer than the limit costs on top; the system's highest fare, or an amount."""

    limit_s: int
    amount: Literal["highest"] | int
    media: tuple[MediumKind, ...] = ALL_MEDIA

    def __post_init__(self) -> None:
        demand(self, self.limit_s > 0, "a limit is more than nothing")


class TurnBack(Rule, frozen=True, kw_only=True, tag="turn_back"):
    """In and out of one station within this time (its end included) is free and no ride."""

    within_s: int
    media: tuple[MediumKind, ...] = ALL_MEDIA

    def __post_init__(self) -> None:
        demand(self, self.within_s > 0, "a limit is more than nothing")


class HalfTripSetting(Rule, frozen=True, tag="half_trip"):
    """Which rides the highest fare of a half trip is taken from: all that can be made without
    leaving the gates, or those inside the fare system of the tap."""

    among: Literal["reachable", "own_system"]


class CombineSetting(Rule, frozen=True, kw_only=True, tag="combine"):
    """How several percentage reliefs on one ride meet: the lowest rate wins, or they multiply."""

    how: Literal["lowest", "multiply"]
    media: tuple[MediumKind, ...] = ALL_MEDIA


class RoundingSetting(Rule, frozen=True, kw_only=True, tag="rounding"):
    """A percentage price is rounded to whole multiples of this many fen (R-401: halves up)."""

    quantum_fen: int
    how: RoundingHow = "half_up"
    media: tuple[MediumKind, ...] = ALL_MEDIA

    def __post_init__(self) -> None:
        demand(self, self.quantum_fen > 0, "a quantum is at least one fen")


class MinimumSetting(Rule, frozen=True, kw_only=True, tag="minimum"):
    """What a purse must hold to enter: an amount, or the system's lowest single fare."""

    balance: Literal["lowest"] | int
    media: tuple[MediumKind, ...] = ALL_MEDIA


class VisitorSetting(Rule, frozen=True, tag="visitor"):
    """What a visitor of a scheme gets: what the city's ordinary cards get, the plain fare, or no
    ride at all."""

    scheme: str
    policy: VisitorPolicy
