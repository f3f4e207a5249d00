"""A price line in words that a passenger understands, in Chinese and English.

Every sentence ends with the rule it rests on, since when that rule holds, and, where a fare is
inferred, weakly sourced or only a placeholder, it says so plainly. The words stand in
``texts.toml``; nothing is decided here.
"""

from collections.abc import Callable
from functools import cache

from tongxing.fares.city import CityFares
from tongxing.fares.model import PriceLine
from tongxing.fares.rules import FULL_BP
from tongxing.kernel.clock import stamp
from tongxing.kernel.money import yuan
from tongxing.kernel.texts import Catalogue, load_catalogue
from tongxing.network.registry import load_registry

_Writer = Callable[[PriceLine, str, CityFares], str]


def explain(line: PriceLine, language: str, fares: CityFares) -> str:
    """One sentence about a price line. `language` is "zh" or "en".

    Raises KeyError for a kind of line that has no words, which a test rules out.
    """
    return _WRITERS[line.kind](line, language, fares) + _tail(line, language, fares)


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
    if metres >= 0 and named:
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
        measured=_texts().text(f"distance.{values.get('distances', 'official')}", language),
    )


def _highest(line: PriceLine, language: str, fares: CityFares) -> str:
    return _texts().text(
        f"highest.{line.values['missing']}",
        language,
        amount=yuan(line.amount_fen),
        station=_station(line.values["station"], language, fares),
        system=_word("system", str(line.values["system"]), language),
    )


def _relief(line: PriceLine, language: str, fares: CityFares) -> str:
    values = line.values
    rate_bp = int(values.get("rate_bp", FULL_BP))
    key = "relief.free" if line.kind == "holder" and rate_bp == 0 else f"relief.{line.kind}"
    reached = int(values.get("reached", 0))
    return _texts().text(
        key,
        language,
        amount=yuan(-line.amount_fen),
        rate=_rate(rate_bp, language),
        entered=stamp(int(values.get("entered_s", 0)))[11:],
        reached=yuan(reached) if line.kind == "month_paid" else reached,
        ride=values.get("ride", 0),
        issuer=load_registry().place_name(str(values.get("issuer", "")), language),
    )


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
        stay=int(line.values["stay_s"]) // 60,
        limit=int(line.values["limit_s"]) // 60,
    )


def _count(line: PriceLine, language: str, fares: CityFares) -> str:
    month = int(line.values["month"])
    return _texts().text(
        "remark.count",
        language,
        month=f"{month // 100}-{month % 100:02d}",
        counter=_word("counter", line.rule.partition(".")[2], language),
        before=yuan(int(line.values["before_fen"])),
        after=yuan(int(line.values["after_fen"])),
        rides=line.values["rides"],
    )


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


_WRITERS: dict[str, _Writer] = {
    "base": _base,
    "highest": _highest,
    "percent": _relief,
    "holder": _relief,
    "early": _relief,
    "month_paid": _relief,
    "month_rides": _relief,
    "nth_free": _relief,
    "slices": _relief,
    "visitor": _relief,
    "transfer": _transfer,
    "transfer_spent": _transfer,
    "calendar": _remark,
    "turn_back": _turn_back,
    "gate_difference": _difference,
    "overtime": _overtime,
    "count": _count,
}
