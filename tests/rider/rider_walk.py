"""Walking through the pages in a real browser at the width of a phone, looking at each of them."""

import re
from collections.abc import Callable
from typing import Any

from rider_site import Site

from barriers import appearance_of, barriers_on, low_targets

PHONE = {"width": 390, "height": 844}
TAGS = {"zh": "zh-CN", "en": "en"}
_CHECKED: set[tuple[object, ...]] = set()
"""What the checker has seen in this run: language, address, whether with errors, title."""


class Walk:
    """One passenger's browser on the site, in one language."""

    def __init__(self, browser: Any, site: Site, language: str) -> None:
        self.site, self.language = site, language
        self.context = browser.new_context(viewport=PHONE)
        cookie = {"name": "lang", "value": language, "url": site.address}
        self.context.add_cookies([cookie])
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.presses = 0
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def close(self) -> None:
        self.context.close()

    def goes(self, path: str) -> "Walk":
        """Open a page by its address, and look at it."""
        self.page.goto(f"{self.site.address}/rider{path}")
        return self.looks()

    def taps(self, selector: str) -> "Walk":
        """Tap something, and look at what comes."""
        self.presses += 1
        self.page.locator(selector).first.click()
        self.page.wait_for_load_state()
        return self.looks()

    def fills(self, **fields: str) -> "Walk":
        """Write into fields by their ids."""
        for name, text in fields.items():
            self.page.locator(f"#{name}").fill(text)
        return self

    def ticks(self, *ids: str) -> "Walk":
        for name in ids:
            self.page.locator(f"#{name}").check()
        return self

    def sends(self) -> "Walk":
        """The main button of the page's form."""
        return self.taps("main form button.wide")

    def holds_card(self) -> "Walk":
        """The button that begins to read the card under the phone."""
        self.presses += 1
        self.page.locator("#card-start").click()
        return self

    def is_at(self, path: str) -> "Walk":
        self.page.wait_for_url(lambda url: url.split("?")[0].endswith(f"/rider{path}"))
        return self

    def says(self, text: str) -> "Walk":
        """The page says this somewhere that can be seen."""
        self.page.get_by_text(text).first.wait_for()
        return self

    def looks(self) -> "Walk":
        """Nothing is cut off, the language is told, the checker of accessibility finds nothing."""
        page = self.page
        if not page.url.startswith(self.site.address):
            return self
        where, seen = page.url, appearance_of(page)
        assert seen.tag == TAGS[self.language], where
        assert seen.width <= PHONE["width"], where
        kind = re.sub(r"[0-9a-f]{16,}|\d+", "#", where.partition("/rider")[2].partition("#")[0])
        shown = (self.language, kind, seen.errors, seen.title)
        if shown in _CHECKED:
            return self
        _CHECKED.add(shown)
        told = barriers_on(page)
        assert told == [], (where, told)
        assert self.problems == [], (where, self.problems)
        return self

    def error_leads_to(self, field: str) -> "Walk":
        """The summary of errors has the focus, and its link leads to the field."""
        summary = self.page.locator(".errors")
        summary.wait_for()
        assert summary.evaluate("it => it === document.activeElement")
        link = summary.locator("a").first
        assert link.get_attribute("href") == f"#{field}"
        assert self.page.locator(f"#{field}").count() == 1
        link.click()
        return self

    def targets_are_large(self) -> "Walk":
        """What is tapped is at least 44 pixels high."""
        assert low_targets(self.page, "header a, nav a, button, select, main input", 43.5) == []
        return self


def pay_at_partner(walk: Walk) -> None:
    """On the sandbox's page: pay, and come back."""
    page = walk.page
    page.wait_for_url("**/cashier/**")
    page.locator("button[value=yes]").click()
    page.locator("#back").click()


def sign_at_partner(walk: Walk) -> None:
    """On the sandbox's page: agree, and come back."""
    page = walk.page
    page.wait_for_url("**/agreement/**")
    page.locator("button[value=yes]").click()
    page.locator("#back").click()


def hold_card(walk: Walk, transmit: Callable[[str], str]) -> None:
    """The city's app: a card under the phone, whose answers come from `transmit` (hex)."""
    walk.context.expose_function("cardAnswers", transmit)
    walk.context.add_init_script(
        """window.TongxingCard = {
          open: async () => undefined,
          transmit: async (hex) => {
            const answer = await window.cardAnswers(hex);
            if (answer === "") throw new Error("CARD_REMOVED");
            return answer;
          },
          close: async () => undefined,
        };"""
    )
