"""The nine steps of a business day, their order, and from when they may be done. Pure."""

import tomllib
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files

from msgspec import Struct, convert

from tongxing.kernel.clock import business_day_end


class Step(StrEnum):
    """What is done, one after the other."""

    CHECK = "check"
    CLOSE = "close"
    DECIDE = "decide"
    LIST = "list"
    PROVE = "prove"
    SEND = "send"
    BOOK = "book"
    SETTLE = "settle"
    FINISH = "finish"


ORDER = tuple(Step)


class DayTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds; what each is for stands in the data file."""

    close_after_s: int


@cache
def day_terms() -> DayTerms:
    """The terms of `data/days.toml` beside the city's other data."""
    text = files("tongxing.city.data").joinpath("days.toml").read_text(encoding="utf-8")
    return convert(tomllib.loads(text), DayTerms)


def due_s(day: date) -> int:
    """From when a business day can be worked: some minutes after its end at 03:00 of the next."""
    return business_day_end(day) + day_terms().close_after_s
