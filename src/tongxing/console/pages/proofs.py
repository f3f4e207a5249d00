"""All proofs with their figures, and how to make them again on the command line."""

from fastapi import APIRouter, Request, Response

from tongxing.console.days import choose_day
from tongxing.console.pages.overview import truths_of
from tongxing.console.web import console_of, render

PATIENCE_S = 15.0

router = APIRouter()


@router.get("/proofs")
def proofs(request: Request) -> Response:
    """The proofs over the books as they are now; the page waits a while until they are made."""
    console = console_of(request)
    with console.books.snapshot() as snapshot:
        choice, moment = choose_day(snapshot, None), snapshot.moment
    proved = console.proofs.latest(moment, PATIENCE_S)
    values = {"choice": choice, "proved": proved, "truths": truths_of(proved)}
    return render(request, "proofs.html", values)
