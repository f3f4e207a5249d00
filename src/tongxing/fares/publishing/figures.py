"""What the numbers of one rule say: prices that rise, steps in order, shares that are shares.

Each kind of rule has its questions here, asked of the plain values of the file, so that a mistake
is noted at the very number. Rules are looked at one by one; how they stand beside one another is
`timeline` and `overlaps`.
"""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from tongxing.fares.publishing.findings import Notebook, both, near
from tongxing.fares.publishing.positions import Path
from tongxing.fares.publishing.shape import MONEY, NOT_A_SHARE, RATE, Sound
from tongxing.fares.rules import FULL_BP
from tongxing.fares.sources import fare_sources
from tongxing.network.registry import load_registry
from tongxing.network.schemes import MODES

FARE_FEN_MAX = 100_000
YEAR_MIN, YEAR_MAX = 2000, 2100

_NOT_A_FARE = ("price_fen", "upto_fen")
_COUNTED_MAX = 10**9

_MODE_OF = {
    "metro": "rail", "subway": "rail", "underground": "rail", "train": "rail", "tram": "rail",
    "railway": "rail", "lightrail": "rail", "地铁": "rail", "轻轨": "rail", "轨道": "rail",
    "coach": "bus", "brt": "bus", "trolleybus": "bus", "公交": "bus", "bike": "bicycle",
    "boat": "ferry", "cab": "taxi", "ropeway": "cableway", "索道": "cableway", "轮渡": "ferry",
}  # fmt: skip
"""What people call a mode, or the fare system of one, by the mode that is meant."""


def check_figures(notes: Notebook, rule: Sound) -> None:
    """Note what is wrong with the numbers, dates and names of one rule, as far as it is sound."""
    path: Path = ("rule", rule.number)
    written: Mapping[str, Any] = notes.document.value["rule"][rule.number]
    _check_dates(notes, rule, path)
    _check_names(notes, rule, written, path)
    for key in (*rule.values, *rule.unsound):
        if key in rule.values or isinstance(written.get(key), list):
            _check_size(notes, written[key], key, (*path, key), rule.kind)
    _BY_KIND.get(rule.kind, _nothing)(notes, rule, path)


def _check_dates(notes: Notebook, rule: Sound, path: Path) -> None:
    for key in ("from", "until"):
        day = rule.values.get(key)
        if day is not None and not YEAR_MIN <= day.year <= YEAR_MAX:
            advice = both("advice", "dates.year", least=YEAR_MIN, most=YEAR_MAX)
            notes.error("TARIFF_DATES", (*path, key), found=day, **advice)
    first, last = rule.values.get("from"), rule.values.get("until")
    if first is not None and last is not None and last < first:
        advice = both("advice", "dates.order", first=first)
        notes.error("TARIFF_DATES", (*path, "until"), found=last, **advice)


def _check_names(notes: Notebook, rule: Sound, written: Mapping[str, Any], path: Path) -> None:
    for key in ("id", "counter", "pack"):
        if key in rule.values and not rule.values[key].strip():
            notes.error("TARIFF_SCOPE", (*path, key))
    for key in ("systems", "products", "stations"):
        names = _texts(written.get(key))
        for index, name in names.items():
            if not name.strip() or name != name.strip():
                notes.error("TARIFF_SCOPE", (*path, key, index))
            elif any(names.get(before) == name for before in range(index)):
                notes.warning("TARIFF_TWICE", (*path, key, index), name=name)
    for key in ("media", "sources"):
        if written.get(key) == []:
            notes.error("TARIFF_SCOPE", (*path, key))
    for index, source in _texts(written.get("sources")).items():
        if source not in fare_sources():
            hint = near(source, fare_sources())
            notes.error("TARIFF_SOURCE", (*path, "sources", index), source=source, **hint)
    if bool(written.get("note_zh")) != bool(written.get("note_en")):
        key = "note_zh" if written.get("note_zh") else "note_en"
        notes.warning("TARIFF_NOTE", (*path, key))


def _texts(found: object) -> dict[int, str]:
    """The texts of a list by their number; whatever else stands there is noted elsewhere."""
    items = enumerate(found) if isinstance(found, list) else ()
    return {index: item for index, item in items if isinstance(item, str)}


def _check_size(notes: Notebook, found: Any, key: str, path: Path, kind: str) -> None:
    if isinstance(found, list):
        for index, item in enumerate(found):
            _check_size(notes, item, key, (*path, index), kind)
        return
    if not isinstance(found, int) or isinstance(found, bool):
        return
    if key.endswith(RATE) and key not in NOT_A_SHARE:
        if not 0 <= found <= FULL_BP:
            notes.error("TARIFF_DISCOUNT", path, found=found, **both("advice", "discount.range"))
    elif found < 0:
        notes.error("TARIFF_NEGATIVE", path, found=found)
    else:
        is_fare = key.endswith(MONEY) or key in ("rows", "amount", "balance")
        is_sum = key in _NOT_A_FARE or kind == "cap"
        most = FARE_FEN_MAX if is_fare and not is_sum else _COUNTED_MAX
        if found > most:
            notes.error("TARIFF_TOO_MUCH", path, found=found, most=most)


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


def _length(notes: Notebook, rule: Sound, key: str, wanted: int, path: Path) -> None:
    if rule.knows(key) and len(rule.values[key]) != wanted:
        found = len(rule.values[key])
        notes.error("TARIFF_LENGTH", (*path, key), found=found, wanted=wanted)


def _some(notes: Notebook, rule: Sound, key: str, path: Path) -> bool:
    """Whether a list can be looked at; an empty one is noted."""
    if not rule.knows(key):
        return False
    if not rule.values[key]:
        notes.error("TARIFF_LENGTH", (*path, key), found=0, wanted=1)
    return bool(rule.values[key])


def _positive(notes: Notebook, rule: Sound, path: Path, *keys: str) -> None:
    for key in keys:
        if rule.values.get(key) == 0:
            notes.error("TARIFF_ZERO", (*path, key))


def _never(notes: Notebook, path: Path, why: str, **values: object) -> None:
    notes.warning("TARIFF_NEVER", path, **both("why", f"never.{why}", **values))


def _bands(notes: Notebook, rule: Sound, path: Path) -> None:
    every, add = rule.values.get("then_every_m", 0), rule.values.get("then_add_fen", 0)
    if add and not every and rule.knows("then_every_m"):
        _never(notes, (*path, "then_add_fen"), "add_without_every")
    if _some(notes, rule, "edges_m", path) and rule.knows("then_every_m"):
        wanted = len(rule.values["edges_m"]) + (0 if every else 1)
        _length(notes, rule, "fares_fen", wanted, path)
    _price_list(notes, rule, path, "edges_m")


def _duration(notes: Notebook, rule: Sound, path: Path) -> None:
    _positive(notes, rule, path, "then_every_s")
    if _some(notes, rule, "edges_s", path):
        _length(notes, rule, "fares_fen", len(rule.values["edges_s"]), path)
    _price_list(notes, rule, path, "edges_s")


def _price_list(notes: Notebook, rule: Sound, path: Path, edges_key: str) -> None:
    edges, fares = rule.values.get(edges_key, ()), rule.values.get("fares_fen", ())
    cap = rule.values.get("cap_fen", 0)
    _rising(notes, "TARIFF_BANDS", edges, (*path, edges_key))
    _not_falling(notes, fares, (*path, "fares_fen"))
    if edges and edges[0] == 0:
        _never(notes, (*path, edges_key, 0), "band_of_nothing")
    above = next((index for index, fare in enumerate(fares) if cap and fare > cap), None)
    if above is not None:
        _never(notes, (*path, "fares_fen", above), "above_cap", cap=cap)


def _pairs(notes: Notebook, rule: Sound, path: Path) -> None:
    if rule.knows("systems") and not rule.values.get("systems"):
        notes.error("TARIFF_SCOPE", path)
    if not _some(notes, rule, "rows", path) or not rule.knows("one_way"):
        return
    one_way = rule.values.get("one_way", False)
    seen: dict[tuple[str, str], int] = {}
    for index, (one, other, fen) in enumerate(rule.values["rows"]):
        spot = (*path, "rows", index)
        values = {"one": one, "other": other, "found": fen}
        back = None if one_way or one == other else seen.get((other, one))
        if (one, other) in seen:
            if seen[one, other] != fen:
                values["before"] = seen[one, other]
                notes.error("TARIFF_PAIR_TWICE", spot, **values)
            else:
                notes.warning("TARIFF_TWICE", spot, name=f"{one} – {other}")
        elif back is not None and back != fen:
            notes.error("TARIFF_ASYMMETRIC", spot, **values, before=back)
        seen.setdefault((one, other), fen)


def _meter(notes: Notebook, rule: Sound, path: Path) -> None:
    hours = ("night_from", "night_until")
    if rule.knows(*hours) and rule.values[hours[0]] == rule.values[hours[1]]:
        _never(notes, (*path, "night_from"), "empty_hours")


def _share(notes: Notebook, rule: Sound, path: Path) -> None:
    """A single rate: 0 for a named class of holders only, and 10000 takes nothing off."""
    spot, rate = (*path, "rate_bp"), rule.values.get("rate_bp")
    named = rule.values.get("holder") and rule.values.get("products")
    if rate == 0 and not named and rule.knows("holder", "products"):
        notes.error("TARIFF_DISCOUNT", spot, found=0, **both("advice", "discount.holder"))
    elif rate == FULL_BP:
        _never(notes, spot, "full_rate")


def _slices(notes: Notebook, rule: Sound, path: Path) -> None:
    _steps(notes, rule, path, "upto_fen")
    for index, edge in enumerate(rule.values.get("upto_fen", ())):
        if edge >= FARE_FEN_MAX:
            _never(notes, (*path, "upto_fen", index), "beyond_all", most=FARE_FEN_MAX)


def _month(notes: Notebook, rule: Sound, path: Path) -> None:
    _steps(notes, rule, path, "reach")
    cuts = rule.values.get("applies") == "slice"
    if cuts and rule.knows("counts") and rule.values["counts"] != "paid":
        notes.error("TARIFF_CHOICE", (*path, "applies"), found="slice", **near("", ["next_ride"]))


def _steps(notes: Notebook, rule: Sound, path: Path, key: str) -> None:
    """Steps that rise from more than nothing, with a rate before, between and after them."""
    rates = rule.values.get("rates_bp", ())
    if _some(notes, rule, key, path):
        steps = rule.values[key]
        _length(notes, rule, "rates_bp", len(steps) + 1, path)
        _rising(notes, "TARIFF_STEPS", steps, (*path, key))
        if steps[0] == 0:
            _never(notes, (*path, "rates_bp", 0), "first_step")
    for index, rate in enumerate(rates):
        if rate == 0 and rule.knows("free") and not rule.values.get("free", False):
            advice = both("advice", "discount.free" if key == "reach" else "discount.range")
            notes.error("TARIFF_DISCOUNT", (*path, "rates_bp", index), found=0, **advice)
    if rates and all(rate == FULL_BP for rate in rates):
        _never(notes, (*path, "rates_bp"), "full_rate")


def _nth_free(notes: Notebook, rule: Sound, path: Path) -> None:
    if _some(notes, rule, "rides", path):
        rides = rule.values["rides"]
        _rising(notes, "TARIFF_STEPS", rides, (*path, "rides"))
        if rides[0] == 0:
            notes.error("TARIFF_ZERO", (*path, "rides", 0))


def _time(notes: Notebook, rule: Sound, path: Path) -> None:
    _share(notes, rule, path)
    first, last = rule.values.get("entry_from"), rule.values.get("entry_until")
    if first is not None and last is not None and first >= last:
        advice = both("advice", "dates.hours", first=first)
        notes.error("TARIFF_DATES", (*path, "entry_until"), found=last, **advice)


def _transfer(notes: Notebook, rule: Sound, path: Path) -> None:
    _positive(notes, rule, path, "relief_fen", "window_s")
    if _some(notes, rule, "pairs", path):
        _modes(notes, rule.values["pairs"], (*path, "pairs"))
    window_s = rule.values.get("window_s")
    if window_s is None:
        return
    if rule.values.get("min_gap_s", 0) > window_s:
        found = rule.values["min_gap_s"]
        notes.error("TARIFF_WINDOW", (*path, "min_gap_s"), found=found, most=window_s)
    if rule.values.get("same_line_min_s", 0) > window_s:
        _never(notes, (*path, "same_line_min_s"), "gap_beyond_window")


def _modes(notes: Notebook, pairs: Sequence[str], path: Path) -> None:
    for index, pair in enumerate(pairs):
        words = pair.split("-")
        if len(words) != 2 or not set(words) <= set(MODES):
            notes.error("TARIFF_MODE", (*path, index), found=pair, **_pair_hint(words))
        elif pair in pairs[:index]:
            notes.warning("TARIFF_TWICE", (*path, index), name=pair)


def _pair_hint(words: Sequence[str]) -> dict[str, str]:
    """What a pair of modes should have said: fare systems are no modes, and slips are mended."""
    modes = ", ".join(MODES)
    meant = [_mode_meant(word) for word in words]
    if len(words) != 2 or not all(meant):
        return both("near", "near.pair", modes=modes)
    pair = "-".join(meant)
    called = next((word for word in words if word.casefold() in _MODE_OF), "")
    if called:
        mode = _MODE_OF[called.casefold()]
        return both("near", "near.mode", word=called, mode=mode, name=pair, modes=modes)
    return both("near", "near.modes", name=pair, modes=modes)


def _mode_meant(word: str) -> str:
    known = word.casefold() if word.casefold() in MODES else _MODE_OF.get(word.casefold(), "")
    return known or next(iter(get_close_matches(word.casefold(), MODES, n=1)), "")


def _visitor(notes: Notebook, rule: Sound, path: Path) -> None:
    schemes, scheme = load_registry().schemes, rule.values.get("scheme")
    if scheme is not None and scheme not in schemes:
        notes.error("TARIFF_CHOICE", (*path, "scheme"), found=scheme, **near(scheme, schemes))


def _limit(notes: Notebook, rule: Sound, path: Path) -> None:
    """A kind of which these numbers, where it has them, are more than nothing."""
    _positive(notes, rule, path, "limit_s", "within_s", "quantum_fen", "cap_fen", "rides")


def _nothing(notes: Notebook, rule: Sound, path: Path) -> None:
    """A kind whose keys say all there is to say."""


_BY_KIND: Mapping[str, Callable[[Notebook, Sound, Path], None]] = {
    "bands": _bands,
    "cap": _limit,
    "duration": _duration,
    "meter": _meter,
    "month": _month,
    "nth_free": _nth_free,
    "overtime": _limit,
    "pack": _limit,
    "pairs": _pairs,
    "percent": _share,
    "rounding": _limit,
    "slices": _slices,
    "time": _time,
    "transfer": _transfer,
    "turn_back": _limit,
    "visitor": _visitor,
}
