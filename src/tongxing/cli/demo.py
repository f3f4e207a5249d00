"""`tongxing demo`: a day of travel in several cities, settled and proven, then the console.

The passengers and the network between the houses are simulated; everything else is what a city
would run. A run that was finished here before is shown again, an unfinished one is replaced.
"""

import re
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from tongxing.cli.arguments import DAY, Whole
from tongxing.cli.common import (
    Words,
    emit_json,
    listed,
    loopback_socket,
    note,
    print_table,
    progress,
    say,
    settings,
)
from tongxing.cli.shell import command as command_of
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Problem, all_reasons

if TYPE_CHECKING:
    from tongxing.simulation.run import Plan, Played

WORDS = Words("demo")

_PLACE_HOLDER = re.compile(r"\{[a-z_]+\}")

SEED_MAX = 2**63 - 1
DAYS_MAX = 60
PASSENGERS_MAX = 2_000_000
ALL_BP = 10_000


@command_of()
@click.option("--seed", "seed", type=Whole(0, SEED_MAX), metavar="SEED")
@click.option("--date", "first_day", type=DAY, metavar="DATE")
@click.option("--days", "days", type=Whole(1, DAYS_MAX), metavar="DAYS")
@click.option("--passengers", "passengers", type=Whole(1, PASSENGERS_MAX), metavar="N")
@click.option("--faults", "faults", metavar="KINDS")
@click.option("--real-media", "real_media", is_flag=True)
@click.option("--fresh", "fresh", is_flag=True)
@click.option("--no-serve", "no_serve", is_flag=True)
@click.option("--port", "port", type=Whole(0, 65_535), default=0, metavar="PORT")
def command(
    seed: int | None,
    first_day: date | None,
    days: int | None,
    passengers: int | None,
    faults: str | None,
    real_media: bool,
    fresh: bool,
    no_serve: bool,
    port: int,
) -> int:
    from tongxing.cli.faces import serve_all
    from tongxing.storage.database import database_at

    plan = plan_of(seed, first_day, days, passengers, faults, real_media)
    with ExitStack() as stack:
        taken = None if no_serve else stack.enter_context(loopback_socket(port))
        database = stack.enter_context(database_at(settings().dsn, settings().home))
        played = play_and_tell(plan, fresh, database)
        if settings().json:
            emit_json(played.summary)
        else:
            print_summary(played)
        if taken is not None:
            serve_all(database, settings().home, taken, simulated=True)
    return 0 if played.sound else 1


def plan_of(
    seed: int | None,
    first_day: date | None,
    days: int | None,
    passengers: int | None,
    faults: str | None,
    real_media: bool,
) -> "Plan":
    """The plan of the given options, the scenario's defaults for the others. With `real_media` all
    passengers carry real cards and codes, else the scenario's share of them.

    Raises Problem(FARES_NO_TARIFF) for a day before a city's first tariff.
    """
    from tongxing.fares import load_book
    from tongxing.kernel.clock import at
    from tongxing.simulation.faults import parse_kinds
    from tongxing.simulation.run import Plan
    from tongxing.simulation.scenario import load_scenario

    scenario = load_scenario()
    defaults = scenario.defaults
    for city in scenario.cities:
        if load_book(city.code).at(at(first_day or scenario.first_day)) is None:
            raise Problem("FARES_NO_TARIFF", f"--date {first_day}", city=city.code)
    return Plan(
        seed=defaults.seed if seed is None else seed,
        first_day=first_day or scenario.first_day,
        days=days or defaults.days,
        passengers=passengers or defaults.passengers,
        faults=parse_kinds(defaults.faults if faults is None else faults),
        real_media_bp=ALL_BP if real_media else scenario.real_media.share_bp,
    )


def play_and_tell(plan: "Plan", fresh: bool, database: Any) -> "Played":
    """Run the plan, or find it finished, and say on the way how it goes."""
    from tongxing.simulation.run import play

    with ExitStack() as stack:
        return play(plan, fresh, database, settings().home, _Teller(plan, stack).hear)


def print_summary(played: "Played") -> None:
    """What a city's finance officer wants to know first, as tables."""
    summary = played.summary
    if played.again:
        note(WORDS("again"))
    say()
    say(
        WORDS(
            "headline",
            taps=f"{summary['taps']:,}",
            trips=f"{summary['trips']:,}",
            half_trips=f"{summary['half_trips']:,}",
            fare=yuan(summary["fare_fen"]),
            charge=yuan(summary["charge_fen"]),
        )
    )
    if summary["held_half_trips"]:
        held, fen = summary["held_half_trips"], summary["held_half_fen"]
        say(WORDS("held_half_trips", count=f"{held:,}", amount=yuan(fen)))
    _print_travel(summary)
    _print_half_trips(summary)
    _print_refusals(summary)
    _print_positions(summary)
    _print_payouts(summary)
    _print_faults(summary)
    print_checks(summary)
    say(WORDS("papers", folder=settings().home / "statements"))


def print_checks(summary: dict[str, Any]) -> None:
    """What was held against what, and everything that does not hold."""
    checks = summary["checks"]
    rows = [
        ("proofs", checks["proofs"], len(checks["proofs_broken"])),
        *(
            (witness, checks[count], sum(d["witness"] == witness for d in checks["differences"]))
            for witness, count in (
                ("oracle", "payers_compared"),
                ("held", "holders_compared"),
                ("card", "purses_compared"),
                ("bank", "bank_accounts_compared"),
                ("signature", "signatures_checked"),
                ("gate", "taps_decided_again"),
            )
        ),
    ]
    columns = [WORDS(f"column.{name}") for name in ("check", "compared", "differing")]
    print_table(
        WORDS("title.checks"),
        columns,
        [(WORDS(f"check.{name}"), f"{count:,}", f"{off:,}") for name, count, off in rows],
        right=(1, 2),
    )
    for broken in checks["proofs_broken"]:
        say(WORDS("broken", what=broken))
    for difference in checks["differences"][:20]:
        say(
            WORDS(
                "difference",
                witness=WORDS(f"check.{difference['witness']}"),
                name=difference["name"],
                expected=yuan(difference["expected_fen"]),
                booked=yuan(difference["booked_fen"]),
                note=difference["note"],
            )
        )
    for refusal in checks["refusals"][:20]:
        say(WORDS("refused_message", what=refusal))
    if checks["held_records"]:
        held, fen = checks["held_records"], checks["held_fen"]
        say(WORDS("held", count=f"{held:,}", amount=yuan(fen)))
    if checks["rejected_records"]:
        say(WORDS("rejected", count=f"{checks['rejected_records']:,}"))
    if not checks["settled"]:
        say(WORDS("unsettled"))
    say(WORDS("sound" if summary["sound"] else "unsound"))


class _Teller:
    """Turns the stages of a run into lines and a progress bar."""

    def __init__(self, plan: "Plan", stack: ExitStack) -> None:
        self._plan = plan
        self._stack = stack
        self._advance: Callable[[int], None] = lambda _taps: None

    def hear(self, stage: str, news: object) -> None:
        if stage == "taps":
            assert isinstance(news, int)
            self._advance(news)
            return
        self._stack.close()
        self._advance = lambda _taps: None
        if stage == "day":
            assert isinstance(news, tuple)
            day, taps = news
            self._advance = self._stack.enter_context(progress(WORDS("stage.day", day=day), taps))
        elif stage == "replacing":
            note(WORDS(f"replacing.{news}"))
        elif stage != "done":
            note(WORDS(f"stage.{stage}", day=news, passengers=f"{self._plan.passengers:,}"))


def _print_travel(summary: dict[str, Any]) -> None:
    rows = [
        (
            _city_name(city["code"]),
            _mode_name(mode["mode"]),
            f"{mode['trips']:,}",
            f"{mode['half_trips']:,}",
            yuan(mode["fare_fen"]),
            yuan(mode["charge_fen"]),
        )
        for city in summary["cities"]
        for mode in city["modes"]
    ]
    names = ("city", "mode", "trips", "half_trips", "fare", "charge")
    columns = [WORDS(f"column.{name}") for name in names]
    print_table(WORDS("title.travel"), columns, rows, right=(2, 3, 4, 5))


def _print_half_trips(summary: dict[str, Any]) -> None:
    """How half trips ended, what is held for those that wait, and what was said and refused."""
    ended: dict[str, tuple[int, int]] = {}
    for city in summary["cities"]:
        for half in city["half_trips"]:
            trips, fen = ended.get(half["how"], (0, 0))
            ended[half["how"]] = (trips + half["trips"], fen + half["fen"])
    rows = [
        (WORDS(f"ended.{how}"), f"{trips:,}", yuan(fen))
        for how, (trips, fen) in sorted(ended.items(), key=lambda item: (-item[1][0], item[0]))
    ]
    columns = [WORDS(f"column.{name}") for name in ("ended", "trips", "charge_or_held")]
    if rows:
        print_table(WORDS("title.half_trips"), columns, rows, right=(1, 2))
    answers = _summed(city["answers"] for city in summary["cities"])
    columns = [WORDS(f"column.{name}") for name in ("code", "answer", "count")]
    if answers:
        rows = [(code, _answer(code), f"{count:,}") for code, count in answers]
        print_table(WORDS("title.answers"), columns, rows, right=(2,))


def _answer(code: str) -> str:
    """What somebody heard who said something of a half trip: how it ended, or why not."""
    if code in all_reasons():
        return _PLACE_HOLDER.sub("…", all_reasons()[code].text(settings().language, {}))
    return WORDS("nothing_waits" if code == "none" else f"ended.{code}")


def _print_refusals(summary: dict[str, Any]) -> None:
    language = settings().language
    rows = [
        (code, _PLACE_HOLDER.sub("…", all_reasons()[code].text(language, {})), f"{count:,}")
        for code, count in _summed(city["refused"] for city in summary["cities"])
    ]
    columns = [WORDS(f"column.{name}") for name in ("code", "reason", "count")]
    if rows:
        print_table(WORDS("title.refusals"), columns, rows, right=(2,))


def _summed(counts: Iterable[dict[str, int]]) -> list[tuple[str, int]]:
    """Counts by code over all cities, the most frequent first."""
    sums: dict[str, int] = {}
    for of_city in counts:
        for code, count in of_city.items():
            sums[code] = sums.get(code, 0) + count
    return sorted(sums.items(), key=lambda item: (-item[1], item[0]))


def _print_positions(summary: dict[str, Any]) -> None:
    matrix = summary["cross_city_fen"]
    acquirers = sorted({acquirer for row in matrix.values() for acquirer in row})
    by_city = {city["code"]: city for city in summary["cities"]}
    rows = [
        (
            _city_name(issuer.partition("-")[2]),
            *(yuan(row.get(acquirer, 0)) for acquirer in acquirers),
            yuan(by_city[issuer.partition("-")[2]]["owes_fen"]),
            yuan(by_city[issuer.partition("-")[2]]["gets_fen"]),
        )
        for issuer, row in matrix.items()
    ]
    columns = [
        WORDS("column.passengers_of"),
        *(WORDS("column.rode_in", city=_city_name(name.partition("-")[2])) for name in acquirers),
        WORDS("column.owes"),
        WORDS("column.gets"),
    ]
    title = WORDS("title.positions", windows=listed(summary["windows"]))
    print_table(title, columns, rows, right=range(1, len(columns)))


def _print_payouts(summary: dict[str, Any]) -> None:
    rows = [
        (operator, _operator_name(operator), yuan(fen))
        for operator, fen in summary["paid_to_operators_fen"].items()
    ]
    columns = [WORDS(f"column.{name}") for name in ("operator", "name", "paid")]
    print_table(WORDS("title.payouts"), columns, rows, right=(2,))


def _print_faults(summary: dict[str, Any]) -> None:
    happened = [
        WORDS(f"fault.{kind}", count=f"{count:,}")
        for kind, count in summary["faults"].items()
        if count
    ]
    say(WORDS("faults_made", kinds=listed(happened)) if happened else WORDS("no_faults"))


def _city_name(code: str) -> str:
    from tongxing.network import load_registry

    return load_registry().place_name(code, settings().language)


def _mode_name(mode: str) -> str:
    from tongxing.network import load_registry

    return load_registry().mode_name(mode, settings().language)


def _operator_name(operator: str) -> str:
    from tongxing.network.transport import city_codes, load_network

    for code in city_codes():
        found = load_network(code).operators.get(operator)
        if found is not None:
            return found.name_zh if settings().language == "zh" else found.name_en
    return ""
