"""Measures of the clearing service, to be published: what the hub's own books say, exactly.

A percentile is the nearest rank: of n values in order, the one at ``ceil(n * percent / 100)``, so
it is a value that occurred. A rate is rounded half up, in whole units. Where nothing happened there
is no value, and what the hub cannot know is listed as such (`UNKNOWN`), never estimated.
"""

import csv
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import Literal, NamedTuple

import msgspec

from tongxing.kernel.workdays import is_workday

Unit = Literal["seconds", "basis_points", "per_million", "days", "workdays", "fen", "count"]
COLUMNS = ("name", "group", "unit", "value", "of", "target", "met")
UNKNOWN = ("refund_time", "half_trips_held", "deny_list_true_load", "verdict_time")
"""What the reference would have published and the hub's books do not say."""


class Measure(NamedTuple):
    """One number: of which `group` ("" for all, else a member or a terminal), in which unit; None
    where there was nothing to measure. `of` is how many things were looked at."""

    name: str
    group: str
    unit: Unit
    value: int | None
    of: int


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a measure has to be: at least, or at most, so much."""

    name: str
    least: int | None = None
    most: int | None = None

    def is_met(self, value: int) -> bool:
        """Whether a value is as it has to be."""
        above = self.least is None or value >= self.least
        return above and (self.most is None or value <= self.most)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    target: tuple[Target, ...]


@cache
def targets() -> Mapping[str, Target]:
    """The targets of measures, by name."""
    text = files("tongxing.hub.data").joinpath("kpi.toml").read_text(encoding="utf-8")
    return {one.name: one for one in msgspec.convert(tomllib.loads(text), _File).target}


def met(measure: Measure) -> bool | None:
    """Whether a measure of all is as it has to be; None without a target or a value."""
    target = None if measure.group else targets().get(measure.name)
    return None if target is None or measure.value is None else target.is_met(measure.value)


def rate(part: int, whole: int, unit: int) -> int | None:
    """`part` of `whole` in so many units, rounded half up; None of nothing."""
    return None if whole == 0 else (2 * part * unit + whole) // (2 * whole)


def nearest_rank(values: Iterable[int], percent: int) -> int | None:
    """The value at a percentile, None of no values."""
    in_order = sorted(values)
    return in_order[(len(in_order) * percent + 99) // 100 - 1] if in_order else None


def workdays_between(first: date, last: date) -> int:
    """Working days after `first`, up to and with `last`."""
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    return sum(is_workday(day) for day in days)


def as_csv(measures: Sequence[Measure]) -> bytes:
    """The measures as UTF-8 CSV: fixed columns, CRLF line ends; an empty value is none."""
    sheet = StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in measures:
        value = "" if one.value is None else one.value
        writer.writerow((*one[:3], value, one.of, _target(one), _met(one)))
    return sheet.getvalue().encode("utf-8")


def as_rows(measures: Sequence[Measure]) -> list[dict[str, object]]:
    """The measures for JSON."""
    return [{**one._asdict(), "target": _target(one), "met": met(one)} for one in measures]


def _target(measure: Measure) -> str:
    target = None if measure.group else targets().get(measure.name)
    if target is None:
        return ""
    return f">={target.least}" if target.least is not None else f"<={target.most}"


def _met(measure: Measure) -> str:
    is_met = met(measure)
    return "" if is_met is None else ("yes" if is_met else "no")
