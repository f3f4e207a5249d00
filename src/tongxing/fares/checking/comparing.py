"""What a case gave against what it expects: by event, or as totals over all of them."""

from dataclasses import dataclass, field
from itertools import groupby

from msgspec import UNSET

from tongxing.fares.checking.casefile import NOT_COMPARED, Expected
from tongxing.fares.model import Quote
from tongxing.kernel.texts import LANGUAGES, load_catalogue


@dataclass(frozen=True, slots=True)
class Difference:
    """What one thing of a case gave, and what the case expects; `what` is "unclear" for a case
    that could not be run, with the reason in `found`. `words` tell of it by language, where there
    is something to tell."""

    what: str
    found: str
    expected: str
    words: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one ride or question of a case gave: facts by the names that a case expects, and the
    quote behind them where there is one."""

    facts: dict[str, object]
    quote: Quote | None = None


def compare(expected: tuple[Expected, ...], found: list[list[Outcome]]) -> list[Difference]:
    """The differences of a case that expects something of each event; a repeated ride is judged
    by its last."""
    differences = []
    for number, (wanted, given) in enumerate(zip(expected, found, strict=True), start=1):
        facts = given[-1].facts
        for name in wanted.__struct_fields__:
            value = getattr(wanted, name)
            if name in NOT_COMPARED or value is UNSET or (name == "charge_fen" and value is None):
                continue
            if facts.get(name) != value:
                differences.append(
                    Difference(f"{number}. {name}", str(facts.get(name)), str(value))
                )
    return differences


def compare_totals(
    expected: dict[str, int | tuple[int, ...]], found: list[Outcome]
) -> list[Difference]:
    """Totals over all rides: the sum, the base fares, and how many rides ran at each rate."""
    charges = [one.facts.get("charge_fen") for one in found]
    given: dict[str, object] = {
        "total_fen": sum_of(found),
        "base_fare_fen": tuple(one.facts.get("base_fare_fen") for one in found),
    }
    differences = [
        Difference(name, str(given[name]), str(wanted))
        for name, wanted in expected.items()
        if name in given and given[name] != wanted
    ]
    wanted_runs = [count for name, count in expected.items() if name not in given and count]
    runs = [len(list(group)) for _, group in groupby(charges)]
    if wanted_runs and runs != wanted_runs:
        differences.append(Difference("runs", str(runs), str(wanted_runs), _runs_called()))
    return differences


def _runs_called() -> dict[str, str]:
    texts = load_catalogue("tongxing.fares.checking")
    return {language: texts.text("difference.runs", language) for language in LANGUAGES}


def sum_of(found: list[Outcome]) -> int:
    """What all rides of a case cost together, in fen."""
    charges = (one.facts.get("charge_fen") for one in found)
    return sum(charge for charge in charges if isinstance(charge, int))
