"""Liability as versioned tables: whose loss is a ride on a reported card, or of a city that left?

The facts are the times of the report and of the list, and the version of the list that the record
itself proves its terminal had. Which case they make is decided here; what a case means (the verdict
code, who bears it) stands in ``data/liability.toml``.
"""

import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple, get_args

import msgspec

from tongxing.hub.verdicts import code_table
from tongxing.kernel.clock import calendar_date

HOUR_S = 3_600
BEARERS = ("cardholder", "issuer", "acquirer")

DenyCase = Literal[
    "anonymous", "before_report", "in_grace", "unproven", "older_list", "had_it", "list_wrong"
]
CityCase = Literal[
    "not_yet", "listed", "leaving", "left_unproven", "left_older_list", "left_had_it"
]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one case means: the verdict code ("" for nothing), and who bears the loss."""

    name: str
    means: str
    code: str
    bearer: str


class _Deny(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    propagation_hours: int
    case: tuple[Rule, ...]


class _City(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    remove_days: int
    case: tuple[Rule, ...]


class LiabilityTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of the table, in force from a day until the next version's."""

    version: str
    valid_from: date
    note: str
    deny: _Deny
    city: _City

    def of_deny(self, case: DenyCase) -> Rule:
        """What a case of a reported card means."""
        return next(rule for rule in self.deny.case if rule.name == case)

    def of_city(self, case: CityCase) -> Rule:
        """What a case of the city list means."""
        return next(rule for rule in self.city.case if rule.name == case)


Tables = tuple[LiabilityTable, ...]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    table: tuple[LiabilityTable, ...]


class Denial(NamedTuple):
    """An entry of an issuer's deny list: when the loss was reported, when the list with it was
    published, that list's version, and the first version that really named the card (the same, in
    order). `is_anonymous` marks a card without a name, which nobody can report. `found_s` is when
    it was found again, 0 while it is lost."""

    reported_s: int
    published_s: int
    version: int
    named_from: int
    is_anonymous: bool = False
    found_s: int = 0

    def is_over(self, tapped_s: int) -> bool:
        """Whether the medium was found again before a tap."""
        return 0 < self.found_s <= tapped_s


class CityListing(NamedTuple):
    """When a city joined the list and when it left it (None while it is on it), and the version
    that said that it left (0 while none has)."""

    joined_on: date
    left_on: date | None = None
    left_version: int = 0


@cache
def liability_tables() -> tuple[LiabilityTable, ...]:
    """All versions, in order of their first day."""
    content = files("tongxing.hub.data").joinpath("liability.toml").read_text(encoding="utf-8")
    return read_tables(content)


def read_tables(content: str) -> tuple[LiabilityTable, ...]:
    """The tables of a file. Raises ValueError for one that lacks a case or has an unknown code."""
    found = msgspec.convert(tomllib.loads(content), _File).table
    for table in found:
        for rules, wanted in (
            (table.deny.case, get_args(DenyCase)),
            (table.city.case, get_args(CityCase)),
        ):
            if sorted(rule.name for rule in rules) != sorted(wanted):
                raise ValueError(f"{table.version}: a case is missing or stands twice")
            for rule in rules:
                if rule.bearer not in BEARERS or (rule.code and rule.code not in code_table()):
                    raise ValueError(f"{table.version}: {rule.name} has no such code or bearer")
    return tuple(sorted(found, key=lambda table: table.valid_from))


def table_on(day: date, tables: Tables) -> LiabilityTable:
    """The table in force on a day; before the first one began, the first."""
    in_force = [table for table in tables if table.valid_from <= day]
    return in_force[-1] if in_force else tables[0]


def deny_case(
    denial: Denial, tapped_s: int, proven_version: int, table: LiabilityTable
) -> DenyCase:
    """Which case a tap on a reported card is. `proven_version` is the list that the record says its
    terminal had, 0 when it says nothing."""
    if denial.is_anonymous:
        return "anonymous"
    if tapped_s < denial.reported_s:
        return "before_report"
    if tapped_s < denial.published_s + table.deny.propagation_hours * HOUR_S:
        return "in_grace"
    if proven_version <= 0:
        return "unproven"
    if proven_version < denial.version:
        return "older_list"
    return "had_it" if proven_version >= denial.named_from else "list_wrong"


def city_case(
    listing: CityListing, tapped_on: date, proven_version: int, table: LiabilityTable
) -> CityCase:
    """Which case a ride on a card of a listed city is; `proven_version` as above, of that list."""
    if tapped_on < listing.joined_on:
        return "not_yet"
    if listing.left_on is None or tapped_on < listing.left_on:
        return "listed"
    if tapped_on < listing.left_on + timedelta(days=table.city.remove_days):
        return "leaving"
    if proven_version <= 0:
        return "left_unproven"
    is_older = proven_version < listing.left_version
    return "left_older_list" if is_older else "left_had_it"


def deny_rule(
    denial: Denial, tapped_s: int, proven_version: int, tables: Tables
) -> tuple[DenyCase, Rule]:
    """The case of a tap on a reported card and what it means, by the table of the tap's day."""
    table = table_on(calendar_date(tapped_s), tables)
    case = deny_case(denial, tapped_s, proven_version, table)
    return case, table.of_deny(case)


def city_rule(
    listing: CityListing, tapped_s: int, proven_version: int, tables: Tables
) -> tuple[CityCase, Rule]:
    """The same for a city that joined or left the list."""
    day = calendar_date(tapped_s)
    table = table_on(day, tables)
    case = city_case(listing, day, proven_version, table)
    return case, table.of_city(case)


Denials = Mapping[str, Denial]
CityListings = Mapping[str, CityListing]
