"""Counters of what was paid and ridden in a month, a week or a day, per medium or per account.

A counter's name tells its period and whose it is (``rules.counter_name``); its key is the period
it counts. Reading one of a period gone by gives an empty one, so nothing ever has to reset it.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import lru_cache

from tongxing.fares.model import Counter, FareState, PriceLine, Values
from tongxing.fares.rules import ACCOUNT_MARK
from tongxing.kernel.clock import CHINA_OFFSET_S, DAY_S, calendar_date, month_key


def period_key(name: str, time_s: int) -> int:
    """The period of a counter (by its name) that an instant lies in: 202603, or for weeks (from
    Monday) and days 20260316."""
    return _key_of_day(name, (time_s + CHINA_OFFSET_S) // DAY_S * DAY_S - CHINA_OFFSET_S)


@lru_cache(maxsize=4_096)
def _key_of_day(name: str, day_s: int) -> int:
    period = name.removesuffix(ACCOUNT_MARK).partition(":")[2]
    if not period:
        return month_key(day_s)
    day = calendar_date(day_s)
    if period == "week":
        day -= timedelta(days=day.weekday())
    return day.year * 10_000 + day.month * 100 + day.day


def counter_of(counters: Sequence[Counter], name: str, time_s: int) -> Counter:
    """The counter of the period of an instant; an empty one where nothing was counted in it."""
    key = period_key(name, time_s)
    for counter in counters:
        if counter.name == name and counter.month == key:
            return counter
    return Counter(name, key, 0, 0)


def counted(
    counters: tuple[Counter, ...],
    paid: Iterable[tuple[Sequence[str], int]],
    time_s: int,
    rides: int,
    lines: list[PriceLine],
) -> tuple[Counter, ...]:
    """The counters after a ride that was charged at `time_s`, with a line for each that moved.

    `paid` is, per portion of the fare, the counters it counts for and what it cost in fen.
    Counters of periods gone by are dropped. A ride of a period before a counter's own leaves that
    counter alone: the city prices in order, so this is only ever a late repair.
    """
    sums: dict[str, int] = {}
    for names, charge_fen in paid:
        for name in names:
            sums[name] = sums.get(name, 0) + charge_fen
    if not sums:
        return counters
    kept = [
        one
        for one in counters
        if one.name not in sums and one.month >= period_key(one.name, time_s)
    ]
    for name, paid_fen in sums.items():
        key = period_key(name, time_s)
        newer = next((one for one in counters if one.name == name and one.month > key), None)
        if newer is not None:
            kept.append(newer)
            continue
        before = counter_of(counters, name, time_s)
        after = Counter(name, key, before.paid_fen + paid_fen, before.rides + rides)
        kept.append(after)
        values: Values = {
            "month": key, "before_fen": before.paid_fen, "after_fen": after.paid_fen,
            "rides": after.rides, "rides_before": before.rides,
        }  # fmt: skip
        lines.append(PriceLine("count", name, 0, values))
    return tuple(kept)


def with_account(state: FareState, account: FareState) -> FareState:
    """A medium's state together with what its account's media count in common."""
    if not account.counters:
        return state
    return FareState(state.counters + account.counters, state.anchor, state.packs)


def parted(state: FareState) -> tuple[FareState, FareState]:
    """The medium's own state, and the account's counters, out of one priced state."""
    shared = tuple(one for one in state.counters if one.name.endswith(ACCOUNT_MARK))
    if not shared:
        return state, FareState()
    own = tuple(one for one in state.counters if not one.name.endswith(ACCOUNT_MARK))
    return FareState(own, state.anchor, state.packs), FareState(shared)
