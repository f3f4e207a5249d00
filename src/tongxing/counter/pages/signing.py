"""Staff sign in and out; a machine is signed in once by whoever sets it up."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.counter.web import (
    ROOT,
    SESSION_COOKIE,
    again,
    desks_of,
    go,
    keep,
    page,
)
from tongxing.kernel.reasons import Refusal
from tongxing.web.clients import client_key
from tongxing.web.forms import Sent

router = APIRouter()


@router.get("/sign-in")
def ask(request: Request) -> Response:
    """The sign-in page."""
    return page(request, "sign_in.html", staff_id="")


@router.post("/sign-in")
def enter(request: Request, sent: Sent) -> Response:
    """Begin a session."""
    desks = desks_of(request)
    staff_id = sent.value("staff_id", 40)
    client = "" if request.client is None else client_key(request.client.host)
    found = desks.staff.sign_in(staff_id, sent.raw("secret", 200), desks.clock(), client)
    if isinstance(found, Refusal):
        return again(request, "sign_in.html", found, "staff_id", staff_id=staff_id)
    response = go("/" if found.staff.may("desk") else "/machine")
    keep(response, request, SESSION_COOKIE, found.token)
    return response


@router.post("/sign-out")
def leave(request: Request) -> Response:
    """End the session."""
    desks = desks_of(request)
    desks.staff.sign_out(request.cookies.get(SESSION_COOKIE, ""), desks.clock())
    response = go("/sign-in")
    response.delete_cookie(SESSION_COOKIE, path=ROOT)
    return response
