"""Single tickets at the counter: sold, collected or given for a welfare ticket to known passengers.

Staff type the rider's own identity number and say that they saw the passed check; both go to the
desk and are let go of: no answer of these pages shows them again, refused or granted.
"""

import re
from typing import Any, cast, get_args

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city.upgrading import UpgradeDesk
from tongxing.city.upgrading.rules import CheckResult
from tongxing.city.upgrading.single_tickets import (
    Act,
    Helped,
    TicketAsked,
    TicketGranted,
)
from tongxing.counter.web import AtWork, Serving, again, desks_of, go, noted, page
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.web.forms import Posted, Sent, new_id

ACTS: tuple[str, ...] = get_args(Act)
FOR = ("self", "elder", "child")
_GRANT = re.compile(r"[0-9a-f]{32}")
_TIME = re.compile(r"[0-9]{1,12}")
_FIELDS = {
    "UPGRADE_TICKET_CHECK": "checked",
    "UPGRADE_TICKET_NAME": "name",
    "NAME_INVALID": "name",
    "ID_NUMBER_INVALID": "id_number",
}

router = APIRouter()


@router.get("/tickets")
def ask(request: Request, who: Serving) -> Response:
    """Whom a single ticket is for."""
    _desk(request)
    return page(request, "tickets.html", **_shown(request, who, {}))


@router.post("/tickets")
def grant(request: Request, who: Serving, sent: Sent) -> Response:
    """Whether it may be handed out, once per form; noted without anything of the rider."""
    desk, act, rider = _desk(request), sent.value("act", 20), sent.value("for", 10)
    found: TicketGranted | Refusal
    field = "act-0" if act not in ACTS else "for-0"
    if act not in ACTS or rider not in FOR:
        found = Refusal("COUNTER_CHOICE")
    else:
        found = desk.single_ticket(_asked(sent, who, act, rider), who.now_s)
        field = "" if not isinstance(found, Refusal) else _FIELDS.get(found.code, "id_number")
    done = f"ticket:{act if act in ACTS else ''}:{rider if rider in FOR else ''}"
    grant_id = "" if isinstance(found, Refusal) else found.grant_id
    noted(request, who, done, grant_id, "", found)
    if isinstance(found, Refusal):
        kept = {"act": act, "for": rider}
        return again(request, "tickets.html", found, field, **_shown(request, who, kept))
    return go("/tickets", done=act, grant=found.grant_id)


def _asked(sent: Posted, who: AtWork, act: str, rider: str) -> TicketAsked:
    """The check is as old as the form: staff made it after the form was shown, so it is younger."""
    shown_s = sent.value("shown_s", 12)
    passed = sent.ticked("checked") and _TIME.fullmatch(shown_s) is not None
    return TicketAsked(
        request_id=sent.request_id,
        act=cast(Act, act),
        id_number=sent.value("id_number", 40),
        check=CheckResult(passed, int(shown_s) if passed else who.now_s),
        name=sent.raw("name", 60).strip(),
        helped=cast(Helped, "" if rider == "self" else rider),
        staff=who.staff.staff_id,
    )


def _shown(request: Request, who: AtWork, kept: dict[str, str]) -> dict[str, Any]:
    told = request.query_params
    done, grant_id = told.get("done", ""), told.get("grant", "")
    return {
        "section": "tickets",
        "acts": ACTS,
        "riders": FOR,
        "act": kept.get("act", ACTS[0]),
        "rider": kept.get("for", FOR[0]),
        "done": done if done in ACTS and not kept else "",
        "grant_id": grant_id if _GRANT.fullmatch(grant_id) else "",
        "shown_s": who.now_s,
        "request_id": new_id(),
    }


def _desk(request: Request) -> UpgradeDesk:
    found = desks_of(request).upgrading
    if found is None:
        raise Problem("UPGRADE_NO_PROGRAMME", "city")
    return found
