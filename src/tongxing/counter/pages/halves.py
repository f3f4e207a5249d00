"""The passenger's half trips at the counter, corrected by the staff grid.

What it will cost is worked out first and shown; nothing is booked before it is confirmed.
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city import correcting
from tongxing.city.correcting import Corrected, Correction
from tongxing.city.half_trips import missing_end
from tongxing.city.passenger import PassengerDesk
from tongxing.city.store.half_trips import Waiting
from tongxing.counter.desks import CounterDesks
from tongxing.counter.pages.person import Case, case_of, own_media
from tongxing.counter.web import AtWork, Serving, again, desks_of, go, noted, page
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.web.forms import Posted, Sent, new_id

router = APIRouter()


class _OnlyLooking(Exception):
    """Ends a transaction whose result is shown and not kept."""


@router.get("/person/{person_id}/halves")
def waiting(request: Request, who: Serving, person_id: str) -> Response:
    """Those that wait, the trip under way included."""
    case = case_of(request, person_id)
    return page(
        request, "halves.html", case=case, halves=_halves(request, who, case),
        done=request.query_params.get("done", ""),
        charge_fen=_whole(request.query_params.get("charge", "")),
    )  # fmt: skip


@router.get("/person/{person_id}/halves/{trip_id}")
def ask(request: Request, who: Serving, person_id: str, trip_id: str) -> Response:
    """Where the passenger stands, and what they say of the missing end."""
    case = case_of(request, person_id)
    return page(request, "half.html", **_asking(request, who, case, trip_id))


@router.post("/person/{person_id}/halves/{trip_id}/look")
def look(request: Request, who: Serving, sent: Sent, person_id: str, trip_id: str) -> Response:
    """What the grid does, and what the trip then costs; nothing is booked."""
    case = case_of(request, person_id, sent)
    shown = _asking(request, who, case, trip_id) | _said(sent)
    found = _correct(desks_of(request), _asked(who, shown, sent), who.now_s, books=False)
    if isinstance(found, Refusal):
        return again(request, "half.html", found, _field(found), **shown)
    return page(request, "half_check.html", found=found, **shown)


@router.post("/person/{person_id}/halves/{trip_id}")
def correct(request: Request, who: Serving, sent: Sent, person_id: str, trip_id: str) -> Response:
    """Do it."""
    case = case_of(request, person_id, sent)
    half = _half_or_none(request, who, case, trip_id)
    medium_no = sent.value("medium_no", 40) if half is None else half.tap.medium_no
    found: Corrected | Refusal = Refusal("HALF_TRIP_UNKNOWN", trip_id[:16])
    if half is not None or medium_no in {one.medium_no for one in own_media(request, case)}:
        shown = {"medium_no": medium_no, "trip_id": trip_id} | _said(sent)
        found = _correct(desks_of(request), _asked(who, shown, sent), who.now_s, books=True)
    noted(request, who, "half_trip", case.person.account, case.ticket, found)
    if isinstance(found, Refusal):
        asking = _asking(request, who, case, trip_id) | _said(sent)
        return again(request, "half.html", found, _field(found), **asking)
    told = {"done": found.code, "charge": str(found.charge_fen)}
    return go(f"/person/{person_id}/halves", **case.query, **told)


def _correct(
    desks: CounterDesks, asked: Correction, now_s: int, *, books: bool
) -> Corrected | Refusal:
    fares = desks.office.fares
    assert fares is not None, "a city without gates has no half trips"
    found: Corrected | Refusal = Refusal("HALF_TRIP_UNKNOWN", asked.half_trip[:16])
    try:
        with desks.office.alone() as cursor:
            found = correcting.correct(cursor, desks.city, fares, asked, now_s)
            if not books:
                raise _OnlyLooking
    except _OnlyLooking:
        return found
    return found


def _asked(who: AtWork, shown: dict[str, Any], sent: Posted) -> Correction:
    return Correction(
        request_id=sent.request_id,
        staff=who.staff.staff_id,
        medium_no=shown["medium_no"],
        area="inside" if shown["area"] == "inside" else "outside",
        station=shown["station"],
        stated=shown["stated"],
        half_trip=shown["trip_id"],
    )


def _said(sent: Posted) -> dict[str, Any]:
    area = "inside" if sent.value("area", 8) == "inside" else "outside"
    station, stated = sent.value("station", 60), sent.value("stated", 60)
    return {"area": area, "station": station, "stated": stated}


def _asking(request: Request, who: AtWork, case: Case, trip_id: str) -> dict[str, Any]:
    half = _half_or_none(request, who, case, trip_id)
    fares = desks_of(request).office.fares
    if half is None or fares is None:
        raise Problem("HALF_TRIP_UNKNOWN", trip_id[:16])
    stations = {
        line.id: line.stations for line in fares.network.lines.values() if line.mode == "rail"
    }
    here = who.staff.place if who.staff.place in fares.network.stations else half.tap.station
    return {
        "case": case,
        "half": half,
        "missing": missing_end(half.tap),
        "medium_no": half.tap.medium_no,
        "trip_id": trip_id,
        "stations": stations,
        "area": "outside",
        "station": here,
        "stated": "",
        "request_id": new_id(),
    }


def _desk(request: Request) -> PassengerDesk:
    found = desks_of(request).passenger
    if found is None:
        raise Problem("HALF_TRIP_UNKNOWN", "city")
    return found


def _halves(request: Request, who: AtWork, case: Case) -> list[Waiting]:
    standing = _desk(request).standing(case.person.account, who.now_s)
    found = list(standing.halves)
    if standing.open is not None:
        found.append(Waiting(case.person.account, standing.open.tap, standing.open.held_fen))
    return found


def _half_or_none(request: Request, who: AtWork, case: Case, trip_id: str) -> Waiting | None:
    found = _halves(request, who, case)
    return next((half for half in found if half.trip_id == trip_id), None)


def _field(refusal: Refusal) -> str:
    return "stated" if refusal.code == "CORRECT_NEEDS_ENTRY" else "station"


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
