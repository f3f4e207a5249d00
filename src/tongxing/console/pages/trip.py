"""One trip's page: every step from the taps to the bank, with figures that add up."""

from fastapi import APIRouter, Request, Response

from tongxing.console.days import DayChoice
from tongxing.console.journey import find_journey
from tongxing.console.web import console_of, render
from tongxing.hub.verdicts import code_table
from tongxing.kernel.reasons import Problem
from tongxing.web.language import language_of

router = APIRouter()


@router.get("/trips/{trip_id}")
def trip(request: Request, trip_id: str) -> Response:
    """The way of one trip. Raises Problem(TRIP_UNKNOWN)."""
    with console_of(request).books.snapshot() as snapshot:
        journey = find_journey(snapshot, trip_id, language_of(request))
    if journey is None:
        shown = "".join(sign if sign.isprintable() else "?" for sign in trip_id[:60])
        raise Problem("TRIP_UNKNOWN", request.url.path, trip=shown)
    return render(
        request,
        "trip.html",
        {
            "section": "trips",
            "choice": DayChoice((), journey.trip.row.business_date),
            "journey": journey,
            "verdicts": code_table(),
        },
    )
