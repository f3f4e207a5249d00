"""Schemes, places, members and numbers, and what runs where: dated data and pure answers over it.

Knows no price and moves no money. `registry` answers who is accepted where; `transport` knows
lines, stations and metres. What other rooms use is offered here.
"""

from tongxing.network.acceptance import ACCEPTED, Acceptance, Evidence
from tongxing.network.numbers import NumberMatch
from tongxing.network.places import Place
from tongxing.network.regions import Region, city_union_city, region_code_of, region_of
from tongxing.network.registry import (
    Registry,
    coverage,
    find_city,
    identify,
    load_registry,
)

__all__ = [
    "ACCEPTED",
    "Acceptance",
    "Evidence",
    "NumberMatch",
    "Place",
    "Region",
    "Registry",
    "city_union_city",
    "coverage",
    "find_city",
    "identify",
    "load_registry",
    "region_code_of",
    "region_of",
]
