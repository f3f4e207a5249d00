"""A price as a receipt: each line in words, with the sum so far, its counter and its sources.

What a passenger reads and an auditor follows is one thing, so that neither can be told another
story (truth 7). Nothing is priced or decided here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from tongxing.fares.city import CityFares
from tongxing.fares.explain import explain
from tongxing.fares.model import PriceLine, Values
from tongxing.fares.sources import Source, fare_sources


@dataclass(frozen=True, slots=True)
class CounterMove:
    """How a price line moved a counter; `period` is yyyymm, or yyyymmdd of a week or day.

    `rides_before` is None in lines written before that was kept.
    """

    name: str
    period: int
    before_fen: int
    after_fen: int
    rides_before: int | None
    rides: int


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A price line as a receipt shows it: in words, with the sum so far and how sure its rule is.

    `sum_fen` is what this line and those before it add up to. Without a rule in the tariffs held
    here, `since` and `until` are None and `confidence` is ""; `until` is also None of a rule that
    holds until further notice. `values` are what the rule looked at.
    """

    kind: str
    rule: str
    amount_fen: int
    sum_fen: int
    zh: str
    en: str
    counter: CounterMove | None
    since: date | None
    until: date | None
    confidence: str
    sources: tuple[Source, ...]
    values: Values


def receipt(lines: Iterable[PriceLine], fares: CityFares) -> tuple[ReceiptLine, ...]:
    """The lines of a price as a passenger reads them and an auditor follows them, in order."""
    known = tuple(lines)
    sums = accumulate(line.amount_fen for line in known)
    return tuple(
        _receipt_line(line, sum_fen, fares) for line, sum_fen in zip(known, sums, strict=True)
    )


def _receipt_line(line: PriceLine, sum_fen: int, fares: CityFares) -> ReceiptLine:
    rule = fares.book.rules.get(line.rule)
    return ReceiptLine(
        kind=line.kind,
        rule=line.rule,
        amount_fen=line.amount_fen,
        sum_fen=sum_fen,
        zh=explain(line, "zh", fares),
        en=explain(line, "en", fares),
        counter=_counter_move(line) if line.kind == "count" else None,
        since=None if rule is None else rule.from_day,
        until=None if rule is None else rule.last_day,
        confidence="" if rule is None else rule.confidence,
        sources=() if rule is None else tuple(fare_sources()[key] for key in rule.sources),
        values=line.values,
    )


def _counter_move(line: PriceLine) -> CounterMove:
    values = line.values
    rides_before = values.get("rides_before")
    return CounterMove(
        name=line.rule,
        period=int(values["month"]),
        before_fen=int(values["before_fen"]),
        after_fen=int(values["after_fen"]),
        rides_before=None if rides_before is None else int(rides_before),
        rides=int(values["rides"]),
    )
