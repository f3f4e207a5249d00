"""The pages in a real browser: nothing from outside, nothing cut off, usable by everybody."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient
from page_reading import PATHS, WINDOW

from barriers import barriers_on, low_targets
from tongxing.cli.common import loopback_socket
from tongxing.console import create_app
from tongxing.storage import Database

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
NARROW_PHONE = {"width": 320, "height": 640}
LOCALES = {"zh": "zh-CN", "en": "en-GB"}


@pytest.fixture(scope="module")
def site(told: Database) -> Iterator[str]:
    """The console on a real port; its address."""
    taken = loopback_socket(0)
    taken.listen()  # who comes before the server waits for it
    server = uvicorn.Server(uvicorn.Config(create_app(told, "simulated"), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
    thread.start()
    yield f"http://127.0.0.1:{taken.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    taken.close()


@dataclass
class Visit:
    """A browser window, and everything that went wrong in it."""

    page: Any
    wrong: list[str] = field(default_factory=list)


@pytest.fixture
def visit(browser: Any, site: str) -> Iterator[Any]:
    """Opens pages; what was asked from elsewhere, refused by the policy or failed is a fault."""
    opened: list[tuple[Any, Visit]] = []

    def go(path: str, language: str = "en", **how: Any) -> Visit:
        context = browser.new_context(**{"viewport": DESKTOP, "locale": LOCALES[language], **how})
        found = Visit(context.new_page())
        opened.append((context, found))
        found.page.on("console", lambda said: _note(found, said))
        found.page.on("pageerror", lambda error: found.wrong.append(str(error)))
        found.page.on("request", lambda asked: _outside(found, asked.url, site))
        found.page.goto(site + path)
        return found

    yield go
    for context, found in opened:
        context.close()
        assert found.wrong == []


def _note(visit: Visit, said: Any) -> None:
    expected = "404" in said.text and "Failed to load resource" in said.text
    if said.type in ("error", "warning") and not expected:
        visit.wrong.append(said.text)


def _outside(visit: Visit, url: str, site: str) -> None:
    if not url.startswith(site):
        visit.wrong.append(f"asked {url}")


@pytest.fixture(scope="module")
def trip_path(pages: TestClient) -> str:
    """The page of a trip that was revised."""
    html = pages.get("/trips?how=revised").text
    return "/trips/" + html.partition('href="/trips/')[2][:32]


@pytest.mark.parametrize(
    ("language", "size"),
    [("zh", DESKTOP), ("zh", PHONE), ("en", PHONE), ("en", NARROW_PHONE)],
    ids=["zh on a desk", "zh on a phone", "en on a phone", "en on a small phone"],
)
def test_no_page_is_wider_than_the_screen(
    visit: Any, trip_path: str, language: str, size: dict[str, int]
) -> None:
    found = visit("/about", language, viewport=size)
    base = found.page.url.removesuffix("/about")
    for path in (*PATHS, trip_path):
        found.page.goto(base + path)
        wide = found.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, path


@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
def test_there_are_no_barriers(visit: Any, trip_path: str, language: str, scheme: str) -> None:
    found = visit("/about", language, color_scheme=scheme, bypass_csp=True)
    base = found.page.url.removesuffix("/about")
    for path in (
        "/",
        "/trips",
        trip_path,
        f"/settlement/{WINDOW}",
        "/passengers",
        "/proofs",
        "/network",
    ):
        found.page.goto(base + path)
        assert barriers_on(found.page) == [], path


def test_a_newcomer_finds_the_way_from_the_overview_to_a_tap(visit: Any) -> None:
    page = visit("/").page
    page.get_by_role("link", name="Open this window").click()
    page.get_by_role("link", name="records that Beijing issuer pays to Chongqing acquirer").click()
    page.locator("tbody a").first.click()
    headings = page.get_by_role("heading", level=2)
    assert headings.first.inner_text() == "The taps"
    assert headings.last.inner_text() == "In the books"


def test_the_language_can_be_switched_and_stays(visit: Any) -> None:
    page = visit("/trips").page
    page.get_by_role("link", name="中文").click()
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.get_by_role("link", name="清分结算").click()
    assert page.locator("h1").inner_text() == "清分结算"


def test_the_filter_works_with_and_without_script(visit: Any) -> None:
    for script in (True, False):
        page = visit("/trips", java_script_enabled=script).page
        page.get_by_label("Kind").select_option("half")
        if not script:
            page.get_by_role("button", name="Filter").click()
        page.wait_for_url("**/trips?*how=half*")
        page.get_by_text("1 trips, ").wait_for()
        assert page.locator("#trip-list tbody tr").count() == 1
        assert page.locator("h1").count() == 1


def test_without_script_everything_is_still_there(visit: Any, trip_path: str) -> None:
    page = visit("/", java_script_enabled=False).page
    base = page.url.rstrip("/")
    for path in (*PATHS, trip_path):
        page.goto(base + path)
        assert page.locator("h1").inner_text()
        assert page.locator("main").inner_text().count("\n") > 2


def test_the_keyboard_skips_to_the_content(visit: Any) -> None:
    page = visit("/").page
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    assert skip.evaluate("it => it === document.activeElement")
    assert skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.locator("main").evaluate("it => it === document.activeElement")


def test_what_is_tapped_is_large_enough(visit: Any) -> None:
    page = visit("/trips", viewport=PHONE).page
    assert low_targets(page, "header a, button, select, input, .button", 43.5) == []


def test_a_phone_gets_the_narrow_pictures(visit: Any) -> None:
    page = visit("/", viewport=PHONE).page
    assert page.locator("svg.slim").first.is_visible()
    assert not page.locator("svg.roomy").first.is_visible()
    text = page.locator("svg.slim.flow text").first.bounding_box()
    assert text["height"] >= 9
