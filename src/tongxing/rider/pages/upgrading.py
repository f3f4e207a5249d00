"""The upgrade service: one tap for an app's users, a number with help to find it, for others.

Which channel is open for what, with which steps, is the programme's data; here a way is chosen and
its form filled in. The answer to a number that is not one's own says nothing of whose it is.
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city.people.consent_texts import consent_texts
from tongxing.city.people.values import Level
from tongxing.city.upgrading import CardForm, SmsForm, Upgrade, UpgradeDesk
from tongxing.city.upgrading.guide import Guide, GuideSteps
from tongxing.kernel.reasons import Refusal
from tongxing.rider import web
from tongxing.rider.web import Passenger, Sent, Signed, Visitor, again, desks_of, go, page

TEXT = "upgrade"
NUMBER_FIELDS = ("NUMBER_", "UPGRADE_NUMBER", "UPGRADE_TRIES", "UPGRADE_LIMIT", "UPGRADE_OTHERS")
FIELDS = {
    "UPGRADE_TICK_REQUIRED": "agree",
    "PHONE_INVALID": "phone",
    "NAME_INVALID": "name",
    "UPGRADE_NAME_DIFFERS": "name",
    "UPGRADE_DATA_NEEDED": "name",
    "ID_NUMBER_INVALID": "id_number",
    "IDENTITY_NOT_CONFIRMED": "id_number",
    "IDENTITY_TAKEN": "id_number",
    "IDENTITY_OTHER": "id_number",
    "TEXT_FORBIDDEN_CHAR": "name",
}

router = APIRouter()


@router.get("/upgrade")
def upgrade(request: Request, passenger: Signed) -> Response:
    """What is linked already, what an app asks, and the other ways."""
    desk, guide = _desk(request), _guide(request, passenger)
    if desk is None or guide is None:
        return page(request, "upgrade_none.html", tab="me")
    app = request.query_params.get("app", "")[:40]
    popup = desk.consent_popup(passenger.person_id, app, passenger.now_s) if app else None
    return page(
        request,
        "upgrade.html",
        tab="me",
        guide=guide,
        linked=desk.linked(passenger.person_id),
        popup=None if isinstance(popup, Refusal) else popup,
        app=app,
        ways=[way for way in guide.ways if way.way in ("number", "sms")],
        desks=[way for way in guide.ways if way.way == "desk"],
        text=consent_texts(passenger.now_s)[TEXT],
        request_id=web.new_id(),
        done=request.query_params.get("done", ""),
    )


@router.post("/upgrade/accept")
def accept(request: Request, passenger: Signed, sent: Sent) -> Response:
    """The one tap of an app's user."""
    desk = _desk(request)
    if desk is None:
        return go("/upgrade")
    app = sent.value("app", 40)
    found = desk.accept(passenger.person_id, app, sent.request_id, passenger.now_s)
    if isinstance(found, Refusal):
        return web.FACE.failure(request, found)
    return _linked(found)


@router.get("/upgrade/card")
def ask_card(request: Request, passenger: Signed) -> Response:
    """A card's number and its holder."""
    shown = _card(request, passenger, request.query_params)
    return go("/upgrade") if shown is None else page(request, "upgrade_card.html", **shown)


@router.post("/upgrade/card")
def send_card(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Link it: one's own, or somebody's whom one helps."""
    desk, shown = _desk(request), _card(request, passenger, sent.fields)
    if desk is None or shown is None:
        return go("/upgrade")
    form = CardForm(
        channel=sent.value("channel", 40),
        kind=sent.value("kind", 40),
        number=sent.raw("number", 60),
        name=sent.raw("name", 100).strip(),
        id_number=sent.value("id_number", 40),
        ticked=sent.ticked("agree"),
    )
    helped, now_s = sent.value("helped", 64), passenger.now_s
    if helped:
        found = desk.upgrade_for(passenger.person_id, helped, sent.request_id, form, now_s)
    else:
        found = desk.upgrade_card(passenger.person_id, sent.request_id, form, now_s)
    if isinstance(found, Refusal):
        typed = {"number": form.number, "name": form.name}
        return again(request, "upgrade_card.html", found, _field(found), **(shown | typed))
    return _linked(found)


@router.get("/upgrade/code")
def ask_code(request: Request, passenger: Visitor) -> Response:
    """A site's own ride code, by name and phone: also for who has no session."""
    return page(request, "upgrade_code.html", **_site(request, passenger))


@router.post("/upgrade/code/send")
def send_code(request: Request, passenger: Visitor, sent: Sent) -> Response:
    """Send the code to the phone."""
    desks, shown = desks_of(request), _site(request, passenger)
    typed = {"phone": sent.value("phone", 40), "name": sent.raw("name", 100).strip()}
    visit = request.cookies.get(web.VISIT_COOKIE) or web.new_id()
    found = desks.people.request_code(
        typed["phone"], "sign_in", visit, web.client_of(request), desks.clock()
    )
    if isinstance(found, Refusal):
        return again(request, "upgrade_code.html", found, "phone", **(shown | typed))
    wait_s = max(0, found.resend_s - desks.clock())
    values = shown | typed | {"was_sent": True, "resend_s": wait_s}
    response = page(request, "upgrade_code.html", **values)
    web.keep(response, request, web.VISIT_COOKIE, visit, web.VISIT_AGE_S)
    return response


@router.post("/upgrade/code")
def link_code(request: Request, passenger: Visitor, sent: Sent) -> Response:
    """Show the code, agree, and be linked."""
    desk, shown = _desk(request), _site(request, passenger)
    if desk is None:
        return go("/upgrade")
    now_s = desks_of(request).clock()
    typed = {"phone": sent.value("phone", 40), "name": sent.raw("name", 100).strip()}
    form = SmsForm(
        channel=sent.value("channel", 40),
        app=sent.value("app", 40),
        phone=typed["phone"],
        code=sent.value("code", 12),
        name=typed["name"],
        session_id=request.cookies.get(web.VISIT_COOKIE, ""),
        device=web.device_of(request),
        ticked=sent.ticked("agree"),
    )
    found = desk.upgrade_by_sms(form, sent.request_id, now_s)
    if isinstance(found, Refusal):
        values = shown | typed | {"was_sent": True}
        return again(request, "upgrade_code.html", found, _field(found), **values)
    if passenger is None:
        return page(request, "upgrade_done.html", already=found.already)
    return _linked(found)


@router.post("/upgrade/end")
def end(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Take a link back."""
    desk = _desk(request)
    if desk is not None:
        found = desk.end_link(
            passenger.person_id, sent.value("medium", 40), sent.request_id, passenger.now_s
        )
        if isinstance(found, Refusal):
            return web.FACE.failure(request, found)
    return go("/upgrade", done="ended")


def _linked(found: Upgrade) -> Response:
    return go("/upgrade", done="already" if found.already else "linked")


def _desk(request: Request) -> UpgradeDesk | None:
    return desks_of(request).upgrading


def _guide(request: Request, passenger: Passenger) -> Guide | None:
    desk = _desk(request)
    found = None if desk is None else desk.guide(passenger.now_s)
    return None if isinstance(found, Refusal) else found


def _card(request: Request, passenger: Passenger, asked: object) -> dict[str, Any] | None:
    """The form of one channel and kind; None for a way that is not offered."""
    read = getattr(asked, "get", dict[str, str]().get)
    desk, guide = _desk(request), _guide(request, passenger)
    if desk is None or guide is None:
        return None
    channel, kind = str(read("channel", ""))[:40], str(read("kind", ""))[:40]
    way = _way(guide, channel, kind)
    if way is None:
        return None
    people = desks_of(request).people
    helped = str(read("helped", ""))[:64]
    others = people.helped_by(passenger.person_id)
    return {
        "tab": "me",
        "way": way,
        "help": desk.number_help(kind, passenger.now_s),
        "lines": guide.hotlines,
        "helped": helped if helped in {one.helped_id for one in others} else "",
        "others": others,
        "needs_data": passenger.level < Level.IDENTITY and not helped,
        "text": consent_texts(passenger.now_s)[TEXT],
        "number": "",
        "name": "",
        "request_id": web.new_id(),
    }


def _way(guide: Guide, channel: str, kind: str) -> GuideSteps | None:
    for way in guide.ways:
        if way.way == "number" and (way.channel, way.kind) == (channel, kind):
            return way
    return None


def _site(request: Request, passenger: Passenger | None) -> dict[str, Any]:
    desk = _desk(request)
    now_s = desks_of(request).clock()
    guide = None if desk is None else desk.guide(now_s)
    ways = () if guide is None or isinstance(guide, Refusal) else guide.ways
    way = next((one for one in ways if one.way == "sms"), None)
    return {
        "tab": "me",
        "way": way,
        "lines": () if guide is None or isinstance(guide, Refusal) else guide.hotlines,
        "phone": "",
        "name": "",
        "was_sent": False,
        "resend_s": 0,
        "text": consent_texts(now_s)[TEXT],
        "inbox": desks_of(request).sandbox.get("sms", ""),
        "is_known": passenger is not None,
        "request_id": web.new_id(),
    }


def _field(refusal: Refusal) -> str:
    """The field that a refusal is about."""
    code = refusal.code
    if code.startswith(NUMBER_FIELDS):
        return "number"
    if code.startswith("OTP_"):
        return "code"
    return FIELDS.get(code, "")
