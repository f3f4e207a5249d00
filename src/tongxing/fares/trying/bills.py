"""A bill as people and auditors read it: a line per ride, with the rules behind its charge.

Also writes findings as a case file, so that `tongxing fares check` can recompute them without
knowing anything of the search. A sequence that the form of cases cannot tell is left out, and
counted, never bent until it fits.
"""

import msgspec
from msgspec import Struct

from tongxing.fares.checking import check_case, read_case_file
from tongxing.fares.model import Quote
from tongxing.fares.tariff import TariffBook
from tongxing.fares.trying.search import Finding
from tongxing.fares.trying.sequences import Step, Steps, medium_kind
from tongxing.fares.trying.world import World
from tongxing.kernel.clock import stamp
from tongxing.kernel.reasons import Refusal

_SILENT = ("base", "highest", "count", "calendar")


class BillLine(Struct, frozen=True):
    """One ride of a bill. `taps` is "both", "one", "no_exit" or "no_entry"; `planned` is the
    number of the planned trip from 1, 0 for a ride nobody planned. `rules` are those that changed
    the fare, `base_rules` those that made it."""

    left: str
    arrived: str
    start: str
    end: str
    mode: str
    line: str
    medium: str
    taps: str
    planned: int
    fare_fen: int
    charge_fen: int
    base_rules: tuple[str, ...]
    rules: tuple[str, ...]


def bill_lines(steps: Steps, quotes: tuple[Quote, ...]) -> tuple[BillLine, ...]:
    """The lines of a bill, in order of time; their charges add up to it."""
    return tuple(_line(step, quote) for step, quote in zip(steps, quotes, strict=True))


def _line(step: Step, quote: Quote) -> BillLine:
    base = [line.rule for line in quote.lines if line.kind in ("base", "highest")]
    others = [line.rule for line in quote.lines if line.kind not in _SILENT]
    return BillLine(
        left=stamp(step.leaves_s),
        arrived=stamp(step.arrives_s),
        start=step.start,
        end=step.end,
        mode=step.ride.mode,
        line=step.ride.line,
        medium=step.medium,
        taps=_taps(step),
        planned=step.serves + 1,
        fare_fen=quote.fare_fen,
        charge_fen=quote.charge_fen,
        base_rules=tuple(dict.fromkeys(base)),
        rules=tuple(dict.fromkeys(others)),
    )


def _taps(step: Step) -> str:
    if step.ride.missing:
        return f"no_{step.ride.missing}"
    return "both" if step.ride.exited_s > step.ride.entered_s else "one"


def case_file(
    world: World, book: TariffBook, findings: list[Finding]
) -> tuple[bytes, tuple[int, ...]]:
    """The findings as a case file, and the numbers (from 1) of those that it cannot tell.

    Each finding gives two cases, ``X01-honest`` and ``X01-exploit``. What goes in has been run
    through the checker once, with the tariff as it stands in its file.
    """
    cases: list[dict[str, object]] = []
    left_out = []
    for number, finding in enumerate(findings, start=1):
        pair = [
            _case(world, finding, f"X{number:02d}-honest", finding.honest_steps, finding.honest),
            _case(world, finding, f"X{number:02d}-exploit", finding.exploit_steps, finding.exploit),
        ]
        if _holds(book, pair):
            cases += pair
        else:
            left_out.append(number)
    content = msgspec.json.format(msgspec.json.encode({"cases": cases}), indent=1)
    return content, tuple(left_out)


def _holds(book: TariffBook, cases: list[dict[str, object]]) -> bool:
    """Whether the checker comes to the same charges. It knows no drawn network, so it may find no
    highest fare there."""
    found = read_case_file(msgspec.json.encode({"cases": cases}))
    try:
        return not isinstance(found, Refusal) and all(
            check_case(case, book).holds for case in found.cases
        )
    except LookupError:
        return False


def _case(
    world: World, finding: Finding, name: str, steps: Steps, quotes: tuple[Quote, ...]
) -> dict[str, object]:
    events = [_event(world, step, quote) for step, quote in zip(steps, quotes, strict=True)]
    return {
        "id": name,
        "city": world.tariff.city,
        "title": f"{finding.plan.pattern} {finding.plan.period} {'+'.join(finding.deeds)}",
        "rider": finding.plan.product,
        "working": f"{world.tariff.name} {finding.rule}",
        "events": events,
        "expect": [{"charge_fen": quote.charge_fen} for quote in quotes],
    }


def _event(world: World, step: Step, quote: Quote) -> dict[str, object]:
    """A ride in the form of cases: by its stations where the network is the city's own, else by
    the fare that the drawn network gave."""
    ride = step.ride
    event: dict[str, object] = {
        "mode": _mode(world, step),
        "t": stamp(ride.entered_s).replace(" ", "T"),
        "medium": medium_kind(step.medium),
        "card": step.medium,
    }
    if ride.exited_s > ride.entered_s or ride.mode == "rail":
        event["t_out"] = stamp(ride.exited_s).replace(" ", "T")
    if ride.missing:
        event["missing"] = ride.missing
    if ride.line and not world.drawn:
        event["line"] = ride.line
    if ride.metres >= 0:
        event["dist_m"] = ride.metres
    elif ride.mode not in world.off_network_modes:
        if world.drawn:
            event["base"] = quote.fare_fen
        else:
            event |= {"from": ride.origin, "to": ride.destination}
    return event


def _mode(world: World, step: Step) -> str:
    """The mode in the words of cases, which name a fare system beside the main one by its own:
    ``bus_outside`` for the system ``bus-outside``."""
    line = world.network.lines.get(step.ride.line)
    if line is None or not world.drawn:
        return step.ride.mode
    rest = line.fare_system.partition("-")[2]
    return f"{step.ride.mode}_{line.fare_system.replace('-', '_')}" if rest else step.ride.mode
