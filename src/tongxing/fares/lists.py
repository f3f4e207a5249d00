"""A city's tariffs as lists for people: versions with their dates, and price lists in words."""

from dataclasses import dataclass
from datetime import date

from tongxing.fares.explain import system_name
from tongxing.fares.rules import (
    BandFare,
    BaseRule,
    Confidence,
    DurationFare,
    FlatFare,
    MeterFare,
)
from tongxing.fares.sources import fare_sources
from tongxing.fares.tariff import Tariff, TariffBook
from tongxing.kernel.money import yuan
from tongxing.kernel.texts import load_catalogue


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One tariff version: its name, dates, and the ids of the rules that begin with it."""

    name: str
    from_day: date
    last_day: date | None
    begins: tuple[str, ...]
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class BaseRow:
    """One price list in force: for which fare systems, what it asks, how sure it is."""

    rule: str
    systems_zh: str
    systems_en: str
    price_list_zh: str
    price_list_en: str
    confidence: Confidence
    source_zh: str
    source_en: str


def version_rows(book: TariffBook) -> tuple[VersionRow, ...]:
    """The versions of a city in order of time."""
    return tuple(
        VersionRow(
            name=tariff.name,
            from_day=tariff.from_day,
            last_day=tariff.last_day,
            begins=tuple(rule.id for rule in tariff.rules if rule.from_day == tariff.from_day),
            confidence=tariff.confidence,
        )
        for tariff in book.versions
    )


def base_rows(tariff: Tariff) -> tuple[BaseRow, ...]:
    """The price lists of one version, in the order of the tariff file."""
    return tuple(
        BaseRow(
            rule=rule.id,
            systems_zh="、".join(system_name(one, "zh") for one in rule.systems),
            systems_en=", ".join(system_name(one, "en") for one in rule.systems),
            price_list_zh=price_list(rule, "zh"),
            price_list_en=price_list(rule, "en"),
            confidence=rule.confidence,
            source_zh=_source(rule, "zh"),
            source_en=_source(rule, "en"),
        )
        for rule in tariff.rules
        if isinstance(rule, BaseRule)
    )


def price_list(rule: BaseRule, language: str) -> str:
    """A base rule in words: ``to 6 km 3.00, to 12 km 4.00, then 1.00 more per 20 km``."""
    texts = load_catalogue("tongxing.fares")
    if isinstance(rule, FlatFare):
        parts = [texts.text("list.flat", language, amount=yuan(rule.fare_fen))]
    elif isinstance(rule, BandFare):
        parts = _bands(rule, language)
    elif isinstance(rule, MeterFare):
        parts = _meter(rule, language)
    else:
        parts = _durations(rule, language)
    return texts.text("list.join", language).join(parts)


def _bands(rule: BandFare, language: str) -> list[str]:
    texts = load_catalogue("tongxing.fares")
    parts = [
        texts.text("list.to", language, km=_km(edge), amount=yuan(fare))
        for edge, fare in zip(rule.edges_m, rule.fares_fen, strict=False)
    ]
    if rule.then_every_m:
        more = yuan(rule.then_add_fen)
        parts.append(texts.text("list.then", language, km=_km(rule.then_every_m), amount=more))
    else:
        parts.append(texts.text("list.beyond", language, amount=yuan(rule.fares_fen[-1])))
    if rule.cap_fen:
        parts.append(texts.text("list.cap", language, amount=yuan(rule.cap_fen)))
    if rule.grace_m:
        parts.append(texts.text("list.grace", language, metres=rule.grace_m))
    return parts


def _meter(rule: MeterFare, language: str) -> list[str]:
    texts = load_catalogue("tongxing.fares")
    day = texts.text(
        "list.meter", language, km=_km(rule.start_m), start=yuan(rule.start_fen),
        more=yuan(rule.per_km_fen),
    )  # fmt: skip
    night = texts.text(
        "list.night", language, start=yuan(rule.night_start_fen), more=yuan(rule.night_per_km_fen),
        from_time=f"{rule.night_from:%H:%M}", until=f"{rule.night_until:%H:%M}",
    )  # fmt: skip
    slow = texts.text("list.slow", language, percent=rule.slow_bp // 100)
    return [day, night, slow] if rule.slow_bp else [day, night]


def _durations(rule: DurationFare, language: str) -> list[str]:
    texts = load_catalogue("tongxing.fares")
    parts = [
        texts.text("list.stay", language, minutes=edge // 60, amount=yuan(fare))
        for edge, fare in zip(rule.edges_s, rule.fares_fen, strict=True)
    ]
    every = rule.then_every_s // 60
    more = yuan(rule.then_add_fen)
    parts.append(texts.text("list.then_stay", language, minutes=every, amount=more))
    if rule.cap_fen:
        parts.append(texts.text("list.cap", language, amount=yuan(rule.cap_fen)))
    return parts


def _source(rule: BaseRule, language: str) -> str:
    """The sources of a rule, and what there is to note about it."""
    note = rule.note_zh if language == "zh" else rule.note_en
    named = [fare_sources()[key].name(language) for key in rule.sources]
    return (
        load_catalogue("tongxing.fares")
        .text("list.join", language)
        .join([*named, note] if note else named)
    )


def _km(metres: int) -> str:
    whole, rest = divmod(metres, 1000)
    return str(whole) if not rest else f"{whole}.{rest:03d}".rstrip("0")
