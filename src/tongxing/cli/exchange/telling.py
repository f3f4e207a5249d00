"""What several commands of `tongxing exchange` say: doubts, refusals, what is not verified."""

from collections.abc import Iterable

from tongxing.cli.common import Words, print_table, say, settings
from tongxing.exchange.layouts import Layout
from tongxing.kernel.reasons import Refusal

WORDS = Words("exchange")


def unverified(layout: Layout | None = None) -> None:
    """Say that layouts were not compared with the standard, and when one is a mere template."""
    say(WORDS("unverified"))
    if layout is not None and layout.template:
        say(WORDS("template"))


def name_of(layout: Layout) -> str:
    """A layout's name in the language of the caller."""
    return layout.zh if settings().language == "zh" else layout.en


def refusals(title: str, found: Iterable[Refusal]) -> None:
    """A table of refusals: where, code and message."""
    language = settings().language
    rows = [(one.where, one.code, one.message(language)) for one in found]
    columns = [WORDS(f"column.{name}") for name in ("where", "code", "message")]
    if rows:
        print_table(title, columns, rows)


def doubts(found: Iterable[tuple[Refusal, int]]) -> None:
    """Each kind of doubt once, with how often it arose and what to do."""
    language = settings().language
    for doubt, times in found:
        values = {"where": doubt.where, "message": doubt.message(language)}
        say(WORDS("doubt", times=times, next=doubt.next_step(language), **values))
