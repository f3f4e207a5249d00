"""Staff and a passenger at the machine, in a real browser, with a real agent and a chip."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from staff_life import QUERY, lived
from staff_site import KIOSK, TABLET, WIDE, Site, Walk, open_site
from staff_world import PHONE

from tongxing.storage import Database

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOTS = os.environ.get("COUNTER_SHOTS", "")


@pytest.fixture
def site(database: Database) -> Iterator[Site]:
    with open_site(database) as found:
        yield found


def shot(walk: Walk, name: str) -> None:
    """Keep what is on the screen, where somebody wants to look at it."""
    if SHOTS:
        walk.page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


@pytest.mark.req("R-002", "R-015")
def test_a_card_is_bound_at_the_counter_with_its_reader(browser: Any, site: Site) -> None:
    world = site.world
    person = world.passenger()
    world.now_s += 120
    walk = Walk(browser, site, "desk-1", "zh", WIDE)
    walk.goes("/").fills(text=PHONE, ticket="A17").presses("main form button")
    shot(walk, "person")
    walk.presses(f"a[href*='{person.person_id}/bind']").presses("main form button")
    page = walk.page
    page.locator("#card-start").click()
    page.locator("#card-tap[data-state=failed]").wait_for()  # the reader was asked and had no card
    walk.says("请把卡平放在读卡器上")
    shot(walk, "bind_card")
    site.reader.plastic = world.purse_card()
    page.locator("#card-start").click()
    walk.says("向乘客宣读条款").looks()
    walk.fills(phone=PHONE).presses("form[action$='/code'] button").says("已发送到乘客手机")
    shot(walk, "bind_agree")
    walk.presses("form[action$='/agree'] button").error_leads_to("agree-binding")
    walk.ticks("agree-binding", "agree-password_free").fills(code=world.inbox.code())
    walk.presses("form[action$='/agree'] button").says("免密支付")
    walk.presses("form[action$='/sign'] button")
    page.locator(".qrbox svg").wait_for()
    shot(walk, "bind_sign")
    world.partner.signs()
    walk.says("再读一次卡").looks()
    page.locator("#card-start").click()
    page.locator(".slip").wait_for()
    walk.looks()
    shot(walk, "bind_done")
    bound = world.desks.binding.bound(person.account)
    assert bound is not None and bound.sealed and bound.moved_fen == 3_000
    world.proofs_hold()


@pytest.mark.parametrize(("language", "size"), [("zh", WIDE), ("en", TABLET)])
def test_every_counter_page_on_a_desk_and_a_tablet(
    browser: Any, site: Site, language: str, size: Any
) -> None:
    life = lived(site.world)
    walk = Walk(browser, site, "boss-1", language, size)
    person = f"/person/{life.person.person_id}"
    other = f"/person/{life.other.person_id}"
    for path in ("/", "/open", "/acts", "/disputes", "/watch", "/disputes/card"):
        walk.goes(path)
        shot(walk, f"{language}_{path.strip('/').replace('/', '_') or 'find'}")
    for path in ("", "/bind", "/halves", f"/halves/{life.half_trip}", "/dispute", "/close"):
        walk.goes(person + path + QUERY)
        shot(walk, f"{language}_person_{path.strip('/').partition('/')[0]}_{len(path) > 20}")
    walk.goes(person + f"/halves/{life.half_trip}{QUERY}").presses("main form button")
    shot(walk, f"{language}_half_check")
    walk.goes(other + "/bind" + QUERY)
    walk.goes(f"/disputes/{life.dispute.case_id}").ticks("outcome-back")
    walk.presses("form[action$='/propose'] button")
    shot(walk, f"{language}_dispute")
    walk.presses("form[action$='/decide'] button").error_leads_to("decide")
    walk.goes("/open").presses("main form button").error_leads_to("ticket")


@pytest.mark.req("R-021")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_passenger_at_the_machine(browser: Any, site: Site, language: str) -> None:
    world = site.world
    site.reader.plastic = world.purse_card()
    walk = Walk(browser, site, "machine-1", language, KIOSK)
    page = walk.page
    walk.goes("/machine").targets_are(64)
    shot(walk, f"machine_{language}_home")
    page.locator(f".tongues a[href$='lang={language}']").click()
    page.locator("#card-start").wait_for()
    walk.looks().targets_are(64)
    assert 0 < seconds(page) <= 60
    shot(walk, f"machine_{language}_card")
    page.locator("#card-start").click()
    page.locator("[data-keypad=phone]").wait_for()
    walk.looks().targets_are(64)
    for digit in PHONE:
        page.locator(f"[data-key='{digit}']").click()
    walk.ticks("agree")
    shot(walk, f"machine_{language}_phone")
    page.locator("main form button:not([type=button])").click()
    page.locator("[data-keypad=code]").wait_for()
    walk.looks().targets_are(64)
    for digit in world.inbox.code():
        page.locator(f"[data-key='{digit}']").click()
    page.locator("form[action$='/code'] button:not([type=button])").click()
    page.locator("#agree-binding").wait_for()
    walk.looks().targets_are(64).ticks("agree-binding", "agree-password_free")
    shot(walk, f"machine_{language}_agree")
    page.locator("form[action$='/agree'] button").click()
    page.locator("form[action$='/sign'] button").click()
    page.locator(".qrbox svg").wait_for()
    walk.looks().targets_are(64)
    shot(walk, f"machine_{language}_sign")
    world.partner.signs()
    page.locator("main .note.good").wait_for()
    walk.looks()
    shot(walk, f"machine_{language}_done")
    page.locator("#reset button").click()
    page.locator(".tongues").wait_for()
    assert "0017" not in page.content() and "¥" not in page.content()
    assert [one["name"] for one in walk.context.cookies() if one["name"] == "machine"] == []
    world.proofs_hold()


def test_a_machine_left_alone_forgets_who_stood_there(browser: Any, site: Site) -> None:
    walk = Walk(browser, site, "machine-1", "en", KIOSK)
    page = walk.page
    page.clock.install()
    page.goto(f"{site.address}/counter/machine/phone?lang=en")
    page.locator("[data-key='1']").click()
    page.clock.run_for(20_000)
    assert 39 <= seconds(page) <= 41
    page.locator("#idle-more").click()
    page.clock.run_for(1_000)
    assert 58 <= seconds(page) <= 60
    page.clock.run_for(61_000)
    page.locator(".tongues").wait_for()
    assert page.url.endswith("/counter/machine")


def seconds(page: Any) -> int:
    """How many seconds the machine says that it waits."""
    return int("".join(filter(str.isdigit, page.locator("#idle-says").inner_text())))
