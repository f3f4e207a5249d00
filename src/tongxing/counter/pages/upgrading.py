"""The upgrade at the desk, on the spot: card, phone card, wristband, commemorative ticket.

Which kinds a desk links is the programme's data, and so are the steps and the help with numbers.
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city.people.consent_texts import consent_texts
from tongxing.city.people.values import Level
from tongxing.city.upgrading import CardForm, Upgrade, UpgradeDesk
from tongxing.city.upgrading.guide import GuideSteps
from tongxing.counter.pages.person import Case, case_of
from tongxing.counter.web import Serving, Supervising, again, desks_of, expect, go, noted, page
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.web.forms import Sent, new_id

TEXT, DESK = "upgrade", "desk"
_FIELDS = {
    "COUNTER_CHOICE": "kind-0",
    "UPGRADE_TICK_REQUIRED": "agree",
    "UPGRADE_DATA_NEEDED": "name",
    "NAME_INVALID": "name",
    "ID_NUMBER_INVALID": "id_number",
    "UPGRADE_NUMBER_NOT_HERE": "in_hand",
}

router = APIRouter()


@router.get("/person/{person_id}/upgrade")
def ask(request: Request, who: Serving, person_id: str) -> Response:
    """What is linked, and the form for another medium."""
    return page(request, "upgrade.html", **_shown(request, case_of(request, person_id), {}))


@router.post("/person/{person_id}/upgrade")
def link_it(request: Request, who: Serving, sent: Sent, person_id: str) -> Response:
    """Link it with the passenger."""
    case, desk = case_of(request, person_id, sent), _desk(request)
    kind = sent.value("kind", 40)
    way = next((one for one in _ways(request) if one.kind == kind), None)
    found: Upgrade | Refusal = Refusal("COUNTER_CHOICE")
    if way is not None:
        form = CardForm(
            channel=way.channel,
            kind=kind,
            number=sent.raw("number", 60),
            name=sent.raw("name", 60).strip(),
            id_number=sent.value("id_number", 40),
            ticked=sent.ticked("agree"),
        )
        found = desk.upgrade_at_desk(
            who.staff.staff_id, sent.request_id, person_id, form, who.now_s,
            in_hand=sent.ticked("in_hand"),
        )  # fmt: skip
    noted(request, who, f"upgrade:{kind}", case.person.account, case.ticket, found)
    if isinstance(found, Refusal):
        kept = {"kind": kind, "number": sent.value("number", 60)}
        field = _FIELDS.get(found.code, "number")
        return again(request, "upgrade.html", found, field, **_shown(request, case, kept))
    return go(f"/person/{person_id}/upgrade", done="yes", **case.query)


@router.post("/person/{person_id}/upgrade/end")
def end(request: Request, who: Serving, sent: Sent, person_id: str) -> Response:
    """The passenger takes a link back."""
    case, desk = case_of(request, person_id, sent), _desk(request)
    found = desk.end_link(
        person_id, sent.value("medium", 40), sent.request_id, who.now_s, who.staff.staff_id
    )
    noted(request, who, "upgrade:end", case.person.account, case.ticket, found)
    if isinstance(found, Refusal):
        return again(request, "upgrade.html", found, "", **_shown(request, case, {}))
    return go(f"/person/{person_id}/upgrade", done="ended", **case.query)


@router.get("/campaign")
def campaign(request: Request, who: Supervising) -> Response:
    """The campaign's figures up to now."""
    found = _desk(request).campaign(who.now_s)
    most = max((day.linked for day in found.days), default=0)
    return page(request, "campaign.html", campaign=found, days=found.days[-31:], most=most)


def _desk(request: Request) -> UpgradeDesk:
    found = desks_of(request).upgrading
    if found is None:
        raise Problem("UPGRADE_NO_PROGRAMME", "city")
    return found


def _ways(request: Request) -> list[GuideSteps]:
    guide = expect(_desk(request).guide(desks_of(request).clock()))
    return [way for way in guide.ways if way.way == DESK]


def _shown(request: Request, case: Case, kept: dict[str, str]) -> dict[str, Any]:
    desk, now_s = _desk(request), desks_of(request).clock()
    ways = _ways(request)
    helps = [desk.number_help(way.kind, now_s) for way in ways]
    return {
        "case": case,
        "person": case.person,
        "linked": desk.linked(case.person.person_id),
        "ways": ways,
        "helps": [one for one in helps if not isinstance(one, Refusal)],
        "needs_data": case.person.level < Level.IDENTITY,
        "text": consent_texts(now_s)[TEXT],
        "kind": "",
        "number": "",
        "done": request.query_params.get("done", ""),
        "request_id": new_id(),
    } | kept
