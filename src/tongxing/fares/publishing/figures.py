"""What the numbers of one rule say: prices that rise, steps in order, shares that are shares.

Each kind of rule has its questions here, asked of the plain values of the file, so that a mistake
is noted at the very number. Rules are looked at one by one; how they stand beside one another is
`timeline` and `overlaps`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from tongxing.fares.publishing.findings import Notebook, both, near
from tongxing.fares.publishing.positions import Path
from tongxing.fares.publishing.shape import MONEY, NOT_A_SHARE, RATE, rule_shapes
from tongxing.fares.rules import FULL_BP
from tongxing.fares.sources import fare_sources
from tongxing.network.registry import load_registry
from tongxing.network.schemes import MODES

FARE_FEN_MAX = 100_000
YEAR_MIN, YEAR_MAX = 2000, 2100

_NOT_A_FARE = ("price_fen", "upto_fen")
_COUNTED_MAX = 10**9

Rule = Mapping[str, Any]


def check_figures(notes: Notebook, number: int) -> None:
    """Note what is wrong with the numbers, dates and names of one rule of right shape."""
    rule: Rule = notes.document.value["rule"][number]
    path: Path = ("rule", number)
    _check_dates(notes, rule, path)
    _check_names(notes, rule, path)
    for one in rule_shapes()[rule["kind"]].fields:
        key = one.encode_name
        if key in rule:
            _check_size(notes, rule[key], key, (*path, key))
    _BY_KIND.get(rule["kind"], _nothing)(notes, rule, path)


def _check_dates(notes: Notebook, rule: Rule, path: Path) -> None:
    for key in ("from", "until"):
        day = rule.get(key)
        if isinstance(day, date) and not YEAR_MIN <= day.year <= YEAR_MAX:
            advice = both("advice", "dates.year", least=YEAR_MIN, most=YEAR_MAX)
            notes.error("TARIFF_DATES", (*path, key), found=day, **advice)
    first, last = rule["from"], rule.get("until")
    if last is not None and last < first:
        advice = both("advice", "dates.order", first=first)
        notes.error("TARIFF_DATES", (*path, "until"), found=last, **advice)


def _check_names(notes: Notebook, rule: Rule, path: Path) -> None:
    for key in ("id", "counter", "pack"):
        if key in rule and not rule[key].strip():
            notes.error("TARIFF_SCOPE", (*path, key))
    for key in ("systems", "products", "stations"):
        for index, name in enumerate(rule.get(key, ())):
            if not name.strip() or name != name.strip():
                notes.error("TARIFF_SCOPE", (*path, key, index))
            elif name in rule[key][:index]:
                notes.warning("TARIFF_TWICE", (*path, key, index), name=name)
    if rule.get("media") == []:
        notes.error("TARIFF_SCOPE", (*path, "media"))
    if not rule["sources"]:
        notes.error("TARIFF_SCOPE", (*path, "sources"))
    for index, source in enumerate(rule["sources"]):
        if source not in fare_sources():
            hint = near(source, fare_sources())
            notes.error("TARIFF_SOURCE", (*path, "sources", index), source=source, **hint)
    if bool(rule.get("note_zh")) != bool(rule.get("note_en")):
        key = "note_zh" if rule.get("note_zh") else "note_en"
        notes.warning("TARIFF_NOTE", (*path, key))


def _check_size(notes: Notebook, found: Any, key: str, path: Path) -> None:
    if isinstance(found, list):
        for index, item in enumerate(found):
            _check_size(notes, item, key, (*path, index))
        return
    if not isinstance(found, int) or isinstance(found, bool):
        return
    if key.endswith(RATE) and key not in NOT_A_SHARE:
        if not 0 <= found <= FULL_BP:
            notes.error("TARIFF_DISCOUNT", path, found=found, **both("advice", "discount.range"))
    elif found < 0:
        notes.error("TARIFF_NEGATIVE", path, found=found)
    elif (key.endswith(MONEY) and key not in _NOT_A_FARE) or key in ("rows", "amount", "balance"):
        if found > FARE_FEN_MAX:
            notes.error("TARIFF_TOO_MUCH", path, found=found, most=FARE_FEN_MAX)
    elif found > _COUNTED_MAX:
        notes.error("TARIFF_TOO_MUCH", path, found=found, most=_COUNTED_MAX)


def _rising(notes: Notebook, code: str, values: Sequence[int], path: Path) -> None:
    """Every value is more than the one before it; the first that is not is pointed at."""
    for index in range(1, len(values)):
        if values[index] <= values[index - 1]:
            found, before = values[index], values[index - 1]
            notes.error(code, (*path, index), found=found, before=before)


def _not_falling(notes: Notebook, values: Sequence[int], path: Path) -> None:
    for index in range(1, len(values)):
        if values[index] < values[index - 1]:
            found, before = values[index], values[index - 1]
            notes.error("TARIFF_BANDS", (*path, index), found=found, before=before)


def _length(notes: Notebook, rule: Rule, key: str, wanted: int, path: Path) -> None:
    if len(rule[key]) != wanted:
        notes.error("TARIFF_LENGTH", (*path, key), found=len(rule[key]), wanted=wanted)


def _some(notes: Notebook, rule: Rule, key: str, path: Path) -> bool:
    if not rule[key]:
        notes.error("TARIFF_LENGTH", (*path, key), found=0, wanted=1)
    return bool(rule[key])


def _positive(notes: Notebook, rule: Rule, path: Path, *keys: str) -> None:
    for key in keys:
        if rule.get(key) == 0:
            notes.error("TARIFF_ZERO", (*path, key))


def _never(notes: Notebook, path: Path, why: str, **values: object) -> None:
    notes.warning("TARIFF_NEVER", path, **both("why", f"never.{why}", **values))


def _bands(notes: Notebook, rule: Rule, path: Path) -> None:
    if not _some(notes, rule, "edges_m", path):
        return
    every, add = rule.get("then_every_m", 0), rule.get("then_add_fen", 0)
    _length(notes, rule, "fares_fen", len(rule["edges_m"]) + (0 if every else 1), path)
    _price_list(notes, rule, path, rule["edges_m"], "edges_m")
    if add and not every:
        _never(notes, (*path, "then_add_fen"), "add_without_every")


def _duration(notes: Notebook, rule: Rule, path: Path) -> None:
    _positive(notes, rule, path, "then_every_s")
    if not _some(notes, rule, "edges_s", path):
        return
    _length(notes, rule, "fares_fen", len(rule["edges_s"]), path)
    _price_list(notes, rule, path, rule["edges_s"], "edges_s")


def _price_list(
    notes: Notebook, rule: Rule, path: Path, edges: Sequence[int], edges_key: str
) -> None:
    fares, cap = rule["fares_fen"], rule.get("cap_fen", 0)
    _rising(notes, "TARIFF_BANDS", edges, (*path, edges_key))
    _not_falling(notes, fares, (*path, "fares_fen"))
    if edges[0] == 0:
        _never(notes, (*path, edges_key, 0), "band_of_nothing")
    above = next((index for index, fare in enumerate(fares) if cap and fare > cap), None)
    if above is not None:
        _never(notes, (*path, "fares_fen", above), "above_cap", cap=cap)


def _pairs(notes: Notebook, rule: Rule, path: Path) -> None:
    if not rule.get("systems"):
        notes.error("TARIFF_SCOPE", path)
    _some(notes, rule, "rows", path)
    seen: dict[tuple[str, str], int] = {}
    for index, (one, other, fen) in enumerate(rule["rows"]):
        spot = (*path, "rows", index)
        values = {"one": one, "other": other, "found": fen}
        back = None if rule.get("one_way", False) or one == other else seen.get((other, one))
        if (one, other) in seen:
            if seen[one, other] != fen:
                values["before"] = seen[one, other]
                notes.error("TARIFF_PAIR_TWICE", spot, **values)
            else:
                notes.warning("TARIFF_TWICE", spot, name=f"{one} – {other}")
        elif back is not None and back != fen:
            notes.error("TARIFF_ASYMMETRIC", spot, **values, before=back)
        seen.setdefault((one, other), fen)


def _meter(notes: Notebook, rule: Rule, path: Path) -> None:
    if rule["night_from"] == rule["night_until"]:
        _never(notes, (*path, "night_from"), "empty_hours")


def _share(notes: Notebook, rule: Rule, path: Path) -> None:
    """A single rate: 0 for a named class of holders only, and 10000 takes nothing off."""
    spot = (*path, "rate_bp")
    if rule["rate_bp"] == 0 and not (rule.get("holder") and rule.get("products")):
        notes.error("TARIFF_DISCOUNT", spot, found=0, **both("advice", "discount.holder"))
    elif rule["rate_bp"] == FULL_BP:
        _never(notes, spot, "full_rate")


def _slices(notes: Notebook, rule: Rule, path: Path) -> None:
    _steps(notes, rule, path, "upto_fen")
    for index, edge in enumerate(rule["upto_fen"]):
        if edge >= FARE_FEN_MAX:
            _never(notes, (*path, "upto_fen", index), "beyond_all", most=FARE_FEN_MAX)


def _month(notes: Notebook, rule: Rule, path: Path) -> None:
    _steps(notes, rule, path, "reach")
    if rule.get("applies") == "slice" and rule["counts"] != "paid":
        notes.error("TARIFF_CHOICE", (*path, "applies"), found="slice", **near("", ["next_ride"]))


def _steps(notes: Notebook, rule: Rule, path: Path, key: str) -> None:
    """Steps that rise from more than nothing, with a rate before, between and after them."""
    if not _some(notes, rule, key, path):
        return
    _length(notes, rule, "rates_bp", len(rule[key]) + 1, path)
    _rising(notes, "TARIFF_STEPS", rule[key], (*path, key))
    if rule[key][0] == 0:
        _never(notes, (*path, "rates_bp", 0), "first_step")
    rates = rule["rates_bp"]
    for index, rate in enumerate(rates):
        if rate == 0 and not rule.get("free", False):
            advice = both("advice", "discount.free" if key == "reach" else "discount.range")
            notes.error("TARIFF_DISCOUNT", (*path, "rates_bp", index), found=0, **advice)
    if rates and all(rate == FULL_BP for rate in rates):
        _never(notes, (*path, "rates_bp"), "full_rate")


def _nth_free(notes: Notebook, rule: Rule, path: Path) -> None:
    if _some(notes, rule, "rides", path):
        _rising(notes, "TARIFF_STEPS", rule["rides"], (*path, "rides"))
        if rule["rides"][0] == 0:
            notes.error("TARIFF_ZERO", (*path, "rides", 0))


def _pack(notes: Notebook, rule: Rule, path: Path) -> None:
    _positive(notes, rule, path, "rides")


def _time(notes: Notebook, rule: Rule, path: Path) -> None:
    _share(notes, rule, path)
    if rule["entry_from"] >= rule["entry_until"]:
        advice = both("advice", "dates.hours", first=rule["entry_from"])
        notes.error("TARIFF_DATES", (*path, "entry_until"), found=rule["entry_until"], **advice)


def _transfer(notes: Notebook, rule: Rule, path: Path) -> None:
    _positive(notes, rule, path, "relief_fen", "window_s")
    _some(notes, rule, "pairs", path)
    for index, pair in enumerate(rule["pairs"]):
        modes = pair.split("-")
        if len(modes) != 2 or not set(modes) <= set(MODES):
            known = [f"{one}-{other}" for one in MODES for other in MODES]
            hint = near(pair, known) if len(modes) == 2 else both("near", "near.pair")
            notes.error("TARIFF_MODE", (*path, "pairs", index), found=pair, **hint)
        elif pair in rule["pairs"][:index]:
            notes.warning("TARIFF_TWICE", (*path, "pairs", index), name=pair)
    if rule.get("min_gap_s", 0) > rule["window_s"]:
        found, most = rule["min_gap_s"], rule["window_s"]
        notes.error("TARIFF_WINDOW", (*path, "min_gap_s"), found=found, most=most)
    if rule.get("same_line_min_s", 0) > rule["window_s"]:
        _never(notes, (*path, "same_line_min_s"), "gap_beyond_window")


def _limit(notes: Notebook, rule: Rule, path: Path) -> None:
    _positive(notes, rule, path, "limit_s", "within_s", "quantum_fen")


def _visitor(notes: Notebook, rule: Rule, path: Path) -> None:
    schemes = load_registry().schemes
    if rule["scheme"] not in schemes:
        hint = near(rule["scheme"], schemes)
        notes.error("TARIFF_CHOICE", (*path, "scheme"), found=rule["scheme"], **hint)


def _nothing(notes: Notebook, rule: Rule, path: Path) -> None:
    """A kind whose keys say all there is to say."""


_BY_KIND: Mapping[str, Callable[[Notebook, Rule, Path], None]] = {
    "bands": _bands,
    "duration": _duration,
    "meter": _meter,
    "month": _month,
    "nth_free": _nth_free,
    "overtime": _limit,
    "pack": _pack,
    "pairs": _pairs,
    "percent": _share,
    "rounding": _limit,
    "slices": _slices,
    "time": _time,
    "transfer": _transfer,
    "turn_back": _limit,
    "visitor": _visitor,
}
