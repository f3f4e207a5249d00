"""How long codes and orders are good, and when a device is late, as data."""

import tomllib
from functools import cache
from importlib.resources import files

from msgspec import Struct, convert


class FleetTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times in seconds; what each is for stands in the data file."""

    confirm_within_s: int
    code_valid_s: int
    code_valid_s_max: int
    heartbeat_every_s: int
    late_after_s: int
    clock_off_s_max: int
    order_s_max: int
    missing_ranges_max: int
    numbers_looked_at_max: int
    numbers_ahead_max: int
    notices_shown_s: int
    deny_list_s: int
    deny_list_renewed_s: int
    deny_list_due_s: int


@cache
def fleet_terms() -> FleetTerms:
    """The terms of `data/fleet.toml` beside the city's other data."""
    text = files("tongxing.city.data").joinpath("fleet.toml").read_text(encoding="utf-8")
    return convert(tomllib.loads(text), FleetTerms)
