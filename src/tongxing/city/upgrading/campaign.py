"""How far the campaign has come: how many media are linked, by day, channel and kind; only counts.

What another campaign reported stands beside it as a comparison, and is never added (R-118, R-162).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tongxing.city.store import upgrading as store
from tongxing.city.store.cursor import Cursor
from tongxing.city.upgrading.data_forms import CampaignDates, Reported, trial_file
from tongxing.kernel.clock import at


@dataclass(frozen=True, slots=True)
class CampaignDay:
    """One day on which something changed: links made and ended, and how many stood at its end."""

    day: date
    linked: int
    ended: int
    standing: int
    by_channel: Mapping[str, int]
    by_kind: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Milestone:
    """A total, and the first day at whose end so many links stood; None: not yet."""

    links: int
    reached_on: date | None


@dataclass(frozen=True, slots=True)
class Campaign:
    """The campaign of a city up to an instant."""

    city: str
    until_s: int
    days: tuple[CampaignDay, ...]
    linked: int
    standing: int
    by_channel: Mapping[str, int]
    by_kind: Mapping[str, int]
    milestones: tuple[Milestone, ...]
    reported: tuple[Reported, ...]


def campaign(cursor: Cursor, city: str, until_s: int) -> Campaign:
    """The campaign's figures from its first day until an instant (that instant not included)."""
    dates = next((one for one in trial_file().campaign if one.city == city), None)
    from_s = 0 if dates is None else at(dates.from_day)
    made: dict[date, list[tuple[str, str, int]]] = {}
    for day, channel, kind, count in store.linked_by_day(cursor, from_s, until_s):
        made.setdefault(day, []).append((channel, kind, count))
    ended = store.ended_by_day(cursor, from_s, until_s)
    days: list[CampaignDay] = []
    standing = 0
    for day in sorted({*made, *ended}):
        rows = made.get(day, [])
        linked = sum(count for *_, count in rows)
        standing += linked - ended.get(day, 0)
        channels, of_kind = _counted(rows, 0), _counted(rows, 1)
        days.append(CampaignDay(day, linked, ended.get(day, 0), standing, channels, of_kind))
    return Campaign(
        city=city,
        until_s=until_s,
        days=tuple(days),
        linked=sum(day.linked for day in days),
        standing=standing,
        by_channel=_summed([day.by_channel for day in days]),
        by_kind=_summed([day.by_kind for day in days]),
        milestones=_milestones(dates, days),
        reported=tuple(row for row in trial_file().reported if row.city == city),
    )


def _counted(rows: list[tuple[str, str, int]], column: int) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for row in rows:
        counts[str(row[column])] += row[2]
    return dict(sorted(counts.items()))


def _summed(parts: list[Mapping[str, int]]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(part)
    return dict(sorted(counts.items()))


def _milestones(dates: CampaignDates | None, days: list[CampaignDay]) -> tuple[Milestone, ...]:
    if dates is None:
        return ()
    return tuple(
        Milestone(links, next((day.day for day in days if day.standing >= links), None))
        for links in dates.milestones
    )
