"""A passenger's first week, walked through in a real browser on a phone, in both languages."""

from collections.abc import Iterator
from typing import Any

import pytest
from rider_site import Site, open_site
from rider_walk import Walk, hold_card, pay_at_partner, sign_at_partner
from rider_world import (
    DAY,
    LOCAL,
    MEDIA,
    NAME,
    OTHER_PHONE,
    PHONE,
    code_of,
    purse_card,
)

from outside_fakes import an_id
from tongxing.deciding import MediumToken
from tongxing.kernel import clock
from tongxing.storage import Database

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CARD, THIRD_PHONE = "4000000000000017", "13700137000"


@pytest.fixture
def site(database: Database) -> Iterator[Site]:
    with open_site(database) as found:
        yield found


@pytest.fixture(params=["zh", "en"])
def walk(browser: Any, site: Site, request: pytest.FixtureRequest) -> Iterator[Walk]:
    found = Walk(browser, site, request.param)
    yield found
    found.close()


def sign_in(walk: Walk, phone: str = PHONE) -> None:
    walk.goes("/sign-in").fills(phone=phone).ticks("agree").sends()
    walk.fills(code=walk.site.world.inbox.code(phone)).sends()


def top_up(walk: Walk) -> None:
    walk.goes("/money/top-up").sends()
    pay_at_partner(walk)
    walk.page.locator(".note.good").wait_for()


@pytest.mark.req("R-019")
def test_signing_in_topping_up_and_showing_a_code(walk: Walk) -> None:
    world, page = walk.site.world, walk.page
    walk.goes("/").taps("a[href$='/rider/sign-in']").targets_are_large()
    walk.sends().error_leads_to("agree")
    walk.fills(phone="1380013800").ticks("agree").sends().error_leads_to("phone")
    walk.fills(phone=PHONE).ticks("agree").sends().is_at("/sign-in/code")
    assert PHONE not in page.url
    page.go_back()
    page.locator("#phone").wait_for()
    page.go_forward()
    walk.fills(code="000000").sends().error_leads_to("code")
    walk.fills(code=world.inbox.code()).sends().is_at("/welcome")
    walk.taps("main a.button.wide").is_at("/money/top-up").targets_are_large()
    walk.sends()
    pay_at_partner(walk)
    page.locator(".note.good").wait_for()
    walk.looks().taps("header nav a[href$='/money']").says("¥50.00").targets_are_large()
    walk.goes("/money/orders").taps("main a.row").says("¥50.00")
    walk.goes("/")
    page.locator("#code-begin").click()
    page.locator("#code-qr").wait_for()
    page.locator("#home-amount", has_text="¥50.00").wait_for()
    walk.looks()
    world.proofs_hold()


@pytest.mark.req("R-002", "R-014", "R-016", "R-023")
def test_binding_a_card_takes_a_dozen_presses(walk: Walk) -> None:
    world, page = walk.site.world, walk.page
    sign_in(walk)
    purse_card(world, CARD, 3_000)
    plastic = MEDIA.card(token(3_000), world.now_s - 86_400)
    torn = {"at": 3}

    def transmit(text: str) -> str:
        torn["at"] -= 1
        if torn["at"] == 0:
            return ""
        return plastic.chip.transmit(bytes.fromhex(text)).hex().upper()

    hold_card(walk, transmit)
    plastic.enter_field()
    walk.presses = 0
    walk.goes("/bind").targets_are_large().sends().is_at("/bind/card")
    walk.holds_card()
    page.locator("[data-state=failed]").wait_for()
    plastic.enter_field()
    walk.holds_card()
    walk.is_at("/bind/found").looks().says("¥30.00")
    walk.taps("main a.button.wide").is_at("/bind/agree").sends().error_leads_to("agree-binding")
    walk.goes("/bind").is_at("/bind/found").taps("main a.button.wide")
    walk.ticks("agree-binding").sends().is_at("/bind/sign")
    walk.sends().error_leads_to("agree")
    walk.ticks("agree").sends()
    sign_at_partner(walk)
    walk.is_at("/bind/check").looks().taps("main a.button.wide").is_at("/bind/activate")
    plastic.enter_field()
    walk.holds_card()
    walk.is_at("/bind").says("¥30.00").looks()
    assert walk.presses <= 12, "at five seconds for each, a minute"
    bound = world.desks.binding.bound(account_of(walk))
    assert bound is not None and (bound.medium_no, bound.moved_fen) == (CARD, 3_000)
    walk.goes("/money").goes("/money/refund").goes("/money/auto")
    walk.goes("/trips/discounts").goes("/me").goes("/me/notices")
    world.proofs_hold()


def test_trips_and_a_missing_exit(walk: Walk) -> None:
    world = walk.site.world
    sign_in(walk)
    top_up(walk)
    account = account_of(walk)
    code = f"Q{account}"
    before_s = clock.at(DAY, 0) - clock.DAY_S
    world.ride(code, before_s + 12 * 3_600, "shapingba", "chaotianmen")
    world.ride(code, before_s + 18 * 3_600, "chaotianmen")
    world.city.close_day(DAY.replace(day=16), clock.at(DAY, 4))
    world.ride(code, clock.at(DAY, 8), "shapingba", "chaotianmen")
    world.ride(code, clock.at(DAY, 11, 40), "chaotianmen")
    walk.goes("/money").goes("/trips").targets_are_large()
    walk.taps("main .note a.button").taps("#yes ~ a.button")
    walk.sends().error_leads_to("station")
    for _ in range(3):
        walk.page.go_back()
    walk.looks().taps("#yes").says("¥4.50").taps(".crumb a")
    walk.taps("main ul.rows a.row").goes("/trips/discounts").taps("details summary")
    assert world.desks.passenger.standing(account, world.now_s).halves == ()
    world.proofs_hold()


@pytest.mark.req("R-010")
def test_a_lost_phone_and_money_back(walk: Walk) -> None:
    world = walk.site.world
    sign_in(walk)
    top_up(walk)
    walk.goes("/loss").sends().error_leads_to("medium-0")
    walk.ticks("medium-0").sends().is_at("/loss/check").taps("button.danger")
    world.now_s += 61
    walk.says("2026-03-17 12:01:00").goes("/loss").taps(".note a").taps("main form button")
    walk.is_at("/prove").sends().fills(code=world.inbox.code()).sends().taps("main form button")
    walk.goes("/money/refund").fills(amount="999").sends().error_leads_to("amount")
    walk.fills(amount="20").sends().is_at("/money/refund/check").sends()
    walk.says("¥20.00").goes("/money").says("¥30.00").goes("/money/orders")
    world.proofs_hold()


def test_me_and_mine(walk: Walk) -> None:
    world = walk.site.world
    sign_in(walk)
    walk.goes("/me").targets_are_large().taps("a[href$='/me/identity']")
    walk.fills(name=NAME, id_number="500103198002290121").ticks("agree").sends()
    walk.error_leads_to("id_number")
    walk.fills(name=NAME, id_number=an_id()).ticks("agree").sends().is_at("/me")
    walk.goes("/me/identity").goes("/me/helping").taps("main a.button")
    walk.fills(phone=OTHER_PHONE).sends().ticks("relation-0")
    walk.fills(code=world.inbox.code(OTHER_PHONE), name="欧阳小红", id_number=an_id(31)).sends()
    walk.is_at("/me/helping").taps("button.link").is_at("/me/helping")
    walk.goes("/me/consents").taps("#consent-identity button").goes("/me/notices")
    walk.goes("/me/sessions").goes("/me/export").goes("/me/feedback").sends()
    walk.error_leads_to("about-0")
    walk.ticks("about-0")
    walk.page.locator("#text").fill("闸机扫码慢")
    walk.sends().is_at("/me/feedback/thanks")
    assert [one.text for one in world.desks.people.feedback_list(9)] == ["闸机扫码慢"]
    world.now_s += 61
    walk.goes("/me/phone").is_at("/prove").sends()
    walk.fills(code=world.inbox.code()).sends().is_at("/me/phone").targets_are_large()
    walk.fills(phone="1370013700").sends().error_leads_to("phone")
    walk.fills(phone=THIRD_PHONE).sends().is_at("/me/phone/code")
    walk.fills(code="000000").sends().error_leads_to("code")
    walk.fills(code=world.inbox.code(THIRD_PHONE)).sends().is_at("/me").says("137****7000")
    world.now_s += 61
    walk.goes("/me/export").sends().is_at("/prove").sends()
    walk.fills(code=world.inbox.code(THIRD_PHONE)).sends().is_at("/me/export")
    world.now_s += 61
    walk.goes("/me/close").ticks("agree").sends().is_at("/prove").sends()
    walk.fills(code=world.inbox.code(THIRD_PHONE)).sends().is_at("/me/close")
    walk.ticks("agree").sends().is_at("/closed")
    walk.goes("/money").is_at("/sign-in")


def test_what_works_where_needs_no_session(walk: Walk) -> None:
    walk.goes("/where").fills(q="chengdu").taps("main form button")
    walk.fills(q="nowhereatall").taps("main form button").error_leads_to("q")


def account_of(walk: Walk) -> str:
    """The account of whoever is signed in there."""
    token_ = next(one["value"] for one in walk.context.cookies() if one["name"] == "rider")
    person = walk.site.world.desks.people.person_of(token_, walk.site.world.now_s)
    assert person is not None and code_of(person)
    return person.account


def token(balance_fen: int) -> MediumToken:
    """What the gate would read of the card."""
    return MediumToken(
        scheme=LOCAL,
        medium_no=CARD,
        medium_kind="card",
        issuer="500000",
        product="ordinary",
        funding="purse",
        expires=DAY.replace(year=2099),
        balance_fen=balance_fen,
    )
