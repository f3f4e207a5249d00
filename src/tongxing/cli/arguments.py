"""Arguments read strictly: ASCII digits only, real dates, times with their offset, files that lie.

Python's own readers are too kind (``int('２００')`` is 200, ``int('1_000')`` is 1000), and a wrong
fare from a kind reader is worse than a refusal. A bad value is a `Problem`, never a guess.
"""

import os
import re
import time
from datetime import date, datetime
from pathlib import Path
from typing import NoReturn

import click

from tongxing.cli.common import in_both
from tongxing.kernel.clock import instant
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Problem

YEAR_MIN, YEAR_MAX = 2000, 2100
TEXT_SHOWN_MAX = 60

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_OFFSET = re.compile(r"(Z|[+-][0-9]{2}:[0-9]{2})$")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")


def parse_date(text: str, where: str) -> date:
    """The day that ``2026-03-17`` names. Raises Problem(ARG_INVALID)."""
    if not _DATE.fullmatch(text):
        _refuse(text, where, "date")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        _refuse(text, where, "no_such_day")
    _check_year(day.year, text, where)
    return day


def parse_time(text: str, where: str) -> int:
    """The instant that ``2026-03-17T08:21:10+08:00`` names, as seconds since 1970 UTC.

    Raises Problem(ARG_INVALID), also for a time without its offset.
    """
    match = _TIME.fullmatch(text)
    if not match:
        _refuse(text, where, "time")
    if not match.group(1):
        _refuse(text, where, "no_offset")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        _refuse(text, where, "no_such_time")
    _check_year(moment.year, text, where)
    return instant(moment)


def china_time(text: str, where: str) -> int:
    """An instant; China's time holds where no offset is given, since every fare here is China's."""
    return parse_time(text if _OFFSET.search(text) else f"{text}+08:00", where)


def moment(text: str | None, where: str) -> int:
    """An instant as a person writes it; now when nothing is written."""
    return int(time.time()) if text is None else china_time(text, where)


def request_of(given: str | None, *parts: object) -> str:
    """The request id: the caller's own, or one made from what is asked, so that the same command
    twice is one request."""
    return given or digest("cli", *parts)


def parse_whole(text: str, where: str, least: int, most: int) -> int:
    """A whole number of ASCII digits from `least` to `most`. Raises Problem(ARG_INVALID)."""
    if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
        _refuse(text, where, "whole", least=least, most=most)
    return int(text)


def readable_file(text: str) -> Path:
    """The path of a file that can be read. Raises Problem(FILE_NOT_FOUND, FILE_NOT_READABLE)."""
    path = Path(text)
    if not path.exists():
        raise Problem("FILE_NOT_FOUND", text)
    if not path.is_file() or not os.access(path, os.R_OK):
        raise Problem("FILE_NOT_READABLE", text)
    return path


def _check_year(year: int, text: str, where: str) -> None:
    if not YEAR_MIN <= year <= YEAR_MAX:
        _refuse(text, where, "year", least=YEAR_MIN, most=YEAR_MAX)


def _refuse(text: str, where: str, key: str, **values: object) -> NoReturn:
    detail = in_both("detail", "app", f"invalid.{key}", **values)
    raise Problem("ARG_INVALID", where, text=text[:TEXT_SHOWN_MAX], **detail)


def argument_name(parameter: click.Parameter | None) -> str:
    """How a person writes this parameter: ``--on`` or ``CARD_NUMBER``."""
    if parameter is None:
        return ""
    if isinstance(parameter, click.Option):
        return max(parameter.opts, key=len)
    return parameter.metavar or (parameter.name or "").upper()


class _Day(click.ParamType[date]):
    name = "date"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        return value if isinstance(value, date) else parse_date(str(value), argument_name(param))


class _Instant(click.ParamType[int]):
    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        return value if isinstance(value, int) else parse_time(str(value), argument_name(param))


class Whole(click.ParamType[int]):
    """A click type: a whole number from `least` to `most`, ASCII digits only."""

    name = "number"

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        if isinstance(value, int):
            return value
        return parse_whole(str(value), argument_name(param), self.least, self.most)


class _ReadableFile(click.ParamType[Path]):
    name = "file"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        return value if isinstance(value, Path) else readable_file(str(value))


DAY = _Day()
INSTANT = _Instant()
READABLE_FILE = _ReadableFile()
