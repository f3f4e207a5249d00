"""How long a session lasts and how often a secret may be wrong, as data; and which roles are."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from msgspec import Struct, convert

Role = Literal["desk", "supervisor", "machine"]
"""Serves passengers at a counter; decides what needs a second person; is a station machine."""

ROLES: tuple[Role, ...] = get_args(Role)


class StaffTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times in seconds. A machine is left alone and stays signed in longer than a person."""

    idle_s: int
    machine_idle_s: int
    tries_max: int
    locked_s: int
    secret_length_min: int


@cache
def staff_terms() -> StaffTerms:
    """The terms of `data/staff.toml` beside the city's other data."""
    text = files("tongxing.city.data").joinpath("staff.toml").read_text(encoding="utf-8")
    return convert(tomllib.loads(text), StaffTerms)
