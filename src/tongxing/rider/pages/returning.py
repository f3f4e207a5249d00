"""Addresses that only take what is sent: whoever opens one again is led to the page before it.

A browser that goes back to the answer of a form asks for its address without the form.
"""

from fastapi import APIRouter
from starlette.responses import Response

from tongxing.rider.web import go

router = APIRouter()


@router.get("/sign-in/again")
def to_code() -> Response:
    """Another code was asked for."""
    return go("/sign-in/code")


@router.get("/prove/send")
def to_proof() -> Response:
    """A code for a proof was asked for."""
    return go("/money")


@router.get("/loss/report")
def to_loss() -> Response:
    """A loss was reported."""
    return go("/loss")


@router.get("/loss/reports/{report_id}/found")
def to_report(report_id: str) -> Response:
    """A lost medium was found."""
    return go(f"/loss/reports/{report_id}")


@router.get("/upgrade/code/send")
def to_upgrade_code() -> Response:
    """A code for a site's ride code was asked for."""
    return go("/upgrade/code")


@router.get("/upgrade/accept")
@router.get("/upgrade/end")
def to_upgrade() -> Response:
    """A pop-up was agreed to, or a link ended."""
    return go("/upgrade")


@router.get("/money/auto/end")
def to_auto() -> Response:
    """The agreement was ended."""
    return go("/money/auto")


@router.get("/bind/abandon")
def to_binding() -> Response:
    """A binding was given up."""
    return go("/bind")


@router.get("/me/helping/end")
def to_helping() -> Response:
    """A help was ended."""
    return go("/me/helping")
