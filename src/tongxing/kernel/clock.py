"""Time as the project keeps it: whole seconds since 1970 UTC, read in China's time (UTC+8).

China has had no daylight saving since 1991, so UTC+8 is arithmetic, not a database (R-402).
A *business day* runs from 03:00 to 03:00: a ride home after midnight belongs to the evening.
"""

from datetime import UTC, date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
CHINA_OFFSET_S = 8 * 3600
DAY_S = 86_400
BUSINESS_DAY_CUT_S = 3 * 3600

_EPOCH = date(1970, 1, 1)


def local(time_s: int) -> datetime:
    """The aware China-time datetime of an instant."""
    return datetime.fromtimestamp(time_s, CHINA)


def instant(moment: datetime) -> int:
    """Seconds since 1970 UTC of an aware datetime. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset")
    return int(moment.astimezone(UTC).timestamp())


def at(day: date, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    """The instant of a China wall-clock time on a day; hours may run past 24 into the next day."""
    return (day - _EPOCH).days * DAY_S - CHINA_OFFSET_S + hour * 3600 + minute * 60 + second


def calendar_date(time_s: int) -> date:
    """The China calendar date of an instant."""
    return _EPOCH + timedelta(days=(time_s + CHINA_OFFSET_S) // DAY_S)


def business_date(time_s: int) -> date:
    """The business day (03:00 to 03:00 China time) that an instant belongs to."""
    return calendar_date(time_s - BUSINESS_DAY_CUT_S)


def business_day_end(day: date) -> int:
    """The first instant that is no longer part of business day `day`."""
    return at(day, 24) + BUSINESS_DAY_CUT_S


def month_key(time_s: int) -> int:
    """China calendar month as an integer such as 202603; counters reset when it changes."""
    day = calendar_date(time_s)
    return day.year * 100 + day.month


def stamp(time_s: int) -> str:
    """``2026-03-17 08:21:10`` in China time, as pages, statements and messages print it."""
    return local(time_s).strftime("%Y-%m-%d %H:%M:%S")
