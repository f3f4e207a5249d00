"""`tongxing trips verdicts`: what the city's own decision says beside the gates', gate by gate.

What came since the last time is decided about first, so this is also the command of a nightly run;
``--look`` only looks.
"""

from datetime import date

import click

from tongxing.city.office import Office
from tongxing.city.redeciding.comparing import DIFFERENCES
from tongxing.city.redeciding.desk import Decided, VerdictDesk
from tongxing.city.store.verdicts import Difference, GateCount
from tongxing.cli.arguments import DAY, Whole, moment
from tongxing.cli.cities import cities_with_books, city_name
from tongxing.cli.common import Words, emit_json, listed, note, print_table, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.trips.desks import station_name
from tongxing.deciding.facts import OPEN
from tongxing.fares import load_city_fares
from tongxing.kernel.clock import stamp
from tongxing.kernel.ids import masked
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import all_reasons, reason

WORDS = Words("trips")
_OfCity = tuple[str, Decided, list[GateCount], list[Difference]]
_GATE_COLUMNS = ("operator", "gate", "taps", "whole", "differ", "in_what")
_TAP_COLUMNS = ("tap", "when", "at", "medium", "gate_says", "city_says", "in_what", "not_asked")


@make_command()
@click.option("--city", "city", metavar="CITY")
@click.option("--from", "first", type=DAY, default=None, metavar="DAY")
@click.option("--to", "last", type=DAY, default=None, metavar="DAY")
@click.option("--gate", "gate", default="", metavar="TERMINAL")
@click.option(
    "--limit", "limit", type=Whole(1, 100_000), default=50, metavar="N", show_default=True
)
@click.option("--look", "only_look", is_flag=True)
@click.option("--now", "now", metavar="TIME")
def command(
    city: str | None,
    first: date | None,
    last: date | None,
    gate: str,
    limit: int,
    only_look: bool,
    now: str | None,
) -> None:
    now_s, days = moment(now, "--now"), (first or date.min, last or date.max)
    found: list[_OfCity] = []
    with cities_with_books(city) as (codes, database):
        for code in codes:
            office = Office(code, database, load_city_fares(code))
            try:
                desk = VerdictDesk(office)
                done = Decided() if only_look else desk.decide_again(now_s)
                counts = [one for one in desk.counts(*days) if gate in ("", one.terminal_id)]
                found.append((code, done, counts, desk.differences(*days, limit, gate)))
            finally:
                office.close()
    if settings().json:
        emit_json([_plain(*one) for one in found])
        return
    for one in found:
        _tell(*one)


def _tell(code: str, done: Decided, counts: list[GateCount], differing: list[Difference]) -> None:
    name, taps = city_name(code), sum(one.taps for one in counts)
    off = sum(sum(one.differs.values()) for one in counts)
    say(WORDS("verdicts.sum", city=name, new=done.taps, taps=taps, differ=off))
    if not off:
        return
    columns = [WORDS(f"verdicts.column.{column}") for column in _GATE_COLUMNS]
    rows = [_gate_row(one) for one in counts if one.differs]
    print_table(WORDS("verdicts.gates", city=name), columns, rows, right=(2, 3, 4))
    columns = [WORDS(f"verdicts.column.{column}") for column in _TAP_COLUMNS]
    print_table(
        WORDS("verdicts.taps", shown=len(differing), differ=off),
        columns,
        [_tap_row(code, one) for one in differing],
    )
    language = settings().language
    found = {code for one in counts for code in one.differs}
    for differs in (one for one in DIFFERENCES if one in found):
        told = reason(differs)
        note(f"{differs}: {told.text(language, {})}")
        note(f"  → {told.next_step(language, {})}")


def _gate_row(one: GateCount) -> list[object]:
    in_what = listed(f"{_short(code)} {count}" for code, count in sorted(one.differs.items()))
    return [
        one.operator,
        one.terminal_id,
        f"{one.taps:,}",
        f"{one.whole:,}",
        f"{sum(one.differs.values()):,}",
        in_what,
    ]


def _tap_row(city: str, one: Difference) -> list[object]:
    tap = one.tap
    gate_fen = None if tap.purse is None else tap.purse.taken_fen
    gate = [_said(tap.outcome, tap.reason), *_money(gate_fen)]
    city_says = [_said(one.outcome, one.reason), *_money(one.taken_fen)]
    if tap.tariff != one.tariff:
        gate.append(tap.tariff)
        city_says.append(one.tariff)
    return [
        str(tap.ref),
        stamp(tap.time_s),
        station_name(city, tap.station),
        masked(tap.medium_no),
        " · ".join(gate),
        " · ".join(city_says),
        _short(one.differs),
        listed(WORDS(f"verdicts.check.{name}") for name in one.not_repeated),
    ]


def _said(outcome: str, code: str) -> str:
    """What was done and, of a lane that stayed shut or was free, why."""
    done, known = WORDS(f"verdicts.{outcome}"), all_reasons().get(code)
    if code == OPEN:
        return done
    text = code if known is None else known.text(settings().language, {})
    return f"{done} · {text}"


def _money(fen: int | None) -> list[str]:
    return [] if fen is None else [yuan(fen)]


def _short(code: str) -> str:
    return WORDS(f"verdicts.in.{code}")


def _plain(
    code: str, done: Decided, counts: list[GateCount], differing: list[Difference]
) -> dict[str, object]:
    """A city's verdicts for a program."""
    return {
        "city": code,
        "decided": done.taps,
        "gates": [
            {
                "operator": one.operator,
                "terminal": one.terminal_id,
                "taps": one.taps,
                "whole": one.whole,
                "differs": dict(one.differs),
            }
            for one in counts
        ],
        "taps": [
            {
                "tap": str(one.tap.ref),
                "site": one.site,
                "time_s": one.tap.time_s,
                "medium": masked(one.tap.medium_no),
                "gate": [one.tap.outcome, one.tap.reason, one.tap.tariff],
                "gate_fen": None if one.tap.purse is None else one.tap.purse.taken_fen,
                "city_says": [one.outcome, one.reason, one.tariff],
                "city_fen": one.taken_fen,
                "not_repeated": list(one.not_repeated),
                "differs": one.differs,
            }
            for one in differing
        ],
    }
