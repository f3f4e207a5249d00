"""Trips by month, each with how its price came about; discount bars; half trips and their end."""

from datetime import date
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city.healing import Resolved
from tongxing.city.views import TripRow
from tongxing.kernel.clock import business_date, calendar_date
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.rider import web
from tongxing.rider.web import (
    Passenger,
    Sent,
    Signed,
    again,
    desks_of,
    expect,
    go,
    one_moment,
    page,
)
from tongxing.web.quick import quick

router = APIRouter()


@router.get("/trips")
@quick
def trips(request: Request) -> Response:
    """One month of trips, what is open, and the way to the discount bars."""
    with one_moment(request) as passenger:
        return _month_of_trips(request, passenger)


def _month_of_trips(request: Request, passenger: Passenger) -> Response:
    desk, account = desks_of(request).passenger, passenger.account
    months = desk.months(account)
    first = _month(request.query_params.get("month", ""), passenger.now_s)
    rows = desk.trips(account, first)
    words, city = web.words_of(request), desks_of(request).city
    by_day = [
        (words.day(found[0].entered_s), [words.ride_line(city, row) for row in found])
        for found in _by_business_day(rows)
    ]
    return page(
        request,
        "trips.html",
        tab="trips",
        months=months,
        first=first,
        this_month=calendar_date(passenger.now_s).replace(day=1),
        days=by_day,
        total_fen=sum(row.charge_fen for row in rows),
        saved_fen=sum(max(0, row.fare_fen - row.charge_fen) for row in rows),
        count=len(rows),
        standing=desk.standing(account, passenger.now_s),
        media={medium.medium_no: medium for medium in desk.media(account)},
        bars=desk.progress(account, passenger.now_s),
        done=request.query_params.get("done", ""),
    )


def _by_business_day(rows: list[TripRow]) -> list[list[TripRow]]:
    return [list(found) for _day, found in groupby(rows, lambda row: business_date(row.entered_s))]


@router.get("/trips/discounts")
def discounts(request: Request, passenger: Signed) -> Response:
    """Every discount bar of every medium."""
    bars = desks_of(request).passenger.progress(passenger.account, passenger.now_s)
    return page(request, "discounts.html", tab="trips", bars=bars)


@router.get("/trips/half/{trip_id}")
def half_trip(request: Request, passenger: Signed, trip_id: str) -> Response:
    """A missing end: the likely station first, then all that can be."""
    return page(request, "half_trip.html", **_half(request, passenger, trip_id))


@router.post("/trips/half/{trip_id}")
def declare(request: Request, passenger: Signed, trip_id: str, sent: Sent) -> Response:
    """State where it was."""
    station = sent.value("station", 80)
    if not station:
        asking = _half(request, passenger, trip_id) | {"other": sent.value("other", 1)}
        suggestion = getattr(asking["half"], "suggestion", None)
        field = "station" if suggestion is None or sent.value("other") else "yes"
        return again(request, "half_trip.html", Refusal("CHOICE_MISSING"), field, **asking)
    found = desks_of(request).passenger.declare(
        passenger.account, sent.request_id, trip_id[:64], station, passenger.now_s
    )
    if isinstance(found, Resolved):
        return go(f"/trips/{trip_id}", done="repaired")
    if found.code in ("HALF_TRIP_UNKNOWN", "HALF_TRIP_SETTLED"):
        raise Problem(found.code, found.where, **found.values)
    told = _named(request, found)
    asking = _half(request, passenger, trip_id) | {"other": "1"}
    return again(request, "half_trip.html", told, "station", **asking)


@router.get("/trips/{trip_id}")
def trip(request: Request, passenger: Signed, trip_id: str) -> Response:
    """One trip: the way, the price line by line, what a repair changed."""
    desk = desks_of(request).passenger
    found = desk.trip(passenger.account, trip_id[:64])
    if found is None:
        waits = desk.half_trip(passenger.account, trip_id[:64], passenger.now_s)
        if not isinstance(waits, Refusal):
            return go(f"/trips/half/{trip_id}")
        raise Problem("TRIP_NOT_FOUND", "trip")
    media = {medium.medium_no: medium for medium in desk.media(passenger.account)}
    return page(
        request,
        "trip.html",
        tab="trips",
        trip=found.seen,
        row=found.seen.row,
        changes=found.changes,
        media=media,
        done=request.query_params.get("done", ""),
    )


def _half(request: Request, passenger: Passenger, trip_id: str) -> dict[str, Any]:
    desk = desks_of(request).passenger
    half = expect(desk.half_trip(passenger.account, trip_id[:64], passenger.now_s))
    standing = desk.standing(passenger.account, passenger.now_s)
    media = {medium.medium_no: medium for medium in desk.media(passenger.account)}
    return {
        "tab": "trips",
        "half": half,
        "standing": standing,
        "media": media,
        "other": request.query_params.get("other", ""),
        "request_id": web.new_id(),
    }


def _named(request: Request, refusal: Refusal) -> Refusal:
    """The same refusal with the station by its name."""
    station = refusal.values.get("station")
    if not isinstance(station, str):
        return refusal
    words = web.words_of(request)
    name = words.names.station(desks_of(request).city, station)
    return Refusal(refusal.code, refusal.where, {**refusal.values, "station": name})


def _month(text: str, now_s: int) -> date:
    try:
        return date.fromisoformat(f"{text[:7]}-01")
    except ValueError:
        return calendar_date(now_s).replace(day=1)
