"""What works where: the lists of both schemes on a day, searchable, and a picture of the places."""

from collections.abc import Iterable
from datetime import date

from fastapi import APIRouter, Request, Response

from tongxing.console.asking import asked_choice, asked_text
from tongxing.console.days import choose_day
from tongxing.console.pictures.points import Point, place_points
from tongxing.console.reading import Snapshot
from tongxing.console.web import console_of, render
from tongxing.kernel.reasons import Refusal
from tongxing.network.registry import Registry, load_registry
from tongxing.network.reports import CoverageRow
from tongxing.web.language import language_of

SCHEMES = ("t_union", "city_union")
STATES = ("in_service", "not_in_service", "not_yet", "left")

router = APIRouter()


@router.get("/network")
def network(request: Request) -> Response:
    """The registry as of the newest business day; without one, as of the lists' newest day."""
    registry, language = load_registry(), language_of(request)
    with console_of(request).books.snapshot() as snapshot:
        choice = choose_day(snapshot, None)
        on = choice.chosen or _today_of(snapshot)
    report = registry.coverage(on)
    provinces = {row.province: registry.place_name(row.province, language) for row in report.rows}
    scheme = asked_choice(request, "scheme", SCHEMES)
    province = asked_choice(request, "province", provinces)
    state = asked_choice(request, "state", STATES)
    text = asked_text(request, "q")[:60]
    rows = [
        row
        for row in _matching(report.rows, registry, text)
        if scheme in ("", row.scheme)
        and province in ("", row.province)
        and state in ("", row.state)
    ]
    return render(
        request,
        "network.html",
        {
            "choice": choice,
            "on": on,
            "rows": rows,
            "counts": report.counts,
            "schemes": SCHEMES,
            "states": STATES,
            "provinces": sorted(provinces.items()),
            "asked": {"q": text, "scheme": scheme, "province": province, "state": state},
            "points": _points(registry, on, language),
            "registry": registry,
        },
    )


def _today_of(snapshot: Snapshot) -> date:
    """The database's day: the only clock a page may ask."""
    row = snapshot.cursor.execute("SELECT current_date").fetchone()
    assert row is not None and isinstance(row[0], date)
    return row[0]


def _matching(rows: Iterable[CoverageRow], registry: Registry, text: str) -> list[CoverageRow]:
    """The rows that a search text means: the one place it names, else every name it is part of."""
    if not text:
        return list(rows)
    place = registry.find_city(text)
    if not isinstance(place, Refusal):
        found = [row for row in rows if row.place == place.code]
        inside = [row for row in rows if row.province == place.code]
        if found or inside:
            return found + [row for row in inside if row not in found]
    wanted = text.casefold()
    return [
        row
        for row in rows
        if any(
            wanted in name.casefold()
            for name in (row.name_zh, row.name_en, row.listed_as, row.brand, row.place)
        )
    ]


def _points(registry: Registry, on: date, language: str) -> list[Point]:
    places = []
    for point in registry.map_points(on):
        serving = [scheme for scheme in SCHEMES if scheme in point.in_service]
        kind = "both" if len(serving) == len(SCHEMES) else serving[0] if serving else "dot"
        name = point.name_zh if language == "zh" else point.name_en
        places.append((point.lon_e6, point.lat_e6, name, kind))
    return place_points(places)
