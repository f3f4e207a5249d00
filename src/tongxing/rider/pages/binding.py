"""Binding a card (卡码一体), one question on a page; where somebody stopped they go on.

The state stands with the binding's desk. `/bind` leads to the first step that is not done; every
page can be opened again, and none does more than the desk lets it.
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.requests import HTTPConnection
from starlette.responses import Response

from tongxing.city.binding.terms import BindingTerms, binding_terms
from tongxing.city.binding.values import Binding, BoundCard
from tongxing.city.people.consent_texts import consent_texts
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.rider import web
from tongxing.rider.pages.automatic import TEXT as PASSWORD_FREE
from tongxing.rider.pages.automatic import begin_signing
from tongxing.rider.pages.paying import home_of
from tongxing.rider.web import Passenger, Sent, Signed, again, desks_of, expect, go, page

ONLINE, AT_DESK = ("nfc", "reader"), ("branch", "machine")
TAPPING = ("moving", "sealing")

router = APIRouter()


@router.get("/bind")
def where(request: Request, passenger: Signed) -> Response:
    """The first step that is not done."""
    desks, now_s = desks_of(request), passenger.now_s
    terms = terms_of(request, passenger)
    bound = desks.binding.bound(passenger.account)
    if bound is not None and bound.sealed:
        return page(request, "bind_done.html", **_done(request, passenger, bound, terms))
    if not terms.offered:
        return page(request, "bind_none.html", tab="code")
    if passenger.level < terms.level_min:
        return go("/me/identity", next=f"{web.ROOT}/bind")
    found = current(request, passenger)
    if found is None:
        return page(request, "bind_way.html", **_ways(request, passenger, terms))
    if found.channel in AT_DESK and found.step == "begun":
        return page(request, "bind_desk.html", **_desk(request, passenger, found, terms))
    if found.step == "begun":
        return go("/bind/card")
    if found.step in TAPPING:
        return go("/bind/activate")
    if found.step == "proven":
        if any(not desks.people.has_consent(passenger.person_id, one) for one in terms.consents):
            return go("/bind/found")
        desks.money.check_mandate(passenger.account, now_s)
        done = desks.binding.mandated(found.binding_id, now_s)
        if isinstance(done, Refusal):
            return go("/bind/sign")
    return go("/bind/check")


@router.post("/bind")
def begin(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Choose a way, and begin."""
    terms, channel = terms_of(request, passenger), sent.value("channel")
    if channel not in terms.channels:
        ways = _ways(request, passenger, terms)
        return again(request, "bind_way.html", Refusal("CHOICE_MISSING"), "channel-0", **ways)
    found = desks_of(request).binding.begin(
        passenger.person_id, sent.request_id, channel, passenger.now_s
    )
    if isinstance(found, Refusal) and found.code != "BINDING_UNDER_WAY":
        ways = _ways(request, passenger, terms)
        return again(request, "bind_way.html", found, "channel-0", **ways)
    return go("/bind")


@router.post("/bind/abandon")
def abandon(request: Request, passenger: Signed, _sent: Sent) -> Response:
    """Give it up: the card is free again, and nothing has moved."""
    found = current(request, passenger)
    if found is not None:
        expect(desks_of(request).binding.abandon(found.binding_id, passenger.now_s))
    return go("/bind")


@router.get("/bind/card")
def card(request: Request, passenger: Signed) -> Response:
    """Hold the card to the phone or the reader."""
    found = current(request, passenger)
    if found is None or found.channel in AT_DESK or found.step in TAPPING:
        return go("/bind")
    then = f"{web.ROOT}/bind/found"
    return page(request, "bind_card.html", **_tapping(request, found, "prove", then))


@router.get("/bind/found")
def found_card(request: Request, passenger: Signed) -> Response:
    """What the card is, what is on it, and what will happen with that."""
    found = current(request, passenger)
    if found is None or found.step not in ("proven", "mandated"):
        return go("/bind")
    terms = terms_of(request, passenger)
    return page(request, "bind_found.html", tab="code", binding=found, terms=terms)


@router.get("/bind/agree")
def texts(request: Request, passenger: Signed) -> Response:
    """The texts to read and agree to."""
    if current(request, passenger) is None:
        return go("/bind")
    return page(request, "bind_agree.html", **_texts(request, passenger))


@router.post("/bind/agree")
def agree(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Agree to every one of them."""
    people = desks_of(request).people
    shown = _texts(request, passenger)
    wanted = shown["texts"]
    assert isinstance(wanted, list)
    missing = [text.id for text in wanted if not sent.ticked(f"agree-{text.id}")]
    if missing:
        field = f"agree-{missing[0]}"
        return again(request, "bind_agree.html", Refusal("TICK_MISSING"), field, **shown)
    for text in wanted:
        refusal = people.give_consent(
            passenger.person_id, text.id, text.version, "web", passenger.now_s
        )
        if refusal is not None:
            return again(request, "bind_agree.html", refusal, **shown)
    return go("/bind")


@router.get("/bind/sign")
def ask_signing(request: Request, passenger: Signed) -> Response:
    """Password-free payment, signed at the partner."""
    if current(request, passenger) is None:
        return go("/bind")
    return page(request, "bind_sign.html", **_signing(request, passenger))


@router.post("/bind/sign")
def sign(request: Request, passenger: Signed, sent: Sent) -> Response:
    """Go to the partner, and come back to where this stands."""
    found = begin_signing(request, passenger, sent, f"{home_of(request)}/back/bind")
    if isinstance(found, Refusal):
        if found.code == "MANDATE_EXISTS":
            return go("/bind")
        field = "agree" if found.code == "TICK_MISSING" else "channel-0"
        return again(request, "bind_sign.html", found, field, **_signing(request, passenger))
    return page(request, "auto_go.html", tab="code", url=found, then="/bind")


@router.get("/bind/check")
def check(request: Request, passenger: Signed) -> Response:
    """Check the answers, then the last touch."""
    found = current(request, passenger)
    if found is None or found.step != "mandated":
        return go("/bind")
    mandate = desks_of(request).money.mandate(passenger.account)
    return page(
        request,
        "bind_check.html",
        tab="code",
        binding=found,
        mandate=mandate,
        terms=terms_of(request, passenger),
    )


@router.get("/bind/activate")
def activate(request: Request, passenger: Signed) -> Response:
    """The last touch: the card's money moves, and both are one."""
    found = current(request, passenger)
    if found is None or found.step not in ("mandated", *TAPPING):
        return go("/bind")
    shown = _tapping(request, found, "activate", f"{web.ROOT}/bind")
    return page(request, "bind_card.html", **shown)


def current(request: HTTPConnection, passenger: Passenger) -> Binding | None:
    """The binding that is under way, if one is."""
    found = desks_of(request).binding.current(passenger.person_id)
    return None if found is None or found.step in ("active", "ended") else found


def terms_of(request: Request, passenger: Passenger) -> BindingTerms:
    """What the city asks of a card."""
    return binding_terms(desks_of(request).city, passenger.now_s)


def _tapping(request: Request, found: Binding, purpose: str, then: str) -> dict[str, Any]:
    return {
        "tab": "code",
        "binding": found,
        "purpose": purpose,
        "then": then,
        "agent": desks_of(request).agent,
        "agent_note": request.app.state.agent_note,
    }


def _ways(request: Request, passenger: Passenger, terms: BindingTerms) -> dict[str, Any]:
    desks, today = desks_of(request), calendar_date(passenger.now_s)
    return {
        "tab": "code",
        "terms": terms,
        "machines": desks.binding.machines(desks.city, today),
        "branches": desks.binding.branches(desks.city, today),
        "request_id": web.new_id(),
    }


def _desk(
    request: Request, passenger: Passenger, found: Binding, terms: BindingTerms
) -> dict[str, Any]:
    code = found.binding_id[:8].upper()
    ways = _ways(request, passenger, terms)
    return {**ways, "binding": found, "desk_code": f"{code[:4]} {code[4:]}"}


def _texts(request: Request, passenger: Passenger) -> dict[str, Any]:
    known = consent_texts(passenger.now_s)
    wanted = [known[one] for one in terms_of(request, passenger).consents]
    return {"tab": "code", "texts": wanted, "binding": current(request, passenger)}


def _signing(request: Request, passenger: Passenger) -> dict[str, Any]:
    desks = desks_of(request)
    return {
        "tab": "code",
        "binding": current(request, passenger),
        "mandate": desks.money.mandate(passenger.account),
        "exposure": expect(desks.money.exposure(passenger.account, passenger.now_s)),
        "channels": desks.channels,
        "text": consent_texts(passenger.now_s)[PASSWORD_FREE],
        "request_id": web.new_id(),
    }


def _done(
    request: Request, passenger: Passenger, bound: BoundCard, terms: BindingTerms
) -> dict[str, Any]:
    balance = expect(desks_of(request).money.balance(passenger.account, passenger.now_s))
    return {
        "tab": "code",
        "bound": bound,
        "balance": balance,
        "terms": terms,
        "is_held": bound.hold_until_s > passenger.now_s and bound.moved_fen > 0,
        "is_new": passenger.now_s - bound.from_s < 600,
    }
