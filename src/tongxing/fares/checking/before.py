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
_SPENT = re.compile(r"(?:(card|code) )?(?:(20[0-9]{2})-(0[1-9]|1[0-2]) )?(?:[a-z]+ )*spend fen")


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
        found = _SPENT.fullmatch(words)
        if found is not None:
            key = int(found[2] + found[3]) if found[2] else month
            spent[found[1] or "card"][key] = int(value)
        elif words != RIDES:
            raise CaseUnclear(f"state_before {words}")
    rides = int(case.state_before.get(RIDES, 0))
    if rides:
        for months in spent.values():
            months.setdefault(month, 0)
    every = [(key, fen) for months in spent.values() for key, fen in months.items()]
    common = {key: sum(fen for one, fen in every if one == key) for key, _ in every}
    states = {medium: _state(book, months, rides, "") for medium, months in spent.items()}
    return states | {ACCOUNT_MARK: _state(book, common, rides, ACCOUNT_MARK)}


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
