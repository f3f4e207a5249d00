"""What this is, how to read it, and what its words mean."""

from fastapi import APIRouter, Request, Response

from tongxing.console.web import render

WORDS = (
    "medium",
    "tap",
    "validator",
    "account",
    "trip",
    "half_trip",
    "fare",
    "relief",
    "charge",
    "record",
    "verdict",
    "window",
    "position",
    "posting",
    "issuer",
    "acquirer",
    "operator",
    "hub",
)

router = APIRouter()


@router.get("/about")
def about(request: Request) -> Response:
    """The page that explains the others; it needs no database."""
    return render(request, "about.html", {"words": WORDS})
