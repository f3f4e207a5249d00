"""What the media of a case have paid and ridden before it begins, as counters of its city.

A case says it in words (``"card 2026-03 rail spend fen": 9900``); how a tariff calls its counters
is its own matter, so every counter by the month that the tariff keeps begins with it.
"""

import re

from tongxing.fares.checking.casefile import FileCase
from tongxing.fares.checking.unclear import CaseUnclear
from tongxing.fares.model import Counter, FareState
from tongxing.fares.rules import ACCOUNT_MARK, CounterRule
from tongxing.fares.tariff import TariffBook

RIDES, FREQUENT = "rides this month", "registered frequent rider"
_MEDIA = ("card", "code")
_USUAL = ("rail", "transit")
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


def states_before(case: FileCase, book: TariffBook, month: int) -> dict[str, FareState]:
    """The state of each kind of medium, and under `ACCOUNT_MARK` that of their account.

    `month` (yyyymm) holds where the case names none. Raises CaseUnclear for other words.
    """
    spent: dict[str, dict[int, int]] = {medium: {} for medium in _MEDIA}
    for words, value in case.state_before.items():
        if words == FREQUENT:
            continue
        if value < 0:
            raise CaseUnclear(f"state_before {words} {value}")
        if words != RIDES:
            medium, key = _whose(words)
            spent[medium][key or month] = int(value)
    rides = int(case.state_before.get(RIDES, 0))
    if rides:
        for months in spent.values():
            months.setdefault(month, 0)
    every = [(key, fen) for months in spent.values() for key, fen in months.items()]
    common = {key: sum(fen for one, fen in every if one == key) for key, _ in every}
    states = {medium: _state(book, months, rides, "") for medium, months in spent.items()}
    return states | {ACCOUNT_MARK: _state(book, common, rides, ACCOUNT_MARK)}


def _whose(words: str) -> tuple[str, int]:
    """The medium and the month (0: not named) of words that end in "spend fen"."""
    *said, spend, fen = ["", "", *words.split()]
    months = [_MONTH.fullmatch(word) for word in said if word[:1].isdigit()]
    if (spend, fen) != ("spend", "fen") or len(months) > 1 or None in months:
        raise CaseUnclear(f"state_before {words}")
    medium = next((one for one in _MEDIA if one in said), _MEDIA[0])
    return medium, next((int(one[1] + one[2]) for one in months if one is not None), 0)


def _state(book: TariffBook, months: dict[int, int], rides: int, mark: str) -> FareState:
    own = {
        rule.counter_name
        for rule in book.rules.values()
        if isinstance(rule, CounterRule) and rule.period == "month"
    }
    names = sorted(name for name in own | set(_USUAL) if name.endswith(ACCOUNT_MARK) == bool(mark))
    return FareState(
        counters=tuple(
            Counter(f"{book.city}.{name}", month, paid_fen, rides)
            for name in names
            for month, paid_fen in months.items()
            if paid_fen or rides
        )
    )
