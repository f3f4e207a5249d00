"""The list of trips: narrowed by city, day, mode and kind, with an honest count, and as CSV."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from tongxing.city import views
from tongxing.city.views import HOW_GROUPS, TripFilter, TripRow, WaitingCount
from tongxing.console.asking import asked_choice, asked_day, asked_page, asked_text
from tongxing.console.days import DayChoice, choose_day
from tongxing.console.reading import Books, Snapshot
from tongxing.console.tables import csv_blocks
from tongxing.console.web import console_of, link, render
from tongxing.console.words import Words
from tongxing.kernel.clock import stamp
from tongxing.kernel.ids import masked
from tongxing.kernel.reasons import Problem
from tongxing.network.transport import MODES
from tongxing.web.language import language_of

ROWS_PER_PAGE = 100
PAGES_MAX = 50
WAITING_HOWS = ("", "half")

CSV_COLUMNS = (
    "trip_id",
    "city",
    "business_date",
    "entered",
    "exited",
    "mode",
    "line",
    "from",
    "to",
    "medium",
    "kind",
    "product",
    "issuer",
    "how",
    "revision",
    "fare_yuan",
    "charge_yuan",
    "charge_fen",
)

_TRIP_ID = re.compile(r"([0-9a-f]{32})(?:\.[0-9]{1,6})?")

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form asks for; "" is all cities, all modes, every trip that stands."""

    city: str
    mode: str
    how: str
    day: date | None

    def filter(self, day: date) -> TripFilter:
        return TripFilter(day, self.mode, self.how)

    def as_arguments(self) -> dict[str, object]:
        """The address of this same choice."""
        return {"city": self.city, "day": self.day, "mode": self.mode, "how": self.how}


@dataclass(frozen=True, slots=True)
class CityTrip:
    """A trip with the city that knows it."""

    city: str
    row: TripRow


@router.get("/trips")
def trips(request: Request) -> Response:
    """A page of trips, newest first; a trip or record id in `find` leads to its page."""
    found = asked_text(request, "find")
    if found:
        return _to_trip(found)
    with console_of(request).books.snapshot() as snapshot:
        choice = choose_day(snapshot, asked_day(request))
        wanted = _wanted(request, snapshot)
        page = asked_page(request, PAGES_MAX)
        rows, count, total_fen = _page_of(snapshot, wanted, choice, page)
        waiting = _waiting_of(snapshot, wanted, choice)
        cities = snapshot.cities
    template = "triplist.html" if "hx-request" in request.headers else "trips.html"
    return render(
        request,
        template,
        {
            "choice": choice,
            "wanted": wanted,
            "cities": cities,
            "modes": MODES,
            "hows": tuple(HOW_GROUPS),
            "rows": rows,
            "count": count,
            "total_fen": total_fen,
            "waiting": waiting,
            "first": (page - 1) * ROWS_PER_PAGE + 1,
            "reachable": PAGES_MAX * ROWS_PER_PAGE,
            "csv": link("/trips.csv", **wanted.as_arguments()),
            **_neighbours(wanted, page, count),
        },
    )


@router.get("/trips.csv")
def trips_csv(request: Request) -> Response:
    """Every trip of the choice, without any limit."""
    books = console_of(request).books
    with books.snapshot() as snapshot:
        choice = choose_day(snapshot, asked_day(request))
        wanted = _wanted(request, snapshot)
        cities = _cities(wanted, snapshot)
    name = f"trips-{choice.chosen or 'none'}.csv"
    return StreamingResponse(
        _csv(books, cities, wanted, choice, Words(language_of(request))),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


def _to_trip(found: str) -> Response:
    match = _TRIP_ID.fullmatch(found.lower())
    if match is None:
        raise Problem("TRIP_UNKNOWN", "find", trip=found[:60])
    return RedirectResponse(f"/trips/{match[1]}", 303)


def _wanted(request: Request, snapshot: Snapshot) -> Wanted:
    return Wanted(
        city=asked_choice(request, "city", snapshot.cities),
        mode=asked_choice(request, "mode", MODES),
        how=asked_choice(request, "how", HOW_GROUPS),
        day=asked_day(request),
    )


def _cities(wanted: Wanted, snapshot: Snapshot) -> tuple[str, ...]:
    return (wanted.city,) if wanted.city else snapshot.cities


def _page_of(
    snapshot: Snapshot, wanted: Wanted, choice: DayChoice, page: int
) -> tuple[list[CityTrip], int, int]:
    """The rows of a page, how many there are in all, and the sum of their charges."""
    if choice.chosen is None:
        return [], 0, 0
    asked = wanted.filter(choice.chosen)
    found: list[CityTrip] = []
    count = total_fen = 0
    for code in _cities(wanted, snapshot):
        cursor = snapshot.of_city(code)
        city_count, city_fen = views.count_trips(cursor, asked)
        count, total_fen = count + city_count, total_fen + city_fen
        rows = views.list_trips(cursor, asked, page * ROWS_PER_PAGE)
        found += [CityTrip(code, row) for row in rows]
    found.sort(key=lambda trip: (trip.row.entered_s, trip.row.trip_id), reverse=True)
    return found[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE], count, total_fen


def _waiting_of(snapshot: Snapshot, wanted: Wanted, choice: DayChoice) -> WaitingCount:
    """The half trips that wait, where the list is of all trips or of half trips."""
    if choice.chosen is None or wanted.how not in WAITING_HOWS:
        return WaitingCount(0, 0)
    found = [
        views.waiting_count(snapshot.of_city(code), choice.chosen, wanted.mode)
        for code in _cities(wanted, snapshot)
    ]
    return WaitingCount(sum(one.half_trips for one in found), sum(one.held_fen for one in found))


def _neighbours(wanted: Wanted, page: int, count: int) -> dict[str, str]:
    """The addresses of the pages before and after; "" where there is none."""

    def address(number: int) -> str:
        return link("/trips", **wanted.as_arguments(), page=number if number > 1 else "")

    has_more = page * ROWS_PER_PAGE < count and page < PAGES_MAX
    return {
        "previous": address(page - 1) if page > 1 else "",
        "next": address(page + 1) if has_more else "",
    }


def _csv(
    books: Books, cities: tuple[str, ...], wanted: Wanted, choice: DayChoice, words: Words
) -> Iterator[str]:
    with books.snapshot() as snapshot:

        def rows() -> Iterator[tuple[object, ...]]:
            if choice.chosen is None:
                return
            asked = wanted.filter(choice.chosen)
            for code in cities:
                for row in views.each_trip(snapshot.of_city(code), asked):
                    yield _csv_row(code, row, words)

        yield from csv_blocks(CSV_COLUMNS, rows())


def _csv_row(city: str, row: TripRow, words: Words) -> tuple[object, ...]:
    names = words.names
    return (
        row.trip_id,
        names.city(city),
        row.business_date,
        stamp(row.entered_s),
        stamp(row.exited_s),
        names.mode(row.mode),
        names.line(city, row.line),
        names.station(city, row.origin),
        names.station(city, row.destination),
        masked(row.medium_no),
        names.coded("medium", row.medium_kind),
        names.coded("product", row.product),
        names.city(row.issuer),
        names.coded("how", row.how),
        row.revision,
        _plain_yuan(row.fare_fen),
        _plain_yuan(row.charge_fen),
        row.charge_fen,
    )


def _plain_yuan(amount_fen: int) -> str:
    """An amount that a spreadsheet reads as a number."""
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}{abs(amount_fen) // 100}.{abs(amount_fen) % 100:02d}"
