"""Reliefs on a fare: percentages, slices, hours, steps of a period, free rides, ride packs."""

from datetime import time
from typing import Literal

from tongxing.fares.rules.common import FULL_BP, Rule, demand

Period = Literal["month", "week", "day"]
Per = Literal["medium", "account"]

ACCOUNT_MARK = "@account"


def counter_name(counter: str, period: Period, per: Per) -> str:
    """How a counter is called inside its city: ``rail``, ``rail:week``, ``rail@account``."""
    name = counter if period == "month" else f"{counter}:{period}"
    return name + ACCOUNT_MARK if per == "account" else name


class PercentRelief(Rule, frozen=True, tag="percent"):
    """A steady share of the fare, in basis points of it that are paid.

    `holder` marks the price of a class of holders (students, the disabled): it also applies to
    what a transfer leaves over. A rate of 0 is free travel.
    """

    rate_bp: int
    holder: bool = False

    def __post_init__(self) -> None:
        demand(self, 0 <= self.rate_bp <= FULL_BP, "a rate lies between 0 and 10000")
        demand(self, self.rate_bp > 0 or self.holder, "only a class of holders travels free")


class SliceRelief(Rule, frozen=True, tag="slices"):
    """Each slice of the fare has its own rate: `rates_bp[i]` up to `upto_fen[i]`, then the last."""

    upto_fen: tuple[int, ...]
    rates_bp: tuple[int, ...]

    def __post_init__(self) -> None:
        demand(self, len(self.rates_bp) == len(self.upto_fen) + 1, "one rate more than edges")
        demand(self, list(self.upto_fen) == sorted(set(self.upto_fen)), "the slices must rise")


class TimeRelief(Rule, frozen=True, tag="time"):
    """A share of the fare for entering early, by the clock of China.

    `until_included` says whether the very second of `entry_until` counts. `stations` limits it
    to these entry stations. `holder` marks the price of a class of holders, which alone may be 0.
    """

    rate_bp: int
    entry_from: time
    entry_until: time
    until_included: bool
    days: Literal["workday", "restday", "every"]
    stations: tuple[str, ...] = ()
    holder: bool = False

    def __post_init__(self) -> None:
        demand(self, 0 <= self.rate_bp <= FULL_BP, "a rate lies between 0 and 10000")
        demand(self, self.rate_bp > 0 or self.holder, "only a class of holders travels free")
        demand(self, self.entry_from < self.entry_until, "the hours must not be empty")

    def holds_at(self, second: int) -> bool:
        """Whether a second of the day (China time) lies in the hours."""
        end = self.entry_until
        end_s = end.hour * 3600 + end.minute * 60 + end.second
        if second > end_s or (second == end_s and not self.until_included):
            return False
        first = self.entry_from
        return second >= first.hour * 3600 + first.minute * 60 + first.second


class MonthRelief(Rule, frozen=True, tag="month"):
    """A share of the fare by what the counter reached in this period (calendar month, week from
    Monday, or day), per medium or per account.

    `rates_bp[0]` holds below `reach[0]`, `rates_bp[i]` from `reach[i-1]` on. `counts` says
    whether money really paid (fen) or rides are counted. With `applies` "next_ride" a ride is
    charged at what was reached before it; with "slice" the part of its fare that carries the
    counter past a step already gets the next rate. A rate of 0 needs `free`.
    """

    counter: str
    counts: Literal["paid", "rides"]
    reach: tuple[int, ...]
    rates_bp: tuple[int, ...]
    period: Period = "month"
    applies: Literal["next_ride", "slice"] = "next_ride"
    per: Per = "medium"
    free: bool = False

    def __post_init__(self) -> None:
        demand(self, len(self.rates_bp) == len(self.reach) + 1, "one rate more than steps")
        demand(self, list(self.reach) == sorted(set(self.reach)), "the steps must rise")
        least = 0 if self.free else 1
        demand(self, all(least <= rate <= FULL_BP for rate in self.rates_bp), "a rate is a share")
        slices = self.applies == "slice"
        demand(self, not slices or self.counts == "paid", "only money is cut into slices")

    @property
    def counter_name(self) -> str:
        """The counter's name inside its city, with its period and whose it is."""
        return counter_name(self.counter, self.period, self.per)

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
    period: Period = "month"
    per: Per = "medium"

    @property
    def counter_name(self) -> str:
        """The counter's name inside its city, with its period and whose it is."""
        return counter_name(self.counter, self.period, self.per)


class PackRelief(Rule, frozen=True, kw_only=True, tag="pack"):
    """Rides paid beforehand: so many for `days` days (0: to the end of the calendar month).

    A ride in scope uses one up and costs nothing more, unless it costs nothing anyway. Without a
    known `price_fen` the pack can be used but not sold.
    """

    pack: str
    rides: int
    days: int = 0
    price_fen: int | None = None

    def __post_init__(self) -> None:
        demand(self, bool(self.pack) and self.rides > 0, "a pack has a name and rides")
        demand(self, self.days >= 0, "a pack lasts")


class CapRelief(Rule, frozen=True, kw_only=True, tag="cap"):
    """The most that a period costs: what is really paid stops at `cap_fen`.

    It comes last, after percentages, transfers and packs; the charge for overtime lies outside
    unless `with_overtime` says otherwise. Half trips are not capped.
    """

    counter: str
    cap_fen: int
    period: Period = "day"
    per: Per = "medium"
    with_overtime: bool = False

    def __post_init__(self) -> None:
        demand(self, self.cap_fen > 0, "a cap is more than nothing")

    @property
    def counter_name(self) -> str:
        """The counter's name inside its city, with its period and whose it is."""
        return counter_name(self.counter, self.period, self.per)
