"""What `demo` and `simulate` share: carry out a plan with progress shown, then say how it ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tongxing.cli.common import Words, emit_json, note, print_table, progress, say, settings
from tongxing.kernel.reasons import Problem

if TYPE_CHECKING:
    from tongxing.simulation.performing import Performed
    from tongxing.simulation.run import Plan
    from tongxing.storage import Database

WORDS = Words("simulate")
PASSENGERS_LEAST, PASSENGERS_MOST = 100, 2_000_000
SEED_MOST = 2**63 - 1
DAYS_MOST = 366
TAPS_PER_PASSENGER = 44  # of ten: what the population's habits come to, for the progress bar


def require_tariffs(first_day: date) -> None:
    """Raises Problem(FARES_NO_TARIFF) for a day on which a simulated city has no tariff."""
    from tongxing.fares import load_book
    from tongxing.kernel.clock import at
    from tongxing.simulation.scenario import load_scenario

    for city in load_scenario().cities:
        if load_book(city.code).at(at(first_day)) is None:
            raise Problem("FARES_NO_TARIFF", f"--date {first_day}", city=city.code)


def carry_out(plan: "Plan", database: "Database", home: Path, anew: bool) -> "Performed":
    """Run the plan and show how it goes: stages in words, taps as a bar."""
    from tongxing.simulation.performing import perform

    expected_taps = plan.passengers * plan.days * TAPS_PER_PASSENGER // 10
    with progress(WORDS("progress.taps"), expected_taps) as advance:

        def tell(stage: str, news: object) -> None:
            if stage == "taps":
                advance(news if isinstance(news, int) else 0)
            elif f"stage.{stage}" in WORDS_OF_STAGES:
                note(WORDS(f"stage.{stage}", news=news))

        return perform(plan, database, home, anew, tell)


WORDS_OF_STAGES = frozenset(
    f"stage.{name}" for name in ("replacing", "opening", "day", "settling", "checking")
)


def tell_result(performed: "Performed", home: Path) -> None:
    """Print the report of a run, or its summary as JSON."""
    from tongxing.simulation.report import Report

    if settings().json:
        emit_json(performed.summary)
        return
    report = Report(performed.summary, settings().language)
    if performed.from_before:
        say(WORDS("from_before", home=home))
    for table in report.tables():
        print_table(table.title, table.columns, table.rows, right=table.right)
    for line in report.lines():
        say(line)
    say(WORDS("papers", folder=home / "statements"))


@contextmanager
def open_home() -> Iterator[tuple["Database", Path]]:
    """The database and home folder of this call, closed at the end."""
    from tongxing.storage.database import database_at

    home = settings().home
    with database_at(settings().dsn, home) as database:
        yield database, home
