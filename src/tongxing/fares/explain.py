"""A price line in words that a passenger understands, in Chinese and English.

Every sentence ends with the rule it rests on, since when that rule holds, and, where a fare is
inferred, weakly sourced or only a placeholder, it says so plainly. The words stand in
``texts.toml``; nothing is decided here.
"""

from collections.abc import Callable
from datetime import time
from functools import cache

from tongxing.fares.city import CityFares
from tongxing.fares.model import PriceLine
from tongxing.fares.rules import ACCOUNT_MARK, FULL_BP, MonthRelief, SliceRelief, TimeRelief
from tongxing.kernel.clock import stamp
from tongxing.kernel.money import yuan
from tongxing.kernel.texts import Catalogue, load_catalogue
from tongxing.network.registry import load_registry

_Writer = Callable[[PriceLine, str, CityFares], str]

_NOON = time(12)


def explain(line: PriceLine, language: str, fares: CityFares) -> str:
    """One sentence about a price line. `language` is "zh" or "en".

    Raises KeyError for a kind of line that has no words, which a test rules out.
    """
    return WRITERS[line.kind](line, language, fares) + _tail(line, language, fares)


def system_name(system: str, language: str) -> str:
    """What people call a fare system; its own id where the catalogue has no word for it."""
    return _word("system", system, language)


@cache
def _texts() -> Catalogue:
    return load_catalogue("tongxing.fares")


def _base(line: PriceLine, language: str, fares: CityFares) -> str:
    values = line.values
    named = bool(values.get("origin")) and bool(values.get("destination"))
    metres = int(values.get("metres", -1))
    if "stay_s" in values:
        key = "base.stay"
    elif "meter" in values:
        key = "base.meter"
    elif metres >= 0 and named:
        key = "base.path"
    elif values.get("line"):
        key = "base.flat"
    else:
        key = "base.flat_path" if named else "base.given"
    return _texts().text(
        key,
        language,
        amount=yuan(line.amount_fen),
        origin=_station(values.get("origin"), language, fares),
        destination=_station(values.get("destination"), language, fares),
        line=_line_name(values.get("line"), language, fares),
        system=_word("system", str(values.get("system", "")), language),
        km=f"{metres // 1000}.{metres % 1000:03d}",
        minutes=int(values.get("stay_s", 0)) // 60,
        measured=_texts().text(f"distance.{values.get('distances', 'official')}", language),
    )


def _highest(line: PriceLine, language: str, fares: CityFares) -> str:
    anywhere = "" if line.values["station"] else "_anywhere"
    return _texts().text(
        f"highest.{line.values['missing']}{anywhere}",
        language,
        amount=yuan(line.amount_fen),
        station=_station(line.values["station"], language, fares),
        system=_word("system", str(line.values["system"]), language),
    )


def _relief(line: PriceLine, language: str, fares: CityFares) -> str:
    values = line.values
    rate_bp = int(values.get("rate_bp", FULL_BP))
    key = "relief.free" if line.kind == "holder" and rate_bp == 0 else f"relief.{line.kind}"
    return _texts().text(
        key,
        language,
        amount=yuan(-line.amount_fen),
        rate=_rate(rate_bp, language),
        entered=stamp(int(values.get("entered_s", 0)))[11:],
        ride=values.get("ride", 0),
        issuer=load_registry().place_name(str(values.get("issuer", "")), language),
        pack=_word("pack", str(values.get("pack", "")), language),
        left=values.get("left", 0),
    )


def _early(line: PriceLine, language: str, fares: CityFares) -> str:
    """A relief for the hour of entry: early travel, or, by the rule held here, another hour."""
    rule = fares.book.rules.get(line.rule)
    if not isinstance(rule, TimeRelief) or (
        rule.entry_from == time.min and rule.entry_until < _NOON
    ):
        return _relief(line, language, fares)
    return _texts().text(
        "relief.hours",
        language,
        amount=yuan(-line.amount_fen),
        rate=_rate(int(line.values["rate_bp"]), language),
        entered=stamp(int(line.values["entered_s"]))[11:],
    )


def _by_counter(line: PriceLine, language: str, fares: CityFares) -> str:
    """A relief that hangs on what a counter had reached in its month, week or day."""
    values = line.values
    period, _, counts = line.kind.partition("_")
    if line.kind == "steps":
        rule = fares.book.rules.get(line.rule)
        period, counts = rule.period if isinstance(rule, MonthRelief) else "month", "steps"
    reached = int(values["reached"])
    return _texts().text(
        f"reached.{counts}",
        language,
        period=_texts().text(f"period.{period}", language),
        reached=reached if counts == "rides" else yuan(reached),
        rate=_rate(int(values["rate_bp"]), language),
        amount=yuan(-line.amount_fen),
    )


def _slices(line: PriceLine, language: str, fares: CityFares) -> str:
    """A fare whose parts have their own rates: the rates, where the rule is known here."""
    rule = fares.book.rules.get(line.rule)
    amount = yuan(-line.amount_fen)
    if not isinstance(rule, SliceRelief):
        return _texts().text("relief.slices", language, amount=amount)
    edges = [yuan(edge) for edge in rule.upto_fen]
    rates = [_rate(rate_bp, language) for rate_bp in rule.rates_bp]
    parts = [
        _texts().text("slice.to", language, edge=edge, rate=rate)
        for edge, rate in zip(edges, rates, strict=False)
    ]
    parts.append(_texts().text("slice.rest", language, rate=rates[-1]))
    joined = _texts().text("slice.join", language).join(parts)
    return _texts().text("relief.slices_known", language, parts=joined, amount=amount)


def _transfer(line: PriceLine, language: str, fares: CityFares) -> str:
    values = line.values
    first = _line_name(values["first_line"], language, fares)
    if fares.network.lines.get(str(values["first_line"])) is None:
        first = _word("mode", str(values["first_mode"]), language)
    return _texts().text(
        "relief.transfer" if line.kind == "transfer" else "remark.transfer_spent",
        language,
        amount=yuan(-line.amount_fen),
        minutes=int(values["gap_s"]) // 60,
        first=first,
        first_fare=yuan(int(values["first_fen"])),
    )


def _remark(line: PriceLine, language: str, fares: CityFares) -> str:
    return _texts().text(f"remark.{line.kind}", language, **line.values)


def _difference(line: PriceLine, language: str, fares: CityFares) -> str:
    key = "more" if line.amount_fen >= 0 else "less"
    return _texts().text(f"difference.{key}", language, amount=yuan(abs(line.amount_fen)))


def _turn_back(line: PriceLine, language: str, fares: CityFares) -> str:
    return _texts().text(
        "remark.turn_back",
        language,
        amount=yuan(-line.amount_fen),
        station=_station(line.values["station"], language, fares),
        stay=int(line.values["stay_s"]) // 60,
        limit=int(line.values["limit_s"]) // 60,
    )


def _overtime(line: PriceLine, language: str, fares: CityFares) -> str:
    return _texts().text(
        "charge.overtime",
        language,
        amount=yuan(line.amount_fen),
        stay=_clock(int(line.values["stay_s"])),
        limit=_clock(int(line.values["limit_s"])),
    )


def _cap(line: PriceLine, language: str, fares: CityFares) -> str:
    values = line.values
    return _texts().text(
        "reached.cap",
        language,
        period=_texts().text(f"period.{values['period']}", language),
        reached=yuan(int(values["reached"])),
        cap=yuan(int(values["cap"])),
        amount=yuan(-line.amount_fen),
    )


def _clock(seconds: int) -> str:
    """A length of time as ``3:00:01``, so that one second over a limit can be seen."""
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _half_trip(line: PriceLine, language: str, fares: CityFares) -> str:
    """How the missing end of a half trip was found; an amount only where it is a median."""
    values = line.values
    return _texts().text(
        f"half_trip.{values['how']}",
        language,
        end=_texts().text(f"half_trip.{values['missing']}", language),
        station=_station(values.get("station"), language, fares),
        amount=yuan(line.amount_fen),
    )


def _count(line: PriceLine, language: str, fares: CityFares) -> str:
    values = line.values
    counter, _, period = line.rule.partition(".")[2].removesuffix(ACCOUNT_MARK).partition(":")
    whose = "account" if line.rule.endswith(ACCOUNT_MARK) else "medium"
    rides = int(values["rides"])
    stands_still = int(values.get("rides_before", rides - 1)) == rides
    return _texts().text(
        "remark.count",
        language,
        period=_period_of(int(values["month"]), period, language),
        counter=_word("counter", counter, language),
        whose=_texts().text(f"whose.{whose}", language),
        before=yuan(int(values["before_fen"])),
        after=yuan(int(values["after_fen"])),
        rides=_texts().text(f"count.{'same' if stands_still else 'next'}", language, rides=rides),
    )


def _period_of(key: int, period: str, language: str) -> str:
    """The month, week or day that a counter counts: 2026-03, the week from 2026-03-16, a day."""
    if not period:
        return f"{key // 100}-{key % 100:02d}"
    day = f"{key // 10_000}-{key // 100 % 100:02d}-{key % 100:02d}"
    return _texts().text(f"count.{period}", language, day=day)


def _tail(line: PriceLine, language: str, fares: CityFares) -> str:
    """The rule behind a line, its dates, and a plain word where it is not certain."""
    rule = fares.book.rules.get(line.rule)
    if rule is None:
        start, until, confidence = line.values.get("as_of"), "", ""
        if start is None:
            return ""
    else:
        start, until = rule.from_day.isoformat(), ""
        confidence = _texts().text(f"confidence.{rule.confidence}", language)
        if rule.last_day is not None:
            until = _texts().text("tail.until", language, day=rule.last_day)
    return _texts().text(
        "tail.rule", language, rule=line.rule, from_day=start, until=until, confidence=confidence
    )


def _rate(rate_bp: int, language: str) -> str:
    """A rate as people say it: 9折 or 90%, 8.5折 or 85%."""
    if rate_bp == FULL_BP:
        return _texts().text("rate.whole", language)
    if rate_bp == 0:
        return _texts().text("rate.free", language)
    return _texts().text(
        "rate.part",
        language,
        tenths=_trimmed(rate_bp, 1000),
        percent=_trimmed(rate_bp, 100),
    )


def _trimmed(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    digits = f"{rest:0{len(str(unit)) - 1}d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def _station(station: object, language: str, fares: CityFares) -> str:
    known = fares.network.stations.get(str(station))
    if known is None:
        return str(station)
    return known.name_zh if language == "zh" else known.name_en


def _line_name(line: object, language: str, fares: CityFares) -> str:
    known = fares.network.lines.get(str(line))
    if known is None:
        return str(line)
    return known.name_zh if language == "zh" else known.name_en


def _word(group: str, key: str, language: str) -> str:
    """A word of the catalogue; a fare system or counter without one keeps its own name."""
    name = f"{group}.{key}"
    return _texts().text(name, language) if name in _texts().entries else key


WRITERS: dict[str, _Writer] = {
    "base": _base,
    "highest": _highest,
    "percent": _relief,
    "holder": _relief,
    "early": _early,
    "holder_hours": _relief,
    "month_paid": _by_counter,
    "month_rides": _by_counter,
    "week_paid": _by_counter,
    "week_rides": _by_counter,
    "day_paid": _by_counter,
    "day_rides": _by_counter,
    "steps": _by_counter,
    "cap": _cap,
    "nth_free": _relief,
    "pack": _relief,
    "slices": _slices,
    "visitor": _relief,
    "transfer": _transfer,
    "transfer_spent": _transfer,
    "calendar": _remark,
    "free_ride": _remark,
    "turn_back": _turn_back,
    "gate_difference": _difference,
    "overtime": _overtime,
    "half_trip": _half_trip,
    "count": _count,
}
