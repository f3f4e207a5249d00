"""Finding a place by what people write: a name with or without 市/县/区, a code, pinyin, English.

Names are traps here: two Taizhous, two Suzhous, 吉林 the city and 吉林 the province. More than one
possible place is a refusal that lists them; it is never settled by order or by size. A name that
fits nothing brings the nearest ones.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches

from tongxing.kernel.reasons import Refusal
from tongxing.network.places import Divisions, Level, Place

_SUFFIXES = (
    "特别行政区",
    "自治区",
    "自治州",
    "自治县",
    "自治旗",
    "管委会",
    "地区",
    "林区",
    "新区",
    "省",
    "市",
    "县",
    "区",
    "州",
    "盟",
    "旗",
)
_ENGLISH_SUFFIXES = (" Province", " Prefecture", " City")
_NEAR_MAX = 3
_CANDIDATES_MAX = 6
_TEXT_MAX = 30


@dataclass(frozen=True, slots=True)
class NameIndex:
    """The places by every key they answer to. `prominent` are provinces, prefectures and listed
    counties: they are preferred to a county nobody listed that bears the same short name."""

    divisions: Divisions
    exact: Mapping[str, tuple[str, ...]]
    loose: Mapping[str, tuple[str, ...]]
    prominent: frozenset[str]


def build_index(divisions: Divisions, listed: Mapping[str, tuple[str, ...]]) -> NameIndex:
    """Index all places; `listed` gives, for the places on a list, the names the lists use."""
    exact: dict[str, list[str]] = {}
    loose: dict[str, list[str]] = {}
    for place in divisions.by_code.values():
        names = (place.name_zh, place.name_en, *place.also, *listed.get(place.code, ()))
        for name in (place.code, *filter(None, names)):
            _add(exact, _key(name), place.code)
        for key in _loose_keys(place):
            _add(loose, key, place.code)
    prominent = frozenset(
        place.code
        for place in divisions.by_code.values()
        if place.level != "county" or place.code in listed
    )
    return NameIndex(divisions, _frozen(exact), _frozen(loose), prominent)


def find(index: NameIndex, text: str, level: Level | None = None) -> Place | Refusal:
    """The one place that `text` names, of `level` if given.

    Refusals: CITY_NAME_EMPTY, CITY_AMBIGUOUS (its `candidates` name the places), CITY_UNKNOWN, and
    CITY_UNKNOWN_NEAR (its `near` names what may have been meant).
    """
    key = _key(text)
    if not key:
        return Refusal("CITY_NAME_EMPTY")
    for keys in (index.exact, index.loose):
        codes = _preferred(index, keys.get(key, ()), level)
        if len(codes) == 1:
            return index.divisions.by_code[codes[0]]
        if codes:
            return _ambiguous(index, text, codes)
    return _unknown(index, text, key, level)


def _key(name: str) -> str:
    """Letters and digits only, in one width and one case; ü and accents become plain letters."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(sign for sign in plain if sign.isalnum())


def _loose_keys(place: Place) -> Iterator[str]:
    for name in (place.name_zh, *place.also):
        suffix = next((end for end in _SUFFIXES if name.endswith(end)), "")
        if suffix and len(name) - len(suffix) >= 2:
            yield _key(name.removesuffix(suffix))
    for name in (place.name_en.partition(" (")[0], place.pinyin):
        if name:
            yield _key(name)
            yield _key(name.rpartition(" ")[0] if name.endswith(_ENGLISH_SUFFIXES) else name)


def _add(keys: dict[str, list[str]], key: str, code: str) -> None:
    codes = keys.setdefault(key, [])
    if code not in codes:
        codes.append(code)


def _frozen(keys: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(codes) for key, codes in keys.items()}


def _preferred(index: NameIndex, codes: tuple[str, ...], level: Level | None) -> tuple[str, ...]:
    places = index.divisions.by_code
    fit = tuple(code for code in codes if level in (None, places[code].level))
    prominent = tuple(code for code in fit if code in index.prominent)
    return prominent or fit


def _offered(index: NameIndex, codes: tuple[str, ...], level: Level | None) -> tuple[str, ...]:
    """The places that may be suggested: prominent ones, of the level asked for."""
    places = index.divisions.by_code
    return tuple(
        code for code in codes if code in index.prominent and level in (None, places[code].level)
    )


def _described(index: NameIndex, code: str, language: str) -> str:
    place = index.divisions.by_code[code]
    if place.level == "province":
        return f"{place.name(language)} {code}"
    province = index.divisions.name(index.divisions.province(code), language)
    return f"{place.name(language)} {code} ({province})"


def _ambiguous(index: NameIndex, text: str, codes: tuple[str, ...]) -> Refusal:
    shown = codes[:_CANDIDATES_MAX]
    values = {
        f"candidates_{language}": _joined([_described(index, c, language) for c in shown], language)
        for language in ("zh", "en")
    }
    more = "" if len(codes) <= _CANDIDATES_MAX else " …"
    values = {key: value + more for key, value in values.items()}
    return Refusal("CITY_AMBIGUOUS", values={**values, "text": _shown(text), "codes": codes})


def _unknown(index: NameIndex, text: str, key: str, level: Level | None) -> Refusal:
    ascii_only = key.isascii()
    words = [
        word
        for keys in (index.exact, index.loose)
        for word, codes in keys.items()
        if word.isascii() == ascii_only and not word.isdigit() and _offered(index, codes, level)
    ]
    near = _nearest(key[:_TEXT_MAX], words, 0.7 if ascii_only else 0.5)
    codes: list[str] = []
    for word in near:
        known = (*index.exact.get(word, ()), *index.loose.get(word, ()))
        codes += [code for code in _offered(index, known, level) if code not in codes]
    if not codes:
        return Refusal("CITY_UNKNOWN", values={"text": _shown(text)})
    values = {
        f"near_{language}": _joined(
            [_described(index, code, language) for code in codes[:_NEAR_MAX]], language
        )
        for language in ("zh", "en")
    }
    return Refusal("CITY_UNKNOWN_NEAR", values={**values, "text": _shown(text)})


def _nearest(key: str, words: list[str], cutoff: float) -> list[str]:
    """The words most like `key`: by the letters they share, then by the first one."""
    near = get_close_matches(key, words, n=40, cutoff=cutoff)

    def likeness(word: str) -> tuple[float, bool]:
        return -SequenceMatcher(None, key, word).ratio(), word[0] != key[0]

    return sorted(near, key=likeness)


def _joined(names: list[str], language: str) -> str:
    return ("；" if language == "zh" else "; ").join(names)


def _shown(text: str) -> str:
    """The input as an error can repeat it: printable, and not longer than a name."""
    printable = "".join(sign if sign.isprintable() else "?" for sign in text.strip())
    return printable[:_TEXT_MAX]
