"""The first page: one day of travel, what it cost, who owes whom, and whether the books hold."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from tongxing.console import figures
from tongxing.console.asking import asked_day
from tongxing.console.clearing import settled_of
from tongxing.console.days import choose_day, read_day
from tongxing.console.names import Names
from tongxing.console.pictures import bars, flow
from tongxing.console.pictures.bars import bar_chart
from tongxing.console.pictures.flow import Link, flow_picture
from tongxing.console.proving import TRUTHS, Proved
from tongxing.console.web import console_of, render
from tongxing.console.words import Words
from tongxing.kernel.clock import BUSINESS_DAY_CUT_S
from tongxing.kernel.proofs import Proof
from tongxing.web.language import language_of

PATIENCE_S = 0.2
HOMES_SHOWN = 8
OTHERS = "others"

CITY_COLUMNS = (
    ("tap_count", "count"),
    ("refused", "count"),
    ("trip_count", "count"),
    ("charge_fen", "money"),
    ("relief_fen", "money"),
    ("half_trips", "count"),
    ("waiting", "count"),
    ("held_fen", "money"),
    ("paired", "count"),
    ("revised", "count"),
    ("late", "count"),
    ("duplicates", "count"),
)

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Truth:
    """One truth with the proofs that bear it out."""

    number: int
    proofs: tuple[Proof, ...]

    @property
    def holds(self) -> bool:
        return all(proof.holds for proof in self.proofs)

    @property
    def houses(self) -> int:
        return len({proof.house for proof in self.proofs})


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """Why taps were refused, and what the passenger was told to do."""

    code: str
    text: str
    next_step: str
    taps: int


@router.get("/")
def overview(request: Request) -> Response:
    """The overview of the day asked for, or of the newest one."""
    console = console_of(request)
    with console.books.snapshot() as snapshot:
        choice = choose_day(snapshot, asked_day(request))
        if choice.chosen is None:
            hub_alone = snapshot.has_hub and not snapshot.cities
            return render(request, "overview.html", {"choice": choice, "hub_alone": hub_alone})
        day = console.books.once(snapshot, read_day, choice.chosen)
        settled = console.books.once(snapshot, settled_of, choice.chosen)
        moment = snapshot.moment
    proved = console.proofs.latest(moment, PATIENCE_S)
    words = Words(language_of(request))
    return render(
        request,
        "overview.html",
        {
            "choice": choice,
            "day": day,
            "city_list": words.listed([words.names.city(city.city) for city in day.cities]),
            "city_columns": CITY_COLUMNS,
            "proved": proved,
            "truths": truths_of(proved),
            "refusals": _refusal_rows(day, words.names),
            **_hours(day, words),
            **_flows(day, words),
            "settled": settled,
            "positions": settled.positions if settled else None,
        },
    )


@router.get("/figures")
def live_figures(request: Request) -> Response:
    """The key figures alone, for a page that keeps itself up to date while the day runs."""
    books = console_of(request).books
    with books.snapshot() as snapshot:
        choice = choose_day(snapshot, asked_day(request))
        if choice.chosen is None:
            return Response(status_code=204)
        day = books.once(snapshot, read_day, choice.chosen)
    return render(request, "figures.html", {"choice": choice, "day": day})


def truths_of(proved: Proved | None) -> list[Truth]:
    """All truths in order, with their proofs; without any while they are being made."""
    return [Truth(number, proved.of_truth(number) if proved else ()) for number in TRUTHS]


def _hours(day: figures.Day, words: Words) -> dict[str, object]:
    hours = figures.hourly(day)
    labels = [f"{(hour + BUSINESS_DAY_CUT_S // 3600) % 24:02d}:00" for hour in range(len(hours))]
    busiest = max(range(len(hours)), key=lambda hour: sum(hours[hour]))
    sentence = words.text(
        "overview.hours.busiest", hour=labels[busiest], taps=words.number(sum(hours[busiest]))
    )
    return {
        "hours": hours,
        "hour_labels": labels,
        "charts": {"wide": bar_chart(hours), "narrow": bar_chart(hours, bars.NARROW)},
        "busiest": sentence,
    }


def _flows(day: figures.Day, words: Words) -> dict[str, object]:
    cities = [city.city for city in day.cities]
    table = figures.matrix(
        ((each.home, each.travel, each.fen) for each in figures.flows(day)), cities
    )

    def label(name: str) -> str:
        return words.text("overview.flows.others") if name == OTHERS else words.names.city(name)

    links = _links(table)
    pictures = {
        "wide": flow_picture([links], flow.PAIRED),
        "narrow": flow_picture([links], flow.NARROW),
    }
    return {"matrix": table, "pictures": pictures, "flow_label": label}


def _links(table: figures.Matrix) -> list[Link]:
    """The matrix as links; home cities beyond the first few are one."""
    shown = table.rows[:HOMES_SHOWN]
    links = [
        Link(row, column, table.cell(row, column)) for row in shown for column in table.columns
    ]
    for column in table.columns:
        rest = sum(table.cell(row, column) for row in table.rows[HOMES_SHOWN:])
        links.append(Link(OTHERS, column, rest))
    return links


def _refusal_rows(day: figures.Day, names: Names) -> list[RefusalRow]:
    rows = []
    for code, taps in figures.refusals(day):
        rows.append(RefusalRow(code, names.reason(code), names.next_step(code), taps))
    return rows
