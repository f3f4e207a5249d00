"""The tariffs of a city over time: which rules are in force when, sorted out once per version.

A tariff version is the set of rules in force between two dates on which any rule begins or ends.
Its `version` is a digest of those rules, so two machines with different data never believe that
they hold the same tariff. Pricing itself stands in `pricing`; no rule is applied here.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TypeVar

import msgspec
from msgspec import Struct

from tongxing.fares.model import Rider
from tongxing.fares.rules import (
    AnyRule,
    BaseRule,
    CapRelief,
    CombineSetting,
    Confidence,
    CounterRule,
    FreeRide,
    HalfTripSetting,
    MinimumSetting,
    MonthRelief,
    OvertimeCharge,
    PackRelief,
    PairFare,
    PercentRelief,
    RoundingHow,
    RoundingSetting,
    SliceRelief,
    TimeRelief,
    TransferRelief,
    TurnBack,
    VisitorPolicy,
    VisitorSetting,
)
from tongxing.fares.sources import fare_sources
from tongxing.fares.visitors import (
    T_UNION,
    VisitorRelief,
    table_days,
    visitor_relief,
    visitor_rows,
)
from tongxing.kernel.clock import at
from tongxing.kernel.ids import digest

_Setting = TypeVar(
    "_Setting", OvertimeCharge, TurnBack, MinimumSetting, CombineSetting, RoundingSetting
)

ShareRelief = PercentRelief | SliceRelief | TimeRelief | MonthRelief | FreeRide | VisitorRelief


class TariffFile(Struct, frozen=True, forbid_unknown_fields=True):
    """One tariff file: the city it belongs to, and its rules."""

    city: str
    name_zh: str
    name_en: str
    rule: tuple[AnyRule, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What one kind of rider may get in one fare system, picked out of a tariff beforehand."""

    reliefs: tuple[ShareRelief, ...]
    holder: PercentRelief | None
    transfers: tuple[TransferRelief, ...]
    packs: tuple[PackRelief, ...]
    caps: tuple[CapRelief, ...]
    counters: tuple[str, ...]
    multiply: bool
    quantum_fen: int
    rounding: RoundingHow
    overtime: OvertimeCharge | None
    turn_back: TurnBack | None
    minimum: MinimumSetting | None

    @property
    def travels_free(self) -> bool:
        """Whether this rider pays nothing here, whatever happens."""
        return self.holder is not None and self.holder.rate_bp == 0


@dataclass(frozen=True, slots=True)
class Tariff:
    """The rules in force from `from_day` to `last_day` (None: until further notice)."""

    id: str
    version: str
    city: str
    from_day: date
    last_day: date | None
    rules: tuple[AnyRule, ...]
    bases: Mapping[str, BaseRule]
    pairs: Mapping[tuple[str, str, str], tuple[int, str]]
    _default: BaseRule | None
    _plans: dict[tuple[str, ...], Plan] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Identity and version together, as quotes carry it."""
        return f"{self.id}/{self.version}"

    @property
    def confidence(self) -> Confidence:
        """How sure the least sure base fare of this version is."""
        order: tuple[Confidence, ...] = (
            "seen", "weak", "general", "inferred", "illustrative", "placeholder",
        )  # fmt: skip
        found = [rule.confidence for rule in self.rules if isinstance(rule, BaseRule)]
        return max(found, key=order.index, default="seen")

    def base(self, system: str) -> BaseRule | None:
        """The rule that gives the base fare of a fare system, None if it has no fare now."""
        return self.bases.get(system, self._default)

    @property
    def half_trips_in_own_system(self) -> bool:
        """Whether a half trip's highest fare stays inside the fare system of its tap."""
        settings = [rule for rule in self.rules if isinstance(rule, HalfTripSetting)]
        return bool(settings) and settings[-1].among == "own_system"

    def visitor_policy(self, scheme: str) -> VisitorPolicy:
        """What the city says of visitors of a scheme; T-Union's own rule where it says nothing."""
        for rule in self.rules:
            if isinstance(rule, VisitorSetting) and rule.scheme == scheme:
                return rule.policy
        return "as_ordinary" if scheme == T_UNION else "plain"

    def plan(self, system: str, mode: str, place: str, rider: Rider) -> Plan:
        """What this rider may get in this system; worked out once per kind of rider."""
        if rider.issuer_is_local:
            key: tuple[str, ...] = (system, rider.medium_kind, rider.product)
        else:
            key = (system, rider.medium_kind, rider.product, rider.scheme, mode, place)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = _make_plan(self, system, mode, place, rider)
        return plan


@dataclass(frozen=True, slots=True)
class TariffBook:
    """All tariff versions of a city in order of time, and every rule by its id."""

    city: str
    name_zh: str
    name_en: str
    versions: tuple[Tariff, ...]
    rules: Mapping[str, AnyRule]
    _starts_s: tuple[int, ...]

    def at(self, time_s: int) -> Tariff | None:
        """The tariff in force at an instant; None before the first version."""
        index = bisect_right(self._starts_s, time_s) - 1
        return None if index < 0 else self.versions[index]


def book_codes() -> tuple[str, ...]:
    """The division codes of the cities that have tariff data, in order."""
    folder = files("tongxing.fares").joinpath("data")
    return tuple(sorted(item.name for item in folder.iterdir() if item.name.isdigit()))


@cache
def load_book(city: str) -> TariffBook:
    """The tariffs of a city by its division code, read once.

    Raises KeyError for a city without tariffs, ValueError for data that contradicts itself.
    """
    return read_book(tariff_file(city))


def tariff_file(city: str) -> bytes:
    """The tariff file of a city by its division code. Raises KeyError for a city without one."""
    if city not in book_codes():
        raise KeyError(city)
    return files("tongxing.fares").joinpath("data", city, "tariff.toml").read_bytes()


def read_book(content: bytes) -> TariffBook:
    """The tariffs in the bytes of one tariff file. Raises ValueError when they make no sense."""
    return make_book(msgspec.toml.decode(content, type=TariffFile))


def make_book(found: TariffFile) -> TariffBook:
    """The tariffs of these rules, cut into versions. A place without rules of its own may still
    have a visitor table; its one version then begins with the table."""
    rules = {rule.id: rule for rule in found.rule}
    if len(rules) != len(found.rule):
        raise ValueError(f"{found.city}: a rule id is used twice")
    for rule in found.rule:
        if not rule.sources or not fare_sources().keys() >= set(rule.sources):
            raise ValueError(f"{rule.id}: a rule names its sources, and they are on the list")
    starts = _boundaries(found)
    versions = tuple(
        _tariff(found, start, None if following is None else following - timedelta(days=1))
        for start, following in pairwise((*starts, None))
        if start is not None
    )
    return TariffBook(
        city=found.city,
        name_zh=found.name_zh,
        name_en=found.name_en,
        versions=versions,
        rules=rules,
        _starts_s=tuple(at(start) for start in starts),
    )


def _boundaries(found: TariffFile) -> tuple[date, ...]:
    days = {rule.from_day for rule in found.rule}
    days |= {rule.last_day + timedelta(days=1) for rule in found.rule if rule.last_day is not None}
    days |= table_days(found.city)
    return tuple(sorted(days))


def _tariff(found: TariffFile, start: date, last_day: date | None) -> Tariff:
    rules = tuple(rule for rule in found.rule if rule.in_force(start))
    bases: dict[str, BaseRule] = {}
    default: BaseRule | None = None
    pairs: dict[tuple[str, str, str], tuple[int, str]] = {}
    for rule in rules:
        if isinstance(rule, BaseRule):
            if any(system in bases for system in rule.systems) or (default and not rule.systems):
                raise ValueError(f"{rule.id}: two base fares for one system on {start}")
            bases.update(dict.fromkeys(rule.systems, rule))
            default = default if rule.systems else rule
        elif isinstance(rule, PairFare):
            _add_pairs(pairs, rule)
    return Tariff(
        id=f"{found.city}-{start:%Y%m%d}",
        version=_digest(rules, found.city, start),
        city=found.city,
        from_day=start,
        last_day=last_day,
        rules=rules,
        bases=bases,
        pairs=pairs,
        _default=default,
    )


def _add_pairs(pairs: dict[tuple[str, str, str], tuple[int, str]], rule: PairFare) -> None:
    """Enter stated fares; a pair stated twice with two fares is a contradiction (B87)."""
    for one, other, fare_fen in rule.rows:
        for system in rule.systems:
            for key in (
                ((system, one, other),)
                if rule.one_way
                else ((system, one, other), (system, other, one))
            ):
                known = pairs.setdefault(key, (fare_fen, rule.id))
                if known[0] != fare_fen:
                    raise ValueError(f"{rule.id}: two fares from {key[1]} to {key[2]}")


def _digest(rules: tuple[AnyRule, ...], city: str, day: date) -> str:
    """Changes with anything that can change a price, and with nothing else: a rule that is given
    an end in the future is still the same rule today."""
    bare = [
        msgspec.structs.replace(
            rule, from_day=date.min, last_day=None, confidence="seen", sources=(), note_zh="",
            note_en="",
        )
        for rule in rules
    ]  # fmt: skip
    return digest(msgspec.json.encode(bare), msgspec.json.encode(visitor_rows(city, day)))[:8]


def _one(tariff: Tariff, kind: type[_Setting], system: str, rider: Rider) -> _Setting | None:
    for rule in tariff.rules:
        if isinstance(rule, kind) and rule.applies_to(system, rider.medium_kind, rider.product):
            return rule
    return None


def _make_plan(tariff: Tariff, system: str, mode: str, place: str, rider: Rider) -> Plan:
    if not rider.issuer_is_local:
        if tariff.visitor_policy(rider.scheme) != "as_ordinary":
            relief = visitor_relief(rider.scheme, tariff.city, mode, place, tariff.from_day)
            return _plan(tariff, system, rider, () if relief is None else (relief,))
        rider = msgspec.structs.replace(rider, product="ordinary")
    kind, product = rider.medium_kind, rider.product
    mine = tuple(rule for rule in tariff.rules if rule.applies_to(system, kind, product))
    shares = tuple(
        rule
        for rule in mine
        if isinstance(rule, PercentRelief | SliceRelief | TimeRelief | MonthRelief | FreeRide)
    )
    transfers = tuple(rule for rule in mine if isinstance(rule, TransferRelief))
    packs = tuple(rule for rule in mine if isinstance(rule, PackRelief))
    caps = tuple(rule for rule in mine if isinstance(rule, CapRelief))
    return _plan(tariff, system, rider, shares, transfers, packs, caps)


def _plan(
    tariff: Tariff,
    system: str,
    rider: Rider,
    reliefs: tuple[ShareRelief, ...],
    transfers: tuple[TransferRelief, ...] = (),
    packs: tuple[PackRelief, ...] = (),
    caps: tuple[CapRelief, ...] = (),
) -> Plan:
    holders = [rule for rule in reliefs if isinstance(rule, PercentRelief) and rule.holder]
    holder = min(holders, key=lambda rule: rule.rate_bp, default=None)
    combine = _one(tariff, CombineSetting, system, rider)
    rounding = _one(tariff, RoundingSetting, system, rider)
    counting = [rule for rule in (*reliefs, *caps) if isinstance(rule, CounterRule)]
    return Plan(
        reliefs=reliefs,
        holder=holder,
        transfers=transfers,
        packs=packs,
        caps=caps,
        counters=tuple(dict.fromkeys(f"{tariff.city}.{one.counter_name}" for one in counting)),
        multiply=combine is not None and combine.how == "multiply",
        quantum_fen=rounding.quantum_fen if rounding else 1,
        rounding=rounding.how if rounding else "half_up",
        overtime=_one(tariff, OvertimeCharge, system, rider),
        turn_back=_one(tariff, TurnBack, system, rider),
        minimum=_one(tariff, MinimumSetting, system, rider),
    )
