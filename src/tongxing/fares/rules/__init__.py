"""The kinds of fare rule that exist, as they stand in the dated tariff files.

A rule says nothing about how it is applied; that is `pricing`. Each kind is a struct whose fields
are the keys of a ``[[rule]]`` table; docs/tariffs.md shows one example of each.
"""

from tongxing.fares.rules.bases import BandFare, DurationFare, FlatFare, MeterFare, PairFare
from tongxing.fares.rules.common import FULL_BP, Confidence, MediumKind, Rule
from tongxing.fares.rules.reliefs import (
    ACCOUNT_MARK,
    CapRelief,
    FreeRide,
    MonthRelief,
    PackRelief,
    Per,
    PercentRelief,
    Period,
    SliceRelief,
    TimeRelief,
    counter_name,
)
from tongxing.fares.rules.settings import (
    CombineSetting,
    HalfTripSetting,
    MinimumSetting,
    OvertimeCharge,
    RoundingHow,
    RoundingSetting,
    TransferRelief,
    TurnBack,
    VisitorPolicy,
    VisitorSetting,
)

BaseRule = FlatFare | BandFare | MeterFare | DurationFare
"""A rule that gives a base fare by itself."""

CounterRule = MonthRelief | FreeRide | CapRelief
"""A relief that looks at a counter, and so keeps it."""

AnyRule = (
    BaseRule
    | PairFare
    | PercentRelief
    | SliceRelief
    | TimeRelief
    | MonthRelief
    | FreeRide
    | PackRelief
    | CapRelief
    | TransferRelief
    | OvertimeCharge
    | TurnBack
    | HalfTripSetting
    | CombineSetting
    | RoundingSetting
    | MinimumSetting
    | VisitorSetting
)

__all__ = [
    "ACCOUNT_MARK",
    "FULL_BP",
    "AnyRule",
    "BandFare",
    "BaseRule",
    "CapRelief",
    "CombineSetting",
    "Confidence",
    "CounterRule",
    "DurationFare",
    "FlatFare",
    "FreeRide",
    "HalfTripSetting",
    "MediumKind",
    "MeterFare",
    "MinimumSetting",
    "MonthRelief",
    "OvertimeCharge",
    "PackRelief",
    "PairFare",
    "Per",
    "PercentRelief",
    "Period",
    "RoundingHow",
    "RoundingSetting",
    "Rule",
    "SliceRelief",
    "TimeRelief",
    "TransferRelief",
    "TurnBack",
    "VisitorPolicy",
    "VisitorSetting",
    "counter_name",
]
