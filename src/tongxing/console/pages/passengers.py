"""Passengers of a city: what they wrote, what of staff and messages stands out, what they can cost.

The keys of personal data are not here, so what is sealed stays sealed: of feedback there is the
account, masked, what it is about and when. Who may read it reads it at the counter.
"""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from tongxing.city.money.exposure import CityExposure, Exposure, exposure_of_city, formula
from tongxing.city.money.store.refused import count_quarantined
from tongxing.city.money.terms import MoneyTerms, money_terms
from tongxing.city.people.watching import PeopleWatch, newest_s, people_watch
from tongxing.city.upgrading.campaign import Campaign, campaign
from tongxing.city.upgrading.programme import programme_at
from tongxing.console.asking import asked_choice
from tongxing.console.days import choose_day
from tongxing.console.reading import Snapshot
from tongxing.console.web import console_of, render
from tongxing.kernel.reasons import Refusal

NEWEST, DAYS = 50, 31

router = APIRouter()


@dataclass(frozen=True, slots=True)
class CityPeople:
    """A city's passengers at an instant; `people` is None where it has no accounts of people, and
    `upgrades` where it has no upgrade service."""

    city: str
    now_s: int
    people: PeopleWatch | None
    terms: MoneyTerms
    exposure: CityExposure
    quarantined: tuple[int, int]
    upgrades: Campaign | None

    @property
    def formulas(self) -> dict[str, Exposure]:
        """The published formula with the city's numbers, for each kind of account."""
        return {"signed": formula(self.terms, True), "prepaid": formula(self.terms, False)}


@router.get("/passengers")
def passengers(request: Request) -> Response:
    """One city's passengers; the first city where none is asked for."""
    console = console_of(request)
    with console.books.snapshot() as snapshot:
        choice, cities = choose_day(snapshot, None), snapshot.cities
        asked = asked_choice(request, "city", cities)
        code = asked or (cities[0] if cities else "")
        now_s = _now_s(snapshot, code, console.clock_note == "simulated") if code else 0
        found = city_people(snapshot, code, now_s) if code else None
    values: dict[str, Any] = {"choice": choice, "cities": cities, "found": found, "most": NEWEST}
    return render(request, "passengers.html", values)


def city_people(snapshot: Snapshot, code: str, now_s: int) -> CityPeople:
    """Everything of a city, read in one moment."""
    cursor = snapshot.of_people(code)
    people = None if cursor is None else people_watch(cursor, code, now_s, NEWEST)
    cursor, terms = snapshot.of_city(code), money_terms(code, now_s)
    has_service = not isinstance(programme_at(code, now_s), Refusal)
    return CityPeople(
        city=code,
        now_s=now_s,
        people=people,
        terms=terms,
        exposure=exposure_of_city(cursor, terms),
        quarantined=count_quarantined(cursor),
        upgrades=campaign(cursor, code, now_s + 1) if has_service else None,
    )


def _now_s(snapshot: Snapshot, code: str, is_simulated: bool) -> int:
    """The database's time; of books on virtual time, the newest that people wrote in them."""
    row = snapshot.cursor.execute("SELECT extract(epoch FROM now())::bigint").fetchone()
    assert row is not None
    cursor = snapshot.of_people(code) if is_simulated else None
    newest = 0 if cursor is None else newest_s(cursor)
    return newest or int(row[0])
