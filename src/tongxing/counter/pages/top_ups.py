"""The first top-up of a new card: the card is read, its holder is known, and then it is linked.

The money itself is loaded by the issuer's top-up machine, which is not ours. Before it, this page
reads the card's day of issue and says whether it may; after it, the same card shows more money on
the reader, and is linked with its holder. Card numbers stand in no address.
"""

import re
from datetime import date
from typing import Any

from fastapi import APIRouter, Request, WebSocket
from starlette.responses import Response

from tongxing.city.binding.card import PurseSeen, read_purse
from tongxing.city.people.consent_texts import consent_texts
from tongxing.city.upgrading import UpgradeDesk
from tongxing.city.upgrading.first_top_up import FirstTopUp
from tongxing.city.upgrading.rules import TopUpGate
from tongxing.counter.pages.finding import BY
from tongxing.counter.pages.person import case_of
from tongxing.counter.touching import touch
from tongxing.counter.web import AtWork, Serving, again, desks_of, go, noted, page, serving
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.web.card_socket import SocketCard
from tongxing.web.face import link
from tongxing.web.forms import Posted, Sent, new_id

KINDS = ("card", "wristband", "phone_card")
ENDS = ("free", "linked", "kept_limit", "kept_other")
TEXT, PURPOSE = "upgrade", "upgrade"
_FIELDS = {"LOOKUP_TICKET": "ticket", "COUNTER_CHOICE": "by-0", "COUNTER_NOT_READ_OUT": "agree"}
_MARK, _FEN = re.compile(r"[0-9a-f]{16}"), re.compile(r"[0-9]{1,9}")

router = APIRouter()


@router.get("/top-ups")
def read(request: Request, who: Serving) -> Response:
    """Read a card: whether its holder has to be known before it is topped up."""
    done = request.query_params.get("done", "")
    return page(
        request, "ticket_top_up.html", section="tickets", kind=_kind(request.query_params),
        socket="/top-ups/socket", told={}, says="top_up.ready", case=None, kinds=KINDS,
        done=done if done in ENDS else "", agent=_agent(request),
    )  # fmt: skip


@router.get("/top-ups/who")
def ask(request: Request, who: Serving) -> Response:
    """Who the holder of a new card is."""
    return page(request, "ticket_holder.html", **_asking(request, request.query_params))


@router.post("/top-ups/who")
def find(request: Request, who: Serving, sent: Sent) -> Response:
    """Look the holder up, after the consent was read out."""
    found = _found(request, who, sent)
    if isinstance(found, Refusal):
        field = _FIELDS.get(found.code, "text")
        return again(request, "ticket_holder.html", found, field, **_asking(request, sent.fields))
    told = {"kind": _kind(sent.fields), "purpose": PURPOSE, "ticket": sent.value("ticket", 60)}
    return go(f"/top-ups/{found}", **told)


@router.get("/top-ups/{person_id}")
def holder(request: Request, who: Serving, person_id: str) -> Response:
    """The card is read again: before the money is loaded, and after it."""
    case, asked = case_of(request, person_id), request.query_params
    told = {"kind": _kind(asked), "request_id": new_id()} | case.query
    says = "top_up.look"
    if _MARK.fullmatch(asked.get("card", "")) and _FEN.fullmatch(asked.get("was", "")):
        told |= {"card": asked["card"], "was": asked["was"]}
        says = "top_up.load"
    return page(
        request, "ticket_top_up.html", section="tickets", kind=told["kind"], kinds=(), done="",
        socket=f"/top-ups/{person_id}/socket", told=told, says=says, case=case,
        agent=_agent(request),
    )  # fmt: skip


@router.websocket("/top-ups/socket")
async def anybodys_card(socket: WebSocket) -> None:
    """A card whose holder nobody asked for yet."""
    desk, kind = desks_of(socket).upgrading, _kind(socket.query_params)

    def talk(who: AtWork, desk: UpgradeDesk, reader: SocketCard) -> str | Refusal:
        seen = read_purse(reader)
        if isinstance(seen, Refusal):
            return seen
        gate = _gate(desk, seen, kind, None, who)
        noted(socket, who, f"top_up:look:{kind}", "", "", gate)
        if isinstance(gate, Refusal) and gate.code == "UPGRADE_TOP_UP_IDENTITY":
            return link("/top-ups/who", kind=kind)
        return gate if isinstance(gate, Refusal) else link("/top-ups", kind=kind, done="free")

    await touch(socket, serving, lambda _who: desk, talk)


@router.websocket("/top-ups/{person_id}/socket")
async def holders_card(socket: WebSocket, person_id: str) -> None:
    """The card of a known holder: may it be topped up, or was it just now?"""
    desks, told = desks_of(socket), socket.query_params
    kind, ticket = _kind(told), told.get("ticket", "")[:60]
    request_id, was = told.get("request_id", "")[:64], told.get("was", "")

    def prepare(_who: AtWork) -> UpgradeDesk | None:
        return desks.upgrading if request_id.isalnum() else None

    def talk(who: AtWork, desk: UpgradeDesk, reader: SocketCard) -> str | Refusal:
        person = desks.people.person(person_id)
        seen = person if isinstance(person, Refusal) else read_purse(reader)
        if isinstance(person, Refusal) or isinstance(seen, Refusal):
            return seen if isinstance(seen, Refusal) else Refusal("PERSON_NOT_FOUND")
        found: str | Refusal
        if _FEN.fullmatch(was):
            act, before = "done", (told.get("card", ""), int(was))
            found = _done(desk, seen, kind, person_id, who, request_id, before)
        else:
            act = "gate"
            gate = _gate(desk, seen, kind, person_id, who)
            ways = {"kind": kind, "purpose": PURPOSE, "ticket": ticket}
            ways |= {"card": _mark(seen), "was": str(seen.balance_fen)}
            found = gate if isinstance(gate, Refusal) else link(f"/top-ups/{person_id}", **ways)
            if isinstance(gate, TopUpGate) and not gate.links:
                found = link("/top-ups", kind=kind, done="free")
        noted(socket, who, f"top_up:{act}:{kind}", person.account, ticket, found)
        return found

    await touch(socket, serving, prepare, talk)


def _gate(
    desk: UpgradeDesk, seen: PurseSeen, kind: str, person_id: str | None, who: AtWork
) -> TopUpGate | Refusal:
    issued_on: date = seen.starts
    return desk.first_top_up_allowed(seen.number, kind, issued_on, person_id, who.now_s)


def _done(
    desk: UpgradeDesk, seen: PurseSeen, kind: str, person_id: str, who: AtWork, request_id: str,
    before: tuple[str, int],
) -> str | Refusal:  # fmt: skip
    """Link the card that was read before and has more money on it now."""
    mark, was_fen = before
    if _mark(seen) != mark:
        return Refusal("UPGRADE_TOP_UP_OTHER_CARD", kind)
    if seen.balance_fen <= was_fen:
        return Refusal("UPGRADE_TOP_UP_NOT_SEEN", kind)
    gate = _gate(desk, seen, kind, person_id, who)
    if isinstance(gate, Refusal):
        return gate
    found: FirstTopUp | Refusal = desk.first_top_up_done(
        seen.number, kind, person_id, request_id, who.now_s, who.staff.staff_id
    )
    if isinstance(found, Refusal):
        return found
    end = "linked"
    if found.not_linked is not None:
        limit = found.not_linked.code == "UPGRADE_LIMIT_REACHED"
        end = "kept_limit" if limit else "kept_other"
    return link("/top-ups", kind=kind, done=end)


def _found(request: Request, who: AtWork, sent: Posted) -> str | Refusal:
    by, desks = sent.value("by", 20), desks_of(request)
    if by not in BY:
        return Refusal("COUNTER_CHOICE")
    if not sent.ticked("agree"):
        return Refusal("COUNTER_NOT_READ_OUT")
    found = desks.people.find(
        who.staff.staff_id, PURPOSE, sent.value("ticket", 60), now_s=who.now_s,
        **{by: sent.value("text", 40)},
    )  # fmt: skip
    return found if isinstance(found, Refusal) else found.person_id


def _asking(request: Request, told: Any) -> dict[str, Any]:
    _desk(request)
    return {
        "section": "tickets",
        "ways": BY,
        "by": told.get("by") or BY[1],
        "kind": _kind(told),
        "ticket": told.get("ticket", "")[:60],
        "text": consent_texts(desks_of(request).clock())[TEXT],
    }


def _mark(seen: PurseSeen) -> str:
    """The same for the same card; no number."""
    return digest("top_up_card", seen.number)[:16]


def _kind(told: Any) -> str:
    found = told.get("kind", "")
    return found if found in KINDS else KINDS[0]


def _agent(request: Request) -> str:
    _desk(request)
    return desks_of(request).agent


def _desk(request: Request) -> UpgradeDesk:
    found = desks_of(request).upgrading
    if found is None:
        raise Problem("UPGRADE_NO_PROGRAMME", "city")
    return found
