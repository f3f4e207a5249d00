"""From which day on a new tariff changes prices, and whether that day may still change.

Two books are compared day by day by what their rules say, not by when the rules begin or end:
giving today's rule a last day in the future changes nothing today. A day that has begun never
changes; a change is known 24 hours ahead unless two people call it an emergency.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import msgspec

from tongxing.fares.publishing.findings import both
from tongxing.fares.rules import AnyRule
from tongxing.fares.tariff import TariffBook
from tongxing.kernel.clock import DAY_S, at, calendar_date
from tongxing.kernel.reasons import Refusal

NOTICE_S = DAY_S

_ANY_DAY = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Change:
    """The first day whose prices differ, and the ids of the rules that come, go or change then."""

    day: date
    begins: tuple[str, ...]
    ends: tuple[str, ...]
    changes: tuple[str, ...]


def first_change(current: TariffBook | None, new: TariffBook) -> Change | None:
    """The first day on which the new book prices otherwise; None when it never does."""
    books = (new,) if current is None else (current, new)
    for day in sorted({tariff.from_day for book in books for tariff in book.versions}):
        before, after = _meaning(current, day), _meaning(new, day)
        if before != after:
            old, fresh = ({rule.id: rule for rule in rules} for rules in (before, after))
            return Change(
                day,
                begins=tuple(name for name in fresh if name not in old),
                ends=tuple(name for name in old if name not in fresh),
                changes=tuple(n for n, rule in fresh.items() if n in old and old[n] != rule),
            )
    return None


def _meaning(book: TariffBook | None, day: date) -> tuple[AnyRule, ...]:
    """The rules of a day without what cannot change a price that day; their order can."""
    tariff = None if book is None else book.at(at(day))
    return tuple(
        msgspec.structs.replace(
            rule,
            from_day=_ANY_DAY,
            last_day=None,
            confidence="seen",
            sources=(),
            note_zh="",
            note_en="",
        )
        for rule in (() if tariff is None else tariff.rules)
    )


def earliest_day(now_s: int, emergency: bool) -> date:
    """The first day that may still change: one that begins 24 hours ahead, or has not begun."""
    soonest_s = now_s + 1 if emergency else now_s + NOTICE_S
    day = calendar_date(soonest_s)
    return day if at(day) >= soonest_s else day + timedelta(days=1)


def date_refusal(
    change: Change | None, effective: date | None, now_s: int, emergency: bool, is_first: bool
) -> Refusal | None:
    """Why a change may not begin when it does; None when it may.

    `effective` is the day its author named, None if none was: then every day before it has to stay
    as it is, and that day has to change. `is_first`: the city has no tariff yet, here or at all.
    """
    if change is None:
        return None
    earliest = earliest_day(now_s, emergency)
    if change.day < earliest:
        begun = "unopened" if is_first else "past"
        key = begun if at(change.day) <= now_s else "soon"
    elif effective is not None and change.day != effective:
        key = "promise" if change.day < effective else "not_then"
    else:
        return None
    told = both("detail", f"effective.{key}", day=change.day, effective=effective or "")
    values = {"day": change.day, "earliest": earliest, **told}
    return Refusal("TARIFF_EFFECTIVE_DATE", "--effective" if effective else "", values)
