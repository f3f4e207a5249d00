"""The numbers and lists of people and their accounts: codes, sessions, helpers, looks of staff.

They are dated data (``data/people.toml``, which says what each means), read strictly; no number of
these stands in code.
"""

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from msgspec import Struct

from tongxing.kernel.clock import DAY_S, calendar_date
from tongxing.kernel.dated import Table, below, in_force

HOUR_S = 3_600


class PeopleTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds in one city on one day."""

    account_platform: str
    code_scheme: str
    code_product: str
    limit_fen: int
    code_life_s: int
    code_tries: int
    codes_a_day: int
    client_codes_a_day: int
    code_wait_s: int
    client_codes_max: int
    client_wrong_max: int
    sms_price_fen: int
    sms_cap_fen: int
    breaker_window_s: int
    breaker_wrong: int
    breaker_percent: int
    breaker_wrong_max: int
    alarm_codes: int
    alarm_percent: int
    session_days: int
    session_roll_s: int
    fresh_s: int
    identity_tries: int
    minor_age: int
    helped_max: int
    device_max: int
    helpers_max: int
    cooling_days: int
    lookup_max: int
    lookup_misses: int
    lookup_same: int
    feedback_max: int
    keep_codes_h: int
    keep_sessions_days: int
    keep_notices_days: int
    keep_feedback_days: int
    keep_requests_days: int
    phone_prefixes: tuple[str, ...]
    phone_refused: tuple[str, ...]
    regions: tuple[str, ...]
    relations: tuple[str, ...]
    lookup_purposes: tuple[str, ...]
    feedback_about: tuple[str, ...]

    @property
    def session_s(self) -> int:
        return self.session_days * DAY_S

    @property
    def sms_max(self) -> int:
        """How many messages may be sent in an hour."""
        return self.sms_cap_fen // self.sms_price_fen


@cache
def _content() -> bytes:
    return files("tongxing.city.people").joinpath("data", "people.toml").read_bytes()


@cache
def _terms_on(city: str, day: date) -> PeopleTerms:
    return read_people_terms(_content(), city, day)


def people_terms(city: str, time_s: int) -> PeopleTerms:
    """What holds in a city (its division code) at an instant."""
    return _terms_on(city, calendar_date(time_s))


def read_people_terms(content: bytes, city: str, day: date) -> PeopleTerms:
    """A city's terms on a day, from the file. Before the first table for every city, that holds.

    Raises ValueError (msgspec.ValidationError is one) for a table without city, day or source, an
    unknown or missing number, one that is not above zero, and two tables of one city and day.
    """
    rows: list[dict[str, Any]] = msgspec.toml.decode(content)["terms"]
    if any(not row.get(name) for row in rows for name in ("from", "source")):
        raise ValueError("a table without its day or source")
    if any("city" not in row for row in rows):
        raise ValueError("a table without its city")
    own = ("city", "from", "source")
    tables = [
        Table(row["city"], row["from"], {k: v for k, v in row.items() if k not in own})
        for row in rows
    ]
    merged = in_force(tables, ("", city), day)
    if below(merged, 1):
        raise ValueError("a number is not above zero")
    return msgspec.convert(merged, PeopleTerms)
